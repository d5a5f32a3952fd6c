//! What people do. One act is chosen at random, and done on the server and in the model. It returns who did it and
//! which items it touched.

use http::Method;
use serde_json::{Value, json};

use super::rules::{Id, Role, User, Who};
use super::{History, Link, MOST_ITEMS, MOST_LINKS, Token, USERS, text};

/// Few names, so that they collide.
const NAMES: [&str; 4] = ["a.txt", "b.txt", "c.txt", "d"];
const GIVEN: [Role; 3] = [Role::Viewer, Role::Member, Role::Admin];

pub(super) type Done = (User, Vec<Id>);

impl History {
    pub(super) async fn act(&mut self) -> Done {
        let is_full = self.model.items.len() >= MOST_ITEMS;
        match self.rng.u32(..120) {
            0..30 if is_full => self.purge().await,
            0..12 => self.make_folder().await,
            12..22 => self.begin_upload().await,
            22..30 => self.begin_batch().await,
            30..46 => self.finalize().await,
            46..66 => self.move_item().await,
            66..70 => self.rename().await,
            70..82 => self.share().await,
            82..87 => self.unshare().await,
            87..94 => self.trash().await,
            94..99 => self.restore().await,
            99..101 => self.purge().await,
            101 => self.empty_trash().await,
            102..105 => self.link().await,
            105..107 => self.make_token().await,
            107 if self.rng.bool() => self.rotate_token().await,
            107 => self.revoke_token().await,
            108..112 => self.make_grant().await,
            112 => self.revoke_grant().await,
            113..115 => self.make_request().await,
            115..118 => self.visit_request().await,
            _ => self.change_request().await,
        }
    }

    /// Somebody, mostly with their own token.
    pub(super) fn somebody(&mut self) -> (Who, String) {
        let at = self.rng.usize(..USERS + self.tokens.len());
        match at.checked_sub(USERS) {
            None => (Who::all_of(at), self.drive.users[at].1.clone()),
            Some(at) => (self.tokens[at].who, self.tokens[at].secret.clone()),
        }
    }

    pub(super) fn any(&mut self, of: impl Fn(&Self, Id) -> bool) -> Option<Id> {
        let ids: Vec<_> = self.model.items.keys().copied().filter(|&id| of(self, id)).collect();
        self.rng.choice(ids)
    }

    /// An item, mostly one that they see.
    pub(super) fn item_for(&mut self, who: Who) -> Option<Id> {
        let seen = self.any(|history, id| history.model.sees(who, id).is_some());
        if seen.is_none() || self.rng.u32(..8) == 0 { self.any(|_, _| true) } else { seen }
    }

    /// The folder of an upload under way, if they see it: chosen now and then, because few such folders are lost by
    /// chance. Else any item.
    fn folder_of_an_upload(&mut self, who: Who) -> Option<Id> {
        let under_way = self.uploads.iter().filter(|begun| begun.became.is_none());
        let folders = under_way.filter_map(|begun| begun.upload.parent);
        let seen =
            folders.filter(|&id| self.model.items.contains_key(&id) && self.model.sees(who, id).is_some());
        let seen: Vec<_> = seen.collect();
        if seen.is_empty() || self.rng.u32(..3) > 0 { self.item_for(who) } else { self.rng.choice(seen) }
    }

    /// A folder, mostly one into which they may put something; or the root.
    pub(super) fn place_for(&mut self, who: Who) -> Option<Id> {
        match self.rng.u32(..10) {
            0 => None,
            1 => self.any(|history, id| history.model.items[&id].bytes.is_none()),
            _ => self.any(|history, id| history.model.takes(who, Some(id))),
        }
    }

    pub(super) fn name(&mut self) -> &'static str {
        NAMES[self.rng.usize(..NAMES.len())]
    }

    pub(super) fn server_id(&self, id: Option<Id>) -> Value {
        id.map_or(Value::Null, |id| json!(self.ids[&id]))
    }

    pub(super) fn path(&self, id: Id) -> String {
        format!("/drive/files/{}", self.ids[&id])
    }

    async fn make_folder(&mut self) -> Done {
        let (who, token) = self.somebody();
        let (parent, name) = (self.place_for(who), self.name());
        let body = json!({ "name": name, "parentId": self.server_id(parent) });
        let answer = self.drive.ask(&token, Method::POST, "/drive/folders", Some(body)).await;
        let is_allowed = who.uploads && self.model.takes(who, parent);
        self.agree(&format!("{who:?} makes folder {name} in {parent:?}"), is_allowed, &answer);
        let mut touched = Vec::new();
        if is_allowed {
            let id = self.model.add(who.user, parent, name, None);
            self.ids.insert(id, answer.id());
            touched.push(id);
        }
        (who.user, touched)
    }

    async fn move_item(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.item_for(who) else { return (who.user, Vec::new()) };
        let to = self.place_for(who);
        let body = json!({ "parentId": self.server_id(to) });
        let answer = self.drive.ask(&token, Method::PATCH, &self.path(id), Some(body)).await;
        let is_allowed = self.model.move_to(who, id, to);
        self.agree(&format!("{who:?} moves {id} to {to:?}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    async fn rename(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.item_for(who) else { return (who.user, Vec::new()) };
        let name = self.name();
        let answer =
            self.drive.ask(&token, Method::PATCH, &self.path(id), Some(json!({ "name": name }))).await;
        let is_allowed = self.model.rename(who, id, name);
        self.agree(&format!("{who:?} renames {id} to {name}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    async fn share(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some((id, user)) = self.participant(who) else { return (who.user, Vec::new()) };
        let role = GIVEN[self.rng.usize(..GIVEN.len())];
        let path = format!("{}/participants/{}", self.path(id), self.drive.users[user].0);
        let body = json!({ "role": format!("{role:?}").to_lowercase() });
        let answer = self.drive.ask(&token, Method::PUT, &path, Some(body)).await;
        let is_allowed = self.model.share(who, id, user, role);
        self.agree(&format!("{who:?} makes {user} {role:?} of {id}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    /// An item and a user who gets or loses a role on it: now and then, the maker of a link to it.
    fn participant(&mut self, who: Who) -> Option<(Id, User)> {
        let links = self.links.iter().map(|link| (link.item, link.maker.user));
        let makers: Vec<_> = links.filter(|&(id, _)| self.model.may_link(who, id)).collect();
        match self.rng.choice(makers) {
            Some(maker) if self.rng.bool() => Some(maker),
            _ => Some((self.item_for(who)?, self.rng.usize(..USERS))),
        }
    }

    async fn unshare(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some((id, user)) = self.participant(who) else { return (who.user, Vec::new()) };
        let path = format!("{}/participants/{}", self.path(id), self.drive.users[user].0);
        let answer = self.drive.ask(&token, Method::DELETE, &path, None).await;
        let is_allowed = self.model.unshare(who, id, user);
        self.agree(&format!("{who:?} takes {user} off {id}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    async fn trash(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.folder_of_an_upload(who) else { return (who.user, Vec::new()) };
        let answer = self.drive.ask(&token, Method::DELETE, &self.path(id), None).await;
        let is_allowed = self.model.trash(who, id);
        self.agree(&format!("{who:?} trashes {id}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    fn trashed(&mut self) -> Option<Id> {
        self.any(|history, id| history.model.items[&id].trashed.is_some())
    }

    async fn restore(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.trashed() else { return (who.user, Vec::new()) };
        let answer = self.drive.ask(&token, Method::POST, &format!("{}/restore", self.path(id)), None).await;
        let is_allowed = self.model.restore(who, id);
        self.agree(&format!("{who:?} restores {id}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    async fn purge(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.trashed() else { return (who.user, Vec::new()) };
        let below = self.model.below(id);
        let path = format!("/drive/trash/{}", self.ids[&id]);
        let answer = self.drive.ask(&token, Method::DELETE, &path, None).await;
        let is_allowed = self.model.purge(who, id);
        self.agree(&format!("{who:?} purges {id}"), is_allowed, &answer);
        self.forget_removed().await;
        (who.user, below)
    }

    async fn empty_trash(&mut self) -> Done {
        let (who, token) = self.somebody();
        let answer = self.drive.ask(&token, Method::DELETE, "/drive/trash", None).await;
        let removed = self.model.empty_trash(who);
        self.agree(&format!("{who:?} empties the trash of {removed:?}"), removed.is_some(), &answer);
        if let Some(removed) = removed {
            assert_eq!(answer.body["removed"], removed, "{}", self.story());
        }
        self.forget_removed().await;
        (who.user, Vec::new())
    }

    /// When an item is removed permanently, so are its links, its file requests, and the tokens and grants that are confined to it.
    async fn forget_removed(&mut self) {
        self.drive.swept().await;
        let items = &self.model.items;
        let is_there = |folder: Option<Id>| folder.is_none_or(|folder| items.contains_key(&folder));
        let gone = |token: &&Token| !is_there(token.who.folder);
        let gone: Vec<_> = self.tokens.iter().filter(gone).map(|token| token.id.clone()).collect();
        for id in gone {
            // The tokens and grants that come from it go with it.
            self.lineage.revoke(&id);
        }
        self.tokens.retain(|token| is_there(token.who.folder));
        self.requests.retain(|_, request| items.contains_key(&request.folder));
        self.forget_ended_grants().await;
    }

    async fn link(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.item_to_link(who) else { return (who.user, Vec::new()) };
        let answer =
            self.drive.ask(&token, Method::POST, &format!("{}/links", self.path(id)), Some(json!({}))).await;
        let is_allowed = self.model.may_link(who, id);
        self.agree(&format!("{who:?} links {id}"), is_allowed, &answer);
        if is_allowed {
            self.links.push(Link { maker: who, item: id, url: text(&answer, "url").to_owned() });
            if self.links.len() > MOST_LINKS {
                self.links.remove(0);
            }
        }
        (who.user, Vec::new())
    }

    /// Often a file to which they may make a link only because somebody gave them a role, which can be taken away.
    fn item_to_link(&mut self, who: Who) -> Option<Id> {
        let given = self.any(|history, id| {
            history.model.may_link(who, id) && history.model.sees(who, id) == Some(Role::Admin)
        });
        if given.is_none() || self.rng.bool() { self.item_for(who) } else { given }
    }

    /// Follows the links to what is at or below these items.
    pub(super) async fn follow_links(&self, touched: &[Id]) {
        for link in &self.links {
            if !touched.iter().any(|&id| self.model.is_at_or_below(link.item, id)) {
                continue;
            }
            let is_good = self.model.is_link_good(link.maker, link.item);
            let status = self.drive.follow(&link.url).await.as_u16();
            let expected = if is_good { 307 } else { 404 };
            assert_eq!(status, expected, "the link of {:?} to {}: {}", link.maker, link.item, self.story());
        }
    }
}
