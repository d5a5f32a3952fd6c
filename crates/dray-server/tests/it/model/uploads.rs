//! Uploads in the reference model: who may begin and finalize them, and where their bytes go (rules 6 and 7).

use super::rules::Role::Owner;
use super::rules::{Id, Item, Model, User, Who};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OnConflict {
    Keep,
    Rename,
    Fail,
    Replace,
}

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) begun_by: Who,
    /// The grant that began it, if none of the user's tokens did.
    pub(crate) grant: Option<usize>,
    /// The folders that the tokens above that grant are confined to.
    pub(crate) line: Vec<Id>,
    pub(crate) parent: Option<Id>,
    pub(crate) name: String,
    pub(crate) bytes: String,
    pub(crate) on_conflict: OnConflict,
}

/// Who asks for an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) who: Who,
    /// Their grant, if they have one instead of a token.
    pub(crate) grant: Option<usize>,
    /// Whether their token, or one that comes from it, began the upload.
    pub(crate) is_of_token: bool,
}

/// The result of a finalize.
#[derive(Debug, PartialEq)]
pub(crate) enum Landing {
    Refused,
    /// A new file in this place, with another name if its name is taken there.
    New {
        place: Option<Id>,
        is_renamed: bool,
    },
    /// New bytes for one of these.
    Replaces(Vec<Id>),
    /// A new file in this place, and one of these in the trash.
    Displaces {
        place: Option<Id>,
        others: Vec<Id>,
    },
}

impl Upload {
    pub(crate) fn by(begun_by: Who, parent: Option<Id>, name: &str, bytes: String) -> Self {
        let (name, on_conflict) = (name.to_owned(), OnConflict::Keep);
        Self { begun_by, grant: None, line: Vec::new(), parent, name, bytes, on_conflict }
    }
}

impl Model {
    pub(crate) fn may_start(&self, upload: &Upload) -> bool {
        let who = upload.begun_by;
        who.uploads && may_end_so(who, upload.on_conflict) && self.takes(who, upload.parent)
    }

    /// Whether they can reach an upload at all.
    pub(crate) fn reaches(&self, Asker { who, grant, is_of_token }: Asker, upload: &Upload) -> bool {
        let begun_by = upload.begun_by;
        let is_in_folder = who.folder.is_none()
            || begun_by.folder == who.folder
            || upload.parent.is_some_and(|folder| self.sees(who, folder).is_some());
        let is_known = match grant {
            Some(grant) => upload.grant == Some(grant),
            None if who.reads => may_end_so(who, upload.on_conflict),
            None => is_of_token && upload.grant.is_none(),
        };
        who.uploads && who.user == begun_by.user && is_in_folder && is_known
    }

    /// Rules 6 and 7.
    pub(crate) fn landing(&self, asker: Asker, upload: &Upload) -> Landing {
        let begun_by = Who { folder: upload.begun_by.folder, ..Who::all_of(upload.begun_by.user) };
        if !self.reaches(asker, upload) {
            return Landing::Refused;
        }
        let is_as_asked = upload.parent.is_none()
            || self.takes(begun_by, upload.parent)
                && self.is_within(begun_by.user, &upload.line, upload.parent);
        if !is_as_asked && begun_by.folder.is_some() {
            return Landing::Refused;
        }
        let (place, on_conflict) =
            if is_as_asked { (upload.parent, upload.on_conflict) } else { (None, OnConflict::Rename) };
        let same: Vec<_> = self.namesakes(begun_by.user, place, &upload.name);
        match on_conflict {
            OnConflict::Fail if !same.is_empty() => Landing::Refused,
            OnConflict::Replace if !same.is_empty() => {
                let is_safe = |&id: &Id| self.is_safe(id, begun_by.user, place);
                let (may_get, others): (Vec<_>, Vec<_>) = same.into_iter().partition(is_safe);
                if may_get.is_empty() {
                    Landing::Displaces { place, others }
                } else {
                    Landing::Replaces(may_get)
                }
            }
            OnConflict::Rename => Landing::New { place, is_renamed: !same.is_empty() },
            _ => Landing::New { place, is_renamed: false },
        }
    }

    /// Whether an item in this place gives nobody power over what a user puts there (rule 7).
    pub(crate) fn is_safe(&self, id: Id, user: User, place: Option<Id>) -> bool {
        let owner = self.items[&id].owner;
        owner == user || place.is_some_and(|place| self.role(owner, place) == Some(Owner))
    }

    /// The files with a name in a place.
    pub(crate) fn namesakes(&self, user: User, place: Option<Id>, name: &str) -> Vec<Id> {
        self.named(user, place, name, |item| item.bytes.is_some())
    }

    /// The items of a kind with a name in a place.
    pub(crate) fn named(
        &self,
        user: User,
        place: Option<Id>,
        name: &str,
        is_of_kind: impl Fn(&Item) -> bool,
    ) -> Vec<Id> {
        let is_here = |item: &Item| item.parent == place && (place.is_some() || item.owner == user);
        let is_same = |item: &Item| item.name == name && is_of_kind(item) && item.trashed.is_none();
        let same = self.items.iter().filter(|(_, item)| is_here(item) && is_same(item));
        same.map(|(&id, _)| id).collect()
    }

    /// Gives a file other bytes. Returns the item in the trash with the old ones.
    pub(crate) fn replace(&mut self, id: Id, upload: &Upload) -> Id {
        let old = self.items.get_mut(&id).unwrap();
        let bytes = old.bytes.replace(upload.bytes.clone()).unwrap();
        let (owner, parent, name, is_strangers) = (old.owner, old.parent, old.name.clone(), old.is_strangers);
        let before = self.add(owner, parent, &name, Some(&bytes));
        self.items.get_mut(&before).unwrap().is_strangers = is_strangers;
        self.put_into_trash(before, upload.begun_by.user);
        before
    }

    /// Puts the file that had the name of an upload into the trash.
    pub(crate) fn displace(&mut self, id: Id, upload: &Upload) {
        self.put_into_trash(id, upload.begun_by.user);
    }

    /// Whether somebody has a role on the item of an upload for which rule 7 has no reason.
    pub(crate) fn gives_too_much(&self, id: Id, upload: &Upload) -> bool {
        let item = &self.items[&id];
        (0..self.users).any(|user| {
            let by_folder = item.parent.and_then(|folder| self.role(user, folder));
            let given = item.given.get(&user).copied();
            user != upload.begun_by.user && self.role(user, id) > by_folder.max(given)
        })
    }
}

/// Whether their token allows what an upload does about its name.
pub(crate) fn may_end_so(who: Who, on_conflict: OnConflict) -> bool {
    match on_conflict {
        OnConflict::Replace => who.changes,
        OnConflict::Fail => who.reads,
        OnConflict::Keep | OnConflict::Rename => true,
    }
}
