//! How files are uploaded: acts that begin and finalize uploads, in parts and as whole files.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::acts::Done;
use super::drive::Answer;
use super::rules::{Id, User, Who};
use super::uploads::{Asker, Landing, OnConflict, Upload};
use super::{Begun, History, MOST_UPLOADS, text};

const ON_CONFLICT: [(OnConflict, &str); 4] = [
    (OnConflict::Keep, "keep"),
    (OnConflict::Rename, "rename"),
    (OnConflict::Fail, "fail"),
    (OnConflict::Replace, "replace"),
];

/// Somebody who uploads, and what they hold.
pub(super) struct Sender {
    pub(super) who: Who,
    pub(super) secret: String,
    /// The number of their grant, if they hold no token.
    pub(super) grant: Option<usize>,
}

impl History {
    /// Somebody with a token or, now and then, with a grant.
    pub(super) fn sender(&mut self) -> Sender {
        let numbers: Vec<_> = self.grants.keys().copied().collect();
        if let Some(number) = self.rng.choice(numbers).filter(|_| self.rng.u32(..3) == 0) {
            let grant = &self.grants[&number];
            return Sender { who: grant.who, secret: grant.secret.clone(), grant: Some(number) };
        }
        let (who, secret) = self.somebody();
        Sender { who, secret, grant: None }
    }

    pub(super) fn on_conflict(&mut self) -> (OnConflict, &'static str) {
        ON_CONFLICT[self.rng.usize(..ON_CONFLICT.len())]
    }

    /// Where somebody wants to put a file. The holder of a grant mostly names no folder.
    pub(super) fn wanted_place(&mut self, sender: &Sender) -> Option<Id> {
        if sender.grant.is_some() && self.rng.u32(..4) > 0 { None } else { self.place_for(sender.who) }
    }

    /// The upload as it is begun: a grant decides where it goes, and what happens if its name is taken. `None` if the grant
    /// refuses what was asked.
    pub(super) fn terms(&self, sender: &Sender, asked: Upload) -> Option<Upload> {
        let Some(number) = sender.grant else { return Some(asked) };
        let grant = &self.grants[&number];
        let is_fine = matches!(asked.on_conflict, OnConflict::Keep | OnConflict::Rename)
            && (asked.parent.is_none() || asked.parent == grant.who.folder)
            && self.is_grant_open(grant);
        let upload = Upload {
            grant: Some(number),
            line: grant.line.clone(),
            parent: grant.who.folder,
            on_conflict: grant.on_conflict,
            ..asked
        };
        is_fine.then_some(upload)
    }

    pub(super) async fn begin_upload(&mut self) -> Done {
        let sender = self.sender();
        let (who, (on_conflict, spelt)) = (sender.who, self.on_conflict());
        let (parent, name) = (self.wanted_place(&sender), self.name());
        self.made += 1;
        let asked = Upload { on_conflict, ..Upload::by(who, parent, name, format!("bytes {}", self.made)) };
        let body = json!({
            "fileName": name, "fileSize": asked.bytes.len(), "mimeType": "text/plain",
            "parentId": self.server_id(parent), "onConflict": spelt,
        });
        let path = "/drive/files/upload/multipart/start";
        let answer = self.drive.ask(&sender.secret, Method::POST, path, Some(body)).await;
        let upload = self.terms(&sender, asked);
        let upload = upload.filter(|upload| upload.grant.is_some() || self.model.may_start(upload));
        let act = format!("{who:?} (grant {:?}) begins {name} in {parent:?}, {on_conflict:?}", sender.grant);
        self.agree(&act, upload.is_some(), &answer);
        if let Some(upload) = upload {
            let (upload_id, file_key) =
                (text(&answer, "uploadId").to_owned(), text(&answer, "fileKey").to_owned());
            let body = json!({ "uploadId": upload_id, "fileKey": file_key, "parts": 1 });
            let path = "/drive/files/upload/multipart/presigned-urls";
            let signed = self.drive.ask(&sender.secret, Method::POST, path, Some(body)).await;
            let url = signed.body["urls"][0].as_str().unwrap();
            let etag = self.drive.put(url, &upload.bytes, &Value::Null).await;
            let token = self.made_token(&sender.secret);
            self.remember(Begun { upload, upload_id, file_key, etag, is_whole: false, token, became: None });
        }
        (who.user, Vec::new())
    }

    pub(super) fn remember(&mut self, begun: Begun) {
        self.uploads.push(begun);
        if self.uploads.len() > MOST_UPLOADS {
            self.uploads.remove(0);
        }
    }

    /// Finalizes an upload, mostly by whoever started it, and sometimes a second time.
    pub(super) async fn finalize(&mut self) -> Done {
        let Some(at) = self.rng.choice(0..self.uploads.len()) else { return (0, Vec::new()) };
        let sender = self.finalizer(at);
        let (upload, became) = (self.uploads[at].upload.clone(), self.uploads[at].became);
        let answer = self.ask_to_finalize(&sender, at).await;
        let who = sender.who;
        let act = format!("{who:?} (grant {:?}) finalizes {upload:?}", sender.grant);
        let asker = self.asker(&sender, at);
        let is_served = sender.grant.is_none_or(|number| self.is_request_of_open(&self.grants[&number]));
        if let Some(id) = became {
            // What has become of the item since then is hidden from whoever may only upload.
            let is_there = self.model.items.contains_key(&id) && self.model.sees(who, id).is_some();
            let is_told = is_served && self.model.reaches(asker, &upload) && (is_there || !who.reads);
            self.agree(&format!("{act} again"), is_told, &answer);
            return (who.user, Vec::new());
        }
        let landing = if is_served { self.model.landing(asker, &upload) } else { Landing::Refused };
        self.agree(&format!("{act}: {landing:?}"), landing != Landing::Refused, &answer);
        if answer.is_done() && !who.reads {
            let told = text(&answer, "name");
            assert_eq!(told, upload.name, "the answer has the name of the upload: {}", self.story());
        }
        let touched = self.land(landing, &upload, &answer.body).await;
        let too_much = touched.first().is_some_and(|&id| self.model.gives_too_much(id, &upload));
        let story = || self.story();
        assert!(!too_much, "the finalize gave somebody a role that they lacked on the folder: {}", story());
        self.uploads[at].became = touched.first().copied();
        (upload.begun_by.user, touched)
    }

    async fn ask_to_finalize(&mut self, sender: &Sender, at: usize) -> Answer {
        let begun = &self.uploads[at];
        let mut body = json!({ "uploadId": begun.upload_id, "fileKey": begun.file_key });
        if begun.is_whole && self.rng.bool() {
            let (path, body) = ("/drive/files/upload/batch/finalize", json!({ "files": [body] }));
            let answer = self.drive.ask(&sender.secret, Method::POST, path, Some(body)).await;
            return outcome(&answer, 0, "item").unwrap_or(answer);
        }
        body["parts"] = json!([{ "partNumber": 1, "eTag": begun.etag }]);
        let path = "/drive/files/upload/multipart/finalize";
        self.drive.ask(&sender.secret, Method::POST, path, Some(body)).await
    }

    fn asker(&self, sender: &Sender, at: usize) -> Asker {
        let is_of_token = match (self.made_token(&sender.secret), &self.uploads[at].token) {
            (Some(own), Some(of)) => self.lineage.comes_of(&own).contains(of),
            _ => false,
        };
        Asker { who: sender.who, grant: sender.grant, is_of_token }
    }

    fn finalizer(&mut self, at: usize) -> Sender {
        let Upload { begun_by, grant, .. } = self.uploads[at].upload;
        let same = self.tokens.iter().find(|token| token.who == begun_by && grant.is_none());
        let own_grant = grant.and_then(|number| Some((number, self.grants.get(&number)?)));
        match (self.rng.u32(..6), own_grant, same) {
            (0, ..) => self.sender(),
            (1..5, Some((number, grant)), _) => {
                Sender { who: grant.who, secret: grant.secret.clone(), grant: Some(number) }
            }
            (1..5, None, Some(token)) => Sender { who: token.who, secret: token.secret.clone(), grant: None },
            _ => {
                let secret = self.drive.users[begun_by.user].1.clone();
                Sender { who: Who::all_of(begun_by.user), secret, grant: None }
            }
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
        self.model.items.get_mut(&id).unwrap().is_strangers = upload.grant.is_some();
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

/// What a batch answers about one file: its field `name`, or an error with its status.
pub(super) fn outcome(answer: &Answer, at: usize, name: &str) -> Option<Answer> {
    let file = answer.body["files"].get(at)?;
    let (body, status) = match file.get("error").filter(|error| !error.is_null()) {
        Some(error) => (error, u16::try_from(error["statusCode"].as_u64()?).ok()?),
        None => (file.get(name)?, 200),
    };
    Some(Answer { status: StatusCode::from_u16(status).ok()?, body: body.clone() })
}
