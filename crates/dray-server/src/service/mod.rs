//! The use cases, one file each. They know nothing of HTTP and contain no SQL.

mod admit;
mod asked_time;
mod batch;
mod change_item;
mod check_stored;
mod checksum;
mod children;
mod commit;
mod create_folder;
mod download;
mod finalize;
mod finalize_ends;
mod finalize_lease;
mod finish;
mod give_up;
mod grants;
mod links;
mod make_item;
mod make_way;
mod measure;
mod names;
mod once;
mod participants;
mod passwords;
mod presign_parts;
mod read;
mod readiness;
mod recover;
mod requests;
mod room;
mod rotate_token;
mod search;
mod share;
mod start_upload;
mod stock;
mod submit;
mod sweep;
mod tokens;
mod trash;
mod tree;
mod turns;
mod unfinished;
mod whole;

use std::sync::Arc;

use dray_api::ItemId;
use dray_api::limits::MAX_KEY_BYTES;
use dray_s3::Endpoint;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::db::{self, Conn, Db, items, tokens as token_rows, uploads};
use crate::drive::access::{Caller, Role};
use crate::drive::item::Item;
use crate::drive::path::Seen;
use crate::drive::rules::UploadRules;
use crate::drive::token::AccessToken;
use crate::drive::upload::{Upload, check_on_conflict};
use crate::drive::{Error, Result};
use crate::drive_time::DriveTime;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::webhooks::Webhooks;

#[cfg(test)]
pub(crate) use crate::objects::PartUrls;
pub(crate) use crate::objects::Reading;
pub(crate) use batch::StartedFile;
pub(crate) use children::PageRequest;
pub(crate) use once::{Made, Once};
use passwords::Passwords;
pub(crate) use presign_parts::SignedParts;
use readiness::Readiness;
pub(crate) use recover::MAX_RESUMED;
use turns::Turns;

/// Everything that a use case needs. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Arc<Inner>);

/// The parts of a service.
pub(crate) struct Parts {
    pub(crate) db: Db,
    pub(crate) objects: Objects,
    pub(crate) clock: DriveTime,
    /// How long a signed part URL is valid.
    pub(crate) url_ttl_secs: u32,
    /// How long a signed download URL is valid.
    pub(crate) download_ttl_secs: u32,
    /// Which uploads the server accepts, and how long it waits for them.
    pub(crate) rules: UploadRules,
    /// How long items stay in the trash.
    pub(crate) trash_life: SignedDuration,
    /// A random text that distinguishes this server from others on the same database.
    pub(crate) server: String,
    /// Where to post events.
    pub(crate) webhooks: Webhooks,
    /// The counters and timers.
    pub(crate) metrics: Arc<Metrics>,
}

/// Its fields are private, so that other rooms must call the service's functions.
pub(crate) struct Inner {
    db: Db,
    objects: Objects,
    clock: DriveTime,
    url_ttl_secs: u32,
    download_ttl_secs: u32,
    rules: UploadRules,
    trash_life: SignedDuration,
    server: String,
    webhooks: Webhooks,
    metrics: Arc<Metrics>,
    /// Work that outlives its request. A stopping server waits for it.
    tasks: TaskTracker,
    /// Limits the finalizes that sweeps continue. Each holds a permit until it ends, however long the store takes.
    resumed: Arc<Semaphore>,
    /// Set when a stopping server has waited long enough: holders of leases then give them back.
    halt: CancellationToken,
    /// Notified when there is something to remove that counts towards somebody's quota until it is gone.
    sweep_soon: Notify,
    /// The result of the latest probe.
    readiness: Readiness,
    /// Hashes passwords, and limits how often they may be tried.
    passwords: Passwords,
    /// Long transactions of each user wait for each other.
    turns: Turns,
}

impl std::ops::Deref for Service {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Service {
    /// A new service.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            db,
            objects,
            clock,
            url_ttl_secs,
            download_ttl_secs,
            rules,
            trash_life,
            server,
            webhooks,
            metrics,
        } = parts;
        Self(Arc::new(Inner {
            db,
            objects,
            clock,
            url_ttl_secs,
            download_ttl_secs,
            rules,
            trash_life,
            server,
            webhooks,
            metrics,
            tasks: TaskTracker::new(),
            resumed: Arc::new(Semaphore::new(MAX_RESUMED)),
            halt: CancellationToken::new(),
            sweep_soon: Notify::new(),
            readiness: Readiness::default(),
            passwords: Passwords::default(),
            turns: Turns::default(),
        }))
    }

    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where clients reach the store; `None` means at this server's address.
    pub(crate) fn store_endpoint(&self) -> Option<&Endpoint> {
        self.objects.public_endpoint()
    }

    /// The caller that a token belongs to, if the token is valid.
    pub(crate) async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Caller> {
        let hash = AccessToken::parse(token)?.hash();
        let known = self.db.read(move |c| {
            let record = db::tokens::by_hash(c, &hash)?.ok_or(Error::InvalidToken)?;
            if record.is_submitters() {
                submit::check_request(c, record.id.into(), now)?;
            }
            Ok(record)
        });
        known.await?.admit(now)
    }

    /// The item as the caller sees it.
    pub(crate) async fn seen(&self, caller: &Caller, id: ItemId) -> Result<Seen> {
        let caller = *caller;
        self.db.read(move |c| seen(c, &caller, id)).await
    }

    /// The caller's upload, by the ids that the API uses. A token that is confined to a folder reaches the uploads
    /// into that folder, and those that it started itself, whatever has become of their folder. A token that may only
    /// upload reaches the uploads that it or a token that comes from it started. A grant reaches those that it started
    /// itself.
    async fn upload_of(&self, caller: &Caller, upload_id: &str, file_key: &str) -> Result<Upload> {
        // Databases refuse NUL or treat it as the end of a text.
        if [upload_id, file_key].iter().any(|id| id.len() > MAX_KEY_BYTES || id.contains('\0')) {
            return Err(Error::UploadNotFound);
        }
        let (caller, ids) = (*caller, (upload_id.to_owned(), file_key.to_owned()));
        let lease_now = self.db.lease_time();
        let found = self.db.read(move |c| {
            let found = uploads::of_caller(c, &caller, &ids.0, &ids.1, lease_now)?;
            Ok(match found {
                Some(upload) if is_reached(c, &caller, &upload)? => Some(upload),
                _ => None,
            })
        });
        let upload = found.await?.ok_or(Error::UploadNotFound)?;
        tracing::Span::current().record("upload", upload_id);
        Ok(upload)
    }
}

/// Whether a token reaches an upload of its user.
fn is_reached(c: &Conn, caller: &Caller, upload: &Upload) -> Result<bool> {
    let is_inside = match (caller.folder, upload.parent) {
        (None, _) => true,
        (Some(_), _) if upload.confined_to == caller.folder => true,
        (Some(_), None) => false,
        (Some(_), Some(parent)) => items::seen(c, caller, parent)?.is_some(),
    };
    let is_known = match caller.grant() {
        Some(grant) => upload.attached.grant == Some(grant),
        // Uploads of grants are other people's.
        None if caller.only_uploads() => {
            upload.only_uploads && upload.attached.grant.is_none() && comes_from(c, caller, upload)?
        }
        // A token can finish only what it could have started.
        None => check_on_conflict(caller, upload.on_conflict).is_ok(),
    };
    Ok(is_inside && is_known)
}

/// Whether the caller's token, or one that comes from it, began the upload. Uploads of earlier versions do not say which
/// token began them, so they count as begun by it.
fn comes_from(c: &Conn, caller: &Caller, upload: &Upload) -> Result<bool> {
    match (upload.token, caller.token) {
        (Some(of), Some(token)) => Ok(token_rows::comes_from(c, of, token)?),
        _ => Ok(true),
    }
}

fn seen(c: &Conn, caller: &Caller, id: ItemId) -> Result<Seen> {
    items::seen(c, caller, id)?.ok_or(Error::NotFound)
}

/// The item of a finalized upload, as the caller may see it. A caller that may only upload sees it as it was created, and not
/// what happened to it later.
fn finalized(c: &Conn, caller: &Caller, upload: &Upload) -> Result<Item> {
    if caller.only_uploads() {
        return Ok(upload.item_as_given());
    }
    items::seen(c, caller, upload.item)?.map(|seen| seen.item).ok_or(Error::ItemGone)
}

/// The folder that `field` of a request names, if the caller sees it.
fn folder(c: &Conn, caller: &Caller, field: &'static str, id: ItemId) -> Result<Seen> {
    let seen = seen(c, caller, id)?;
    if seen.item.is_folder() { Ok(seen) } else { Err(Error::NotAFolder { field }) }
}

/// The folder that `field` of a request names, if the caller may put something into it; `None` means their root.
fn target(c: &Conn, caller: &Caller, field: &'static str, parent: Option<ItemId>) -> Result<Option<Seen>> {
    let Some(id) = parent else { return caller.require_whole_drive().map(|()| None) };
    let folder =
        folder(c, caller, field, id).and_then(|folder| folder.require(Role::Member).map(|()| folder));
    match folder {
        // A caller that may only upload must not learn what else has this id.
        Err(Error::NotAFolder { .. } | Error::RoleTooLow { .. }) if caller.only_uploads() => {
            Err(Error::NotFound)
        }
        folder => folder.map(Some),
    }
}
