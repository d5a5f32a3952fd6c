//! Workspaces on the wire.

use serde::{Deserialize, Serialize};

use crate::id::WorkspaceId;

/// Answer of `GET /workspace/info`.
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
    pub picture: Option<String>,
    /// How many users it has.
    pub seats: u64,
    /// When it was made: RFC 3339 in UTC with milliseconds.
    pub created_at: String,
    /// When it last changed: RFC 3339 in UTC with milliseconds.
    pub updated_at: String,
}
