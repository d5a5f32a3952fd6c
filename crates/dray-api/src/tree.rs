//! Folders with what is below them, as JSON.

use serde::{Deserialize, Serialize};

use crate::id::ItemId;
use crate::item::Item;

/// Answer of `GET /drive/tree`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// The content of the folder, folders first, then by name.
    #[cfg_attr(feature = "openapi", schema(max_items = 500))]
    pub root: Vec<TreeNode>,
    /// How many items this answer has on all levels.
    #[cfg_attr(feature = "openapi", schema(maximum = 500))]
    pub total_items: usize,
    /// Whether the requested depth has more items than one answer can hold.
    pub truncated: bool,
    /// If truncated: the folders of this answer whose content is incomplete. Ask for these next. The requested folder
    /// is never among them, so asking for them one after the other comes to an end.
    pub next_parent_ids: Vec<ItemId>,
}

/// An item and its content.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeNode {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// Whether it has content, listed here or not. False for a file.
    pub has_children: bool,
    /// Its content, as far as this answer lists it.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub children: Vec<TreeNode>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use crate::item::ItemType;

    #[test]
    fn a_node_is_an_item_in_both_spellings_and_reads_back() {
        let item = Item {
            id: ItemId::new(1, [1; 8]),
            name: "f".into(),
            kind: ItemType::Folder,
            owner: UserId::new(2, [2; 8]),
            parent_id: Some(ItemId::new(3, [3; 8])),
            mime_type: None,
            file_size: None,
            role: None,
            grant_id: None,
            request_id: None,
            external_id: None,
            metadata: None,
            created_at: "2026-01-31T12:00:00.000Z".into(),
            updated_at: "2026-01-31T12:00:00.000Z".into(),
        };
        let leaf = TreeNode { item: item.clone(), has_children: true, children: Vec::new() };
        let node = TreeNode { item, has_children: true, children: vec![leaf] };
        let json = serde_json::to_value(&node).unwrap();
        assert_eq!((&json["_id"], &json["parent"]), (&json["id"], &json["parentId"]));
        assert_eq!(
            (&json["hasChildren"], &json["children"][0]["children"]),
            (&true.into(), &[0; 0][..].into())
        );
        assert_eq!(serde_json::from_value::<TreeNode>(json).unwrap(), node);
    }
}
