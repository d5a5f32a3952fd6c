//! How much room a user's uploads still have: in quotas, and in the number of unfinished uploads. Every upload is
//! checked here, in the transaction that inserts its row.

use super::share::{Share, coarse};
use crate::db::submitters::{self, Visitor};
use crate::db::uploads::Whose;
use crate::db::{Conn, uploads, usage};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::rules::UploadRules;
use crate::drive::upload::Upload;
use crate::drive::{Error, QuotaOf, Result};

/// How many starts may find room at the same time without a lock: more than there are connections to a database.
const STARTS_AT_ONCE: u32 = 100;

/// The room that is left for a user's uploads, valid until this transaction ends.
pub(super) struct Room {
    /// What is left of each quota that is set.
    quotas: Vec<Quota>,
    /// How many uploads may still begin, and the limit that this comes from.
    uploads: (u64, u32),
    /// What a submitter of a file request may take of the places of all submitters.
    places: Option<Share>,
}

/// What is left of a quota.
struct Quota {
    of: QuotaOf,
    left_bytes: u64,
    /// What is left of it for the caller, who may only upload.
    narrow: Option<Narrow>,
}

/// What is left of a quota for those who may only upload.
enum Narrow {
    /// For a submitter of a file request.
    Submitter(Share),
    /// For others: so many bytes.
    Bytes(u64),
}

impl Quota {
    fn of(c: &Conn, caller: &Caller, visitor: Option<&Visitor>, of: QuotaOf) -> Result<Option<Self>> {
        let (workspace, whose) = (caller.workspace, (of == QuotaOf::User).then_some(caller.user));
        let Some(quota_bytes) = usage::quota(c, workspace, whose)? else { return Ok(None) };
        usage::lock(c, workspace, whose)?;
        let left_bytes = quota_bytes.saturating_sub(usage::taken_bytes(c, workspace, whose)?);
        // What would be left without the others of their kind is rounded, so that what they reserve tells them nothing.
        let narrow = if let Some(visitor) = visitor {
            let held = submitters::held(c, workspace, whose, visitor)?;
            let most = coarse(left_bytes.saturating_add(held.all.bytes)) / 2;
            Some(Narrow::Submitter(Share {
                left: most.saturating_sub(held.all.bytes),
                of_network: held.of_network.bytes,
                of_request: held.of_request.bytes,
            }))
        } else if caller.only_uploads() {
            let reserved = usage::narrow_bytes(c, workspace, whose)?;
            let most = coarse(left_bytes.saturating_add(reserved)) / 4 * 3;
            Some(Narrow::Bytes(most.saturating_sub(reserved)))
        } else {
            None
        };
        Ok(Some(Self { of, left_bytes, narrow }))
    }

    /// Whether the caller's share of it has room for so many bytes.
    fn admits(&self, size_bytes: u64) -> bool {
        match &self.narrow {
            Some(Narrow::Submitter(share)) => share.admits(size_bytes),
            Some(Narrow::Bytes(left)) => size_bytes <= *left,
            None => true,
        }
    }

    fn take(&mut self, size_bytes: u64) {
        self.left_bytes = self.left_bytes.saturating_sub(size_bytes);
        match &mut self.narrow {
            Some(Narrow::Submitter(share)) => share.take(size_bytes),
            Some(Narrow::Bytes(left)) => *left = left.saturating_sub(size_bytes),
            None => {}
        }
    }
}

/// Whose unfinished uploads are counted, and how many there may be of the user's limit. What may only upload is often in the
/// hands of others, so it leaves a share to its user, and each grant leaves a share to the other grants.
fn shares(caller: &Caller, limit: u32) -> Vec<(Whose, u32)> {
    let mut shares = vec![(Whose::User, limit)];
    if caller.only_uploads() {
        shares.push((Whose::OnlyUploads, (limit - limit / 4).max(1)));
    }
    if let Some(grant) = caller.grant() {
        shares.push((Whose::Grant(grant), (limit / 4).max(1)));
    }
    shares
}

impl Room {
    /// The room for up to `wanted` uploads of a user. The user's items do not count as room, and neither do the bytes
    /// that other unfinished uploads may still store.
    /// Lock order: the workspace's lock, then the user's. Every transaction that takes both uses this order, so that
    /// two of them cannot wait for each other. Without a quota, a start takes the user's lock only if the user is
    /// close to the limit of uploads or starts many. (Single starts at the same moment as a start of many may exceed
    /// the limit by their number.)
    pub(super) fn of(
        c: &Conn,
        caller: &Caller,
        visitor: Option<&Visitor>,
        wanted: usize,
        rules: &UploadRules,
    ) -> Result<Self> {
        let (workspace, user) = (caller.workspace, caller.user);
        let mut quotas = Vec::new();
        for of in [QuotaOf::Workspace, QuotaOf::User] {
            quotas.extend(Quota::of(c, caller, visitor, of)?);
        }
        let shares = shares(caller, rules.max_open_uploads);
        let count = || -> Result<Vec<(u64, u32)>> {
            let left = |(whose, limit): &(Whose, u32)| {
                let open = uploads::count_open(c, workspace, user, *whose, *limit)?;
                Ok((u64::from(*limit).saturating_sub(open), *limit))
            };
            shares.iter().map(left).collect()
        };
        let mut left = count()?;
        // Submitters of different requests share places.
        if wanted > 1 || visitor.is_some() || left.iter().any(|(left, _)| *left <= u64::from(STARTS_AT_ONCE))
        {
            usage::lock(c, workspace, Some(user))?;
            left = count()?;
        }
        let uploads = left.into_iter().min().unwrap_or_default();
        let places = visitor.map(|visitor| places(c, caller, visitor, rules.max_open_uploads)).transpose()?;
        Ok(Self { quotas, uploads, places })
    }

    /// Takes the room for one upload, or refuses the upload.
    pub(super) fn take(&mut self, c: &Conn, upload: &Upload) -> Result<()> {
        let needed_bytes = upload.size_bytes;
        if self.quotas.iter().any(|quota| !quota.admits(needed_bytes)) {
            return Err(Error::QuotaOfOthers);
        }
        if let Some(Quota { of, left_bytes, .. }) =
            self.quotas.iter().find(|quota| needed_bytes > quota.left_bytes)
        {
            // A caller that may only upload, or that sees one folder only, must not learn how much space is used.
            if upload.only_uploads || upload.confined_to.is_some() {
                return Err(Error::QuotaOfOthers);
            }
            let user = (*of == QuotaOf::User).then_some(upload.user);
            let usage::Held { uploads: open_uploads, reserved_bytes: held_bytes, .. } =
                usage::held(c, upload.workspace, user)?;
            let (of, left_bytes) = (*of, *left_bytes);
            return Err(Error::QuotaExceeded { of, needed_bytes, left_bytes, open_uploads, held_bytes });
        }
        let (left, limit) = &mut self.uploads;
        if *left == 0 || self.places.is_some_and(|places| !places.admits(1)) {
            return Err(Error::TooManyUploads { limit: *limit });
        }
        *left -= 1;
        if let Some(places) = &mut self.places {
            places.take(1);
        }
        for quota in &mut self.quotas {
            quota.take(needed_bytes);
        }
        Ok(())
    }
}

/// What a submitter may take of the places for unfinished uploads. All submitters together may take half of them, so that the
/// owner of the request can always upload.
fn places(c: &Conn, caller: &Caller, visitor: &Visitor, limit: u32) -> Result<Share> {
    let held = submitters::held(c, caller.workspace, Some(caller.user), visitor)?;
    Ok(Share {
        left: u64::from(limit - limit / 2).saturating_sub(held.all.files),
        of_network: held.of_network.files,
        of_request: held.of_request.files,
    })
}

/// Refuses to replace a file of somebody else whose quota has no room for the new bytes: the owner pays for these, and for
/// the earlier ones in the trash.
pub(super) fn check_owners_room(c: &Conn, upload: &Upload, replaced: &Item) -> Result<()> {
    if replaced.owner == upload.user {
        return Ok(());
    }
    let owner = Some(replaced.owner);
    let Some(quota_bytes) = usage::quota(c, upload.workspace, owner)? else { return Ok(()) };
    let left_bytes = quota_bytes.saturating_sub(usage::taken_bytes(c, upload.workspace, owner)?);
    if upload.size_bytes > left_bytes { Err(Error::QuotaOfOthers) } else { Ok(()) }
}
