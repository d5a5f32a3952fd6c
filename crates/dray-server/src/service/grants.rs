//! Grants: a token's holder creates and revokes them, and pages use them.

use dray_api::limits::{MAX_GRANTS, MAX_TOKEN_DEPTH};
use dray_api::{CreatedGrant, GrantId, GrantUpload, GrantUploads, Grants, NewGrant, TokenId};
use jiff::{SignedDuration, Timestamp};

use super::asked_time::AskedTime;
use super::tokens::Maker;
use super::{Made, Once, Service, target};
use crate::db::{Conn, grants, items, tokens, uploads};
use crate::drive::access::{Caller, GRANT_SCOPE};
use crate::drive::cursor::List;
use crate::drive::event::Event;
use crate::drive::grant::{Grant, Terms, Used, upload_to_wire};
use crate::drive::token::{AccessToken, TokenHash};
use crate::drive::upload::{State, Upload};
use crate::drive::{Error, Result};
use crate::random;

/// How long a grant lives if its request does not say when it expires.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How many uploads of a revoked grant are aborted in one transaction.
const AT_ONCE: usize = 100;

impl Service {
    /// Creates a grant. It can do no more than the caller's token, and ends with it.
    pub(crate) async fn create_grant(
        &self,
        caller: &Caller,
        request: NewGrant,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<CreatedGrant>> {
        let terms = Terms::parse(&request)?;
        let asked = AskedTime::parse("expiresAt", request.expires_at.as_deref())?;
        let secret = AccessToken::generate_grant(random::bytes)?;
        let (id, hash) = (random::id(now, GrantId::new)?, secret.hash());
        let caller = *caller;
        let made = self.db.write(move |c| {
            once.make(c, &caller, now, || {
                let maker = Maker::of(c, &caller, now)?;
                target(c, &caller, "folderId", request.folder_id)?;
                if maker.line.depth >= i64::from(MAX_TOKEN_DEPTH) {
                    let rule =
                        format!("can descend from each other at most {MAX_TOKEN_DEPTH} times: create it with an earlier token");
                    return Err(Error::field("Tokens and grants", rule));
                }
                let token = maker.line.token.id;
                if grants::count_good(c, token, now)? >= i64::from(MAX_GRANTS) {
                    let rule =
                        format!("of a token are limited to {MAX_GRANTS}, and this one has that many: revoke one");
                    return Err(Error::field("Grants", rule));
                }
                let grant = Grant {
                    id,
                    token,
                    folder: request.folder_id,
                    terms: terms.clone(),
                    created_at: now,
                    expires_at: maker.child_end(asked, LIFE)?,
                    revoked_at: None,
                };
                insert(c, &caller, &grant, GRANT_SCOPE, &hash)?;
                // The answer that is stored for a repeat has no secret.
                Ok(CreatedGrant { record: grant.to_wire(Used::default()), grant: None })
            })
        });
        let mut made = made.await?;
        made.answer.grant = (!made.is_repeat).then(|| secret.reveal().to_owned());
        Ok(made)
    }

    /// A page of the grants that the caller may see, the latest first.
    pub(crate) async fn list_grants(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Grants> {
        let (caller, after) = (*caller, List::Grants.after(cursor)?);
        let page = move |c: &Conn<'_>| Ok(grants::page_of_caller(c, &caller, after, limit + 1)?);
        let mut found = self.read_in_turn(&caller, page).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found
            .last()
            .filter(|_| has_more)
            .map(|(last, _)| List::Grants.cursor_after(last.created_at, last.id));
        let grants = found.iter().map(|(grant, used)| grant.to_wire(*used)).collect();
        Ok(Grants { grants, next_cursor })
    }

    /// One of these grants.
    pub(crate) async fn get_grant(&self, caller: &Caller, id: GrantId) -> Result<dray_api::Grant> {
        let caller = *caller;
        let (grant, used) = self.db.read(move |c| known(c, &caller, id)).await?;
        Ok(grant.to_wire(used))
    }

    /// Revokes a grant from now on, and aborts its unfinished uploads. It may be repeated.
    pub(crate) async fn revoke_grant(&self, caller: &Caller, id: GrantId, now: Timestamp) -> Result<()> {
        let caller = *caller;
        self.db
            .write(move |c| {
                known(c, &caller, id)?;
                // This waits for starts that were admitted earlier, so that their rows are visible from here on.
                grants::lock_uploads(c, id)?;
                Ok(tokens::revoke(c, id.into(), now)?)
            })
            .await?;
        while self.abort_some(id, now).await? == AT_ONCE {}
        self.sweep_soon.notify_one();
        Ok(())
    }

    /// Aborts some uploads of a grant that nobody can continue any more, and returns how many. The sweeper removes
    /// their parts from the store.
    async fn abort_some(&self, id: GrantId, now: Timestamp) -> Result<usize> {
        let (service, lease_now) = (self.clone(), self.db.lease_time());
        self.db
            .write(move |c| {
                let unfinished = grants::unfinished(c, id, lease_now, AT_ONCE)?;
                for upload in &unfinished {
                    if uploads::abort(c, upload.id)? {
                        service.webhooks.note(c, &Event::UploadAborted(upload), now)?;
                    }
                }
                Ok(unfinished.len())
            })
            .await
    }

    /// A page of all uploads of a grant, the latest first.
    pub(crate) async fn grant_uploads(
        &self,
        caller: &Caller,
        id: GrantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<GrantUploads> {
        let (caller, after) = (*caller, List::GrantUploads(id).after(cursor)?);
        let lease_now = self.db.lease_time();
        self.read_in_turn(&caller, move |c| {
            known(c, &caller, id)?;
            let mut found = grants::uploads(c, id, after, lease_now, limit + 1)?;
            let has_more = found.len() > limit;
            found.truncate(limit);
            let next_cursor = found
                .last()
                .filter(|_| has_more)
                .map(|last| List::GrantUploads(id).cursor_after(last.created_at, last.id));
            let uploads = found.iter().map(|upload| told(c, &caller, upload)).collect::<Result<_>>()?;
            Ok(GrantUploads { uploads, next_cursor })
        })
        .await
    }
}

/// The grant, if the caller may see it.
fn known(c: &Conn, caller: &Caller, id: GrantId) -> Result<(Grant, Used)> {
    grants::of_caller(c, caller, id)?.ok_or(Error::GrantNotFound)
}

/// Inserts a grant: a row among the tokens with this scope, and its terms.
pub(super) fn insert(c: &Conn, caller: &Caller, grant: &Grant, scope: &str, hash: &TokenHash) -> Result<()> {
    let row = tokens::NewToken {
        id: TokenId::from(grant.id),
        hash: hash.clone(),
        workspace: caller.workspace,
        user: caller.user,
        name: String::new(),
        scopes: scope.to_owned(),
        folder: grant.folder,
        created_at: grant.created_at,
        expires_at: grant.expires_at,
        parent: Some(grant.token),
        rotate_until: None,
    };
    tokens::insert(c, &row)?;
    Ok(grants::insert(c, grant.id, &grant.terms)?)
}

/// An upload of a grant, with its item as the caller may see it. A token that may only upload gets what was announced.
pub(super) fn told(c: &Conn, caller: &Caller, upload: &Upload) -> Result<GrantUpload> {
    let is_finalized = matches!(upload.state, State::Completed { .. });
    let item = if !is_finalized {
        None
    } else if caller.only_uploads() {
        Some(upload.item_as_given())
    } else {
        items::seen(c, caller, upload.item)?.map(|seen| seen.item)
    };
    Ok(upload_to_wire(upload, item.as_ref()))
}
