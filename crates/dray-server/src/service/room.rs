//! How much room a user's uploads still have: in quotas, and in the number of unfinished uploads. Every upload is
//! checked here, in the transaction that inserts its row.

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
    /// How many the user may still begin, and the limit of them.
    of_user: (u64, u32),
}

/// What is left of a quota.
struct Quota {
    of: QuotaOf,
    left_bytes: u64,
    /// What unfinished uploads to file requests reserve. Counted only for a submitter.
    requested_bytes: u64,
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
    pub(super) fn of(c: &Conn, caller: &Caller, wanted: usize, rules: &UploadRules) -> Result<Self> {
        let (workspace, user) = (caller.workspace, caller.user);
        let mut quotas = Vec::new();
        for of in [QuotaOf::Workspace, QuotaOf::User] {
            let whose = (of == QuotaOf::User).then_some(user);
            let Some(quota_bytes) = usage::quota(c, workspace, whose)? else { continue };
            usage::lock(c, workspace, whose)?;
            let left_bytes = quota_bytes.saturating_sub(usage::taken_bytes(c, workspace, whose)?);
            let requested_bytes =
                if caller.submitter().is_some() { usage::requested_bytes(c, workspace, whose)? } else { 0 };
            quotas.push(Quota { of, left_bytes, requested_bytes });
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
        if wanted > 1 || left.iter().any(|(left, _)| *left <= u64::from(STARTS_AT_ONCE)) {
            usage::lock(c, workspace, Some(user))?;
            left = count()?;
        }
        let of_user = left.first().copied().unwrap_or_default();
        let uploads = left.into_iter().min().unwrap_or_default();
        Ok(Self { quotas, uploads, of_user })
    }

    /// Refuses another upload to a submitter of a file request who has `own` unfinished ones. All submitters together may take
    /// half of the places, so that the owner of the request can always upload. None of them may take more than are left of
    /// that half, so that there is always one for somebody else.
    pub(super) fn check_share(&self, own: u64) -> Result<()> {
        let (left, limit) = self.of_user;
        let left = left.saturating_sub(u64::from(limit / 2));
        if own < left { Ok(()) } else { Err(Error::TooManyUploads { limit }) }
    }

    /// Refuses an upload to a file request that does not say how many bytes it takes in all. The unfinished uploads to all
    /// requests together may reserve half of what the quotas would leave without them. So strangers who only announce files
    /// never take all of the room.
    pub(super) fn check_bytes_share(&self, size_bytes: u64) -> Result<()> {
        let is_over = |quota: &Quota| {
            quota.requested_bytes.saturating_add(size_bytes)
                > u64::midpoint(quota.left_bytes, quota.requested_bytes)
        };
        if self.quotas.iter().any(is_over) { Err(Error::QuotaOfOthers) } else { Ok(()) }
    }

    /// Takes the room for one upload, or refuses the upload.
    pub(super) fn take(&mut self, c: &Conn, upload: &Upload) -> Result<()> {
        let needed_bytes = upload.size_bytes;
        if let Some(Quota { of, left_bytes, .. }) =
            self.quotas.iter().find(|quota| needed_bytes > quota.left_bytes)
        {
            // A caller that may only upload must not learn how much space is used.
            if upload.only_uploads {
                return Err(Error::QuotaOfOthers);
            }
            let user = (*of == QuotaOf::User).then_some(upload.user);
            let usage::Held { uploads: open_uploads, reserved_bytes: held_bytes, .. } =
                usage::held(c, upload.workspace, user)?;
            let (of, left_bytes) = (*of, *left_bytes);
            return Err(Error::QuotaExceeded { of, needed_bytes, left_bytes, open_uploads, held_bytes });
        }
        let (left, limit) = &mut self.uploads;
        if *left == 0 {
            return Err(Error::TooManyUploads { limit: *limit });
        }
        *left -= 1;
        self.of_user.0 = self.of_user.0.saturating_sub(1);
        for quota in &mut self.quotas {
            quota.left_bytes -= needed_bytes;
            quota.requested_bytes = quota.requested_bytes.saturating_add(needed_bytes);
        }
        Ok(())
    }
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
