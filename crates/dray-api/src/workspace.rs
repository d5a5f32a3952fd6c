//! Workspaces and their members, as JSON.

use serde::{Deserialize, Serialize};

use crate::id::{UserId, WorkspaceId};

/// Answer of `GET /workspace/info`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceInfo {
    /// The workspace's id.
    #[serde(rename = "_id")]
    pub id: WorkspaceId,
    /// Its name, for people.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Address of a picture, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub picture: Option<String>,
    /// How many users it has.
    pub seats: u64,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
    /// When it last changed: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub updated_at: String,
}

/// Answer of `GET /workspace/members`: one page of them, oldest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The members on this page.
    pub members: Vec<Member>,
    /// How many members there are on all pages.
    pub total: u64,
    /// The largest number of members on a page.
    pub limit: u32,
    /// How many members come before this page.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub offset: u32,
}

/// A member of a workspace.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The user's id.
    #[serde(rename = "_id")]
    pub id: UserId,
    /// Their name, for people.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// Their role in the workspace: `owner` or `member`.
    #[serde(rename = "type")]
    pub role: String,
    /// Always `active`: a member is a user who can sign in.
    pub status: String,
    /// Whether they can use the workspace.
    pub active: bool,
    /// When they were added to it: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
}
