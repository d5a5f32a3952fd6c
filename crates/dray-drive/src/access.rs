//! Who the caller is, what their token allows, and what their role on an item allows.

use dray_api::{GrantId, ItemId, TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

pub use crate::role::Role;
use crate::{Error, Result};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything on the drive.
    AccessDrive,
    /// Reading and downloading.
    DriveRead,
    /// Uploading, and creating folders to upload into.
    DriveUpload,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::AccessDrive, Self::DriveRead, Self::DriveUpload];

    /// The scope as tokens and the command line spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDrive => "access_drive",
            Self::DriveRead => "drive_read",
            Self::DriveUpload => "drive_upload",
        }
    }

    /// Reads a scope. Unknown ones are `None`: a token may carry scopes of other products.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// The scope of a grant's row among the tokens. No caller can ask for it, because only the route of grants creates grants.
pub const GRANT_SCOPE: &str = "drive_grant";

/// The scope of a file request's row among the tokens, which nobody holds.
pub const REQUEST_SCOPE: &str = "drive_request";

/// The scope of a submitter's grant, which descends from the row of their file request.
pub const SUBMITTER_SCOPE: &str = "drive_submitter";

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Scopes(u8);

impl Scopes {
    fn parse(text: &str) -> Self {
        let known = text.split_whitespace().filter_map(Scope::parse);
        Self(known.fold(0, |set, scope| set | 1 << scope as u8))
    }

    fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }
}

/// A token's record, and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// The record's id.
    pub id: TokenId,
    /// The user of the token.
    pub user: UserId,
    /// The workspace that it is valid in.
    pub workspace: WorkspaceId,
    /// Space-separated scopes.
    pub scopes: String,
    /// The folder that it is confined to, if any.
    pub folder: Option<ItemId>,
    /// From this time on the token is refused.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The earliest expiry of all tokens that it descends from; 1970 if one of them was revoked. `None` if no other
    /// token created it.
    pub line_until: Option<Timestamp>,
    /// The first token of the line that it belongs to, which may be itself.
    pub line: TokenId,
}

/// What a caller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A token, or nothing.
    Token,
    /// A grant.
    Grant,
    /// The grant of a file request's submitter.
    Submitter,
}

/// A user with a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The record of their token; `None` for work that continues without them.
    pub token: Option<TokenId>,
    /// The first token of their token's line. In a line, each token created or replaced the next one. All tokens of a line
    /// have the same first token.
    pub line: Option<TokenId>,
    /// The user.
    pub user: UserId,
    /// The workspace that they work in.
    pub workspace: WorkspaceId,
    /// The folder that their token is confined to. They see nothing outside of it.
    pub folder: Option<ItemId>,
    scopes: Scopes,
    kind: Kind,
}

impl TokenRecord {
    /// Admits the token's user if neither the token nor one that it descends from is revoked or expired. Nothing else
    /// decides this.
    pub fn admit(self, now: Timestamp) -> Result<Caller> {
        let until = self.line_until.map_or(self.expires_at, |line| line.min(self.expires_at));
        if self.revoked_at.is_some() || until == Timestamp::UNIX_EPOCH {
            return Err(Error::RevokedToken);
        }
        if now >= until {
            return Err(Error::ExpiredToken);
        }
        let Self { id: token, line, user, workspace, folder, .. } = self;
        let kind = match self.scopes.as_str() {
            GRANT_SCOPE => Kind::Grant,
            SUBMITTER_SCOPE => Kind::Submitter,
            _ => Kind::Token,
        };
        let scopes = Scopes::parse(&self.scopes);
        Ok(Caller { token: Some(token), line: Some(line), user, workspace, folder, scopes, kind })
    }

    /// Whether it is the grant of a file request's submitter.
    pub fn is_submitters(&self) -> bool {
        self.scopes == SUBMITTER_SCOPE
    }
}

impl Caller {
    /// A user without a token, for work that continues without the caller.
    pub fn for_user(user: UserId, workspace: WorkspaceId) -> Self {
        let scopes = Scopes::parse(Scope::AccessDrive.as_str());
        Self { token: None, line: None, user, workspace, folder: None, scopes, kind: Kind::Token }
    }

    /// The same caller, confined to `folder` if there is one.
    #[must_use]
    pub fn within(self, folder: Option<ItemId>) -> Self {
        Self { folder, ..self }
    }

    /// The grant that the caller sent instead of a token, if any. It works only for its own uploads.
    pub fn grant(&self) -> Option<GrantId> {
        self.token.filter(|_| self.kind != Kind::Token).map(GrantId::from)
    }

    /// The same, if the grant is that of a file request's submitter.
    pub fn submitter(&self) -> Option<GrantId> {
        self.grant().filter(|_| self.kind == Kind::Submitter)
    }

    /// Refuses the holder of a grant.
    pub fn require_token(&self) -> Result<()> {
        if self.kind == Kind::Token { Ok(()) } else { Err(Error::GrantOnlyUploads) }
    }

    /// Refuses a caller who may not upload. The holder of a grant may.
    pub fn require_uploading(&self) -> Result<()> {
        if self.kind == Kind::Token { self.require(Scope::DriveUpload) } else { Ok(()) }
    }

    /// Refuses a caller whose token lacks `scope`, and the holder of a grant. [`Scope::AccessDrive`] includes all scopes.
    pub fn require(&self, scope: Scope) -> Result<()> {
        self.require_token()?;
        if self.may(scope) { Ok(()) } else { Err(Error::MissingScope { scope: scope.as_str() }) }
    }

    fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope) || self.scopes.has(Scope::AccessDrive)
    }

    /// Whether their token may only add to the drive. Such a token learns nothing about what is already there.
    pub fn only_uploads(&self) -> bool {
        !self.may(Scope::DriveRead)
    }

    /// Refuses a caller whose token is confined to a folder, because the request is about the whole drive.
    pub fn require_whole_drive(&self) -> Result<()> {
        if self.folder.is_none() { Ok(()) } else { Err(Error::ConfinedToken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> TokenRecord {
        TokenRecord {
            id: TokenId::new(1, [0; 8]),
            user: UserId::new(2, [0; 8]),
            workspace: WorkspaceId::new(3, [0; 8]),
            scopes: "other access_drive".into(),
            folder: None,
            expires_at: Timestamp::from_second(100).unwrap(),
            revoked_at: None,
            line_until: None,
            line: TokenId::new(1, [0; 8]),
        }
    }

    #[test]
    fn a_token_is_valid_until_the_moment_it_expires() {
        assert!(record().admit(Timestamp::from_second(99).unwrap()).is_ok());
        assert_eq!(record().admit(Timestamp::from_second(100).unwrap()), Err(Error::ExpiredToken));
    }

    #[test]
    fn a_revoked_token_is_reported_as_revoked_even_if_it_has_expired_too() {
        let revoked = TokenRecord { revoked_at: Some(Timestamp::UNIX_EPOCH), ..record() };
        assert_eq!(revoked.admit(Timestamp::from_second(200).unwrap()), Err(Error::RevokedToken));
    }

    #[test]
    fn a_token_is_valid_only_while_all_its_ancestors_are() {
        let at = |secs| Timestamp::from_second(secs).unwrap();
        let with = |line| TokenRecord { line_until: Some(at(line)), ..record() };
        assert!(with(50).admit(at(49)).is_ok());
        assert_eq!(with(50).admit(at(50)), Err(Error::ExpiredToken));
        assert_eq!(with(200).admit(at(100)), Err(Error::ExpiredToken), "its own end still counts");
        assert_eq!(with(0).admit(at(49)), Err(Error::RevokedToken));
    }

    #[test]
    fn a_grant_is_good_for_uploading_and_opens_no_scope() {
        let grant = TokenRecord { scopes: GRANT_SCOPE.into(), ..record() };
        let holder = grant.admit(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(holder.grant(), Some(GrantId::new(1, [0; 8])));
        assert_eq!((holder.require_uploading(), holder.only_uploads()), (Ok(()), true));
        for scope in Scope::ALL {
            assert_eq!(holder.require(scope), Err(Error::GrantOnlyUploads), "{scope:?}");
        }
        assert_eq!(holder.require_token(), Err(Error::GrantOnlyUploads));
        assert_eq!(holder.submitter(), None);
        let user = record().admit(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((user.grant(), user.require_token()), (None, Ok(())));
    }

    #[test]
    fn a_submitter_holds_a_grant_and_a_file_request_opens_nothing() {
        let of = |scopes: &str| TokenRecord { scopes: scopes.into(), ..record() };
        assert!(of(SUBMITTER_SCOPE).is_submitters() && !of(GRANT_SCOPE).is_submitters());
        let submitter = of(SUBMITTER_SCOPE).admit(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(submitter.submitter(), submitter.grant());
        assert_eq!(submitter.grant(), Some(GrantId::new(1, [0; 8])));
        assert_eq!(submitter.require_token(), Err(Error::GrantOnlyUploads));
        let request = of(REQUEST_SCOPE).admit(Timestamp::UNIX_EPOCH).unwrap();
        assert!(request.require_uploading().is_err() && request.grant().is_none());
    }

    #[test]
    fn an_error_names_the_scope_that_the_token_lacks() {
        let with = |scopes: &str| {
            let record = TokenRecord { scopes: scopes.into(), ..record() };
            record.admit(Timestamp::UNIX_EPOCH).unwrap()
        };
        for scope in Scope::ALL {
            assert_eq!(with("other access_drive").require(scope), Ok(()), "access_drive is everything");
            assert_eq!(with(scope.as_str()).require(scope), Ok(()));
            let missing = Err(Error::MissingScope { scope: scope.as_str() });
            assert_eq!(with("other").require(scope), missing);
        }
        assert_eq!(
            with("drive_read").require(Scope::DriveUpload),
            Err(Error::MissingScope { scope: "drive_upload" })
        );
        assert!(with("drive_read drive_upload").require(Scope::AccessDrive).is_err());
    }
}
