//! Listings: the order and the pages of one place, and several levels of folders at once.

use std::cmp::Ordering;
use std::collections::HashMap;

use dray_api::limits::MAX_TREE_ITEMS;
use dray_api::{ItemId, ListSort, SortOrder, Tree, TreeNode};
use serde::{Deserialize, Serialize};

use crate::item::Item;
use crate::name::name_key;

/// An item of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The item.
    pub item: Item,
    /// Whether it contains anything that the caller sees.
    pub has_children: bool,
}

/// Folders come before files, whatever the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Folders, which come first.
    #[serde(rename = "0")]
    Folder,
    /// Files.
    #[serde(rename = "1")]
    File,
}

/// The value that an item is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortKey {
    /// A time or a size.
    Number(i64),
    /// A name, in its form for comparison.
    Text(String),
}

/// The position of an item in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Folder or file.
    pub kind: Kind,
    /// The value that the list is sorted by.
    pub key: SortKey,
    /// Decides between items whose keys are equal.
    pub id: ItemId,
}

/// What items are sorted by, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListOrder {
    /// What it is sorted by.
    pub sort: ListSort,
    /// In which direction.
    pub order: SortOrder,
}

impl ListOrder {
    /// The order of folders together with what is below them.
    pub const BY_NAME: Self = Self { sort: ListSort::Name, order: SortOrder::Ascending };

    /// The position of an item.
    pub fn position(self, item: &Item) -> Position {
        let key = match self.sort {
            ListSort::Name => SortKey::Text(name_key(&item.name)),
            ListSort::Size => SortKey::Number(i64::try_from(item.size_bytes()).unwrap_or(i64::MAX)),
            ListSort::CreatedAt => SortKey::Number(item.created_at.as_millisecond()),
            ListSort::UpdatedAt => SortKey::Number(item.updated_at.as_millisecond()),
        };
        let kind = if item.is_folder() { Kind::Folder } else { Kind::File };
        Position { kind, key, id: item.id }
    }

    /// Compares two positions in the way that the database sorts them.
    pub fn compare(self, a: &Position, b: &Position) -> Ordering {
        let within = (&a.key, a.id).cmp(&(&b.key, b.id));
        let within = if self.order == SortOrder::Ascending { within } else { within.reverse() };
        a.kind.cmp(&b.kind).then(within)
    }

    /// Adds items from elsewhere to a page: those after `after`, each at its position.
    pub fn merge(self, page: &mut Vec<Listed>, others: Vec<Listed>, after: Option<&Position>) {
        let is_after = |listed: &Listed| {
            after.is_none_or(|after| self.compare(&self.position(&listed.item), after).is_gt())
        };
        page.extend(others.into_iter().filter(is_after));
        page.sort_by_cached_key(|listed| Sorted(self, self.position(&listed.item)));
    }
}

/// A position together with its order.
#[derive(PartialEq, Eq)]
struct Sorted(ListOrder, Position);

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.compare(&self.1, &other.1)
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The items so far. Items are added level by level, each level in the order of the folders above it.
#[derive(Debug, Default)]
pub struct Listing {
    items: Vec<Listed>,
    next_parents: Vec<ItemId>,
    is_cut: bool,
}

impl Listing {
    /// How many items to ask the database for: one more than there is room for. The extra one shows whether there are more.
    pub fn wanted(&self) -> usize {
        MAX_TREE_ITEMS - self.items.len() + 1
    }

    /// Whether there were more items than there is room for.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Adds the content of `folders`: all of it, or the first [`Listing::wanted`] items. Returns the folders of the next
    /// level.
    pub fn add(&mut self, folders: &[ItemId], mut found: Vec<Listed>) -> Vec<ItemId> {
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

    /// Records that these folders were left out, because the listing is full.
    pub fn leave(&mut self, folders: &[ItemId]) {
        self.next_parents.extend(folders);
    }

    /// The listing in the wire format.
    pub fn into_tree(self) -> Tree {
        let total_items = self.items.len();
        let top = self.items.first().and_then(|first| first.item.parent);
        let mut by_parent: HashMap<Option<ItemId>, Vec<TreeNode>> = HashMap::new();
        // From the last to the first, so that the content of a folder is complete before the folder is reached.
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
