//! Who is asking, and what their token lets them do.

use dray_api::{TokenId, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{Error, Result};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything on the drive.
    AccessDrive,
}

impl Scope {
    /// The scope as tokens and the command line spell it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AccessDrive => "access_drive",
        }
    }

    /// Reads a scope. Unknown ones are `None`: a token may carry scopes of other products.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        (text == "access_drive").then_some(Self::AccessDrive)
    }
}

/// A token's record, and whom it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRecord {
    /// The record's id.
    pub(crate) id: TokenId,
    /// Whose it is.
    pub(crate) user: UserId,
    /// Where it is good.
    pub(crate) workspace: WorkspaceId,
    /// Space-separated scopes.
    pub(crate) scopes: String,
    /// From this moment on it is refused.
    pub(crate) expires_at: Timestamp,
    /// Set when it was revoked.
    pub(crate) revoked_at: Option<Timestamp>,
}

/// Somebody whose token is good now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The record of the token that they showed.
    pub(crate) token: TokenId,
    /// The user.
    pub(crate) user: UserId,
    /// The workspace that everything they do happens in.
    pub(crate) workspace: WorkspaceId,
    scopes: Vec<Scope>,
}

impl TokenRecord {
    /// Lets the token's user in, if the token is neither revoked nor expired.
    pub(crate) fn admit(self, now: Timestamp) -> Result<Caller> {
        if self.revoked_at.is_some() {
            return Err(Error::RevokedToken);
        }
        if now >= self.expires_at {
            return Err(Error::ExpiredToken);
        }
        let scopes = self.scopes.split_whitespace().filter_map(Scope::parse).collect();
        Ok(Caller { token: self.id, user: self.user, workspace: self.workspace, scopes })
    }
}

impl Caller {
    /// Refuses a caller whose token lacks `scope`.
    pub(crate) fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Error::MissingScope { scope: scope.as_str() }) }
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
            expires_at: Timestamp::from_second(100).unwrap(),
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_is_good_until_the_moment_it_expires() {
        assert!(record().admit(Timestamp::from_second(99).unwrap()).is_ok());
        assert_eq!(record().admit(Timestamp::from_second(100).unwrap()), Err(Error::ExpiredToken));
    }

    #[test]
    fn a_revoked_token_says_so_even_when_it_has_expired_too() {
        let revoked = TokenRecord { revoked_at: Some(Timestamp::UNIX_EPOCH), ..record() };
        assert_eq!(revoked.admit(Timestamp::from_second(200).unwrap()), Err(Error::RevokedToken));
    }

    #[test]
    fn a_scope_that_the_token_lacks_is_named() {
        let caller = record().admit(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(caller.require(Scope::AccessDrive), Ok(()));
        let without =
            TokenRecord { scopes: "other".into(), ..record() }.admit(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(without.require(Scope::AccessDrive), Err(Error::MissingScope { scope: "access_drive" }));
    }
}
