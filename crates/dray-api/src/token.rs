//! A user's own access tokens.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, TokenId};

/// `POST /tokens`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    /// What it is for, for people.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// What it may do: `access_drive` (everything), or `drive_read` and `drive_upload`. At least one.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::written::TokenScope>, min_items = 1))]
    pub scopes: Vec<String>,
    /// Confine it to this folder and what is below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<ItemId>,
    /// When it ends, at most a year from now and not after the token that makes it: RFC 3339. Absent or null: in 30 days,
    /// or with the token that makes it if that ends before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// The latest end that rotation may give to what takes its place, at most a year from now and not after that of the
    /// token that makes it: RFC 3339. Absent or null: `expiresAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub rotate_until: Option<String>,
}

/// `POST /tokens/rotate`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotateToken {
    /// When the new one ends, at most `rotateUntil` of the old one: RFC 3339. Absent or null: it lives as long as the old
    /// one was made for, as far as that allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// End the old one at once. Otherwise it is good for another day, or until its own end if that is before.
    #[serde(default)]
    pub end_old_now: bool,
}

/// A token, without its secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id, to revoke it by.
    pub id: TokenId,
    /// What it is for, for people.
    pub name: String,
    /// What it may do.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::written::TokenScope>))]
    pub scopes: Vec<String>,
    /// The folder that it is confined to, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub folder_id: Option<ItemId>,
    /// When it was made: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
    /// When it was revoked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub revoked_at: Option<String>,
    /// The token that it was made with, if it was made with one. It ends with that, and is revoked with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub parent_id: Option<TokenId>,
    /// The latest end that rotation may give to what takes its place.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub rotate_until: String,
    /// The token that took its place, if one did.
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
    /// The secret. It is shown this once: a repeat by `Idempotency-Key` does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub token: Option<String>,
}

/// Answer of `GET /tokens`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The caller's tokens, oldest first; those that have ended too. With a token that was made with another: that one and
    /// what comes of it.
    pub tokens: Vec<Token>,
}
