//! File requests, for the people who manage their folder: creating, changing, closing and deleting them, and listing what
//! was sent.

use dray_api::limits::{MAX_FOLDER_DEPTH, MAX_REQUESTS, MAX_REQUESTS_OF_A_FOLDER};
use dray_api::request::{FileRequests, NewRequest, RequestChange, Submission, Submissions};
use dray_api::{ItemId, RequestId, TokenId};
use jiff::Timestamp;

use super::asked_time::{AskedTime, LATEST};
use super::grants::told;
use super::links::check_password;
use super::tokens::check_still_valid;
use super::{Made, Once, Service, folder};
use crate::db::requests::Listed;
use crate::db::{Conn, items, requests, tokens, uploads};
use crate::drive::access::{Caller, REQUEST_SCOPE, Role};
use crate::drive::cursor::List;
use crate::drive::event::Event;
use crate::drive::request::{
    FileRequest, Power, Submitter, Wants, parse_message, parse_submitters, parse_title, parse_total_bytes,
    parse_total_files, submitter_to_wire,
};
use crate::drive::token::{AccessToken, TokenHash};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};
use crate::random;

/// How many uploads of a closed request are aborted in one transaction.
const AT_ONCE: usize = 100;

impl Service {
    /// Creates a file request, below the server's address `public_url`.
    pub(crate) async fn create_request(
        &self,
        caller: &Caller,
        asked: NewRequest,
        public_url: String,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<dray_api::FileRequest>> {
        let deadline = AskedTime::parse("deadline", asked.deadline.as_deref())?;
        let mut wants = Wants::parse(&asked)?;
        let (caller, into) = (*caller, asked.folder_id);
        // Before the work of hashing, and again when it is done.
        let first = once.clone();
        let before = self.db.read(move |c| match first.answered(c, &caller, now)? {
            Some(made) => Ok(Some(Made::before(made))),
            None => managed(c, &caller, into).map(|()| None),
        });
        if let Some(made) = before.await? {
            return Ok(made);
        }
        wants.password_hash = self.hashed(&caller, asked.password).await?;
        let request = FileRequest {
            id: random::id(now, RequestId::new)?,
            slug: random::text()?,
            workspace: caller.workspace,
            user: caller.user,
            folder: into,
            confined_to: caller.folder,
            made_with: caller.token,
            closed_at: None,
            created_at: now,
            wants,
        };
        // Nobody ever holds this token.
        let hash = AccessToken::generate(random::bytes)?.hash();
        let after_hashing = self.clock.now();
        let insert = move |c: &Conn<'_>| {
            check_still_valid(c, &caller, after_hashing)?;
            once.make(c, &caller, now, || {
                let mut request = request.clone();
                request.wants.deadline = deadline.map(|time| time.ahead(now)).transpose()?;
                insert(c, &caller, &request, &hash)?;
                Ok(request.to_wire(&public_url, 0))
            })
        };
        self.db.write(insert).await
    }

    /// A page of the requests that the caller's user has created, or of those to `into`, the latest first.
    pub(crate) async fn list_requests(
        &self,
        caller: &Caller,
        public_url: &str,
        into: Option<ItemId>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FileRequests> {
        if into.is_none() {
            caller.require_whole_drive()?;
        }
        let (caller, after) = (*caller, List::Requests(into).after(cursor)?);
        let page = move |c: &Conn<'_>| {
            let listed = match into {
                Some(id) => managed(c, &caller, id).map(|()| Listed::OfFolder(id))?,
                None => Listed::OfUser,
            };
            Ok(requests::page(c, &caller, listed, after, limit + 1)?)
        };
        let mut found = self.read_in_turn(&caller, page).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found
            .last()
            .filter(|_| has_more)
            .map(|(last, _)| List::Requests(into).cursor_after(last.created_at, last.id));
        let requests =
            found.iter().map(|(request, submitters)| request.to_wire(public_url, *submitters)).collect();
        Ok(FileRequests { requests, next_cursor })
    }

    /// A request that the caller created, or whose folder they manage.
    pub(crate) async fn get_request(
        &self,
        caller: &Caller,
        id: RequestId,
        public_url: &str,
    ) -> Result<dray_api::FileRequest> {
        let caller = *caller;
        let (request, submitters, _) = self.db.read(move |c| known(c, &caller, id)).await?;
        Ok(request.to_wire(public_url, submitters))
    }

    /// Changes a request, closes it, or opens it again. Closing it aborts the uploads that are unfinished.
    pub(crate) async fn change_request(
        &self,
        caller: &Caller,
        id: RequestId,
        change: RequestChange,
        public_url: &str,
        now: Timestamp,
    ) -> Result<dray_api::FileRequest> {
        let (caller, closed) = (*caller, change.closed);
        // Before the work of hashing, and again when it is done.
        self.db.read(move |c| known(c, &caller, id).map(drop)).await?;
        let new = Changed::parse(&change, now)?;
        let password_hash = match change.password {
            None => None,
            Some(password) => Some(self.hashed(&caller, password).await?),
        };
        let after_hashing = self.clock.now();
        let changed = self.db.write(move |c| {
            requests::lock_request(c, id)?;
            check_still_valid(c, &caller, after_hashing)?;
            let (before, submitters, power) = known(c, &caller, id)?;
            let mut request = before.clone();
            new.clone().apply(&mut request.wants);
            if let Some(hash) = &password_hash {
                request.set_password(hash.clone());
            }
            request.closed_at = match closed {
                Some(true) => request.closed_at.or(Some(now)),
                Some(false) => None,
                None => request.closed_at,
            };
            power.check(&before, &request)?;
            requests::update(c, &request, ends_at(&request))?;
            Ok((request, submitters))
        });
        let (request, submitters) = changed.await?;
        if request.closed_at.is_some() {
            self.abort_submissions(id, now).await?;
        }
        Ok(request.to_wire(public_url, submitters))
    }

    /// Deletes a request and the list of its submitters. Files that have arrived stay where they are.
    pub(crate) async fn delete_request(&self, caller: &Caller, id: RequestId, now: Timestamp) -> Result<()> {
        let caller = *caller;
        // From here on nobody can start an upload.
        self.db
            .write(move |c| {
                requests::lock_request(c, id)?;
                let (mut request, ..) = known(c, &caller, id)?;
                check_removable(c, &caller, &request)?;
                request.closed_at = request.closed_at.or(Some(now));
                Ok(requests::update(c, &request, ends_at(&request))?)
            })
            .await?;
        self.abort_submissions(id, now).await?;
        self.db
            .write(move |c| {
                requests::lock_request(c, id)?;
                // A file may have arrived meanwhile: then the request stays closed.
                let (request, ..) = known(c, &caller, id)?;
                check_removable(c, &caller, &request)?;
                Ok(requests::remove(c, id)?)
            })
            .await
    }

    /// Aborts the unfinished uploads to a closed request. The sweeper releases their parts in the store.
    async fn abort_submissions(&self, id: RequestId, now: Timestamp) -> Result<()> {
        loop {
            let (service, lease_now) = (self.clone(), self.db.lease_time());
            let aborted = self.db.write(move |c| {
                let unfinished = requests::unfinished(c, id, lease_now, AT_ONCE)?;
                for upload in &unfinished {
                    if uploads::abort(c, upload.id)? {
                        service.webhooks.note(c, &Event::UploadAborted(upload), now)?;
                    }
                }
                Ok(unfinished.len())
            });
            if aborted.await? < AT_ONCE {
                self.sweep_soon.notify_one();
                return Ok(());
            }
        }
    }

    /// A page of the uploads to a request, the latest first, each with its submitter.
    pub(crate) async fn submissions(
        &self,
        caller: &Caller,
        id: RequestId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Submissions> {
        let (caller, after) = (*caller, List::Submissions(id).after(cursor)?);
        let lease_now = self.db.lease_time();
        self.read_in_turn(&caller, move |c| {
            let (request, ..) = known(c, &caller, id)?;
            managed(c, &caller, request.folder).map_err(absent)?;
            let mut found = requests::submissions(c, id, after, lease_now, limit + 1)?;
            let has_more = found.len() > limit;
            found.truncate(limit);
            let next_cursor = found
                .last()
                .filter(|_| has_more)
                .map(|(upload, _)| List::Submissions(id).cursor_after(upload.created_at, upload.id));
            let to_wire = |(upload, submitter): &(Upload, Submitter)| -> Result<Submission> {
                let submitter = submitter_to_wire(upload, submitter).ok_or(Error::RequestNotFound)?;
                Ok(Submission { submitter, upload: told(c, &caller, upload)? })
            };
            let submissions = found.iter().map(to_wire).collect::<Result<_>>()?;
            Ok(Submissions { submissions, next_cursor })
        })
        .await
    }

    async fn hashed(&self, caller: &Caller, password: Option<String>) -> Result<Option<String>> {
        let Some(password) = password else { return Ok(None) };
        check_password(&password)?;
        self.hash_in_turn(caller, password).await.map(Some)
    }
}

/// What a change sets, except the password; `None` leaves a value as it is.
#[derive(Clone)]
#[expect(clippy::option_option, reason = "absent, null and a value are three different changes")]
struct Changed {
    title: Option<String>,
    message: Option<String>,
    deadline: Option<Option<Timestamp>>,
    max_submitters: Option<u32>,
    max_total_files: Option<Option<u32>>,
    max_total_bytes: Option<Option<u64>>,
}

impl Changed {
    fn parse(change: &RequestChange, now: Timestamp) -> Result<Self> {
        let deadline = match &change.deadline {
            Some(text) => {
                let asked = AskedTime::parse("deadline", text.as_deref())?;
                Some(asked.map(|time| time.ahead(now)).transpose()?)
            }
            None => None,
        };
        Ok(Self {
            title: change.title.as_deref().map(parse_title).transpose()?,
            message: change.message.as_deref().map(parse_message).transpose()?,
            deadline,
            max_submitters: change.max_submitters.map(parse_submitters).transpose()?,
            max_total_files: change
                .max_total_files
                .map(|most| most.map(parse_total_files).transpose())
                .transpose()?,
            max_total_bytes: change.max_total_bytes.map(parse_total_bytes).transpose()?,
        })
    }

    fn apply(self, wants: &mut Wants) {
        fn set<T>(value: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *value = new;
            }
        }
        set(&mut wants.title, self.title);
        set(&mut wants.message, self.message);
        set(&mut wants.deadline, self.deadline);
        set(&mut wants.max_submitters, self.max_submitters);
        set(&mut wants.max_total_files, self.max_total_files);
        set(&mut wants.max_total_bytes, self.max_total_bytes);
    }
}

/// Inserts a request and its row among the tokens, unless its user has too many.
fn insert(c: &Conn, caller: &Caller, request: &FileRequest, hash: &TokenHash) -> Result<()> {
    managed(c, caller, request.folder)?;
    if items::depth(c, request.folder)? >= i64::from(MAX_FOLDER_DEPTH) {
        return Err(Error::TooDeep { field: "folderId", limit: MAX_FOLDER_DEPTH });
    }
    tokens::lock_of_user(c, caller)?;
    if requests::count(c, caller)? >= i64::from(MAX_REQUESTS) {
        let rule = format!("are limited to {MAX_REQUESTS} a user, and you have that many: delete one");
        return Err(Error::field("File requests", rule));
    }
    if let Some(folder) = caller.folder
        && requests::count_of_folder(c, caller, folder)? >= i64::from(MAX_REQUESTS_OF_A_FOLDER)
    {
        let most = MAX_REQUESTS_OF_A_FOLDER;
        let rule = format!(
            "of tokens confined to one folder are limited to {most}, and there are that many: delete one"
        );
        return Err(Error::field("File requests", rule));
    }
    let row = tokens::NewToken {
        id: TokenId::from(request.id),
        hash: hash.clone(),
        workspace: request.workspace,
        user: request.user,
        name: String::new(),
        scopes: REQUEST_SCOPE.to_owned(),
        folder: Some(request.folder),
        created_at: request.created_at,
        expires_at: ends_at(request),
        parent: None,
        rotate_until: None,
    };
    tokens::insert(c, &row)?;
    Ok(requests::insert(c, request)?)
}

/// When a request ends as a token, and with it the grants of its submitters. Without a deadline, that is never.
fn ends_at(request: &FileRequest) -> Timestamp {
    request.wants.deadline.unwrap_or(LATEST)
}

/// Refuses a caller who does not manage the folder: only its admins decide who may put files into it.
fn managed(c: &Conn, caller: &Caller, id: ItemId) -> Result<()> {
    folder(c, caller, "folderId", id)?.require(Role::Admin)
}

/// A request, how many of its submitters have started an upload, and what the caller may do to it, if the caller created it or
/// manages its folder.
fn known(c: &Conn, caller: &Caller, id: RequestId) -> Result<(FileRequest, u64, Power)> {
    let (request, submitters) = requests::by_id(c, id)?.ok_or(Error::RequestNotFound)?;
    let is_maker = (request.user, request.workspace) == (caller.user, caller.workspace);
    let (is_manager, refusal) = match managed(c, caller, request.folder) {
        Ok(()) => (true, Error::RequestNotFound),
        Err(err) if err.is_fault() => return Err(err),
        Err(err) => (false, absent(err)),
    };
    // A confined token sees nothing outside of its folder, whoever made it.
    let power = Power::of(is_maker && (is_manager || caller.folder.is_none()), is_manager);
    Ok((request, submitters, power.ok_or(refusal)?))
}

/// Refuses to delete a request to which files have arrived, unless the caller owns the folder: the list of its submitters
/// says who sent the files in it. (A request goes with its folder when that is removed permanently.)
fn check_removable(c: &Conn, caller: &Caller, request: &FileRequest) -> Result<()> {
    let is_owner =
        items::seen_in_trash(c, caller, request.folder)?.is_some_and(|seen| seen.role == Role::Owner);
    if is_owner || !requests::has_arrivals(c, request.id)? {
        Ok(())
    } else {
        Err(Error::RoleTooLow { needed: Role::Owner })
    }
}

/// Hides a request from callers who do not see its folder.
fn absent(err: Error) -> Error {
    if err == Error::NotFound { Error::RequestNotFound } else { err }
}
