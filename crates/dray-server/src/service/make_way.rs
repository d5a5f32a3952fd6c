//! Makes way for a visitor of a file request who finds no room: unfinished uploads of other strangers end if the store has
//! nothing of them (`drive/request/giving_way.rs` says which). Files that are only announced keep nobody out for ever.

use jiff::Timestamp;

use super::Service;
use crate::db::clock::LeaseTime;
use crate::db::submitters::{self, Place, Visitor};
use crate::db::{Conn, measures, requests, uploads};
use crate::drive::access::Caller;
use crate::drive::request::{FileRequest, Need, giving_way};
use crate::drive::upload::Upload;
use crate::drive::{Error, Result};

/// How many unfinished uploads are looked at. A user has no more than that, unless the operator allows it.
const MOST_SEEN: usize = 1000;
/// About how many uploads the store is asked at most for one start.
const MOST_ASKED: usize = 16;

/// Uploads that a visitor was refused for lack of room.
#[derive(Debug, Clone)]
pub(super) struct Lacking {
    /// Why.
    reason: Error,
    /// How many there are.
    files: u64,
    /// Their bytes.
    bytes: u64,
    /// The bytes of the first one.
    first_bytes: u64,
}

impl Lacking {
    /// The refusal of one upload, if others could make way for it.
    pub(super) fn of(caller: &Caller, refused: &Error, size_bytes: u64) -> Option<Self> {
        let is_for_room =
            matches!(refused, Error::RequestUsedUp { .. } | Error::RequestBusy | Error::RequestNoRoom);
        (caller.submitter().is_some() && is_for_room).then(|| Self {
            reason: refused.clone(),
            files: 1,
            bytes: size_bytes,
            first_bytes: size_bytes,
        })
    }

    /// Adds another refusal.
    pub(super) fn and(self, other: &Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes.saturating_add(other.bytes), ..self }
    }
}

impl Service {
    /// Ends uploads that give way to these. Returns whether there are any, so that it is worth trying again.
    pub(super) async fn make_way(&self, caller: &Caller, lacking: Lacking, now: Timestamp) -> Result<bool> {
        let (mut asked, mut is_any) = (0, false);
        while asked < MOST_ASKED {
            let (caller, lacking, lease_now) = (*caller, lacking.clone(), self.db.lease_time());
            let found = move |c: &Conn<'_>| candidates(c, &caller, &lacking, lease_now, now);
            let found = self.db.read_long(found).await?;
            asked += found.len().max(1);
            let mut are_all = true;
            for upload in found {
                let is_ended = self.end_if_empty(upload, now).await?;
                (is_any, are_all) = (is_any || is_ended, are_all && is_ended);
            }
            // What the store has is known now, so others are found instead.
            if are_all {
                break;
            }
        }
        if is_any {
            self.sweep_soon.notify_one();
        }
        Ok(is_any)
    }

    /// Ends an upload of which the store has nothing. Otherwise it records how much the store has.
    async fn end_if_empty(&self, upload: Upload, now: Timestamp) -> Result<bool> {
        let id = upload.id;
        let parts = match self.stored_parts(&upload).await {
            Ok(Some(parts)) => parts,
            // It does not know the upload. A finalize may have ended it.
            Ok(None) => return Ok(false),
            Err(err) => {
                tracing::warn!(upload = %id, %err, "the store did not say what it has of an upload that could give way");
                return Ok(false);
            }
        };
        if parts.is_empty() {
            return self.end_upload(&upload, now).await;
        }
        // An empty part counts too.
        let stored_bytes = parts.iter().map(|part| part.size).sum::<u64>().max(1);
        self.db.write(move |c| Ok(measures::note(c, id, stored_bytes, now)?)).await?;
        Ok(false)
    }
}

fn candidates(
    c: &Conn,
    caller: &Caller,
    lacking: &Lacking,
    lease_now: LeaseTime,
    now: Timestamp,
) -> Result<Vec<Upload>> {
    let Some((request, visitor)) = visitor(c, caller)? else { return Ok(Vec::new()) };
    let Some((place, need)) = need(c, &request, lacking)? else { return Ok(Vec::new()) };
    let all = submitters::competing(c, request.workspace, place, MOST_SEEN)?;
    // Who has something of a share was refused because of what they have.
    let is_own_share =
        !matches!(place, Place::Request(_)) && all.iter().any(|one| one.network == visitor.network);
    if is_own_share {
        return Ok(Vec::new());
    }
    let mut given = giving_way(&all, &visitor.network, need, now);
    given.truncate(MOST_ASKED);
    let found =
        given.into_iter().map(|id| uploads::by_id(c, id, lease_now)).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// The request of a submitter, and where they come from.
fn visitor(c: &Conn, caller: &Caller) -> Result<Option<(FileRequest, Visitor)>> {
    let Some(id) = caller.submitter() else { return Ok(None) };
    let (Some(request), Some(submitter)) = (requests::of_submitter(c, id)?, submitters::submitter(c, id)?)
    else {
        return Ok(None);
    };
    let network = submitters::network_of(id, &submitter);
    let visitor = Visitor { request: request.id, network };
    Ok(Some((request, visitor)))
}

/// What these uploads lack, and where. `None` if the submitter has used up what they may upload themselves.
fn need(c: &Conn, request: &FileRequest, lacking: &Lacking) -> Result<Option<(Place, Need)>> {
    let Lacking { reason, files, bytes, first_bytes } = lacking;
    Ok(match reason {
        Error::RequestBusy => Some((Place::User(request.user), Need::Files(1))),
        Error::RequestNoRoom => Some((Place::Workspace, Need::Bytes(*first_bytes))),
        _ if request.has_total() => {
            let used = requests::used(c, request.id)?;
            let (most_files, most_bytes) = (request.wants.max_total_files, request.wants.max_total_bytes);
            let lacks = |most: Option<u64>, used: u64, more: u64| {
                most.map_or(0, |most| used.saturating_add(more).saturating_sub(most))
            };
            let (of_files, of_bytes) =
                (lacks(most_files.map(u64::from), used.files, *files), lacks(most_bytes, used.bytes, *bytes));
            let need = if of_bytes > 0 { Need::Bytes(of_bytes) } else { Need::Files(of_files) };
            (of_files + of_bytes > 0).then_some((Place::Request(request.id), need))
        }
        _ => None,
    })
}
