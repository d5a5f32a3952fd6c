//! Sharing: who has which role on an item.

use std::cmp::Reverse;

use dray_api::limits::MAX_PARTICIPANTS;
use dray_api::{ItemId, Participant, Participants, UserId};
use jiff::Timestamp;

use super::{Service, seen};
use crate::db::{Conn, participants, users};
use crate::drive::access::{Caller, Role};
use crate::drive::item::Item;
use crate::drive::path::Seen;
use crate::drive::{Error, Result};

impl Service {
    /// Everybody who has a role on the item, either on itself or on a folder above it that the caller sees.
    pub(crate) async fn participants(&self, caller: &Caller, id: ItemId) -> Result<Participants> {
        let caller = *caller;
        self.read_in_turn(&caller, move |c| {
            let Seen { item, ancestors, .. } = seen(c, &caller, id)?;
            let mut all = of_one(c, &item, None)?;
            for folder in ancestors.iter().rev() {
                all.extend(of_one(c, folder, Some(folder.id))?);
            }
            all.sort_by_key(|participant| Reverse(participant.role));
            Ok(Participants { participants: all })
        })
        .await
    }

    /// Gives a user a role on an item and everything below it. It replaces the role that the user had on the item.
    /// Nobody can give more than they have, and nobody can be made an owner.
    pub(crate) async fn put_participant(
        &self,
        caller: &Caller,
        id: ItemId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<Participant> {
        if role == Role::Owner {
            return Err(Error::field("role", "must be viewer, member or admin: nobody can be made an owner"));
        }
        let caller = *caller;
        self.db
            .write(move |c| {
                let item = seen(c, &caller, id)?;
                item.require(Role::Admin)?;
                let member = users::member(c, caller.workspace, user)?.ok_or(Error::UserNotFound)?;
                if item.item.owner == user {
                    return Err(Error::OwnerIsFixed);
                }
                participants::put(c, id, user, role, now)?;
                if participants::count(c, id)? > i64::from(MAX_PARTICIPANTS) {
                    let limit =
                        format!("would be one more than the {MAX_PARTICIPANTS} that an item can have");
                    return Err(Error::field("userId", limit));
                }
                Ok(Participant {
                    user_id: user,
                    name: member.name,
                    email: member.email,
                    role: role.into(),
                    inherited_from: None,
                })
            })
            .await
    }

    /// Takes a user's role on an item away. Anybody may give up their own role.
    pub(crate) async fn remove_participant(&self, caller: &Caller, id: ItemId, user: UserId) -> Result<()> {
        let caller = *caller;
        self.db
            .write(move |c| {
                let item = seen(c, &caller, id)?;
                if user != caller.user {
                    item.require(Role::Admin)?;
                }
                if item.item.owner == user {
                    return Err(Error::OwnerIsFixed);
                }
                if participants::remove(c, id, user)? { Ok(()) } else { Err(Error::ParticipantNotFound) }
            })
            .await
    }
}

/// The owner of an item, and those who were given a role on it.
fn of_one(c: &Conn, item: &Item, inherited_from: Option<ItemId>) -> Result<Vec<Participant>> {
    let owner = users::member(c, item.workspace, item.owner)?.map(|user| Participant {
        user_id: user.id,
        name: user.name,
        email: user.email,
        role: dray_api::Role::Owner,
        inherited_from,
    });
    let given = participants::of_item(c, item.id)?.into_iter();
    let given = given.map(|participant| Participant { inherited_from, ..participant });
    Ok(owner.into_iter().chain(given).collect())
}
