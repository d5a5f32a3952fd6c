//! Grants and file requests: the reference model of them, and what people do with them. It shares no code with the server.
//!
//! 12. A grant uploads into its folder, and nowhere else, as long as its user may put something there and the folder is
//!     inside those of the tokens that it comes from. It ends with these tokens. Its holder reaches the uploads that it
//!     began, and nothing else; whoever may read finishes them as their own.
//! 13. A file request takes files as long as it is open and whoever made it is an admin of its folder (inside the folder of
//!     the token that made it). It does not end with that token. The files are its maker's.
//! 14. Its maker and every admin of its folder close it. Only its maker, while an admin of the folder, opens it again. A token
//!     that is confined to a folder manages what is in there.

use http::Method;
use serde_json::json;

use super::acts::Done;
use super::rules::{Id, Model, Role, User, Who};
use super::uploads::OnConflict;
use super::{Begun, History, MOST_GRANTS, MOST_REQUESTS, text};

/// A grant, or the grant of somebody who has opened a file request.
pub(super) struct Grant {
    /// Its id; `None` for that of a file request.
    id: Option<String>,
    pub(super) secret: String,
    /// What its holder may do, and the folder that it is for.
    pub(super) who: Who,
    /// The folders of the tokens that it comes from.
    pub(super) line: Vec<Id>,
    pub(super) on_conflict: OnConflict,
    request: Option<usize>,
}

pub(super) struct FileRequest {
    id: String,
    url: String,
    /// Whoever made it, and the folder of their token.
    maker: Who,
    pub(super) folder: Id,
    is_closed: bool,
}

fn holder(user: User, folder: Option<Id>) -> Who {
    Who { user, folder, reads: false, uploads: true, changes: false }
}

impl Model {
    /// Whether a user reaches a place through each of these folders.
    pub(super) fn is_within(&self, user: User, line: &[Id], place: Option<Id>) -> bool {
        let is_inside = |&folder: &Id| {
            let within = Who { folder: Some(folder), ..Who::all_of(user) };
            place.is_some_and(|place| place == folder || self.sees(within, place).is_some())
        };
        line.iter().all(is_inside)
    }

    /// Rule 13.
    fn is_good(&self, request: &FileRequest) -> bool {
        let maker = Who { folder: request.maker.folder, ..Who::all_of(request.maker.user) };
        !request.is_closed && self.sees(maker, request.folder) >= Some(Role::Admin)
    }

    fn manages(&self, who: Who, folder: Id) -> bool {
        who.changes && self.sees(who, folder) >= Some(Role::Admin)
    }
}

impl History {
    /// Whether a grant starts uploads now. Rules 12 and 13.
    pub(super) fn is_grant_open(&self, grant: &Grant) -> bool {
        let (user, folder) = (grant.who.user, grant.who.folder);
        match grant.request {
            Some(_) => self.is_request_of_open(grant),
            None => self.model.takes(grant.who, folder) && self.model.is_within(user, &grant.line, folder),
        }
    }

    /// Whether the file request that a grant belongs to is open; true for other grants.
    pub(super) fn is_request_of_open(&self, grant: &Grant) -> bool {
        let request = grant.request.map(|number| self.requests.get(&number));
        request.is_none_or(|request| request.is_some_and(|request| self.model.is_good(request)))
    }

    pub(super) async fn make_grant(&mut self) -> Done {
        let (who, secret) = self.somebody();
        let folder = self.place_for(who);
        let (on_conflict, spelt) = self.on_conflict();
        let body = json!({ "folderId": self.server_id(folder), "onConflict": spelt });
        let answer = self.drive.ask(&secret, Method::POST, "/drive/grants", Some(body)).await;
        let is_allowed = who.uploads
            && self.model.takes(who, folder)
            && matches!(on_conflict, OnConflict::Keep | OnConflict::Rename);
        self.agree(&format!("{who:?} makes a grant for {folder:?}, {on_conflict:?}"), is_allowed, &answer);
        if is_allowed {
            let (id, secret_of_grant) = (answer.id(), text(&answer, "grant").to_owned());
            self.lineage.made(&id, self.made_token(&secret).as_deref());
            let line = who.folder.into_iter().collect();
            let who = holder(who.user, folder);
            let grant =
                Grant { id: Some(id), secret: secret_of_grant, who, line, on_conflict, request: None };
            self.keep_grant(grant);
        }
        (who.user, Vec::new())
    }

    fn keep_grant(&mut self, grant: Grant) {
        self.made += 1;
        self.grants.insert(self.made, grant);
        if self.grants.len() > MOST_GRANTS
            && let Some((gone, _)) = self.grants.pop_first()
        {
            // Nobody here would notice if its request is closed, and its uploads end.
            self.forget_uploads_of(|begun| begun.upload.grant == Some(gone));
        }
    }

    /// Any token that may upload revokes any grant, mostly in vain.
    pub(super) async fn revoke_grant(&mut self) -> Done {
        let (who, secret) = self.somebody();
        let named = self.grants.values().filter_map(|grant| Some((grant.who, grant.id.clone()?)));
        let Some((of, id)) = self.rng.choice(named.collect::<Vec<_>>()) else { return (0, Vec::new()) };
        let answer = self.drive.ask(&secret, Method::DELETE, &format!("/drive/grants/{id}"), None).await;
        let is_known = match self.made_token(&secret) {
            None => who.user == of.user,
            Some(own) => self.lineage.comes_of(&own).contains(&id),
        };
        let is_allowed = who.uploads && is_known;
        self.agree(&format!("{who:?} revokes a grant of {of:?}"), is_allowed, &answer);
        if is_allowed {
            self.lineage.revoke(&id);
            self.forget_ended_grants().await;
        }
        (who.user, Vec::new())
    }

    /// Checks that grants that have ended are refused. Their unfinished uploads end too, and are not looked at again.
    pub(super) async fn forget_ended_grants(&mut self) {
        let items = &self.model.items;
        let ended = |grant: &Grant| {
            grant.who.folder.is_some_and(|folder| !items.contains_key(&folder))
                || grant.id.as_ref().is_some_and(|id| !self.lineage.is_good(id))
                || grant.request.is_some_and(|number| !self.requests.contains_key(&number))
        };
        let ended: Vec<_> =
            self.grants.iter().filter(|(_, grant)| ended(grant)).map(|(&number, _)| number).collect();
        let file = json!({ "fileName": "a.txt", "fileSize": 1, "mimeType": "text/plain" });
        let start = "/drive/files/upload/multipart/start";
        for number in ended {
            let grant = self.grants.remove(&number).unwrap();
            let answer = self.drive.ask(&grant.secret, Method::POST, start, Some(file.clone())).await;
            assert_eq!(answer.status, 401, "a grant for {:?} that has ended: {}", grant.who, self.story());
            self.forget_uploads_of(|begun| begun.upload.grant == Some(number));
        }
    }

    fn forget_uploads_of(&mut self, is_of: impl Fn(&Begun) -> bool) {
        self.uploads.retain(|begun| begun.became.is_some() || !is_of(begun));
    }

    fn forget_uploads_of_request(&mut self, number: usize) {
        let is_of = |grant: &Grant| grant.request == Some(number);
        let of: Vec<_> =
            self.grants.iter().filter(|(_, one)| is_of(one)).map(|(&number, _)| number).collect();
        self.forget_uploads_of(|begun| begun.upload.grant.is_some_and(|number| of.contains(&number)));
    }

    pub(super) async fn make_request(&mut self) -> Done {
        let (who, secret) = self.somebody();
        let Some(folder) = self.item_for(who) else { return (who.user, Vec::new()) };
        let body = json!({ "folderId": self.ids[&folder], "title": "t", "onConflict": "rename" });
        let answer = self.drive.ask(&secret, Method::POST, "/drive/requests", Some(body)).await;
        let is_allowed = self.model.manages(who, folder) && self.model.items[&folder].bytes.is_none();
        self.agree(&format!("{who:?} makes a file request for {folder}"), is_allowed, &answer);
        if is_allowed {
            let (id, url) = (answer.id(), text(&answer, "url").to_owned());
            self.made += 1;
            self.requests.insert(self.made, FileRequest { id, url, maker: who, folder, is_closed: false });
            if self.requests.len() > MOST_REQUESTS {
                let (gone, _) = self.requests.pop_first().unwrap();
                self.forget_uploads_of_request(gone);
                self.grants.retain(|_, grant| grant.request != Some(gone));
            }
        }
        (who.user, Vec::new())
    }

    fn any_request(&mut self) -> Option<usize> {
        let numbers: Vec<_> = self.requests.keys().copied().collect();
        self.rng.choice(numbers)
    }

    /// A stranger opens a file request.
    pub(super) async fn visit_request(&mut self) -> Done {
        let Some(number) = self.any_request() else { return (0, Vec::new()) };
        let request = &self.requests[&number];
        let answer = self.drive.visit(&format!("{}/submitters", request.url), json!({})).await;
        let (is_allowed, user, folder) =
            (self.model.is_good(request), request.maker.user, Some(request.folder));
        self.agree(&format!("somebody opens the request of {user} for {folder:?}"), is_allowed, &answer);
        if is_allowed {
            let (secret, who) = (text(&answer, "grant").to_owned(), holder(user, folder));
            let (line, on_conflict) = (Vec::new(), OnConflict::Rename);
            self.keep_grant(Grant { id: None, secret, who, line, on_conflict, request: Some(number) });
        }
        (user, Vec::new())
    }

    /// Somebody closes a file request, or opens it again. Rule 14.
    pub(super) async fn change_request(&mut self) -> Done {
        let Some(number) = self.any_request() else { return (0, Vec::new()) };
        let ((who, secret), closes) = (self.somebody(), self.rng.bool());
        let request = &self.requests[&number];
        let (path, body) = (format!("/drive/requests/{}", request.id), json!({ "closed": closes }));
        let answer = self.drive.ask(&secret, Method::PATCH, &path, Some(body)).await;
        let is_manager = self.model.manages(who, request.folder);
        let is_maker = who.changes && who.user == request.maker.user;
        let is_known = is_manager || is_maker && who.folder.is_none();
        let is_allowed = if request.is_closed && !closes { is_manager && is_maker } else { is_known };
        let act = format!("{who:?} sets closed = {closes} of the request for {}", request.folder);
        self.agree(&act, is_allowed, &answer);
        if is_allowed {
            let request = self.requests.get_mut(&number).unwrap();
            request.is_closed = closes;
            if closes {
                self.forget_uploads_of_request(number);
            }
        }
        (who.user, Vec::new())
    }
}
