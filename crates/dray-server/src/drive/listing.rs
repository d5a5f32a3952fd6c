//! A listing of folders and what is below them: breadth first, cut where it gets too long.

use std::collections::HashMap;

use dray_api::limits::MAX_TREE_ITEMS;
use dray_api::{ItemId, Tree, TreeNode};

use super::item::Item;

/// An item of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The item.
    pub(crate) item: Item,
    /// Whether there is something in it that the caller sees.
    pub(crate) has_children: bool,
}

/// What is listed so far. Items are added level by level, each level in the order of the folders above it.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    items: Vec<Listed>,
    next_parents: Vec<ItemId>,
    is_cut: bool,
}

impl Listing {
    /// Items to ask the database for: one more than there is room for, which tells whether there are more.
    pub(crate) fn wanted(&self) -> usize {
        MAX_TREE_ITEMS - self.items.len() + 1
    }

    /// Whether there was more than there is room for.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Adds what is in `folders`: all of it, or the first [`Listing::wanted`]. Answers the folders of the next
    /// level.
    pub(crate) fn add(&mut self, folders: &[ItemId], mut found: Vec<Listed>) -> Vec<ItemId> {
        let room = MAX_TREE_ITEMS - self.items.len();
        if let Some(beyond) = found.get(room) {
            self.is_cut = true;
            let cut_at = folders.iter().position(|id| Some(*id) == beyond.item.parent);
            self.leave(&folders[cut_at.unwrap_or(folders.len())..]);
        }
        found.truncate(room);
        let below = found.iter().filter(|listed| listed.has_children).map(|listed| listed.item.id).collect();
        self.items.append(&mut found);
        below
    }

    /// Says that these folders were left out, because the listing is cut.
    pub(crate) fn leave(&mut self, folders: &[ItemId]) {
        self.next_parents.extend(folders);
    }

    /// The listing as the wire has it.
    pub(crate) fn into_tree(self) -> Tree {
        let total_items = self.items.len();
        let top = self.items.first().and_then(|first| first.item.parent);
        let mut by_parent: HashMap<Option<ItemId>, Vec<TreeNode>> = HashMap::new();
        // From the last to the first: what is in a folder is complete before the folder is reached.
        for Listed { item, has_children } in self.items.into_iter().rev() {
            let children = in_order(by_parent.remove(&Some(item.id)));
            let node = TreeNode { item: item.to_wire(), has_children, children };
            by_parent.entry(item.parent).or_default().push(node);
        }
        Tree {
            root: in_order(by_parent.remove(&top)),
            total_items,
            truncated: self.is_cut,
            next_parent_ids: self.next_parents,
        }
    }
}

fn in_order(reversed: Option<Vec<TreeNode>>) -> Vec<TreeNode> {
    let mut nodes = reversed.unwrap_or_default();
    nodes.reverse();
    nodes
}
