//! File requests, for the people who upload to them. They have no account. They know the address of the request, its
//! password if it has one, and the grant that the request gave them.

use std::net::IpAddr;

use dray_api::limits::{MAX_FOLDER_DEPTH, MAX_PASSWORD_CHARS};
use dray_api::request::{CreatedSubmitter, NewSubmitter, OpenedRequest, SentFile, SentFiles};
use dray_api::{GrantId, ItemId, RequestId, TokenId};
use jiff::{SignedDuration, Timestamp};

use super::passwords::{Guarded, Guess};
use super::{Service, grants as granting};
use crate::db::submitters::Visitor;
use crate::db::{self, Conn, grants, items, requests, submitters, tokens, users};
use crate::drive::access::{Caller, Role, SUBMITTER_SCOPE};
use crate::drive::cursor::List;
use crate::drive::event::Event;
use crate::drive::grant::{Grant, Used};
use crate::drive::item::{Attached, Content, Item, Notes};
use crate::drive::link::is_slug;
use crate::drive::network::Network;
use crate::drive::request::{FileRequest, Submitter};
use crate::drive::token::AccessToken;
use crate::drive::upload::State;
use crate::drive::{Error, Result, wire_time};
use crate::random;

/// Life of a submitter's grant, unless the request ends earlier. Afterwards its page gets another one.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many uploads are read for one page of what has arrived.
const PAGE: usize = 1000;
/// The maximum number of submitters of one request who have started no upload. For each further one, another is forgotten.
const MOST_IDLE: i64 = 5000;
/// How long a submitter who has started no upload is remembered.
const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long the row of a stranger's upload is kept that ended without a file. No URL can write it any longer then.
const KEEP_ENDED: SignedDuration = SignedDuration::from_hours(2);
/// How many rows are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: usize = 500;

/// How many rows a query has removed or changed.
type DbResult = std::result::Result<u64, db::Error>;

impl Service {
    /// What the page of a request shows. The caller must know the password, or be a submitter who has entered it
    /// before.
    pub(crate) async fn open_request(
        &self,
        slug: &str,
        (password, grant): (Option<String>, Option<String>),
        client: IpAddr,
        now: Timestamp,
    ) -> Result<OpenedRequest> {
        if let Some(grant) = grant
            && let Ok(caller) = self.authenticate_submitter(&grant, now).await
            && let Some(submitter) = caller.submitter()
        {
            let slug = slug.to_owned();
            let opened = self.db.read(move |c| opened_by(c, submitter, &slug, now)).await?;
            if let Some(opened) = opened {
                return Ok(opened);
            }
        }
        Ok(self.entered(slug, password, client, now).await?.opened())
    }

    /// Creates a submitter, and returns their grant. The number of submitters from one address is limited before
    /// anything is written.
    pub(crate) async fn add_submitter(
        &self,
        slug: &str,
        new: NewSubmitter,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<CreatedSubmitter> {
        let request = self.entered(slug, new.password.clone(), client, now).await?;
        let mut submitter = Submitter::parse(&request.wants, &new, now)?;
        submitter.generation = Some(request.wants.password_generation);
        submitter.network = Some(Network::of(client).to_string());
        self.passwords.count_visit(Guess { of: Guarded::Request(request.id), client })?;
        let secret = AccessToken::generate_grant(random::bytes)?;
        let hash = secret.hash();
        let grant = Grant {
            id: random::id(now, GrantId::new)?,
            token: TokenId::from(request.id),
            folder: Some(request.folder),
            terms: request.wants.terms.clone(),
            created_at: now,
            expires_at: now.checked_add(LIFE).map_err(Error::internal)?,
            revoked_at: None,
        };
        let ends_at = request.wants.deadline.map_or(grant.expires_at, |end| end.min(grant.expires_at));
        self.db
            .write(move |c| {
                requests::lock_request(c, request.id)?;
                // It may have changed while the password was checked.
                let present = requests::by_slug(c, &request.slug)?.ok_or(Error::RequestNotFound)?;
                check_good(c, &present, now)?;
                present.check_entered(&submitter)?;
                if submitters::count_idle(c, request.id)? >= MOST_IDLE {
                    submitters::forget_one_idle(c, request.id)?;
                }
                granting::insert(c, &request.maker(), &grant, SUBMITTER_SCOPE, &hash)?;
                Ok(submitters::add_submitter(c, request.id, grant.id, &submitter)?)
            })
            .await?;
        Ok(CreatedSubmitter { grant: secret.reveal().to_owned(), expires_at: wire_time(ends_at) })
    }

    /// The submitter who holds this grant. The grant is accepted even if the request is closed, but only for reading
    /// what has arrived.
    pub(crate) async fn authenticate_submitter(&self, token: &str, now: Timestamp) -> Result<Caller> {
        let hash = AccessToken::parse(token)?.hash();
        let mut record = self.db.read(move |c| tokens::by_hash(c, &hash)?.ok_or(Error::InvalidToken)).await?;
        if record.is_submitters() {
            // The request, from which it descends, may have ended.
            record.line_until = None;
        }
        let caller = record.admit(now)?;
        if caller.submitter().is_some() { Ok(caller) } else { Err(Error::RequestNotFound) }
    }

    /// The files of a submitter that have arrived, the latest first.
    pub(crate) async fn sent_files(
        &self,
        caller: &Caller,
        slug: &str,
        cursor: Option<&str>,
    ) -> Result<SentFiles> {
        let submitter = caller.submitter().ok_or(Error::RequestNotFound)?;
        let (slug, lease_now) = (slug.to_owned(), self.db.lease_time());
        let after = List::Sent(submitter).after(cursor)?;
        self.read_in_turn(caller, move |c| {
            let request = requests::of_submitter(c, submitter)?;
            request.filter(|request| request.slug == slug).ok_or(Error::RequestNotFound)?;
            let mut uploads = grants::uploads(c, submitter, after, lease_now, PAGE + 1)?;
            let has_more = uploads.len() > PAGE;
            uploads.truncate(PAGE);
            let next_cursor = uploads
                .last()
                .filter(|_| has_more)
                .map(|last| List::Sent(submitter).cursor_after(last.created_at, last.id));
            let arrived = uploads.iter().filter(|upload| matches!(upload.state, State::Completed { .. }));
            let files = arrived.map(|upload| SentFile {
                file_name: upload.name.clone(),
                file_size: upload.size_bytes,
                created_at: wire_time(upload.created_at),
            });
            Ok(SentFiles { files: files.collect(), next_cursor })
        })
        .await
    }

    /// The open request with this slug, for somebody who knows its password.
    async fn entered(
        &self,
        slug: &str,
        password: Option<String>,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<FileRequest> {
        if !is_slug(slug) {
            return Err(Error::RequestNotFound);
        }
        // Before it is clear whether the request has a password at all.
        if password.as_ref().is_some_and(|password| password.chars().count() > MAX_PASSWORD_CHARS) {
            let rule = format!("must be at most {MAX_PASSWORD_CHARS} characters");
            return Err(Error::field("password", rule));
        }
        let request = self.good_request(slug, now).await?;
        if let Some(hash) = request.wants.password_hash.clone() {
            let password = password.ok_or(Error::RequestPassword)?;
            let guess = Guess { of: Guarded::Request(request.id), client };
            if !self.passwords.check(guess, password, hash).await? {
                return Err(Error::RequestPassword);
            }
            // It may have changed while the password was checked.
            let present = self.good_request(slug, now).await?;
            present.check_generation(request.wants.password_generation)?;
            return Ok(present);
        }
        Ok(request)
    }

    async fn good_request(&self, slug: &str, now: Timestamp) -> Result<FileRequest> {
        let slug = slug.to_owned();
        let request = self.db.read(move |c| {
            let request = requests::by_slug(c, &slug)?.ok_or(Error::RequestNotFound)?;
            check_good(c, &request, now)?;
            Ok(request)
        });
        request.await
    }

    /// Forgets what strangers leave behind: uploads that ended without a file, submitters who have no upload, and the networks
    /// of submitters whose grants have ended.
    pub(super) async fn sweep_submitters(&self, now: Timestamp) -> Result<()> {
        let ages: [(SignedDuration, Forget); 3] = [
            (KEEP_ENDED, submitters::forget_ended),
            (IDLE_LIFE, submitters::forget_idle),
            (LIFE, submitters::forget_networks),
        ];
        for (age, forget) in ages {
            let before = now.checked_sub(age).map_err(Error::internal)?;
            let forget = move |c: &Conn<'_>| Ok(forget(c, before, FORGOTTEN_AT_ONCE)?);
            while self.db.write_freeing(forget).await? == FORGOTTEN_AT_ONCE as u64 {}
        }
        Ok(())
    }
}

/// Removes up to so many rows from before a time, and returns how many.
type Forget = fn(&Conn, Timestamp, usize) -> DbResult;

/// Refuses the submitter whose request has ended.
pub(super) fn check_request(c: &Conn, submitter: GrantId, now: Timestamp) -> Result<()> {
    let request = requests::of_submitter(c, submitter)?.ok_or(Error::InvalidToken)?;
    check_good(c, &request, now)
}

/// What the page shows to a submitter of this request who need not enter its password.
fn opened_by(c: &Conn, id: GrantId, slug: &str, now: Timestamp) -> Result<Option<OpenedRequest>> {
    let (Some(request), Some(submitter)) = (requests::of_submitter(c, id)?, submitters::submitter(c, id)?)
    else {
        return Ok(None);
    };
    if request.slug != slug || request.check_entered(&submitter).is_err() {
        return Ok(None);
    }
    check_good(c, &request, now)?;
    Ok(Some(request.opened()))
}

/// Refuses a request that has ended: its maker could no longer create it (as with links), its folder is in the trash,
/// or it is closed.
fn check_good(c: &Conn, request: &FileRequest, now: Timestamp) -> Result<()> {
    users::member(c, request.workspace, request.user)?.ok_or(Error::RequestNotFound)?;
    let folder = items::seen(c, &request.maker(), request.folder)?;
    folder.filter(|folder| folder.role >= Role::Admin).ok_or(Error::RequestNotFound)?;
    request.check_open(now)
}

/// The refusal that a submitter gets: it says nothing about the owner of the request.
pub(super) fn for_submitter(err: Error) -> Error {
    match err {
        Error::FileTooLarge { size_bytes, limit_bytes } => {
            Error::RequestFileTooLarge { size_bytes, limit_bytes }
        }
        Error::GrantUsedUp { left } => Error::RequestUsedUp { left },
        Error::QuotaExceeded { .. } | Error::QuotaOfOthers => Error::RequestNoRoom,
        Error::TooManyUploads { .. } => Error::RequestBusy,
        err => err,
    }
}

/// What limits the uploads that a submitter starts in one transaction, besides what their grant says.
pub(super) struct Submission {
    submitter: GrantId,
    visitor: Visitor,
    /// The request, and what all its submitters have uploaded, if it limits that.
    total: Option<(FileRequest, Used)>,
    /// What must be written with the first admitted upload.
    first: Option<First>,
    now: Timestamp,
}

/// What a first upload writes.
struct First {
    /// The folder of the submitter, if it is new.
    folder: Option<Item>,
    /// Whether the submitter has no upload that is unfinished or finished.
    is_new: bool,
}

impl Submission {
    /// Checks the request and the submitter, and sets in `grant` where the files go and what is attached to them.
    /// `None` if the caller is not a submitter.
    pub(super) fn of(
        c: &Conn,
        caller: &Caller,
        (grant, own): (&mut Grant, Used),
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let Some(id) = caller.submitter() else { return Ok(None) };
        // A caller who closes the request waits for this transaction, and then aborts what it has started.
        requests::lock_request(c, RequestId::from(grant.token))?;
        let request = requests::of_submitter(c, id)?.ok_or(Error::InvalidToken)?;
        let submitter = submitters::submitter(c, id)?.ok_or(Error::InvalidToken)?;
        check_good(c, &request, now)?;
        request.check_entered(&submitter)?;
        let is_new = own.files == 0;
        if is_new && submitters::count_sending(c, request.id)? >= u64::from(request.wants.max_submitters) {
            return Err(Error::RequestFull);
        }
        let notes = Notes { grant: Some(id), request: Some(request.id), ..Notes::default() };
        grant.terms.attached = Attached::from(notes);
        let folder = own_folder(c, &request, &submitter, grant, now)?;
        if let Some(folder) = &folder {
            grant.folder = Some(folder.id);
        }
        let used = if request.has_total() { Some(requests::used(c, request.id)?) } else { None };
        Ok(Some(Self {
            submitter: id,
            visitor: Visitor { request: request.id, network: submitters::network_of(id, &submitter) },
            total: used.map(|used| (request, used)),
            first: Some(First { folder, is_new }),
            now,
        }))
    }

    /// Checks whether the request has room for another file.
    pub(super) fn check_total(&self, size_bytes: u64) -> Result<()> {
        self.total.as_ref().map_or(Ok(()), |(request, used)| request.check_total(*used, size_bytes))
    }

    /// Who comes, and from where.
    pub(super) fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Counts an admitted upload. The first one writes what it changes of the submitter, so that a refused upload changes
    /// nothing.
    pub(super) fn take(&mut self, c: &Conn, service: &Service, size_bytes: u64) -> Result<()> {
        if let Some((_, used)) = &mut self.total {
            used.files += 1;
            used.bytes += size_bytes;
        }
        let Some(First { folder, is_new }) = self.first.take() else { return Ok(()) };
        if is_new {
            submitters::set_sent(c, self.submitter, self.now)?;
        }
        if let Some(folder) = folder {
            items::insert(c, &folder, None)?;
            submitters::set_folder(c, self.submitter, folder.id)?;
            let maker = Caller::for_user(folder.owner, folder.workspace);
            service.webhooks.note(c, &Event::FolderCreated(&maker, &folder), self.now)?;
        }
        Ok(())
    }
}

/// A new folder for the submitter, if the request gives each one a folder and they have none, or theirs is gone.
fn own_folder(
    c: &Conn,
    request: &FileRequest,
    submitter: &Submitter,
    grant: &Grant,
    now: Timestamp,
) -> Result<Option<Item>> {
    if !request.wants.folder_each {
        return Ok(None);
    }
    if let Some(known) = grant.folder.filter(|known| *known != request.folder)
        && items::seen(c, &request.maker(), known)?
            .is_some_and(|folder| folder.role >= Role::Member && folder.item.parent == Some(request.folder))
    {
        return Ok(None);
    }
    // The folder may have moved since the request was made.
    if items::depth(c, request.folder)? >= i64::from(MAX_FOLDER_DEPTH) {
        return Err(Error::TooDeep { field: "The folder of this file request", limit: MAX_FOLDER_DEPTH });
    }
    Ok(Some(Item {
        id: random::id(now, ItemId::new)?,
        workspace: request.workspace,
        parent: Some(request.folder),
        owner: request.user,
        name: submitter.folder_name(),
        content: Content::Folder,
        attached: grant.terms.attached.clone(),
        created_at: now,
        updated_at: now,
    }))
}
