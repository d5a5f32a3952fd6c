//! What people do on a drive besides uploading a file: whole acts in one line, for tests about something else.

use std::sync::Arc;

use dray_object_store::KeyKind;
use dray_server::metrics::Metrics;
use dray_server::objects::{MARK_PREFIX, Objects};
use dray_server::{BUCKET, REGION, S3Config, store_folder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Actor, Answer, Started, World, real_now};

impl World {
    /// Stops the server and starts it again. Due work is swept at once.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.serve(|_| {}).await;
    }

    /// The id of an existing user.
    pub(crate) async fn user_id(&self, email: &str) -> String {
        let found = self.owner().query("/workspace/members", &[("q", email)]).await.ok();
        found["members"][0]["_id"].as_str().unwrap().to_owned()
    }

    /// A user, to whom `owner` gives a role on an item.
    pub(crate) async fn participant(&self, email: &str, owner: &Actor, item: &str, role: &str) -> Actor {
        let user = self.user(email).await;
        owner.share(item, &self.user_id(email).await, role).await;
        user
    }

    /// An actor with a token that `actor` created over the API.
    pub(crate) async fn token_of(&self, actor: &Actor, scopes: &[&str], folder: Option<&str>) -> Actor {
        let body = json!({ "name": "a test's", "scopes": scopes, "folderId": folder });
        let made = actor.post("/tokens", &body).await.ok();
        self.with_token(made["token"].as_str().unwrap())
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.database.count(self.data.path(), table).await
    }

    /// This drive's embedded store, as the external store of another drive that reaches it at `endpoint`.
    pub(crate) fn as_store(&self, endpoint: impl Into<String>) -> S3Config {
        let key = dray_object_store::key_of(&store_folder(self.data.path()), KeyKind::Writer);
        S3Config {
            endpoint: Some(endpoint.into()),
            public_endpoint: None,
            bucket: BUCKET.into(),
            region: REGION.into(),
            path_style: true,
            credentials: Some(key.unwrap()),
        }
    }

    /// The keys of all objects that the store has, without the marks of drives.
    pub(crate) async fn object_keys(&self) -> Vec<String> {
        let mut keys = self.all_keys().await;
        keys.retain(|key| !key.starts_with(MARK_PREFIX));
        keys
    }

    /// The keys of the marks in the store.
    pub(crate) async fn marks(&self) -> Vec<String> {
        let mut keys = self.all_keys().await;
        keys.retain(|key| key.starts_with(MARK_PREFIX));
        keys
    }

    async fn all_keys(&self) -> Vec<String> {
        if let Some(store) = &self.store {
            return store.object_keys(&self.http, real_now()).await;
        }
        let store = rusqlite::Connection::open(self.data.path().join("store/meta.db")).unwrap();
        let sql =
            "select o.key from object o join bucket b on b.id = o.bucket where b.name = ?1 order by o.key";
        let mut statement = store.prepare(sql).unwrap();
        let keys = statement.query_map([BUCKET], |row| row.get(0)).unwrap();
        keys.collect::<Result<_, _>>().unwrap()
    }

    /// Removes all objects of the store behind the drive's back.
    pub(crate) async fn lose_objects(&self) {
        let config = match &self.store {
            Some(store) => store.config.clone(),
            None => self.as_store(self.url.clone()),
        };
        let objects = Objects::other(&config, None, &Arc::new(Metrics::off())).await.unwrap();
        for key in self.object_keys().await {
            objects.delete(&key).await.unwrap();
        }
    }

    /// How many multipart uploads the store has open.
    pub(crate) async fn uploads_in_store(&self) -> usize {
        if let Some(store) = &self.store {
            return store.uploads(&self.http, real_now()).await;
        }
        let store = rusqlite::Connection::open(self.data.path().join("store/meta.db")).unwrap();
        store.query_row("select count(*) from upload", [], |row| row.get(0)).unwrap()
    }
}

impl Actor {
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// An item, which must exist for them, in the form of lists: without their role on it.
    pub(crate) async fn item(&self, id: &str) -> Value {
        let mut item = self.get(&format!("/drive/files/{id}")).await.ok();
        assert!(item.as_object_mut().unwrap().remove("role").is_some());
        item
    }

    /// Checks that the item does not exist for them.
    pub(crate) async fn check_absent(&self, id: &str) {
        let answer = self.get(&format!("/drive/files/{id}")).await;
        assert_eq!(answer.refused(), (404, "not_found".to_owned()));
    }

    /// Renames or moves an item.
    pub(crate) async fn change(&self, id: &str, change: &Value) -> Answer {
        self.patch(&format!("/drive/files/{id}"), change).await
    }

    /// Moves an item to a folder, or to the root.
    pub(crate) async fn move_to(&self, id: &str, folder: Option<&str>) -> Answer {
        self.change(id, &json!({ "parentId": folder })).await
    }

    /// Puts an item into the trash.
    pub(crate) async fn trash(&self, id: &str) {
        self.delete(&format!("/drive/files/{id}")).await.done();
    }

    /// Removes an item of the trash permanently.
    pub(crate) async fn purge(&self, id: &str) {
        self.delete(&format!("/drive/trash/{id}")).await.done();
    }

    pub(crate) async fn restore(&self, id: &str) -> Answer {
        self.post(&format!("/drive/files/{id}/restore"), &json!({})).await
    }

    /// The names in the trash, the latest first.
    pub(crate) async fn trashed(&self) -> Vec<String> {
        names(&self.get("/drive/trash").await.ok()["items"])
    }

    /// The names in a folder (or in the `root`), in order.
    pub(crate) async fn listed(&self, folder: &str) -> Vec<String> {
        let answer = self.get(&format!("/drive/folders/{folder}/children?limit=1000")).await.ok();
        assert_eq!(answer["nextCursor"], Value::Null);
        names(&answer["items"])
    }

    /// All items of a list in pages, none of which has more than `limit`.
    pub(crate) async fn pages(&self, path: &str, parameters: &[(&str, &str)], limit: usize) -> Vec<Value> {
        let (mut all, mut cursor, size) = (Vec::new(), None::<String>, limit.to_string());
        loop {
            let mut parameters = [parameters, &[("limit", size.as_str())]].concat();
            parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let mut page = self.query(path, &parameters).await.ok();
            let items = std::mem::take(page["items"].as_array_mut().unwrap());
            assert!(items.len() == limit || page["nextCursor"].is_null(), "only the last page is shorter");
            assert!(!items.is_empty() || cursor.is_none(), "a cursor leads to something");
            all.extend(items);
            match page["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return all,
            }
        }
    }

    /// Gives a user a role on an item.
    pub(crate) async fn share(&self, item: &str, user: &str, role: &str) {
        self.put_role(item, user, role).await.ok();
    }

    pub(crate) async fn put_role(&self, item: &str, user: &str, role: &str) -> Answer {
        let path = format!("/drive/files/{item}/participants/{user}");
        Answer::of(self.request(Method::PUT, &path).json(&json!({ "role": role }))).await
    }

    /// Takes a user's role on an item away.
    pub(crate) async fn unshare(&self, item: &str, user: &str) {
        self.delete(&format!("/drive/files/{item}/participants/{user}")).await.done();
    }

    /// What they own: items and bytes.
    pub(crate) async fn usage(&self) -> (u64, u64) {
        let usage = self.get("/drive/usage").await.ok();
        (usage["items"].as_u64().unwrap(), usage["usedBytes"].as_u64().unwrap())
    }

    /// Like [`Actor::start`], with `more` in the request, such as a folder.
    pub(crate) async fn start_with(&self, name: &str, size: usize, more: &Value) -> Started {
        let mut body = json!({ "fileName": name, "fileSize": size, "mimeType": "application/pdf" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Started::of(&self.step("start", &body).await.ok())
    }

    /// Uploads a small file up to the finalize, with `more` in its start. Returns the upload, and the parts that
    /// finalize must list.
    pub(crate) async fn put_with(&self, name: &str, bytes: &[u8], more: &Value) -> (Started, Value) {
        let upload = self.start_with(name, bytes.len(), more).await;
        let listed = self.put_parts(&upload, &[bytes.to_vec()]).await;
        (upload, listed)
    }

    /// Like [`Actor::put_with`], and finalizes. Returns the item.
    pub(crate) async fn upload_with(&self, name: &str, bytes: &[u8], more: &Value) -> Value {
        let (upload, listed) = self.put_with(name, bytes, more).await;
        self.finalize(&upload, &listed).await.ok()
    }

    /// Uploads a small file into a folder. Returns its id.
    pub(crate) async fn file(&self, name: &str, folder: Option<&str>) -> String {
        id(&self.upload_with(name, name.as_bytes(), &json!({ "parentId": folder })).await)
    }

    /// A URL of the file's bytes.
    pub(crate) async fn download_url(&self, id: &str) -> String {
        let answer = self.get(&format!("/drive/files/{id}/download")).await.ok();
        answer["url"].as_str().unwrap().to_owned()
    }
}

/// The id of an item.
#[track_caller]
pub(crate) fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

/// The ids of items.
#[track_caller]
pub(crate) fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(id).collect()
}

/// The names of a list of items.
#[track_caller]
pub(crate) fn names(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}
