//! An item with the folders above it, and how much of these a caller sees. For single items, only this file decides
//! that. (Listings and searches decide it in their queries, by the same rules.)
//!
//! - A role on a folder holds for everything below it, and so does owning it.
//! - An item in the trash, or below an item in the trash, is invisible.
//! - A token that is confined to a folder sees that folder and what is below it, and nothing else.

use dray_api::ItemId;

use crate::access::{Caller, Role};
use crate::item::Item;
use crate::{Error, Result};

/// An item on the way up to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The item, with its parent from the database.
    pub item: Item,
    /// Whether it was put into the trash by itself.
    pub is_trashed: bool,
    /// The role that the caller was given on it.
    pub granted: Option<Role>,
}

impl Step {
    fn role(&self, caller: &Caller) -> Option<Role> {
        if self.item.owner == caller.user { Some(Role::Owner) } else { self.granted }
    }
}

/// An item as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The item, without its parent if the caller does not see the parent.
    pub item: Item,
    /// What the caller may do with it.
    pub role: Role,
    /// What the caller may do with its folder, if they see it.
    pub parent_role: Option<Role>,
    /// The folders above it that the caller sees, the topmost first.
    pub ancestors: Vec<Item>,
    /// Whether the caller owns the item itself, and their token is not confined to it.
    pub is_own: bool,
}

impl Seen {
    /// What a caller sees of an item; `None` if the caller sees nothing. `steps` begins with the item and ends at the root.
    pub fn of(steps: Vec<Step>, caller: &Caller) -> Option<Self> {
        if steps.iter().any(|step| step.is_trashed) {
            return None;
        }
        Self::even_if_trashed(steps, caller)
    }

    /// Like [`Seen::of`], for routes of the trash.
    pub fn even_if_trashed(steps: Vec<Step>, caller: &Caller) -> Option<Self> {
        let confined_at = match caller.folder {
            Some(folder) => steps.iter().position(|step| step.item.id == folder)?,
            None => steps.len(),
        };
        let roles: Vec<_> = steps.iter().map(|step| step.role(caller)).collect();
        let role = roles.iter().copied().max().flatten()?;
        // The caller sees everything below the highest role, because the role holds there.
        let highest = roles.iter().rposition(Option::is_some)?.min(confined_at);
        let parent_role = if highest == 0 { None } else { roles.iter().skip(1).copied().max().flatten() };
        let is_own = roles.first() == Some(&Some(Role::Owner)) && (confined_at > 0);

        let mut seen: Vec<Item> = steps.into_iter().take(highest + 1).map(|step| step.item).collect();
        if let Some(top) = seen.last_mut() {
            top.parent = None;
        }
        seen.reverse();
        let item = seen.pop()?;
        Some(Self { item, role, parent_role, ancestors: seen, is_own })
    }

    /// Refuses a caller with a lower role than `role`.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.role >= role { Ok(()) } else { Err(Error::RoleTooLow { needed: role }) }
    }

    /// Refuses a caller who may not take the item out of its folder, because that changes the folder. A caller who
    /// does not see the folder may not change it.
    pub fn require_removable(&self) -> Result<()> {
        if self.is_own || self.parent_role >= Some(Role::Member) {
            Ok(())
        } else {
            Err(Error::RoleTooLow {
                needed: if self.parent_role.is_some() { Role::Member } else { Role::Owner },
            })
        }
    }

    /// Whether `id` is the item, or a folder above it that the caller sees.
    pub fn is_at_or_below(&self, id: ItemId) -> bool {
        self.item.id == id || self.ancestors.iter().any(|folder| folder.id == id)
    }
}

#[cfg(test)]
mod tests {
    use dray_api::{TokenId, UserId, WorkspaceId};
    use jiff::Timestamp;

    use super::*;
    use crate::access::TokenRecord;
    use crate::item::Content;

    fn id(number: u32) -> ItemId {
        ItemId::new(number, [0; 8])
    }

    fn user(number: u32) -> UserId {
        UserId::new(number, [0; 8])
    }

    fn caller(folder: Option<u32>) -> Caller {
        let record = TokenRecord {
            id: TokenId::new(1, [0; 8]),
            user: user(7),
            workspace: WorkspaceId::new(3, [0; 8]),
            scopes: String::new(),
            folder: folder.map(id),
            expires_at: Timestamp::MAX,
            revoked_at: None,
            line_until: None,
            line: TokenId::new(1, [0; 8]),
        };
        record.admit(Timestamp::UNIX_EPOCH).unwrap()
    }

    /// The item 1 in the folder 2, and so on. Each is the caller's own, or has the role that the caller was given.
    fn steps(roles: &[Option<Role>]) -> Vec<Step> {
        let count = u32::try_from(roles.len()).unwrap();
        let numbered = (1..).zip(roles);
        let step = |(number, role): (u32, &Option<Role>)| Step {
            item: Item {
                id: id(number),
                workspace: WorkspaceId::new(3, [0; 8]),
                parent: (number < count).then(|| id(number + 1)),
                owner: user(if *role == Some(Role::Owner) { 7 } else { 8 }),
                name: number.to_string(),
                content: Content::Folder,
                attached: crate::item::Attached::default(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            },
            is_trashed: false,
            granted: role.filter(|role| *role != Role::Owner),
        };
        numbered.map(step).collect()
    }

    /// The role on the item, the role on its folder, and the number of visible ancestors.
    fn seen(roles: &[Option<Role>], folder: Option<u32>) -> Option<(Role, Option<Role>, usize)> {
        let seen = Seen::of(steps(roles), &caller(folder))?;
        assert_eq!(seen.item.id, id(1));
        assert_eq!(seen.item.parent.is_some(), !seen.ancestors.is_empty(), "a parent is named if it is seen");
        Some((seen.role, seen.parent_role, seen.ancestors.len()))
    }

    #[test]
    fn roles_hold_for_everything_below_and_the_highest_counts() {
        use Role::{Admin, Member, Owner, Viewer};
        assert_eq!(seen(&[None, None, None], None), None, "foreign");
        assert_eq!(seen(&[Some(Owner)], None), Some((Owner, None, 0)));
        assert_eq!(seen(&[None, None, Some(Owner)], None), Some((Owner, Some(Owner), 2)));
        assert_eq!(
            seen(&[Some(Viewer), None], None),
            Some((Viewer, None, 0)),
            "a shared item's folder is not"
        );
        assert_eq!(seen(&[Some(Viewer), Some(Admin), None], None), Some((Admin, Some(Admin), 1)));
        assert_eq!(seen(&[Some(Member), Some(Viewer), None], None), Some((Member, Some(Viewer), 1)));
        assert_eq!(
            seen(&[Some(Owner), None], None),
            Some((Owner, None, 0)),
            "one's own in a folder not seen"
        );
    }

    #[test]
    fn a_confined_token_sees_its_folder_and_what_is_below_it() {
        use Role::{Owner, Viewer};
        let roles = [None, None, None, Some(Owner)];
        assert_eq!(seen(&roles, Some(3)), Some((Owner, Some(Owner), 2)));
        assert_eq!(seen(&roles, Some(1)), Some((Owner, None, 0)));
        assert_eq!(seen(&roles, Some(9)), None);
        assert_eq!(
            seen(&[Some(Viewer), None], Some(2)),
            Some((Viewer, None, 0)),
            "no more than its user sees"
        );
    }

    #[test]
    fn items_below_something_in_the_trash_are_invisible() {
        for at in 0..3 {
            let mut steps = steps(&[Some(Role::Owner), None, Some(Role::Owner)]);
            steps[at].is_trashed = true;
            assert_eq!(Seen::of(steps.clone(), &caller(None)), None);
            assert!(Seen::even_if_trashed(steps, &caller(None)).is_some());
        }
    }

    #[test]
    fn taking_an_item_out_changes_its_folder() {
        use Role::{Admin, Member, Owner, Viewer};
        let removable =
            |roles: &[Option<Role>]| Seen::of(steps(roles), &caller(None)).unwrap().require_removable();
        let needs = |needed| Err(Error::RoleTooLow { needed });
        assert_eq!(removable(&[Some(Owner)]), Ok(()));
        assert_eq!(removable(&[Some(Owner), Some(Viewer)]), Ok(()), "one's own, wherever it is");
        assert_eq!(removable(&[None, Some(Member)]), Ok(()));
        assert_eq!(removable(&[Some(Admin), Some(Viewer)]), needs(Member));
        assert_eq!(
            removable(&[Some(Admin), None]),
            needs(Owner),
            "what was shared stays where its owner has it"
        );
    }
}
