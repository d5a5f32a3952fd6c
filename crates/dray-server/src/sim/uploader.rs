//! A simulated client: it starts an upload, puts its parts, and then repeats finalize until it gets an answer,
//! aborts, or leaves. It asks any server, several at once, until it knows the outcome.

use std::sync::Arc;
use std::time::Duration;

use dray_api::upload::{
    Checksum, FinalizeUpload, OnConflict, StartUpload, StartedUpload, UploadKey, UploadedPart,
};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::node::Cluster;
use super::store::crc64;
use super::world::lock;
use crate::drive::Error;
use crate::drive::item::Item;
use crate::objects::scratch_key;
use crate::service::Once;

/// How long after the last fault a repeated finalize may stay without an answer: a minute longer than the quiet time
/// after which the store's silence is proof.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_mins(13);
pub(super) const STARTS: usize = 6;

/// What a client knows at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) key: String,
    /// The item from the answer to a finalize.
    pub(super) item: Option<Item>,
    pub(super) deletion: Deletion,
    /// Whether others may replace its bytes.
    pub(super) shares_name: bool,
}

/// Whether a client has removed its item permanently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Deletion {
    #[default]
    No,
    /// It has asked for the removal, but got no answer.
    Maybe,
    Yes,
}

/// What a client does with its upload.
#[derive(Debug, Clone)]
struct Plan {
    number: usize,
    name: String,
    on_conflict: OnConflict,
    size_bytes: u64,
    checksum: Option<Checksum>,
    lists_parts: bool,
}

/// The outcome of a finalize.
enum End {
    Item(Item),
    Over,
}

pub(super) struct Uploader {
    cluster: Arc<Cluster>,
    plan: Plan,
}

impl Uploader {
    pub(super) fn new(cluster: &Arc<Cluster>, number: usize) -> Self {
        Self { cluster: Arc::clone(cluster), plan: Plan::choose(cluster, number) }
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        self.cluster.world.tell(format_args!("c{}", self.plan.number).to_string(), what);
    }

    fn fail(&self, fault: &str, key: &str) {
        self.cluster.world.fail(format!("client {}: {fault} ({key})", self.plan.number));
    }

    pub(super) async fn run(self) -> Known {
        let world = &self.cluster.world;
        sleep(world.millis(0..60_000)).await;
        let Some(started) = self.begin().await else { return Known::default() };
        let mut known = Known {
            key: started.file_key.clone(),
            shares_name: self.plan.on_conflict != OnConflict::Keep,
            ..Known::default()
        };
        let Some(parts) = self.put_parts(&started).await else { return known };
        let (aborts, leaves) = (world.chance(world.profile.aborts), world.chance(world.profile.leaves));
        if leaves {
            self.tell(|| "leaves".to_owned());
            return known;
        }
        if aborts && world.chance(500) {
            self.abort(&started).await;
            return known;
        }
        let ends = self.finalize_several(&started, parts, aborts).await;
        known.item = self.agreed(ends, &started.file_key, aborts);
        if known.item.is_some()
            && self.plan.on_conflict == OnConflict::Keep
            && world.chance(world.profile.deletes)
        {
            known.deletion = delete(&self.cluster, &known).await;
            self.tell(|| format!("deletion: {:?}", known.deletion));
        }
        known
    }

    async fn begin(&self) -> Option<StartedUpload> {
        let world = &self.cluster.world;
        for _ in 0..STARTS {
            let request = StartUpload {
                file_name: self.plan.name.clone(),
                file_size: self.plan.size_bytes,
                mime_type: "a/b".into(),
                parent_id: None,
                on_conflict: self.plan.on_conflict,
                checksum: self.plan.checksum.clone(),
            };
            let ask = async |service: crate::service::Service, caller| {
                let now = service.now();
                service.start_upload(&caller, request, Once::default(), now).await
            };
            let answer = self.cluster.ask(world.millis(1000..20_000), ask).await;
            self.tell(|| {
                format!(
                    "start -> {:?}",
                    answer.as_ref().map(|made| made.as_ref().map(|made| &made.answer.upload_id))
                )
            });
            match answer {
                Some(Ok(made)) => return Some(made.answer),
                Some(Err(err @ Error::Internal { .. })) => self.fail(&err.to_string(), "start"),
                _ => {}
            }
            sleep(world.millis(100..20_000)).await;
        }
        None
    }

    /// Puts the parts directly to the store.
    async fn put_parts(&self, started: &StartedUpload) -> Option<Vec<UploadedPart>> {
        let world = &self.cluster.world;
        if world.goes_wrong(world.profile.unabortable) {
            lock(&world.store).unabortable.insert(started.upload_id.clone());
        }
        if self.plan.size_bytes == 0 && !world.profile.is_embedded {
            let put = super::store::Call::Put { key: scratch_key(&started.file_key), token: String::new() };
            lock(&world.store).answer(&put);
            return Some(vec![UploadedPart { part_number: 1, e_tag: Some("e".into()) }]);
        }
        let mut parts = Vec::new();
        let part_bytes = started.part_size.max(1);
        for number in 1..=u16::try_from(started.parts).unwrap() {
            sleep(world.millis(0..2000)).await;
            let before = u64::from(number - 1) * part_bytes;
            let size_bytes = part_bytes.min(self.plan.size_bytes - before);
            let e_tag = lock(&world.store).put_part(&started.upload_id, number, size_bytes)?;
            parts.push(UploadedPart { part_number: number.into(), e_tag: Some(e_tag) });
        }
        Some(parts)
    }

    /// Sends a finalize several times at once, and perhaps aborts meanwhile.
    async fn finalize_several(
        &self,
        started: &StartedUpload,
        parts: Vec<UploadedPart>,
        aborts: bool,
    ) -> Vec<End> {
        let world = &self.cluster.world;
        let callers = if world.chance(300) { world.within(2..4) } else { 1 };
        let insisting = (0..callers).map(|_| self.insist(started, &parts, aborts));
        let aborting = async {
            if aborts {
                sleep(world.millis(0..3000)).await;
                self.abort(started).await;
            }
        };
        tokio::join!(join_all(insisting), aborting).0
    }

    /// Repeats a finalize until it is answered.
    async fn insist(&self, started: &StartedUpload, parts: &[UploadedPart], aborts: bool) -> End {
        let world = &self.cluster.world;
        let mut calm_since = None;
        loop {
            sleep(world.millis(0..2000)).await;
            let request = FinalizeUpload {
                upload_id: started.upload_id.clone(),
                file_key: started.file_key.clone(),
                parts: self.plan.lists_parts.then(|| parts.to_vec()),
                checksum: self.plan.checksum.clone(),
                verify: self.plan.checksum.is_some(),
            };
            let ask =
                async |service: crate::service::Service, caller| service.finalize(&caller, request).await;
            let patience = world.millis(2000..60_000);
            let answer = self.cluster.ask(patience, ask).await;
            self.tell(|| {
                format!("finalize -> {:?}", answer.as_ref().map(|item| item.as_ref().map(|item| item.id)))
            });
            match answer {
                Some(Ok(item)) => {
                    self.check_bytes(&item, started);
                    return End::Item(item);
                }
                Some(Err(err)) => {
                    if let Some(end) = self.judge(&err, &started.file_key, aborts) {
                        return end;
                    }
                }
                None => {}
            }
            if world.is_calm() && calm_since.get_or_insert_with(Instant::now).elapsed() > ANSWERED_WITHIN {
                self.fail(
                    "a finalize gets no answer, although nothing goes wrong any more",
                    &started.file_key,
                );
                return End::Over;
            }
            // A server has already waited before it says that a finalize is pending.
            let pause = if world.is_calm() { 40_000..60_000 } else { 500..40_000 };
            sleep(world.millis(pause)).await;
        }
    }

    /// Whether an error is final.
    fn judge(&self, err: &Error, key: &str, aborts: bool) -> Option<End> {
        match err {
            err if err.is_passing() => None,
            Error::StoreRefused { .. } | Error::FinalizeInProgress => None,
            Error::UploadAborted => {
                // The client may not know yet that its upload was refused because of its name.
                let is_refused = self.plan.on_conflict == OnConflict::Fail;
                let has_reason =
                    aborts || is_refused || lock(&self.cluster.world.monitor).is_over_with_reason(key);
                if !has_reason {
                    self.fail("an upload is aborted, but nobody aborted it", key);
                }
                Some(End::Over)
            }
            Error::NameTaken if self.plan.on_conflict == OnConflict::Fail => Some(End::Over),
            err => {
                self.fail(&format!("an answer that cannot be right: {err}"), key);
                Some(End::Over)
            }
        }
    }

    fn check_bytes(&self, item: &Item, started: &StartedUpload) {
        let is_there = lock(&self.cluster.world.store)
            .object(&started.file_key)
            .is_some_and(|object| object.size_bytes == self.plan.size_bytes);
        // Another upload may have replaced it since.
        let is_own =
            item.object_key() == Some(&started.file_key) && self.plan.on_conflict == OnConflict::Keep;
        if is_own && !is_there {
            self.fail("an answer has an item whose bytes are not in the store", &started.file_key);
        }
    }

    /// Checks that all answers with an item have the same item.
    fn agreed(&self, ends: Vec<End>, key: &str, aborts: bool) -> Option<Item> {
        let mut items = Vec::new();
        let mut are_over = false;
        for end in ends {
            match end {
                End::Item(item) => items.push(item),
                End::Over => are_over = true,
            }
        }
        let first = items.first()?.clone();
        if items.iter().any(|item| item.id != first.id) {
            self.fail("one upload became two items", key);
        }
        if are_over && aborts {
            self.fail("an upload was both aborted and finalized", key);
        }
        Some(first)
    }

    async fn abort(&self, started: &StartedUpload) {
        let world = &self.cluster.world;
        for _ in 0..4 {
            let key = UploadKey { upload_id: started.upload_id.clone(), file_key: started.file_key.clone() };
            let ask =
                async |service: crate::service::Service, caller| service.abort_upload(&caller, &key).await;
            let answer = self.cluster.ask(world.millis(1000..20_000), ask).await;
            self.tell(|| format!("abort -> {answer:?}"));
            match answer {
                Some(Ok(()) | Err(Error::AlreadyFinalized)) => return,
                Some(Err(err @ Error::Internal { .. })) => self.fail(&err.to_string(), "abort"),
                _ => {}
            }
            sleep(world.millis(100..10_000)).await;
        }
    }
}

/// Moves a client's item to the trash and removes it from there.
pub(super) async fn delete(cluster: &Cluster, known: &Known) -> Deletion {
    let world = &cluster.world;
    let Some(id) = known.item.as_ref().map(|item| item.id) else { return Deletion::No };
    for _ in 0..8 {
        let ask = async |service: crate::service::Service, caller| {
            let now = service.now();
            match service.trash_item(&caller, id, now).await {
                Ok(()) | Err(Error::NotFound) => service.purge_item(&caller, id, now).await,
                Err(err) => Err(err),
            }
        };
        match cluster.ask(Duration::from_secs(20), ask).await {
            Some(Ok(()) | Err(Error::NotFound)) => return Deletion::Yes,
            Some(Err(err)) if !err.is_passing() => world.fail(format!("delete of {}: {err}", known.key)),
            _ => {}
        }
        sleep(world.millis(100..10_000)).await;
    }
    Deletion::Maybe
}

impl Plan {
    fn choose(cluster: &Cluster, number: usize) -> Self {
        let world = &cluster.world;
        let size_bytes = match world.below(8) {
            0 => 0,
            1 => 40 << 20,
            size => size,
        };
        let on_conflict = match world.below(12) {
            0 => OnConflict::Fail,
            1 | 2 => OnConflict::Replace,
            3 => OnConflict::Rename,
            _ => OnConflict::Keep,
        };
        let has_checksum = (1..1000).contains(&size_bytes) && world.chance(150);
        let checksum = has_checksum.then(|| Checksum { crc64nvme: crc64(size_bytes) });
        let name = if on_conflict == OnConflict::Keep { format!("file {number}") } else { "same".to_owned() };
        Self { number, name, on_conflict, size_bytes, checksum, lists_parts: world.chance(700) }
    }
}
