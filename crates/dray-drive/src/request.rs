//! File requests: what people without an account are asked for, and what they may upload. A request is a token that nobody holds,
//! and each submitter has a grant that descends from it, so every rule about grants also applies to submitters.

mod giving_way;
mod power;
mod submitter;

use dray_api::limits::{MAX_EXACT, MAX_MESSAGE_CHARS, MAX_REQUEST_FILES, MAX_SUBMITTERS, MAX_TITLE_CHARS};
use dray_api::request::{Asks, NewRequest, OpenedRequest};
use dray_api::{ItemId, NewGrant, RequestId, TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

use crate::access::Caller;
use crate::grant::{Terms, Used, at_most};
use crate::line::{check_line, check_lines};
use crate::{Error, Result, wire_time};
pub use giving_way::{Need, Reserved, giving_way};
pub use power::Power;
pub use submitter::{Submitter, submitter_to_wire};

/// The maximum number of submitters if a request does not set one.
const SUBMITTERS: u32 = 1000;

/// A request, as the database has it. It has no `Debug`, which would show its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// Its record.
    pub id: RequestId,
    /// The secret part of its address.
    pub slug: String,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// The user who made it, and who owns the files.
    pub user: UserId,
    /// Where the files go.
    pub folder: ItemId,
    /// The folder to which the token that made it was confined: the request works only inside of it.
    pub confined_to: Option<ItemId>,
    /// The token with which it was made, if that is known. The request does not end with it.
    pub made_with: Option<TokenId>,
    /// When it was closed, if it was.
    pub closed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it asks for.
    pub wants: Wants,
}

/// What a request asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Wants {
    /// The title of its page.
    pub title: String,
    /// The text below the title.
    pub message: String,
    /// When it closes by itself.
    pub deadline: Option<Timestamp>,
    /// The hash of its password, if it has one: Argon2id, in the PHC string format.
    pub password_hash: Option<String>,
    /// How often its password was changed, set or removed.
    pub password_generation: u64,
    /// When it was last given another password, or none, if that was before these changes were counted.
    pub password_changed_at: Option<Timestamp>,
    /// Whether it asks submitters for their name.
    pub asks_name: Asks,
    /// Whether it asks submitters for their email address.
    pub asks_email: Asks,
    /// Whether each submitter gets a folder of their own.
    pub folder_each: bool,
    /// The maximum number of submitters.
    pub max_submitters: u32,
    /// The maximum number of files of all submitters together.
    pub max_total_files: Option<u32>,
    /// The maximum number of bytes of all submitters together.
    pub max_total_bytes: Option<u64>,
    /// What each submitter may upload.
    pub terms: Terms,
}

impl Wants {
    /// Reads what a new request asks for, except its deadline and its password.
    pub fn parse(request: &NewRequest) -> Result<Self> {
        let terms = Terms::parse(&NewGrant {
            max_files: request.max_files,
            max_file_bytes: request.max_file_bytes,
            max_bytes: request.max_bytes,
            types: request.types.clone(),
            on_conflict: request.on_conflict,
            ..NewGrant::default()
        })?;
        Ok(Self {
            title: parse_title(&request.title)?,
            message: parse_message(request.message.as_deref().unwrap_or_default())?,
            deadline: None,
            password_hash: None,
            password_generation: 0,
            password_changed_at: None,
            asks_name: request.asks_name,
            asks_email: request.asks_email,
            folder_each: request.folder_each,
            max_submitters: parse_submitters(request.max_submitters.unwrap_or(SUBMITTERS))?,
            max_total_files: request.max_total_files.map(parse_total_files).transpose()?,
            max_total_bytes: parse_total_bytes(request.max_total_bytes)?,
            terms,
        })
    }
}

/// Checks a title.
pub fn parse_title(text: &str) -> Result<String> {
    check_line("title", text, MAX_TITLE_CHARS)?;
    Ok(text.to_owned())
}

/// Checks a message, which may have several lines.
pub fn parse_message(text: &str) -> Result<String> {
    check_lines("message", text, MAX_MESSAGE_CHARS)?;
    Ok(text.to_owned())
}

/// Checks how many files a request may get.
pub fn parse_total_files(count: u32) -> Result<u32> {
    if (1..=MAX_REQUEST_FILES).contains(&count) {
        Ok(count)
    } else {
        Err(Error::field("maxTotalFiles", format!("must be 1 to {MAX_REQUEST_FILES}")))
    }
}

/// Checks how many bytes a request may get.
pub fn parse_total_bytes(bytes: Option<u64>) -> Result<Option<u64>> {
    at_most(MAX_EXACT, "maxTotalBytes", bytes)
}

/// Checks how many submitters a request may have.
pub fn parse_submitters(count: u32) -> Result<u32> {
    if (1..=MAX_SUBMITTERS).contains(&count) {
        Ok(count)
    } else {
        Err(Error::field("maxSubmitters", format!("must be 1 to {MAX_SUBMITTERS}")))
    }
}

impl FileRequest {
    /// Its maker, as a caller without a token.
    pub fn maker(&self) -> Caller {
        Caller::for_user(self.user, self.workspace).within(self.confined_to)
    }

    /// Sets another password, or none. Those who entered the one before are asked for the new one.
    pub fn set_password(&mut self, hash: Option<String>) {
        self.wants.password_hash = hash;
        self.wants.password_generation += 1;
    }

    /// Refuses somebody who has entered the password of this generation, if it is not the present one.
    pub fn check_generation(&self, generation: u64) -> Result<()> {
        let is_stale = self.wants.password_hash.is_some() && generation != self.wants.password_generation;
        if is_stale { Err(Error::RequestPassword) } else { Ok(()) }
    }

    /// Refuses a submitter who entered before the password was changed.
    pub fn check_entered(&self, submitter: &Submitter) -> Result<()> {
        let changed_at = self.wants.password_changed_at;
        match submitter.generation {
            Some(generation) => self.check_generation(generation),
            // They came before changes were counted, but perhaps after an earlier change.
            None if changed_at.is_none_or(|changed| submitter.created_at > changed) => {
                self.check_generation(0)
            }
            None => self.check_generation(u64::MAX),
        }
    }

    /// Whether it limits what all submitters upload together.
    pub fn has_total(&self) -> bool {
        self.wants.max_total_files.is_some() || self.wants.max_total_bytes.is_some()
    }

    /// Checks whether all submitters together have room for one more file, besides what was `used`.
    pub fn check_total(&self, used: Used, size_bytes: u64) -> Result<()> {
        if let Some(most) = self.wants.max_total_files.filter(|most| used.files >= u64::from(*most)) {
            let left = format!("accepts {most} files in all, and as many are there or under way");
            return Err(Error::RequestUsedUp { left });
        }
        let left_bytes = self.wants.max_total_bytes.map(|most| most.saturating_sub(used.bytes));
        match left_bytes.filter(|left| size_bytes > *left) {
            Some(left) => {
                let left = format!("accepts only {left} more bytes in all, and the file has {size_bytes}");
                Err(Error::RequestUsedUp { left })
            }
            None => Ok(()),
        }
    }

    /// Refuses everything once the request is closed or its deadline has passed.
    pub fn check_open(&self, now: Timestamp) -> Result<()> {
        let is_over = self.closed_at.is_some() || self.wants.deadline.is_some_and(|end| now >= end);
        if is_over { Err(Error::RequestClosed) } else { Ok(()) }
    }

    /// The request as the wire has it, below the server's address `public_url`.
    pub fn to_wire(&self, public_url: &str, submitters: u64) -> dray_api::FileRequest {
        let Wants { terms, .. } = &self.wants;
        dray_api::FileRequest {
            id: self.id,
            url: format!("{public_url}/r/{}", self.slug),
            folder_id: self.folder,
            created_by: self.user,
            title: self.wants.title.clone(),
            message: self.wants.message.clone(),
            deadline: self.wants.deadline.map(wire_time),
            closed_at: self.closed_at.map(wire_time),
            has_password: self.wants.password_hash.is_some(),
            asks_name: self.wants.asks_name,
            asks_email: self.wants.asks_email,
            folder_each: self.wants.folder_each,
            max_submitters: self.wants.max_submitters,
            max_files: terms.max_files,
            max_file_bytes: terms.max_file_bytes,
            max_bytes: terms.max_bytes,
            max_total_files: self.wants.max_total_files,
            max_total_bytes: self.wants.max_total_bytes,
            types: terms.types.iter().map(ToString::to_string).collect(),
            on_conflict: terms.on_conflict,
            submitters,
            created_at: wire_time(self.created_at),
        }
    }

    /// What its page shows to submitters.
    pub fn opened(&self) -> OpenedRequest {
        let Wants { terms, .. } = &self.wants;
        OpenedRequest {
            title: self.wants.title.clone(),
            message: self.wants.message.clone(),
            deadline: self.wants.deadline.map(wire_time),
            asks_name: self.wants.asks_name,
            asks_email: self.wants.asks_email,
            max_files: terms.max_files,
            max_file_bytes: terms.max_file_bytes,
            max_bytes: terms.max_bytes,
            types: terms.types.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request asks for that has no limits.
    pub(super) fn wants(asks_name: Asks, asks_email: Asks) -> Wants {
        let new = NewRequest {
            folder_id: ItemId::new(1, [0; 8]),
            title: "Photos".into(),
            message: None,
            deadline: None,
            password: None,
            asks_name,
            asks_email,
            folder_each: false,
            max_submitters: None,
            max_total_files: None,
            max_total_bytes: None,
            max_files: None,
            max_file_bytes: None,
            max_bytes: None,
            types: None,
            on_conflict: dray_api::upload::OnConflict::Keep,
        };
        let deadline = Some(Timestamp::from_second(100).unwrap());
        Wants { deadline, ..Wants::parse(&new).unwrap() }
    }

    pub(super) fn request() -> FileRequest {
        FileRequest {
            id: RequestId::new(1, [0; 8]),
            slug: String::new(),
            workspace: WorkspaceId::new(1, [0; 8]),
            user: UserId::new(1, [0; 8]),
            folder: ItemId::new(1, [0; 8]),
            confined_to: None,
            made_with: None,
            closed_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            wants: wants(Asks::No, Asks::No),
        }
    }

    #[test]
    fn a_request_is_open_until_its_deadline_or_until_it_is_closed() {
        let request = request();
        let at = |secs| Timestamp::from_second(secs).unwrap();
        assert_eq!(request.check_open(at(99)), Ok(()));
        assert_eq!(request.check_open(at(100)), Err(Error::RequestClosed));
        let closed = FileRequest { closed_at: Some(at(1)), ..request };
        assert_eq!(closed.check_open(at(50)), Err(Error::RequestClosed));
    }

    #[test]
    fn a_total_limits_all_submitters_together() {
        let mut request = request();
        let used = |files, bytes| Used { files, bytes, begun: 0 };
        assert!(!request.has_total());
        assert_eq!(request.check_total(used(1 << 40, 1 << 60), 1), Ok(()));
        request.wants.max_total_files = Some(2);
        assert_eq!(request.check_total(used(1, 0), 1), Ok(()));
        assert!(matches!(request.check_total(used(2, 0), 0), Err(Error::RequestUsedUp { .. })));
        request.wants.max_total_bytes = Some(10);
        assert_eq!(request.check_total(used(0, 4), 6), Ok(()));
        assert!(matches!(request.check_total(used(0, 4), 7), Err(Error::RequestUsedUp { .. })));
    }

    #[test]
    fn a_changed_password_refuses_those_who_entered_before_and_a_removed_one_refuses_nobody() {
        let mut request = request();
        let refused = Err(Error::RequestPassword);
        let entered = |generation| Submitter { generation, ..Submitter::default() };
        request.set_password(Some("hash".into()));
        assert_eq!(request.check_entered(&entered(Some(1))), Ok(()));
        assert_eq!(request.check_entered(&entered(Some(0))), refused, "there was no password to enter");
        request.set_password(Some("another".into()));
        assert_eq!(request.check_entered(&entered(Some(1))), refused);
        assert_eq!(request.check_entered(&entered(None)), refused, "older than all counted changes");
        request.set_password(None);
        assert_eq!(request.check_entered(&entered(Some(1))), Ok(()), "the password was removed");
    }

    #[test]
    fn submitters_older_than_counted_changes_are_judged_by_the_time_of_the_change() {
        let mut request = request();
        request.wants.password_hash = Some("hash".into());
        let came_at =
            |secs| Submitter { created_at: Timestamp::from_second(secs).unwrap(), ..Submitter::default() };
        assert_eq!(request.check_entered(&came_at(1)), Ok(()), "it was never changed");
        request.wants.password_changed_at = Some(Timestamp::from_second(5).unwrap());
        assert_eq!(request.check_entered(&came_at(5)), Err(Error::RequestPassword));
        assert_eq!(request.check_entered(&came_at(6)), Ok(()));
    }
}
