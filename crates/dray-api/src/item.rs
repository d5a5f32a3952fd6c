//! The drive item, and the requests and answers of routes about one item.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{GrantId, ItemId, RequestId, UserId};
use crate::sharing::Role;

/// The kind of an item.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemType {
    /// Has bytes, a size and a MIME type.
    File,
    /// Has other items below it.
    Folder,
}

/// A drive item, as every route returns it.
///
/// Two published clients read different spellings of the same values. So each of `_id`/`id`, `parent`/`parentId` and
/// `size`/`fileSize` is written twice; a reader needs only one of each pair.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The item's id.
    pub id: ItemId,
    /// Its name, as the person gave it.
    pub name: String,
    /// File or folder.
    #[serde(rename = "type")]
    pub kind: ItemType,
    /// The user who owns it.
    pub owner: UserId,
    /// The folder it is in; `None` at the root.
    #[serde(default)]
    pub parent_id: Option<ItemId>,
    /// MIME type; `None` on a folder.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Bytes; `None` on a folder.
    #[serde(default)]
    pub file_size: Option<u64>,
    /// The caller's role on it, if the answer is about this item only.
    #[serde(default)]
    pub role: Option<Role>,
    /// The grant that it was uploaded with, if it was.
    #[serde(default)]
    pub grant_id: Option<GrantId>,
    /// The file request that it was uploaded to, if it was. `grant_id` is then its submitter.
    #[serde(default)]
    pub request_id: Option<RequestId>,
    /// The name by which the application that made the grant knows it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The JSON object that this application attached to the grant.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    pub created_at: String,
    /// When it last changed: RFC 3339 in UTC with milliseconds.
    pub updated_at: String,
}

/// A file or a folder. Each of `_id`/`id`, `parent`/`parentId` and `size`/`fileSize` is one value under two names.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BothSpellings<'a> {
    /// The item's id.
    #[serde(rename = "_id")]
    underscore_id: ItemId,
    /// The same as `_id`.
    id: ItemId,
    /// Its name, as the person gave it.
    name: &'a str,
    #[serde(rename = "type")]
    kind: ItemType,
    /// The user who owns it.
    owner: UserId,
    /// The folder it is in; absent at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    parent: Option<ItemId>,
    /// The same as `parent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    parent_id: Option<ItemId>,
    /// MIME type; absent on a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    mime_type: Option<&'a str>,
    /// Bytes; absent on a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    size: Option<u64>,
    /// The same as `size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    file_size: Option<u64>,
    /// The caller's role on it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    role: Option<Role>,
    /// The grant that it was uploaded with, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    grant_id: Option<GrantId>,
    /// The file request that it was uploaded to, if it was. `grantId` is then the id of its submitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    request_id: Option<RequestId>,
    /// `externalId` of that grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    external_id: Option<&'a str>,
    /// `metadata` of that grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, value_type = Option<std::collections::BTreeMap<String, Value>>))]
    metadata: Option<&'a Map<String, Value>>,
    /// When it was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    created_at: &'a str,
    /// When it last changed: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    updated_at: &'a str,
}

impl Serialize for Item {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BothSpellings {
            underscore_id: self.id,
            id: self.id,
            name: &self.name,
            kind: self.kind,
            owner: self.owner,
            parent: self.parent_id,
            parent_id: self.parent_id,
            mime_type: self.mime_type.as_deref(),
            size: self.file_size,
            file_size: self.file_size,
            role: self.role,
            grant_id: self.grant_id,
            request_id: self.request_id,
            external_id: self.external_id.as_deref(),
            metadata: self.metadata.as_ref(),
            created_at: &self.created_at,
            updated_at: &self.updated_at,
        }
        .serialize(serializer)
    }
}

/// `POST /drive/folders`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFolder {
    /// The folder's name, one path segment: no slash, backslash, control or line-breaking character, none that changes
    /// the direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, with at least one visible
    /// character.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub name: String,
    /// The folder to create it in; absent or null means the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ItemId>,
}

/// `PATCH /drive/files/{id}`: absent fields stay as they are.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemChange {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub name: Option<String>,
    /// The folder to move it to; null (`Some(None)`) means the root.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ItemId>))]
    pub parent_id: Option<Option<ItemId>>,
}

/// Distinguishes null, which is a value here, from an absent field.
#[expect(clippy::option_option, reason = "absent, null and an id are three things on the wire")]
pub(crate) fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Answer of `GET /drive/files/{id}/download`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadUrl {
    /// A signed GET of the bytes that downloads under the item's own name.
    #[cfg_attr(feature = "openapi", schema(format = "uri"))]
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_distinguishes_null_from_an_absent_parent() {
        let change = |json: &str| serde_json::from_str::<ItemChange>(json).unwrap();
        assert_eq!(change("{}"), ItemChange::default());
        assert_eq!(change(r#"{"parentId": null}"#).parent_id, Some(None));
        let json = serde_json::to_string(&ItemChange { parent_id: Some(None), name: None }).unwrap();
        assert_eq!(json, r#"{"parentId":null}"#);
    }

    fn file() -> Item {
        Item {
            id: ItemId::new(1, [1; 8]),
            name: "report.pdf".into(),
            kind: ItemType::File,
            owner: UserId::new(2, [2; 8]),
            parent_id: Some(ItemId::new(3, [3; 8])),
            mime_type: Some("application/pdf".into()),
            file_size: Some(10),
            role: None,
            grant_id: None,
            request_id: None,
            external_id: None,
            metadata: None,
            created_at: "2026-01-31T12:00:00.000Z".into(),
            updated_at: "2026-01-31T12:00:00.000Z".into(),
        }
    }

    #[test]
    fn a_file_is_written_in_both_spellings() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&file()).unwrap(), @r#"
        {
          "_id": "000000010101010101010101",
          "id": "000000010101010101010101",
          "name": "report.pdf",
          "type": "file",
          "owner": "000000020202020202020202",
          "parent": "000000030303030303030303",
          "parentId": "000000030303030303030303",
          "mimeType": "application/pdf",
          "size": 10,
          "fileSize": 10,
          "createdAt": "2026-01-31T12:00:00.000Z",
          "updatedAt": "2026-01-31T12:00:00.000Z"
        }
        "#);
    }

    #[test]
    fn a_folder_at_the_root_leaves_out_absent_fields() {
        let folder =
            Item { kind: ItemType::Folder, parent_id: None, mime_type: None, file_size: None, ..file() };
        let json = serde_json::to_value(&folder).unwrap();
        for absent in [
            "parent",
            "parentId",
            "mimeType",
            "size",
            "fileSize",
            "role",
            "grantId",
            "requestId",
            "externalId",
            "metadata",
        ] {
            assert_eq!(json.get(absent), None, "{absent}");
        }
        assert_eq!(serde_json::from_value::<Item>(json).unwrap(), folder);
    }
}
