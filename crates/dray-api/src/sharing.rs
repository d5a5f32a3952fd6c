//! Sharing of an item: participants with their roles, and public links.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, LinkId, UserId};

/// What a person may do with an item and everything below it. Each role includes those before it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read and download.
    Viewer,
    /// Also upload, create folders and change items.
    Member,
    /// Also decide who else has a role.
    Admin,
    /// Everything. Nobody can give this role: whoever owns the item or a folder above it has it.
    Owner,
}

/// `PUT /drive/files/{id}/participants/{userId}`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRole {
    /// `viewer`, `member` or `admin`.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::written::GivenRole))]
    pub role: Role,
}

/// A user who has a role on an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// The user's id.
    pub user_id: UserId,
    /// Their name, for people.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// The folder above that the role comes from; absent if it is on the item itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub inherited_from: Option<ItemId>,
}

/// Answer of `GET /drive/files/{id}/participants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// Every user with a role on the item or on a folder above it that the caller sees, the highest role first. A
    /// user with several roles is listed once for each.
    pub participants: Vec<Participant>,
}

/// `POST /drive/files/{id}/links`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLink {
    /// When the link expires: RFC 3339. Absent or null means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// A password. Whoever follows the link sends it by HTTP Basic authentication, with any user name. Absent or null
    /// means that the link needs no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 200))]
    pub password: Option<String>,
}

/// A public link to a file.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its id, which revokes it.
    pub id: LinkId,
    /// Its address, to give to others.
    #[cfg_attr(feature = "openapi", schema(format = "uri"))]
    pub url: String,
    /// The file.
    pub item_id: ItemId,
    /// Who made it.
    pub created_by: UserId,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it expires, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub expires_at: Option<String>,
    /// Whether it asks for a password.
    pub has_password: bool,
    /// How often the file was downloaded through it.
    pub downloads: u64,
}

/// Answer of `GET /drive/files/{id}/links`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// The file's links, oldest first, expired ones included.
    pub links: Vec<Link>,
}
