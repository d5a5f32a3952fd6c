//! The folders of a batch. Existing folders are used; the transaction that starts the files creates the others.

use std::collections::HashMap;

use dray_api::ItemId;
use dray_api::limits::{MAX_BATCH_FOLDERS, MAX_BATCH_LOOKUPS, MAX_FOLDER_DEPTH};
use jiff::Timestamp;

use super::super::{Service, target};
use crate::db::{Conn, items, namesakes};
use crate::drive::access::Caller;
use crate::drive::event::Event;
use crate::drive::item::{Attached, Content, Item};
use crate::drive::name::name_key;
use crate::drive::{Error, Result};
use crate::random;

/// A folder, or the caller's root.
pub(super) struct Place(pub(super) Option<ItemId>);

/// The folders that this transaction has looked up or created.
pub(super) struct Folders<'a> {
    c: &'a Conn<'a>,
    service: &'a Service,
    caller: &'a Caller,
    now: Timestamp,
    /// The depths of the folders under which the files' paths begin, or why the caller may put nothing there.
    bases: HashMap<Option<ItemId>, Result<i64>>,
    /// By parent folder and name: the folder there, if there is one.
    known: HashMap<(Option<ItemId>, String), Option<ItemId>>,
    /// How many it may still create.
    left: usize,
}

impl<'a> Folders<'a> {
    pub(super) fn new(c: &'a Conn<'a>, service: &'a Service, caller: &'a Caller, now: Timestamp) -> Self {
        Self {
            c,
            service,
            caller,
            now,
            bases: HashMap::new(),
            known: HashMap::new(),
            left: MAX_BATCH_FOLDERS,
        }
    }

    /// Checks that the caller may put files into this folder, below this many levels of new folders.
    pub(super) fn check(&mut self, base: Option<ItemId>, levels: usize) -> Result<()> {
        let c = self.c;
        let caller = self.caller;
        let depth = self.bases.entry(base).or_insert_with(|| match target(c, caller, "parentId", base)? {
            None => Ok(0),
            Some(folder) => Ok(items::depth(c, folder.item.id)?),
        });
        let levels = i64::try_from(levels).unwrap_or(i64::MAX);
        match depth {
            Ok(depth) if depth.saturating_add(levels) <= i64::from(MAX_FOLDER_DEPTH) => Ok(()),
            Ok(_) => Err(Error::TooDeep { field: "path", limit: MAX_FOLDER_DEPTH }),
            Err(err) => Err(err.clone()),
        }
    }

    /// The folder at this path, if it exists. A token that may only upload must not learn what exists, so it finds only
    /// folders that this request has created.
    pub(super) fn find(&mut self, base: Option<ItemId>, path: &[String]) -> Result<Option<Place>> {
        let mut at = base;
        for name in path {
            match self.child(at, name)? {
                Some(folder) => at = Some(folder),
                None => return Ok(None),
            }
        }
        Ok(Some(Place(at)))
    }

    /// The folder at this path. It creates the folders that are missing: all of them or, if the request would create too
    /// many, none.
    pub(super) fn make(&mut self, base: Option<ItemId>, path: &[String]) -> Result<Option<ItemId>> {
        let (mut at, mut missing) = (base, path);
        while let Some((name, rest)) = missing.split_first() {
            let Some(folder) = self.child(at, name)? else { break };
            (at, missing) = (Some(folder), rest);
        }
        let Some(left) = self.left.checked_sub(missing.len()) else {
            let rule = format!(
                "is in a new folder, and one request creates at most {MAX_BATCH_FOLDERS}: send it in the next"
            );
            return Err(Error::field("path", rule));
        };
        self.left = left;
        for name in missing {
            at = Some(self.add(at, name)?);
        }
        Ok(at)
    }

    fn child(&mut self, parent: Option<ItemId>, name: &str) -> Result<Option<ItemId>> {
        let place = (parent, name_key(name));
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        if self.known.len() >= MAX_BATCH_LOOKUPS {
            let rule = format!(
                "names another folder, and the paths of one request name at most {MAX_BATCH_LOOKUPS}: send it in the next"
            );
            return Err(Error::field("path", rule));
        }
        let found = if self.caller.only_uploads() {
            None
        } else {
            namesakes::folder_named(self.c, (self.caller.workspace, parent, self.caller.user), name)?
        };
        self.known.insert(place, found);
        Ok(found)
    }

    fn add(&mut self, parent: Option<ItemId>, name: &str) -> Result<ItemId> {
        let folder = Item {
            id: random::id(self.now, ItemId::new)?,
            workspace: self.caller.workspace,
            parent,
            owner: self.caller.user,
            name: name.to_owned(),
            content: Content::Folder,
            attached: Attached::default(),
            created_at: self.now,
            updated_at: self.now,
        };
        items::insert(self.c, &folder, None)?;
        self.service.webhooks.note(self.c, &Event::FolderCreated(self.caller, &folder), self.now)?;
        self.known.insert((parent, name_key(name)), Some(folder.id));
        Ok(folder.id)
    }
}
