//! Batches of whole files: the reference model of them, and the act that starts one.
//!
//! 15. A file of a batch goes into the folder that its path names. That is an existing folder only if it gives nobody power
//!     over the file (rule 7), and only for somebody who may read; otherwise it is a new folder of the uploader. A grant
//!     makes no folders.
//! 16. The drive says that it has a file already only to somebody who may read, about a file with the same name and the same
//!     proven bytes in that folder that rule 7 lets new bytes replace, and that no grant or file request brought.
//! 17. After that, a file of a batch is an upload like any other.

use base64::Engine as _;
use http::Method;
use serde_json::{Value, json};

use super::acts::Done;
use super::drive::Answer;
use super::rules::{Id, Item, Model};
use super::sending::{Sender, outcome};
use super::uploads::{OnConflict, Upload, may_end_so};
use super::{Begun, History};

/// The name of a folder in a path.
const FOLDER: &str = "d";
/// How the bytes of files begin whose checksum the drive has proved.
const PROVEN: &str = "proven";

/// A file that a batch is asked to send.
#[derive(Debug, Clone)]
struct Wanted {
    is_in_folder: bool,
    name: String,
    bytes: String,
}

impl Model {
    /// The existing folders that a path may name. Rule 15.
    fn folders_for(&self, sender: &Sender, base: Option<Id>) -> Vec<Id> {
        if !sender.who.reads {
            return Vec::new();
        }
        let user = sender.who.user;
        let mut found = self.named(user, base, FOLDER, |item: &Item| item.bytes.is_none());
        found.retain(|&id| self.is_safe(id, user, base));
        found
    }

    /// The files that make it unnecessary to send this one. Rule 16.
    fn same_files(&self, sender: &Sender, place: Option<Id>, wanted: &Wanted) -> Vec<Id> {
        let user = sender.who.user;
        let mut found = self.namesakes(user, place, &wanted.name);
        let is_same = |id: Id| {
            let item = &self.items[&id];
            item.bytes.as_ref() == Some(&wanted.bytes) && !item.is_strangers
        };
        found.retain(|&id| sender.who.reads && is_same(id) && self.is_safe(id, user, place));
        found
    }
}

impl History {
    pub(super) async fn begin_batch(&mut self) -> Done {
        let sender = self.sender();
        let (base, (on_conflict, spelt)) = (self.base_for(&sender), self.on_conflict());
        let count = self.rng.usize(1..=3);
        let wanted: Vec<_> = (0..count).map(|_| self.wanted_file(base)).collect();
        let files: Vec<_> = wanted.iter().map(to_wire).collect();
        let body = json!({ "parentId": self.server_id(base), "onConflict": spelt, "files": files });
        let path = "/drive/files/upload/batch/start";
        let answer = self.drive.ask(&sender.secret, Method::POST, path, Some(body)).await;
        let who = sender.who;
        let act =
            format!("{who:?} (grant {:?}) begins {wanted:?} in {base:?}, {on_conflict:?}", sender.grant);
        let is_allowed = match sender.grant {
            Some(number) => {
                matches!(on_conflict, OnConflict::Keep | OnConflict::Rename)
                    && self.is_request_of_open(&self.grants[&number])
            }
            None => who.uploads && may_end_so(who, on_conflict) && self.model.takes(who, base),
        };
        self.agree(&act, is_allowed, &answer);
        let mut touched = Vec::new();
        let mut new_folder = None;
        for (at, wanted) in wanted.into_iter().enumerate().take_while(|_| is_allowed) {
            let upload = Upload { on_conflict, ..Upload::by(who, base, &wanted.name, wanted.bytes.clone()) };
            if sender.grant.is_some() {
                self.begin_with_grant(&sender, upload, &wanted, at, &answer).await;
            } else {
                let before = new_folder;
                self.begin_file(&sender, upload, &wanted, at, &answer, &mut new_folder).await;
                touched.extend(new_folder.filter(|_| before.is_none()));
            }
        }
        (who.user, touched)
    }

    /// The folder that the paths start from: now and then one in which the folder of a path is somebody else's, because
    /// few batches meet such a folder by chance.
    fn base_for(&mut self, sender: &Sender) -> Option<Id> {
        let is_others = |id: Id, item: &Item| {
            item.parent == Some(id)
                && item.bytes.is_none()
                && item.name == FOLDER
                && item.owner != sender.who.user
                && item.trashed.is_none()
        };
        let has_one = |history: &Self, id: Id| {
            history.model.takes(sender.who, Some(id))
                && history.model.items.values().any(|item| is_others(id, item))
        };
        let found = if sender.grant.is_none() && self.rng.bool() { self.any(has_one) } else { None };
        found.or_else(|| self.wanted_place(sender))
    }

    /// A file that is often one that the drive has already.
    fn wanted_file(&mut self, base: Option<Id>) -> Wanted {
        let is_in_folder = self.rng.u32(..3) == 0;
        let is_proven = |item: &Item| item.bytes.as_ref().is_some_and(|bytes| bytes.starts_with(PROVEN));
        let near = |item: &Item| {
            item.parent == base || item.parent.is_some_and(|id| self.model.items[&id].parent == base)
        };
        let known: Vec<_> =
            self.model.items.values().filter(|item| is_proven(item) && near(item)).cloned().collect();
        if let Some(item) = self.rng.choice(known).filter(|_| self.rng.bool()) {
            return Wanted { is_in_folder, name: item.name, bytes: item.bytes.unwrap_or_default() };
        }
        self.made += 1;
        Wanted { is_in_folder, name: self.name().to_owned(), bytes: format!("{PROVEN} {}", self.made) }
    }

    /// A grant sends each file anew, and makes no folder for it.
    async fn begin_with_grant(
        &mut self,
        sender: &Sender,
        asked: Upload,
        wanted: &Wanted,
        at: usize,
        answer: &Answer,
    ) {
        let upload = self.terms(sender, asked).filter(|_| !wanted.is_in_folder);
        let of_file = outcome(answer, at, "upload");
        let is_begun = of_file.as_ref().is_some_and(Answer::is_done);
        assert_eq!(is_begun, upload.is_some(), "file {at} is {answer:?}: {}", self.story());
        if let (Some(upload), Some(of_file)) = (upload, of_file) {
            self.put_whole(sender, upload, &of_file.body).await;
        }
    }

    async fn begin_file(
        &mut self,
        sender: &Sender,
        mut upload: Upload,
        wanted: &Wanted,
        at: usize,
        answer: &Answer,
        new_folder: &mut Option<Id>,
    ) {
        let places: Vec<Option<Id>> = match (wanted.is_in_folder, *new_folder) {
            (false, _) => vec![upload.parent],
            (true, Some(new)) => vec![Some(new)],
            (true, None) => self.model.folders_for(sender, upload.parent).into_iter().map(Some).collect(),
        };
        if let Some(there) = outcome(answer, at, "item").filter(|there| there.body.is_object()) {
            assert!(there.is_done(), "file {at} is {answer:?}: {}", self.story());
            let id = there.id();
            let same = places.iter().flat_map(|&place| self.model.same_files(sender, place, wanted));
            let is_same = same.into_iter().any(|same| self.ids[&same] == id);
            assert!(is_same, "file {at} is not there already: {answer:?}: {}", self.story());
            return;
        }
        let begun = outcome(answer, at, "upload").filter(Answer::is_done);
        let begun = begun.unwrap_or_else(|| panic!("file {at} is {answer:?}: {}", self.story())).body;
        let told = begun["parentId"].as_str();
        let place = places.iter().copied().find(|place| place.map(|id| self.ids[&id].as_str()) == told);
        upload.parent = if let Some(place) = place {
            let same = self.model.same_files(sender, place, wanted);
            assert!(same.is_empty(), "file {at} is there already, as {same:?}: {}", self.story());
            place
        } else {
            assert!(wanted.is_in_folder && places.is_empty(), "file {at} goes to {told:?}: {}", self.story());
            let id = self.model.add(sender.who.user, upload.parent, FOLDER, None);
            self.ids.insert(id, told.unwrap().to_owned());
            *new_folder = Some(id);
            Some(id)
        };
        self.put_whole(sender, upload, &begun).await;
    }

    async fn put_whole(&mut self, sender: &Sender, upload: Upload, begun: &Value) {
        let etag = self.drive.put(begun["url"].as_str().unwrap(), &upload.bytes, &begun["headers"]).await;
        let of = |name: &str| begun[name].as_str().unwrap().to_owned();
        let (upload_id, file_key) = (of("uploadId"), of("fileKey"));
        let token = self.made_token(&sender.secret);
        self.remember(Begun { upload, upload_id, file_key, etag, is_whole: true, token, became: None });
    }
}

fn to_wire(wanted: &Wanted) -> Value {
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, wanted.bytes.as_bytes());
    let crc = base64::engine::general_purpose::STANDARD.encode(crc.to_be_bytes());
    let folder = if wanted.is_in_folder { format!("{FOLDER}/") } else { String::new() };
    json!({
        "path": format!("{folder}{}", wanted.name), "fileSize": wanted.bytes.len(), "mimeType": "text/plain",
        "checksum": { "crc64nvme": crc },
    })
}
