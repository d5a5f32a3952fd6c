//! A simple drive in memory, with which the real one is compared.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

/// Where an item is: in a folder, or at the root.
pub(crate) type Place = Option<String>;

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) parent: Place,
    /// The bytes of a file; `None` for a folder.
    pub(crate) content: Option<Bytes>,
    created_at: String,
    is_trashed: bool,
    /// How many items were created before it.
    order: usize,
}

/// What an upload does if a file of its name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    Keep,
    Rename,
    Fail,
    Replace,
}

impl Conflict {
    pub(crate) const ALL: [(&str, Self); 4] =
        [("keep", Self::Keep), ("rename", Self::Rename), ("fail", Self::Fail), ("replace", Self::Replace)];
}

/// The expected result of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// An item with this name.
    New(String),
    /// New bytes for this item.
    Replaces(String),
    NameTaken,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    items: BTreeMap<String, Item>,
    made: usize,
}

impl Model {
    pub(crate) fn add(
        &mut self,
        id: String,
        name: &str,
        parent: Place,
        content: Option<Bytes>,
        created_at: &str,
    ) {
        let (name, created_at) = (name.to_owned(), created_at.to_owned());
        let item = Item { name, parent, content, created_at, is_trashed: false, order: self.made };
        self.made += 1;
        assert!(self.items.insert(id, item).is_none(), "an id is given once");
    }

    pub(crate) fn rename(&mut self, id: &str, name: &str) {
        name.clone_into(&mut self.item_mut(id).name);
    }

    pub(crate) fn move_to(&mut self, id: &str, place: Place) {
        self.item_mut(id).parent = place;
    }

    /// Gives a file other bytes. The old ones go into the trash, as an item of their own.
    pub(crate) fn replace(&mut self, id: &str, content: Bytes, before: String) {
        let old = Item { is_trashed: true, order: self.made, ..self.items[id].clone() };
        self.made += 1;
        self.item_mut(id).content = Some(content);
        assert!(self.items.insert(before, old).is_none(), "an id is given once");
    }

    pub(crate) fn trash(&mut self, id: &str) {
        self.item_mut(id).is_trashed = true;
    }

    /// Takes an item out of the trash: to its old place or, if that does not exist any more, to the root.
    pub(crate) fn restore(&mut self, id: &str) {
        let parent = self.items[id].parent.clone().filter(|parent| self.is_live(parent));
        let item = self.item_mut(id);
        (item.parent, item.is_trashed) = (parent, false);
    }

    /// Removes an item and everything below it, except what was put into the trash by itself.
    pub(crate) fn purge(&mut self, id: &str) {
        self.items.remove(id).expect("an item to remove");
        let inside = self.items.iter().filter(|(_, item)| item.parent.as_deref() == Some(id));
        for child in inside.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            if self.items[&child].is_trashed {
                self.item_mut(&child).parent = None;
            } else {
                self.purge(&child);
            }
        }
    }

    /// The expected result of an upload to this place.
    pub(crate) fn expect(&self, name: &str, place: &Place, conflict: Conflict) -> Expected {
        match (conflict, self.file_named(name, place)) {
            (Conflict::Fail, Some(_)) => Expected::NameTaken,
            (Conflict::Replace, Some(id)) => Expected::Replaces(id),
            (Conflict::Rename, Some(_)) => {
                let numbered = (2..).map(|number| numbered(name, number));
                let mut free = numbered.filter(|name| self.file_named(name, place).is_none());
                Expected::New(free.next().expect("a free name"))
            }
            _ => Expected::New(name.to_owned()),
        }
    }

    /// The oldest file of this name in a place.
    fn file_named(&self, name: &str, place: &Place) -> Option<String> {
        let here = self.items.iter().filter(|(_, item)| item.parent == *place && !item.is_trashed);
        let files = here.filter(|(_, item)| item.content.is_some() && item.name == name);
        files.min_by_key(|(id, item)| (&item.created_at, *id)).map(|(id, _)| id.clone())
    }

    pub(crate) fn get(&self, id: &str) -> &Item {
        &self.items[id]
    }

    fn item_mut(&mut self, id: &str) -> &mut Item {
        self.items.get_mut(id).expect("an item of the model")
    }

    /// Whether neither an item nor a folder above it is in the trash.
    pub(crate) fn is_live(&self, id: &str) -> bool {
        let Some(item) = self.items.get(id) else { return false };
        !item.is_trashed && item.parent.as_ref().is_none_or(|parent| self.is_live(parent))
    }

    pub(crate) fn is_at_or_below(&self, id: &str, top: &str) -> bool {
        id == top || self.items[id].parent.as_ref().is_some_and(|parent| self.is_at_or_below(parent, top))
    }

    /// Levels below the root; an item in the root has 1.
    pub(crate) fn depth(&self, id: &str) -> usize {
        1 + self.items[id].parent.as_ref().map_or(0, |parent| self.depth(parent))
    }

    /// How many items were created before this one.
    pub(crate) fn order(&self, id: &str) -> usize {
        self.items[id].order
    }

    pub(crate) fn live(&self) -> Vec<String> {
        self.items.keys().filter(|id| self.is_live(id)).cloned().collect()
    }

    pub(crate) fn live_folders(&self) -> Vec<String> {
        let live = self.live().into_iter();
        live.filter(|id| self.items[id].content.is_none()).collect()
    }

    /// The items that were put into the trash by themselves.
    pub(crate) fn trashed(&self) -> BTreeSet<String> {
        self.items.iter().filter(|(_, item)| item.is_trashed).map(|(id, _)| id.clone()).collect()
    }

    /// The items that a place lists, as (id, name, size).
    pub(crate) fn listed(&self, place: &Place) -> BTreeSet<(String, String, Option<u64>)> {
        let here = self.items.iter().filter(|(_, item)| item.parent == *place && !item.is_trashed);
        let size = |item: &Item| item.content.as_ref().map(|content| content.len() as u64);
        here.map(|(id, item)| (id.clone(), item.name.clone(), size(item))).collect()
    }

    /// How many items there are, and how many bytes they have, the trash included.
    pub(crate) fn usage(&self) -> (u64, u64) {
        let bytes = self.items.values().filter_map(|item| item.content.as_ref());
        (self.items.len() as u64, bytes.map(|content| content.len() as u64).sum())
    }
}

/// "a (2).txt" for "a.txt".
fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem} ({number}).{extension}"),
        None => format!("{name} ({number})"),
    }
}
