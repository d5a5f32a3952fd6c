//! What may be done to an item: one rule for every act, and the proof that the rule was applied. The database accepts
//! a change of name, bytes or place, a trashing or a purge only with such a proof, and only this file creates proofs.
//!
//! - Nobody gives more than they have: an act that raises somebody's role on an item requires that role, and `admin`.
//! - Taking an item away from somebody who had it (including owners of folders above) requires `admin` on it.
//! - Roles also hold for everything below. So if a new place changes nothing for the item, it changes nothing for
//!   anything below it. Whoever has a role on the item has at least that role below it, and only the roles that come
//!   from the places differ.
//!
//! The exception is the trash. A member of a folder may put an item of the folder into it, because every owner of the
//! item or of a folder above finds the item there and can restore it.

use std::collections::BTreeMap;

use dray_api::{ItemId, UserId};

use crate::access::{Caller, Role};
use crate::path::Seen;
use crate::{Error, Result};

/// The item may get another name or other bytes.
#[derive(Debug)]
pub struct Change(ItemId);

/// The item may be put into the trash.
#[derive(Debug)]
pub struct Trashing(ItemId);

/// The item may be removed permanently.
#[derive(Debug)]
pub struct Purge(ItemId);

/// The item may be put into this folder, or into its owner's root.
#[derive(Debug)]
pub struct Placement {
    item: ItemId,
    to: Option<ItemId>,
}

impl Change {
    /// Renaming and replacing require `member`.
    pub fn of(seen: &Seen) -> Result<Self> {
        seen.require(Role::Member).map(|()| Self(seen.item.id))
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.0
    }

    /// A caller who may replace the bytes of an item may also put the old bytes into the trash, as a separate item.
    pub fn trashing_of_old_bytes(&self, kept_as: ItemId) -> Trashing {
        Trashing(kept_as)
    }
}

impl Trashing {
    /// Trashing requires `member` on the folder, or owning the item.
    pub fn of(seen: &Seen) -> Result<Self> {
        seen.require_removable().map(|()| Self(seen.item.id))
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.0
    }
}

impl Purge {
    /// Removing permanently requires owning the item or a folder above it.
    pub fn of(seen: &Seen) -> Result<Self> {
        seen.require(Role::Owner).map(|()| Self(seen.item.id))
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.0
    }
}

impl Placement {
    /// Moving requires `member` on the item's present folder. Before this, the caller checks whether anything may be
    /// put into `to`.
    pub fn by_moving(
        seen: &Seen,
        caller: &Caller,
        to: Option<ItemId>,
        reaches: impl FnOnce() -> Result<Reaches>,
    ) -> Result<Self> {
        seen.require_removable()?;
        Self::put(seen, caller, to, reaches)
    }

    /// Restoring requires `member` on the item.
    pub fn by_restoring(
        seen: &Seen,
        caller: &Caller,
        to: Option<ItemId>,
        reaches: impl FnOnce() -> Result<Reaches>,
    ) -> Result<Self> {
        seen.require(Role::Member)?;
        Self::put(seen, caller, to, reaches)
    }

    fn put(
        seen: &Seen,
        caller: &Caller,
        to: Option<ItemId>,
        reaches: impl FnOnce() -> Result<Reaches>,
    ) -> Result<Self> {
        // The root belongs to the item's owner, so only the owner may put the item there.
        if to.is_none() && seen.item.owner != caller.user {
            return Err(Error::RoleTooLow { needed: Role::Owner });
        }
        // Nobody has more than an owner, so an owner may give and take anything.
        if seen.role < Role::Owner {
            reaches()?.check(seen.role)?;
        }
        Ok(Self { item: seen.item.id, to })
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// The folder; `None` means the root.
    pub fn to(&self) -> Option<ItemId> {
        self.to
    }
}

/// Who has which role through a place: the highest role of each user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach(BTreeMap<UserId, Role>);

impl Reach {
    /// The reach of all roles that are given or owned there.
    pub fn of(roles: impl IntoIterator<Item = (UserId, Role)>) -> Self {
        let mut reach = BTreeMap::new();
        for (user, role) in roles {
            let highest = reach.entry(user).or_insert(role);
            *highest = role.max(*highest);
        }
        Self(reach)
    }

    fn role(&self, user: UserId) -> Option<Role> {
        self.0.get(&user).copied()
    }
}

/// Who can reach an item: through roles on itself, through the folders above it, and through the folders above its new
/// place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reaches {
    /// Through roles on the item itself.
    pub own: Reach,
    /// Through the folders above it now.
    pub from: Reach,
    /// Through the folders above its new place.
    pub to: Reach,
}

impl Reaches {
    /// Refuses somebody with `role` on the item, if its new place gives or takes more than they may.
    fn check(&self, role: Role) -> Result<()> {
        match self.needed() {
            Some(needed) if role < needed => Err(Error::AccessWouldChange { needed }),
            _ => Ok(()),
        }
    }

    /// The role that the new place requires, if it changes anything for anybody.
    fn needed(&self) -> Option<Role> {
        let users = self.from.0.keys().chain(self.to.0.keys());
        users.filter_map(|&user| self.needed_for(user)).max()
    }

    fn needed_for(&self, user: UserId) -> Option<Role> {
        let before = self.own.role(user).max(self.from.role(user));
        let after = self.own.role(user).max(self.to.role(user));
        if after > before { after.max(Some(Role::Admin)) } else { (after < before).then_some(Role::Admin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Role::{Admin, Member, Owner, Viewer};

    fn user(number: u32) -> UserId {
        UserId::new(number, [0; 8])
    }

    fn reach(roles: &[(u32, Role)]) -> Reach {
        Reach::of(roles.iter().map(|&(number, role)| (user(number), role)))
    }

    fn needed(own: &[(u32, Role)], from: &[(u32, Role)], to: &[(u32, Role)]) -> Option<Role> {
        Reaches { own: reach(own), from: reach(from), to: reach(to) }.needed()
    }

    #[test]
    fn a_place_with_the_same_roles_changes_nothing() {
        assert_eq!(needed(&[(1, Owner)], &[(1, Owner), (2, Member)], &[(2, Member), (1, Owner)]), None);
        assert_eq!(needed(&[], &[(2, Viewer), (2, Member)], &[(2, Member)]), None, "the highest counts");
        assert_eq!(
            needed(&[(1, Owner), (2, Admin)], &[(2, Member)], &[]),
            None,
            "they have it by the item itself"
        );
    }

    #[test]
    fn taking_access_away_requires_an_admin() {
        assert_eq!(needed(&[(1, Owner)], &[(2, Viewer)], &[]), Some(Admin));
        assert_eq!(needed(&[(1, Owner)], &[(2, Admin)], &[(2, Member)]), Some(Admin));
        assert_eq!(needed(&[(1, Owner)], &[(2, Owner)], &[]), Some(Admin), "owners of folders above too");
    }

    #[test]
    fn giving_access_requires_an_admin_and_the_given_role() {
        assert_eq!(needed(&[(1, Owner)], &[], &[(2, Viewer)]), Some(Admin));
        assert_eq!(needed(&[(1, Owner)], &[(2, Member)], &[(2, Admin)]), Some(Admin));
        assert_eq!(
            needed(&[(1, Owner)], &[(2, Admin)], &[(2, Owner)]),
            Some(Owner),
            "nobody is made an owner"
        );
        let both = needed(&[(1, Owner)], &[(2, Viewer)], &[(3, Owner)]);
        assert_eq!(both, Some(Owner), "the most that any of it takes");
    }
}
