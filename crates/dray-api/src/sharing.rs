//! Who else may do what with an item: participants, and public links.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, LinkId, UserId};

/// What somebody may do with an item and all below it. Each role may do all that those before it may.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read and download.
    Viewer,
    /// Also upload, make folders and change what is there.
    Member,
    /// Also say who else may do what.
    Admin,
    /// Everything. Never given: it is whoever owns the item or a folder above it.
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

/// Somebody who has a role on an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Who.
    pub user_id: UserId,
    /// Their name, for people.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// The folder above that they have it from; absent if they have it on the item itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub inherited_from: Option<ItemId>,
}

/// Answer of `GET /drive/files/{id}/participants`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// Everybody with a role on the item or on a folder above it that the caller sees: the highest role first, and
    /// who has several by each.
    pub participants: Vec<Participant>,
}

/// `POST /drive/files/{id}/links`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLink {
    /// From this moment on it leads nowhere: RFC 3339. Absent or null: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: Option<String>,
    /// Asked for by HTTP Basic authentication, with any user name. Absent or null: anyone may follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 200))]
    pub password: Option<String>,
}

/// A public link to a file.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its id, to revoke it by.
    pub id: LinkId,
    /// Its address, to be given away.
    #[cfg_attr(feature = "openapi", schema(format = "uri"))]
    pub url: String,
    /// The file.
    pub item_id: ItemId,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub expires_at: Option<String>,
    /// Whether it asks for a password.
    pub has_password: bool,
    /// How often it was followed to the file.
    pub downloads: u64,
}

/// Answer of `GET /drive/files/{id}/links`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// The file's links, oldest first; those that have expired too.
    pub links: Vec<Link>,
}
