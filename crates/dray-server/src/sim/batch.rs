//! A simulated client of batches: it starts several files at once, puts each whole, some of them late or twice or never, and
//! then repeats the finalize of all that have no outcome yet.

use std::sync::Arc;

use dray_api::batch::{FileKey, FileToPut, FinalizeFiles, NewFile, StartFiles};
use dray_api::upload::{Checksum, OnConflict, UploadKey};
use dray_s3::{AddressingStyle, Endpoint};
use tokio::time::{Instant, sleep};

use super::node::Cluster;
use super::store::crc64;
use super::uploader::{ANSWERED_WITHIN, Known, STARTS, delete};
use super::world::lock;
use crate::drive::Error;
use crate::drive::item::Item;
use crate::objects::TOKEN_METADATA;
use crate::service::{Once, StartedFile};

const MAX_FILES: u64 = 4;

/// A file of a batch.
struct File {
    new: NewFile,
    put: Option<FileToPut>,
    /// Whether the store has it.
    is_put: bool,
    /// Whether the client has aborted it, or has heard that it will not become an item.
    is_over: bool,
    item: Option<Item>,
}

pub(super) struct Batch {
    cluster: Arc<Cluster>,
    number: usize,
    files: Vec<File>,
}

impl Batch {
    pub(super) fn new(cluster: &Arc<Cluster>, number: usize) -> Self {
        let count = cluster.world.within(1..MAX_FILES + 1);
        let files = (0..count).map(|at| File::choose(cluster, format!("batch {number}, {at}"))).collect();
        Self { cluster: Arc::clone(cluster), number, files }
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        self.cluster.world.tell(format_args!("b{}", self.number).to_string(), what);
    }

    fn fail(&self, fault: &str, key: &str) {
        self.cluster.world.fail(format!("batch {}: {fault} ({key})", self.number));
    }

    pub(super) async fn run(mut self) -> Vec<Known> {
        let cluster = Arc::clone(&self.cluster);
        let world = &cluster.world;
        sleep(world.millis(0..60_000)).await;
        if self.begin().await {
            self.put_all().await;
            if world.chance(world.profile.leaves) {
                self.tell(|| "leaves".to_owned());
            } else {
                if world.chance(world.profile.aborts) {
                    self.abort_one().await;
                }
                self.insist().await;
            }
        }
        let mut known = Vec::new();
        for file in &self.files {
            let Some((put, item)) = file.put.as_ref().zip(file.item.clone()) else { continue };
            let mut one =
                Known { key: put.file_key.clone(), item: Some(item), shares_name: false, ..Known::default() };
            if world.chance(world.profile.deletes) {
                one.deletion = delete(&cluster, &one).await;
                self.tell(|| format!("deletion of {}: {:?}", one.key, one.deletion));
            }
            known.push(one);
        }
        known
    }

    async fn begin(&mut self) -> bool {
        let cluster = Arc::clone(&self.cluster);
        let world = &cluster.world;
        for _ in 0..STARTS {
            let request = StartFiles {
                parent_id: None,
                on_conflict: OnConflict::Keep,
                files: self.files.iter().map(|file| file.new.clone()).collect(),
            };
            let ask = async |service: crate::service::Service, caller| {
                let endpoint = Endpoint::parse("http://store", AddressingStyle::Path).unwrap();
                let now = service.now();
                service.start_files(&caller, request, &endpoint, Once::default(), now).await
            };
            let answer = cluster.ask(world.millis(1000..20_000), ask).await;
            self.tell(|| format!("start -> {:?}", answer.as_ref().map(|made| made.as_ref().map(|_| ()))));
            match answer {
                Some(Ok(made)) => {
                    for (file, started) in self.files.iter_mut().zip(made.answer.files) {
                        match started {
                            StartedFile::Upload(put) => file.put = Some(put),
                            // An earlier try may have become an item meanwhile: nobody puts its bytes, so it has not.
                            StartedFile::Item(_) => world.fail("a new file is there already".to_owned()),
                            StartedFile::Refused(err) => world.fail(format!("a file was refused: {err}")),
                        }
                    }
                    return true;
                }
                Some(Err(err @ Error::Internal { .. })) => self.fail(&err.to_string(), "start"),
                _ => {}
            }
            sleep(world.millis(100..20_000)).await;
        }
        false
    }

    /// Puts the files. One in ten is never put; some arrive a second time, after whatever happened since.
    async fn put_all(&mut self) {
        let cluster = Arc::clone(&self.cluster);
        let world = &cluster.world;
        for file in &mut self.files {
            sleep(world.millis(0..500)).await;
            let Some(put) = file.put.clone() else { continue };
            let size_bytes = file.new.file_size;
            let again = world.chance(200).then(|| world.millis(1..3_000_000));
            if !world.chance(100) {
                file.is_put = put_one(&cluster, &put, size_bytes);
                if !file.is_put {
                    world.fail(format!("the store did not take a file that it does not have: {put:?}"));
                }
            }
            if let Some(after) = again {
                let cluster = Arc::clone(&cluster);
                tokio::spawn(async move {
                    sleep(after).await;
                    let is_taken = put_one(&cluster, &put, size_bytes);
                    cluster.world.tell("late put", || format!("{} taken: {is_taken}", put.file_key));
                });
            }
        }
    }

    async fn abort_one(&mut self) {
        let cluster = Arc::clone(&self.cluster);
        let at = usize::try_from(cluster.world.below(self.files.len() as u64)).unwrap();
        let Some(put) = self.files[at].put.clone() else { return };
        let key = UploadKey { upload_id: put.upload_id, file_key: put.file_key };
        let ask = async |service: crate::service::Service, caller| service.abort_upload(&caller, &key).await;
        let answer = cluster.ask(cluster.world.millis(1000..20_000), ask).await;
        self.tell(|| format!("abort -> {answer:?}"));
        // Without an answer it may be aborted or not.
        self.files[at].is_over = true;
    }

    /// Repeats the finalize of all files until each has an outcome, sometimes twice at once.
    async fn insist(&mut self) {
        let cluster = Arc::clone(&self.cluster);
        let world = &cluster.world;
        let mut calm_since = None;
        loop {
            let open: Vec<usize> = (0..self.files.len()).filter(|at| self.files[*at].is_open()).collect();
            if open.is_empty() {
                return;
            }
            sleep(world.millis(0..2000)).await;
            let twice = world.chance(200);
            let (one, other) = tokio::join!(self.finalize(&open), async {
                if twice { self.finalize(&open).await } else { None }
            });
            for answer in [one, other].into_iter().flatten() {
                for (at, outcome) in open.iter().zip(answer) {
                    self.learn(*at, outcome);
                }
            }
            if world.is_calm() && calm_since.get_or_insert_with(Instant::now).elapsed() > ANSWERED_WITHIN {
                let open: Vec<_> = self.files.iter().filter(|file| file.is_open() && file.is_put).collect();
                if let Some(file) = open.first() {
                    self.fail("a finalize is not answered, though nothing goes wrong any more", file.key());
                }
                return;
            }
            let pause = if world.is_calm() { 40_000..60_000 } else { 500..40_000 };
            sleep(world.millis(pause)).await;
        }
    }

    async fn finalize(&self, open: &[usize]) -> Option<Vec<Result<Item, Error>>> {
        let world = &self.cluster.world;
        let key = |at: &usize| {
            let (file, put) = (&self.files[*at], self.files[*at].put.as_ref()?);
            let (upload_id, file_key) = (put.upload_id.clone(), put.file_key.clone());
            Some(FileKey { upload_id, file_key, checksum: file.new.checksum.clone() })
        };
        let request = FinalizeFiles { files: open.iter().filter_map(key).collect() };
        let ask =
            async |service: crate::service::Service, caller| service.finalize_files(&caller, request).await;
        let answer = self.cluster.ask(world.millis(2000..60_000), ask).await;
        self.tell(|| {
            format!("finalize -> {:?}", answer.as_ref().map(|all| all.as_ref().map(|all| shown(all))))
        });
        match answer? {
            Ok(outcomes) => Some(outcomes),
            Err(err) => {
                if !err.is_passing() {
                    self.fail(&format!("an answer that should not be: {err}"), "all");
                }
                None
            }
        }
    }

    fn learn(&mut self, at: usize, outcome: Result<Item, Error>) {
        let (key, is_put) = (self.files[at].key().to_owned(), self.files[at].is_put);
        match outcome {
            Ok(item) => {
                if self.files[at].item.as_ref().is_some_and(|before| before.id != item.id) {
                    self.fail("one file became two items", &key);
                }
                let size = self.files[at].new.file_size;
                let store = lock(&self.cluster.world.store);
                let is_there = store.object(&key).is_some_and(|object| object.size_bytes == size);
                drop(store);
                if !is_there || item.object_key() != Some(&key) {
                    self.fail("an item was answered whose bytes are not there", &key);
                }
                self.files[at].item = Some(item);
            }
            Err(err) if err.is_passing() => {}
            // A store may deny what it has. What was never put stays open until it expires.
            Err(Error::InvalidPart { .. } | Error::NothingStored) if is_put => {}
            Err(Error::InvalidPart { .. } | Error::NothingStored) => self.files[at].is_over = true,
            Err(Error::StoreRefused { .. } | Error::FinalizeInProgress) => {}
            Err(Error::UploadAborted) => {
                let has_reason = lock(&self.cluster.world.monitor).is_over_with_reason(&key);
                if !has_reason {
                    self.fail("a file was aborted that nobody has aborted", &key);
                }
                self.files[at].is_over = true;
            }
            Err(err) => {
                self.fail(&format!("an answer that should not be: {err}"), &key);
                self.files[at].is_over = true;
            }
        }
    }
}

fn shown(outcomes: &[Result<Item, Error>]) -> Vec<String> {
    let one = |outcome: &Result<Item, Error>| match outcome {
        Ok(item) => item.id.to_string(),
        Err(err) => err.to_string(),
    };
    outcomes.iter().map(one).collect()
}

/// The client's own PUT, as its URL and its headers ask for it.
fn put_one(cluster: &Cluster, put: &FileToPut, size_bytes: u64) -> bool {
    let path = put.url.split_once("http://store/b/").map_or("", |(_, rest)| rest);
    let key = path.split('?').next().unwrap_or_default();
    let token = put.headers.get(TOKEN_METADATA).map_or("", String::as_str);
    let may_overwrite = !put.headers.contains_key("if-none-match");
    lock(&cluster.world.store).put_whole(key, token, size_bytes, may_overwrite)
}

impl File {
    fn choose(cluster: &Cluster, path: String) -> Self {
        let file_size = cluster.world.below(8);
        let has_checksum = cluster.world.chance(300);
        let checksum = has_checksum.then(|| Checksum { crc64nvme: crc64(file_size) });
        let new = NewFile { path, file_size, mime_type: "a/b".into(), parent_id: None, checksum };
        Self { new, put: None, is_put: false, is_over: false, item: None }
    }

    fn is_open(&self) -> bool {
        self.put.is_some() && !self.is_over && self.item.is_none()
    }

    fn key(&self) -> &str {
        self.put.as_ref().map_or("", |put| &put.file_key)
    }
}
