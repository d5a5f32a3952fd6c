//! The life of an upload: its states, and what each step may do in each state.
//!
//! ```text
//! opening ──► open ──► completing ──► completed
//!    │          │  ◄──────┘ (the store refused the parts: still usable)
//!    └──────────┴──► aborted | expired
//! ```

use dray_api::upload::{OnConflict, OpenUpload, StoredPart, UploadStatus};
use dray_api::{ItemId, PartPlan, TokenId, UploadRowId, UserId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};

use crate::access::{Caller, Scope};
use crate::item::{Attached, Content, Item};
use crate::parts::{Crc64, Digest};
use crate::rules::UploadRules;
use crate::{Error, Result, wire_time};

/// How long a finalize keeps its lease after the last heartbeat. Whoever works on the upload keeps renewing the
/// lease. Two finalizes that overlap do no harm, because every step can be repeated. The lease only keeps them from
/// doing the same work.
pub const FINALIZE_LEASE: SignedDuration = SignedDuration::from_secs(30);
/// The longest time that a store may work on a Complete after it was sent. It is longer than Dray waits for a
/// Complete (10 minutes). Until this time has passed since the last Complete, a store that has neither the upload nor
/// its object proves nothing: the object may still appear.
pub const QUIET_TIME: SignedDuration = SignedDuration::from_mins(11);
/// The largest difference between the clocks of servers that share a database. No server ends an upload because of
/// its age before the server's own clock is this much past the upload's time.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);
/// How long after its end Dray still tries to complete an upload that the store has not completed, however often it
/// has tried before. The time is long enough for people to repair their store.
pub const COMPLETE_AFTER_END: SignedDuration = SignedDuration::from_hours(24);
/// Before Dray stops, this many Completes must also have proved nothing while the store answered other requests.
pub const MAX_INCONCLUSIVE: u64 = 8;
/// How long the outcome of an upload stays stored after the upload would have expired. Until then, finalizing it
/// again returns its item.
pub const KEEP_FINISHED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long after its URL has expired a PUT may still arrive. It may have begun before, the clocks of client and
/// store may differ, and a copy of it may be under way.
pub const PUT_SLACK: SignedDuration = SignedDuration::from_hours(1);
/// The ending of the key of a PUT that does not write the object itself. Finalize copies from that key to the object.
pub const STAGED: &str = ".put";

/// The state of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The row exists; the store has not answered yet.
    Opening,
    /// Parts can be signed, put and finalized.
    Open,
    /// A finalize is under way.
    Completing {
        /// The digest of the parts that it lists.
        digest: Digest,
        /// Whether somebody holds the lease, by the clock of leases.
        is_held: bool,
    },
    /// The item exists.
    Completed {
        /// The digest of the parts that the finalize listed.
        digest: Digest,
    },
    /// The caller aborted it.
    Aborted,
    /// Nobody continued it in time.
    Expired,
}

/// An upload, as it is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The id of its row.
    pub id: UploadRowId,
    /// The workspace of its future item.
    pub workspace: WorkspaceId,
    /// Who started it. Nobody else sees it.
    pub user: UserId,
    /// The folder of its future item.
    pub parent: Option<ItemId>,
    /// The id of its future item.
    pub item: ItemId,
    /// The name of its future item.
    pub name: String,
    /// Its MIME type.
    pub mime_type: String,
    /// Its announced size.
    pub size_bytes: u64,
    /// What finalize does if a file of its name exists.
    pub on_conflict: OnConflict,
    /// The folder that the starting token was confined to. The upload never becomes an item outside of it.
    pub confined_to: Option<ItemId>,
    /// Whether the starting token may only upload.
    pub only_uploads: bool,
    /// The token or grant that began it; `None` for uploads older than this field.
    pub token: Option<TokenId>,
    /// The grant that began it, and what its application attached.
    pub attached: Attached,
    /// The checksum that the bytes must have, if it is known.
    pub crc64: Option<Crc64>,
    /// The checksum found by reading the object back.
    pub proven_crc64: Option<Crc64>,
    /// Whether a Complete may have been sent.
    pub is_attempted: bool,
    /// Whether to read the file back if the store cannot prove the checksum.
    pub verify: bool,
    /// The object's key in the store.
    pub object_key: String,
    /// A random text that the object carries as metadata. It proves that an object belongs to this upload.
    pub store_token: String,
    /// The store's multipart upload id, once the store has answered. An upload by one PUT has an id that Dray made.
    pub store_upload_id: Option<String>,
    /// The key that its one signed PUT writes: the object's own, or one beside it. `None` for an upload in parts.
    pub put_key: Option<String>,
    /// Its state.
    pub state: State,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it expires if nobody continues it.
    pub expires_at: Timestamp,
}

/// Refuses an `onConflict` that the caller's token does not allow: a token that may only add cannot replace anything, and a
/// token that may not read cannot find out which names are taken.
pub fn check_on_conflict(caller: &Caller, on_conflict: OnConflict) -> Result<()> {
    match on_conflict {
        OnConflict::Replace | OnConflict::Fail if caller.grant().is_some() => {
            Err(Error::field("onConflict", "comes from the grant: leave it out"))
        }
        OnConflict::Replace => caller.require(Scope::AccessDrive),
        OnConflict::Fail => caller.require(Scope::DriveRead),
        OnConflict::Keep | OnConflict::Rename => Ok(()),
    }
}

/// Identifies the finalize that holds an upload's lease: a random text, new for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder(pub String);

/// What a finalize has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalizeStep {
    /// Take the lease and complete the upload.
    Complete,
    /// Another finalize with the same parts is running: wait for its outcome.
    Wait,
    /// The item already exists.
    Done,
}

impl Upload {
    /// The next step of a finalize that lists `digest`. `None` means that it takes whatever parts the store has.
    pub fn finalize_step(&self, digest: Option<&Digest>, now: Timestamp) -> Result<FinalizeStep> {
        let is_same = |other: &Digest| digest.is_none_or(|digest| digest == other);
        match &self.state {
            State::Completed { digest: done } if is_same(done) => Ok(FinalizeStep::Done),
            State::Completed { .. } => Err(Error::FinalizedDifferently),
            State::Completing { digest: other, .. } if !is_same(other) => Err(Error::FinalizeInProgress),
            State::Completing { is_held: true, .. } => Ok(FinalizeStep::Wait),
            State::Completing { .. } => Ok(FinalizeStep::Complete),
            State::Open => self.check_alive(now).map(|()| FinalizeStep::Complete),
            State::Opening | State::Aborted | State::Expired => Err(self.gone()),
        }
    }

    /// The key that its PUT writes and that finalize copies from, if that is not the object's own.
    pub fn staging_key(&self) -> Option<&str> {
        self.put_key.as_deref().filter(|key| *key != self.object_key)
    }

    /// Whether its bytes can be sent only once: its PUT writes the object itself, and the URL never replaces an object.
    pub fn is_sent_once(&self) -> bool {
        self.put_key.is_some() && self.staging_key().is_none()
    }

    /// Whether its item depends on which names are taken where it goes.
    pub fn looks_for_names(&self) -> bool {
        self.on_conflict != OnConflict::Keep
    }

    /// Its user as a caller, for work without the user's token. The rights are checked again, within the folder that the starting token was confined to.
    pub fn uploader(&self) -> Caller {
        Caller::for_user(self.user, self.workspace).within(self.confined_to)
    }

    /// Whether its item may be refused because of its place, or because of the file that it replaces. The items of all other uploads can always go to some place.
    pub fn can_be_refused(&self) -> bool {
        matches!(self.on_conflict, OnConflict::Fail | OnConflict::Replace) || self.confined_to.is_some()
    }

    /// The content of its item.
    pub fn content(&self) -> Content {
        Content::File {
            mime_type: self.mime_type.clone(),
            size_bytes: self.size_bytes,
            object_key: self.object_key.clone(),
        }
    }

    /// Its item as the client asked for it, whatever place and name it really got. A token that only uploads sees
    /// nothing else of it.
    pub fn item_as_given(&self) -> Item {
        Item {
            id: self.item,
            workspace: self.workspace,
            parent: self.parent,
            owner: self.user,
            name: self.name.clone(),
            content: self.content(),
            attached: Attached::default(),
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }

    /// Whether an abort has anything to do.
    pub fn is_abortable(&self) -> Result<bool> {
        match self.state {
            State::Opening | State::Open => Ok(true),
            State::Aborted | State::Expired => Ok(false),
            State::Completing { .. } => Err(Error::FinalizeInProgress),
            State::Completed { .. } => Err(Error::AlreadyFinalized),
        }
    }

    /// The upload in the wire format. An upload that ended without an item is an error.
    pub fn to_wire(&self, now: Timestamp) -> Result<OpenUpload> {
        let status = match self.state {
            State::Open => self.check_alive(now).map(|()| UploadStatus::Open)?,
            State::Completing { .. } => UploadStatus::Finalizing,
            State::Completed { .. } => UploadStatus::Finalized,
            State::Opening | State::Aborted | State::Expired => return Err(self.gone()),
        };
        Ok(OpenUpload {
            upload_id: self.store_upload_id.clone().unwrap_or_default(),
            file_key: self.object_key.clone(),
            status,
            file_name: self.name.clone(),
            file_size: self.size_bytes,
            mime_type: self.mime_type.clone(),
            parent_id: self.parent,
            on_conflict: self.on_conflict,
            part_size: PartPlan::recommended(self.size_bytes).part_bytes(),
            created_at: wire_time(self.created_at),
            expires_at: wire_time(self.expires_at),
        })
    }

    /// The store's upload id, if parts can be signed now.
    pub fn signable(&self, now: Timestamp) -> Result<&str> {
        match (&self.state, &self.store_upload_id) {
            (State::Open, Some(id)) => self.check_alive(now).map(|()| id.as_str()),
            (State::Completing { .. }, Some(id)) => Ok(id),
            (State::Completed { .. }, _) => Err(Error::AlreadyFinalized),
            _ => Err(self.gone()),
        }
    }

    /// When the upload expires if parts are signed now; `None` if that is not much later than its present expiry.
    pub fn later_expiry(&self, rules: &UploadRules, now: Timestamp) -> Option<Timestamp> {
        let renewed = rules.expiry(self.created_at, now);
        let step = SignedDuration::try_from(rules.expiry_step()).unwrap_or(SignedDuration::MAX);
        (renewed.duration_since(self.expires_at) >= step).then_some(renewed)
    }

    /// Whether the upload's time ended so long ago that Dray gives it up if the store does not complete it.
    pub fn is_long_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.expires_at) >= COMPLETE_AFTER_END
    }

    /// Whether Dray stops sending Completes, after so many that proved nothing.
    pub fn is_hopeless(&self, inconclusive: u64, now: Timestamp) -> bool {
        inconclusive >= MAX_INCONCLUSIVE && self.is_long_over(now)
    }

    fn check_alive(&self, now: Timestamp) -> Result<()> {
        if now < self.expires_at { Ok(()) } else { Err(Error::UploadExpired) }
    }

    fn gone(&self) -> Error {
        match self.state {
            State::Aborted => Error::UploadAborted,
            State::Expired => Error::UploadExpired,
            _ => Error::UploadNotFound,
        }
    }
}

/// An upload may store its file twice, because a client may cut it again into other parts, and a little more.
const STORED_TIMES: u64 = 2;
const STORED_SLACK_BYTES: u64 = 64 << 10;

/// Whether the stored parts of an upload are more than a client needs for a file of this size: one is larger
/// than the file, or all together are larger than the file twice.
pub fn is_oversized(announced_bytes: u64, parts: &[StoredPart]) -> bool {
    let stored: u64 = parts.iter().map(|part| part.size).sum();
    let most = announced_bytes.saturating_mul(STORED_TIMES).saturating_add(STORED_SLACK_BYTES);
    stored > most || parts.iter().any(|part| part.size > announced_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    fn digest(text: &str) -> Digest {
        Digest(text.into())
    }

    fn upload(state: State) -> Upload {
        Upload {
            id: UploadRowId::new(1, [0; 8]),
            workspace: WorkspaceId::new(1, [0; 8]),
            user: UserId::new(1, [0; 8]),
            parent: None,
            item: ItemId::new(1, [0; 8]),
            name: "a".into(),
            mime_type: "a/b".into(),
            size_bytes: 1,
            on_conflict: OnConflict::Keep,
            confined_to: None,
            only_uploads: false,
            token: None,
            attached: Attached::default(),
            crc64: None,
            proven_crc64: None,
            is_attempted: false,
            verify: false,
            object_key: "k".into(),
            store_token: "t".into(),
            store_upload_id: Some("u".into()),
            put_key: None,
            state,
            created_at: at(0),
            expires_at: at(1000),
        }
    }

    fn completing(is_held: bool) -> State {
        State::Completing { digest: digest("d"), is_held }
    }

    #[test]
    fn every_state_has_its_own_answer_to_a_finalize() {
        let step = |state, listed: &str, now| upload(state).finalize_step(Some(&digest(listed)), at(now));
        let done = || State::Completed { digest: digest("d") };
        assert_eq!(step(State::Open, "d", 999), Ok(FinalizeStep::Complete));
        assert_eq!(step(State::Open, "d", 1000), Err(Error::UploadExpired));
        assert_eq!(step(completing(true), "d", 9), Ok(FinalizeStep::Wait));
        assert_eq!(step(completing(false), "d", 10), Ok(FinalizeStep::Complete), "the winner is gone");
        assert_eq!(
            step(completing(false), "d", 5000),
            Ok(FinalizeStep::Complete),
            "begun in time, so never expired"
        );
        assert_eq!(step(completing(false), "e", 10), Err(Error::FinalizeInProgress));
        assert_eq!(step(done(), "d", 5000), Ok(FinalizeStep::Done));
        assert_eq!(step(done(), "e", 5), Err(Error::FinalizedDifferently));
        assert_eq!(step(State::Aborted, "d", 5), Err(Error::UploadAborted));
        assert_eq!(step(State::Expired, "d", 5), Err(Error::UploadExpired));
        assert_eq!(step(State::Opening, "d", 5), Err(Error::UploadNotFound));
    }

    #[test]
    fn only_a_live_upload_can_be_signed() {
        assert_eq!(upload(State::Open).signable(at(999)), Ok("u"));
        assert_eq!(upload(State::Open).signable(at(1000)), Err(Error::UploadExpired));
        assert_eq!(upload(completing(true)).signable(at(5)), Ok("u"), "the finalize may still be refused");
        assert_eq!(upload(State::Aborted).signable(at(5)), Err(Error::UploadAborted));
    }

    #[test]
    fn the_expiry_moves_a_day_at_a_time_and_ends_after_a_week() {
        let day = 24 * 3600;
        let upload = |expires_at| Upload { expires_at: at(expires_at), ..upload(State::Open) };
        let later = |expires_at, now| upload(expires_at).later_expiry(&UploadRules::default(), at(now));
        assert_eq!(later(day, 10), None, "hardly later");
        assert_eq!(later(day, 3600), Some(at(day + 3600)));
        assert_eq!(later(6 * day + 3600, 6 * day), Some(at(7 * day)));
        assert_eq!(later(7 * day, 7 * day - 1), None);
    }
}
