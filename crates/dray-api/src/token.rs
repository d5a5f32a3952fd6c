//! A user's own access tokens.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, TokenId};

/// `POST /tokens`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    /// What the token is for, for people.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// What the token may do: `access_drive` (everything), or one or both of `drive_read` and `drive_upload`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::written::TokenScope>, min_items = 1))]
    pub scopes: Vec<String>,
    /// Confines the token to this folder and what is below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<ItemId>,
    /// When the token expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or
    /// null means in 30 days, or together with that token if it expires sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// The latest expiry that rotation can give to this token's successors (RFC 3339): at most a year from now, and
    /// not after that of the token that creates it. Absent or null means `expiresAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub rotate_until: Option<String>,
}

/// `POST /tokens/rotate`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotateToken {
    /// When the new token expires (RFC 3339): `rotateUntil` of the old one at the latest. Absent or null means that
    /// it lives as long as the old one was created for, but not beyond `rotateUntil`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// Whether to end the old token at once. Otherwise it stays valid for a day, or until its own expiry if that is earlier.
    #[serde(default)]
    pub end_old_now: bool,
}

/// A token, without its secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id. Revoking it needs this id.
    pub id: TokenId,
    /// What the token is for, for people.
    pub name: String,
    /// What it may do.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::written::TokenScope>))]
    pub scopes: Vec<String>,
    /// The folder that it is confined to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub folder_id: Option<ItemId>,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it expires.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub revoked_at: Option<String>,
    /// The token that created it, if one did. This token ends when that one ends or is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub parent_id: Option<TokenId>,
    /// The latest expiry that rotation can give to its successors.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub rotate_until: String,
    /// The token that replaced it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub successor_id: Option<TokenId>,
}

/// Answer of `POST /tokens` and `POST /tokens/rotate`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    /// The token's record.
    #[serde(flatten)]
    pub record: Token,
    /// The secret. The server shows it only once: the answer to a repeat with the same `Idempotency-Key` does not
    /// have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub token: Option<String>,
}

/// Answer of `GET /tokens`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The caller's tokens, oldest first, including those that have ended. A token that another token created sees
    /// only itself and the tokens that come from it.
    pub tokens: Vec<Token>,
}
