//! The reference model: who may do what, in memory, derived only from the contract and the rules. It shares no code
//! with the server, computes everything again from the tree, and says of each act whether it is allowed and what it
//! changes.
//!
//! The rules:
//! 1. Whoever owns an item, or a folder above it, is its owner. For everybody else, the highest role counts that they were
//!    given on it or on a folder above it.
//! 2. An item in the trash, or below an item in the trash, is invisible. A confined token sees its folder and everything
//!    below it.
//! 3. A viewer reads. A member also adds, renames, replaces, and moves or trashes what is in the folder. An admin also
//!    gives and takes roles and makes links. An owner also removes permanently.
//! 4. No act except giving a role lets anybody have more than they had, unless the actor has that role and is an admin.
//!    Nobody loses what they had, unless the actor is an admin of the item. ([`Model::is_lawful`])
//! 5. A trashed item is in the trash of those who owned it or a folder above it, and of whoever trashed it, as long as
//!    they see it. It returns to its folder or, for its owner only, to their root.
//! 6. An upload goes where its client asked. If it no longer may, it goes to its user's root under a name that is
//!    free there. An upload of a confined token goes nowhere else, and waits.
//! 7. A finalize gives nobody a role on the new bytes that they lack on the folder, except those that were given on the
//!    replaced file. So only a file of the uploader, or of an owner of a folder above it, gets new bytes. Any other file
//!    goes to the trash as it is, and the bytes become a new file. ([`Model::gives_too_much`])
//! 8. A link is valid as long as whoever made it is an admin of the file, and the file is in the folder that their token
//!    was confined to.
//!
//! Rules 9 to 11, about tokens, are in `lineage.rs`; 12 to 14, about grants and file requests, in `narrow.rs`; 15 to 17,
//! about batches, in `batches.rs`.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type User = usize;
pub(crate) type Id = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Viewer,
    Member,
    Admin,
    Owner,
}
use Role::{Admin, Member, Owner, Viewer};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) owner: User,
    pub(crate) parent: Option<Id>,
    pub(crate) name: String,
    /// The bytes of a file; `None` for a folder.
    pub(crate) bytes: Option<String>,
    pub(crate) given: BTreeMap<User, Role>,
    pub(crate) trashed: Option<Trashed>,
    /// Whether a grant or a file request brought it.
    pub(crate) is_strangers: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trashed {
    by: User,
    listed_for: BTreeSet<User>,
}

/// A user with a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Who {
    pub(crate) user: User,
    pub(crate) folder: Option<Id>,
    pub(crate) reads: bool,
    pub(crate) uploads: bool,
    pub(crate) changes: bool,
}

impl Who {
    pub(crate) fn all_of(user: User) -> Self {
        Self { user, folder: None, reads: true, uploads: true, changes: true }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(super) users: usize,
    pub(crate) items: BTreeMap<Id, Item>,
    next: Id,
}

impl Model {
    pub(crate) fn of(users: usize) -> Self {
        Self { users, ..Self::default() }
    }

    /// The item and the folders above it.
    fn way_up(&self, id: Id) -> Vec<Id> {
        let up = |&id: &Id| self.items[&id].parent;
        std::iter::successors(Some(id), up).collect()
    }

    pub(crate) fn below(&self, id: Id) -> Vec<Id> {
        self.items.keys().copied().filter(|&other| self.way_up(other).contains(&id)).collect()
    }

    /// Whether it is this item, or below it. An item that was removed for good is only itself.
    pub(crate) fn is_at_or_below(&self, id: Id, top: Id) -> bool {
        id == top || (self.items.contains_key(&id) && self.way_up(id).contains(&top))
    }

    /// Rule 1.
    pub(crate) fn role(&self, user: User, id: Id) -> Option<Role> {
        let by = |id: Id| {
            let item = &self.items[&id];
            if item.owner == user { Some(Owner) } else { item.given.get(&user).copied() }
        };
        self.way_up(id).into_iter().filter_map(by).max()
    }

    fn is_there(&self, id: Id) -> bool {
        self.items.contains_key(&id) && self.way_up(id).iter().all(|id| self.items[id].trashed.is_none())
    }

    /// The role that somebody has on an item that they see. Rule 2.
    pub(crate) fn sees(&self, who: Who, id: Id) -> Option<Role> {
        let is_reached =
            self.is_there(id) && who.folder.is_none_or(|folder| self.way_up(id).contains(&folder));
        if is_reached { self.role(who.user, id) } else { None }
    }

    fn is_folder(&self, id: Id) -> bool {
        self.items[&id].bytes.is_none()
    }

    /// Whether they may put something into this place.
    pub(crate) fn takes(&self, who: Who, place: Option<Id>) -> bool {
        match place {
            None => who.folder.is_none(),
            Some(id) => self.sees(who, id) >= Some(Member) && self.is_folder(id),
        }
    }

    fn may(&self, who: Who, id: Id, least: Role) -> bool {
        who.changes && self.sees(who, id) >= Some(least)
    }

    /// Whether they may take an item that they see out of its place.
    fn may_take_out(&self, who: Who, id: Id) -> bool {
        let item = &self.items[&id];
        let is_own = item.owner == who.user && who.folder != Some(id);
        self.may(who, id, Viewer)
            && (is_own || item.parent.is_some_and(|folder| self.sees(who, folder) >= Some(Member)))
    }

    /// Rule 4, for an act that has changed this model to `after`. Removed items have no roles any more, and anybody may
    /// give up a role of their own.
    pub(crate) fn is_lawful(&self, after: &Self, actor: User) -> bool {
        self.items.keys().filter(|id| after.items.contains_key(id)).all(|&id| {
            (0..self.users).all(|user| {
                let (before, after, of_actor) =
                    (self.role(user, id), after.role(user, id), self.role(actor, id));
                if after > before {
                    of_actor >= after.max(Some(Admin))
                } else {
                    after == before || user == actor || of_actor >= Some(Admin)
                }
            })
        })
    }

    pub(crate) fn add(&mut self, owner: User, parent: Option<Id>, name: &str, bytes: Option<&str>) -> Id {
        let (name, bytes) = (name.to_owned(), bytes.map(str::to_owned));
        let item =
            Item { owner, parent, name, bytes, given: BTreeMap::new(), trashed: None, is_strangers: false };
        self.next += 1;
        self.items.insert(self.next, item);
        self.next
    }

    pub(crate) fn rename(&mut self, who: Who, id: Id, name: &str) -> bool {
        let is_allowed = self.may(who, id, Member);
        if is_allowed {
            name.clone_into(&mut self.items.get_mut(&id).unwrap().name);
        }
        is_allowed
    }

    /// A member may move it to where it already is.
    pub(crate) fn move_to(&mut self, who: Who, id: Id, to: Option<Id>) -> bool {
        if !who.changes || self.sees(who, id).is_none() || !self.takes(who, to) {
            return false;
        }
        let item = &self.items[&id];
        let is_own = item.owner == who.user && who.folder != Some(id);
        let from = item.parent.filter(|&folder| is_own || self.sees(who, folder).is_some());
        if from == to {
            return self.may(who, id, Member);
        }
        let is_into_itself = to.is_some_and(|to| self.way_up(to).contains(&id));
        if is_into_itself || !self.may_take_out(who, id) || (to.is_none() && item.owner != who.user) {
            return false;
        }
        let mut after = self.clone();
        after.items.get_mut(&id).unwrap().parent = to;
        let is_allowed = self.is_lawful(&after, who.user) && !self.lowers_unlawfully(&after, who.user);
        if is_allowed {
            *self = after;
        }
        is_allowed
    }

    /// A move must not even lower the role of whoever moves, unless they are an admin: a move does not count as giving
    /// up a role.
    fn lowers_unlawfully(&self, after: &Self, actor: User) -> bool {
        let lowers =
            |&id: &Id| after.role(actor, id) < self.role(actor, id) && self.role(actor, id) < Some(Admin);
        self.items.keys().any(lowers)
    }

    pub(crate) fn share(&mut self, who: Who, id: Id, user: User, role: Role) -> bool {
        let is_allowed = self.may(who, id, Admin) && self.items[&id].owner != user;
        if is_allowed {
            self.items.get_mut(&id).unwrap().given.insert(user, role);
        }
        is_allowed
    }

    pub(crate) fn unshare(&mut self, who: Who, id: Id, user: User) -> bool {
        let needed = if who.user == user { Viewer } else { Admin };
        self.may(who, id, needed) && self.items.get_mut(&id).unwrap().given.remove(&user).is_some()
    }

    pub(crate) fn trash(&mut self, who: Who, id: Id) -> bool {
        let is_allowed = self.items.contains_key(&id) && self.may_take_out(who, id);
        if is_allowed {
            self.put_into_trash(id, who.user);
        }
        is_allowed
    }

    pub(super) fn put_into_trash(&mut self, id: Id, by: User) {
        let owners = self.way_up(id).into_iter().map(|id| self.items[&id].owner);
        let listed_for = owners.chain([by]).collect();
        self.items.get_mut(&id).unwrap().trashed = Some(Trashed { by, listed_for });
    }

    /// The role on an item that is in the trash by itself, for those whose trash lists it. Rule 5.
    fn in_trash(&self, who: Who, id: Id) -> Option<Role> {
        let trashed = self.items.get(&id)?.trashed.as_ref()?;
        let role = self.role(who.user, id).filter(|&role| role == Owner || trashed.by == who.user);
        role.filter(|_| who.folder.is_none())
    }

    pub(crate) fn trash_of(&self, who: Who) -> BTreeSet<Id> {
        let is_listed =
            |item: &Item| item.trashed.as_ref().is_some_and(|at| at.listed_for.contains(&who.user));
        let listed = self.items.iter().filter(|(_, item)| is_listed(item)).map(|(&id, _)| id);
        listed.filter(|&id| self.in_trash(who, id).is_some()).collect()
    }

    pub(crate) fn restore(&mut self, who: Who, id: Id) -> bool {
        if !who.changes || self.in_trash(who, id) < Some(Member) {
            return false;
        }
        let item = &self.items[&id];
        let to = item.parent.filter(|&folder| self.takes(who, Some(folder)));
        if to.is_none() && item.owner != who.user {
            return false;
        }
        let item = self.items.get_mut(&id).unwrap();
        (item.parent, item.trashed) = (to, None);
        true
    }

    pub(crate) fn purge(&mut self, who: Who, id: Id) -> bool {
        let is_allowed = who.changes && self.in_trash(who, id) == Some(Owner);
        if is_allowed {
            self.remove(id);
        }
        is_allowed
    }

    /// Items below it that are in the trash by themselves stay there, without their folder.
    fn remove(&mut self, id: Id) {
        let children: Vec<_> =
            self.items.iter().filter(|(_, item)| item.parent == Some(id)).map(|(&id, _)| id).collect();
        for child in children {
            match self.items[&child].trashed {
                Some(_) => self.items.get_mut(&child).unwrap().parent = None,
                None => self.remove(child),
            }
        }
        self.items.remove(&id);
    }

    /// Removes everything in somebody's trash that they may remove. Returns how much.
    pub(crate) fn empty_trash(&mut self, who: Who) -> Option<usize> {
        if !who.changes || who.folder.is_some() {
            return None;
        }
        let doomed: Vec<_> =
            self.trash_of(who).into_iter().filter(|&id| self.in_trash(who, id) == Some(Owner)).collect();
        for &id in &doomed {
            self.remove(id);
        }
        Some(doomed.len())
    }

    pub(crate) fn may_link(&self, who: Who, id: Id) -> bool {
        self.may(who, id, Admin) && !self.is_folder(id)
    }

    /// Rule 8.
    pub(crate) fn is_link_good(&self, maker: Who, id: Id) -> bool {
        self.sees(Who { folder: maker.folder, ..Who::all_of(maker.user) }, id) >= Some(Admin)
    }
}
