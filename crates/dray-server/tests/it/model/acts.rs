//! What people do. One act is chosen at random, and done on the server and in the model. It returns who did it and
//! which items it touched.

use http::Method;
use serde_json::{Value, json};

use super::rules::{Id, Role, User, Who};
use super::uploads::{Landing, OnConflict, Upload};
use super::{Begun, History, Link, MOST_ITEMS, MOST_LINKS, MOST_UPLOADS, USERS, text};

/// Few names, so that they collide.
const NAMES: [&str; 4] = ["a.txt", "b.txt", "c.txt", "d"];
const GIVEN: [Role; 3] = [Role::Viewer, Role::Member, Role::Admin];

pub(super) type Done = (User, Vec<Id>);

impl History {
    pub(super) async fn act(&mut self) -> Done {
        let is_full = self.model.items.len() >= MOST_ITEMS;
        match self.rng.u32(..100) {
            0..24 if is_full => self.purge().await,
            0..12 => self.make_folder().await,
            12..24 => self.begin_upload().await,
            24..38 => self.finalize().await,
            38..58 => self.move_item().await,
            58..62 => self.rename().await,
            62..74 => self.share().await,
            74..79 => self.unshare().await,
            79..86 => self.trash().await,
            86..91 => self.restore().await,
            91..93 => self.purge().await,
            93..94 => self.empty_trash().await,
            94..96 => self.link().await,
            96 => self.follow_links().await,
            97..99 => self.make_token().await,
            _ if self.rng.bool() => self.rotate_token().await,
            _ => self.revoke_token().await,
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
    fn item_for(&mut self, who: Who) -> Option<Id> {
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
    fn place_for(&mut self, who: Who) -> Option<Id> {
        match self.rng.u32(..10) {
            0 => None,
            1 => self.any(|history, id| history.model.items[&id].bytes.is_none()),
            _ => self.any(|history, id| history.model.takes(who, Some(id))),
        }
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.rng.usize(..NAMES.len())]
    }

    pub(super) fn server_id(&self, id: Option<Id>) -> Value {
        id.map_or(Value::Null, |id| json!(self.ids[&id]))
    }

    fn path(&self, id: Id) -> String {
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
        let Some(id) = self.item_for(who) else { return (who.user, Vec::new()) };
        let (user, role) = (self.rng.usize(..USERS), GIVEN[self.rng.usize(..GIVEN.len())]);
        let path = format!("{}/participants/{}", self.path(id), self.drive.users[user].0);
        let body = json!({ "role": format!("{role:?}").to_lowercase() });
        let answer = self.drive.ask(&token, Method::PUT, &path, Some(body)).await;
        let is_allowed = self.model.share(who, id, user, role);
        self.agree(&format!("{who:?} makes {user} {role:?} of {id}"), is_allowed, &answer);
        (who.user, vec![id])
    }

    async fn unshare(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.item_for(who) else { return (who.user, Vec::new()) };
        let user = self.rng.usize(..USERS);
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

    /// When an item is removed for good, so are its links and the tokens that are confined to it.
    async fn forget_removed(&mut self) {
        self.drive.swept().await;
        let items = &self.model.items;
        self.tokens.retain(|token| token.who.folder.is_none_or(|folder| items.contains_key(&folder)));
    }

    async fn link(&mut self) -> Done {
        let (who, token) = self.somebody();
        let Some(id) = self.item_for(who) else { return (who.user, Vec::new()) };
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

    async fn follow_links(&mut self) -> Done {
        for link in &self.links {
            let is_good = self.model.is_link_good(link.maker, link.item);
            let status = self.drive.follow(&link.url).await.as_u16();
            let expected = if is_good { 307 } else { 404 };
            assert_eq!(status, expected, "the link of {:?} to {}: {}", link.maker, link.item, self.story());
        }
        (0, Vec::new())
    }

    async fn begin_upload(&mut self) -> Done {
        let (who, token) = self.somebody();
        let (parent, name, number) = (self.place_for(who), self.name(), self.rng.u32(..4));
        let (on_conflict, spelt) = [
            (OnConflict::Keep, "keep"),
            (OnConflict::Rename, "rename"),
            (OnConflict::Fail, "fail"),
            (OnConflict::Replace, "replace"),
        ][number as usize];
        self.made += 1;
        let (begun_by, bytes) = (who, format!("bytes {}", self.made));
        let upload = Upload { begun_by, parent, name: name.to_owned(), bytes, on_conflict };
        let body = json!({
            "fileName": name, "fileSize": upload.bytes.len(), "mimeType": "text/plain",
            "parentId": self.server_id(parent), "onConflict": spelt,
        });
        let answer =
            self.drive.ask(&token, Method::POST, "/drive/files/upload/multipart/start", Some(body)).await;
        let is_allowed = self.model.may_start(&upload);
        self.agree(&format!("{who:?} begins {name} in {parent:?}, {on_conflict:?}"), is_allowed, &answer);
        if is_allowed {
            let (upload_id, file_key) =
                (text(&answer, "uploadId").to_owned(), text(&answer, "fileKey").to_owned());
            let body = json!({ "uploadId": upload_id, "fileKey": file_key, "parts": 1 });
            let path = "/drive/files/upload/multipart/presigned-urls";
            let signed = self.drive.ask(&token, Method::POST, path, Some(body)).await;
            let etag = self.drive.put(signed.body["urls"][0].as_str().unwrap(), &upload.bytes).await;
            let token = self.made_token(&token);
            self.uploads.push(Begun { upload, upload_id, file_key, etag, token, became: None });
            if self.uploads.len() > MOST_UPLOADS {
                self.uploads.remove(0);
            }
        }
        (who.user, Vec::new())
    }

    /// Finalizes an upload, mostly by whoever started it, and sometimes a second time.
    async fn finalize(&mut self) -> Done {
        let Some(at) = self.rng.choice(0..self.uploads.len()) else { return (0, Vec::new()) };
        let (who, token) = self.finalizer(at);
        let begun = &self.uploads[at];
        let (upload, became) = (begun.upload.clone(), begun.became);
        let body = json!({
            "uploadId": begun.upload_id, "fileKey": begun.file_key,
            "parts": [{ "partNumber": 1, "eTag": begun.etag }],
        });
        let path = "/drive/files/upload/multipart/finalize";
        let answer = self.drive.ask(&token, Method::POST, path, Some(body)).await;
        let act = format!("{who:?} finalizes {upload:?}");
        let is_of_token = match (self.made_token(&token), &self.uploads[at].token) {
            (Some(own), Some(of)) => self.lineage.comes_of(&own).contains(of),
            _ => false,
        };
        if let Some(id) = became {
            // What has become of the item since then is hidden from whoever may only upload.
            let is_there = self.model.items.contains_key(&id) && self.model.sees(who, id).is_some();
            let is_told = self.model.reaches(who, &upload, is_of_token) && (is_there || !who.reads);
            self.agree(&format!("{act} again"), is_told, &answer);
            return (who.user, Vec::new());
        }
        let landing = self.model.landing(who, &upload, is_of_token);
        self.agree(&format!("{act}: {landing:?}"), landing != Landing::Refused, &answer);
        if answer.is_done() && !who.reads {
            assert_eq!(
                text(&answer, "name"),
                upload.name,
                "the answer has the name of the upload: {}",
                self.story()
            );
        }
        let touched = self.land(landing, &upload, &answer.body).await;
        let too_much = touched.first().is_some_and(|&id| self.model.gives_too_much(id, &upload));
        assert!(
            !too_much,
            "the finalize gave somebody a role that they lacked on the folder: {}",
            self.story()
        );
        self.uploads[at].became = touched.first().copied();
        (upload.begun_by.user, touched)
    }

    fn finalizer(&mut self, at: usize) -> (Who, String) {
        let begun_by = self.uploads[at].upload.begun_by;
        let same = self.tokens.iter().find(|token| token.who == begun_by);
        match (self.rng.u32(..6), same) {
            (0, _) => self.somebody(),
            (1..5, Some(token)) => (token.who, token.secret.clone()),
            _ => (Who::all_of(begun_by.user), self.drive.users[begun_by.user].1.clone()),
        }
    }

    async fn land(&mut self, landing: Landing, upload: &Upload, item: &Value) -> Vec<Id> {
        let user = upload.begun_by.user;
        let server_id = item["id"].as_str().unwrap_or_default().to_owned();
        match landing {
            Landing::Refused => Vec::new(),
            Landing::New { place, is_renamed } => {
                vec![self.add_new(place, is_renamed, upload, server_id).await]
            }
            Landing::Displaces { place, others } => {
                let id = self.add_new(place, false, upload, server_id).await;
                let gone = self.displaced(&others, user).await;
                self.model.displace(gone, upload);
                vec![id, gone]
            }
            Landing::Replaces(same) => {
                let id = same.into_iter().find(|id| self.ids[id] == server_id);
                let id = id.unwrap_or_else(|| panic!("it replaced something else: {}", self.story()));
                let before = self.model.replace(id, upload);
                let owner = self.drive.users[user].1.clone();
                let trash = self.drive.ask(&owner, Method::GET, "/drive/trash?limit=200", None).await;
                let trash = trash.body["items"].as_array().unwrap();
                let mut new = trash.iter().map(|item| item["id"].as_str().unwrap().to_owned());
                let new = new.find(|id| !self.ids.values().any(|known| known == id));
                self.ids.insert(
                    before,
                    new.unwrap_or_else(|| panic!("the old bytes are gone: {}", self.story())),
                );
                vec![id, before]
            }
        }
    }

    async fn add_new(
        &mut self,
        place: Option<Id>,
        is_renamed: bool,
        upload: &Upload,
        server_id: String,
    ) -> Id {
        let user = upload.begun_by.user;
        let owner = self.drive.users[user].1.clone();
        let there = self.drive.ask(&owner, Method::GET, &format!("/drive/files/{server_id}"), None).await;
        let name = text(&there, "name");
        let is_free = self.model.namesakes(user, place, name).is_empty();
        assert!(if is_renamed { is_free } else { name == upload.name }, "{name}: {}", self.story());
        let id = self.model.add(user, place, name, Some(&upload.bytes));
        self.ids.insert(id, server_id);
        id
    }

    /// Which of these files a user no longer sees.
    async fn displaced(&self, others: &[Id], user: User) -> Id {
        for &id in others {
            let answer = self.drive.ask(&self.drive.users[user].1, Method::GET, &self.path(id), None).await;
            if !answer.is_done() {
                return id;
            }
        }
        panic!("none of {others:?} is in the trash: {}", self.story())
    }
}
