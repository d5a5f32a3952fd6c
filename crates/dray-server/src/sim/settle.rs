//! The end of a schedule: nothing goes wrong any more, servers sweep, and a day passes. Then nothing may be left
//! undone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::node::Cluster;
use super::uploader::{Deletion, Known};
use super::world::lock;
use crate::db::inline::{self, ItemSeen, UploadSeen};
use crate::objects::object_of_scratch;

/// How long after the last fault a finalize that nobody repeats may still be under way.
const SETTLED_WITHIN: Duration = Duration::from_mins(20);
/// After this time, abandoned uploads have expired, however wrong the clocks are.
const A_DAY: Duration = Duration::from_hours(26);
const SWEEPS: usize = 300;

/// Brings a schedule to its end, and checks the result.
pub(super) async fn settle(cluster: &Arc<Cluster>, known: &[Known]) {
    let world = &cluster.world;
    let is_completing = |upload: &UploadSeen| upload.state == "completing";
    let begun = world.elapsed();
    while uploads(cluster).iter().any(is_completing) {
        if world.elapsed() > begun + SETTLED_WITHIN {
            world.fail(format!("finalizes do not come to their end: {:?}", uploads(cluster)));
            break;
        }
        sleep(Duration::from_secs(100)).await;
        sweep(cluster).await;
    }
    sleep(A_DAY).await;
    for _ in 0..SWEEPS {
        sweep(cluster).await;
        if unsettled(cluster).is_none() {
            return check(cluster, known);
        }
        sleep(Duration::from_mins(6)).await;
    }
    world.fail(format!("not settled: {}", unsettled(cluster).unwrap_or_default()));
}

async fn sweep(cluster: &Cluster) {
    let node = cluster.world.below(cluster.nodes.len() as u64);
    cluster.sweep(usize::try_from(node).unwrap()).await;
}

fn uploads(cluster: &Cluster) -> Vec<UploadSeen> {
    cluster.memory.look(inline::uploads_seen)
}

/// Work that is still to be done.
fn unsettled(cluster: &Cluster) -> Option<String> {
    let is_refused = |upload: &UploadSeen| is_unabortable(cluster, upload);
    let is_over = |upload: &UploadSeen| upload.state == "completed" || upload.parts_freed_at.is_some();
    let left = uploads(cluster).into_iter().find(|upload| !is_over(upload) && !is_refused(upload));
    if let Some(left) = left {
        return Some(format!("{left:?}"));
    }
    let refused = refused_keys(cluster);
    let mut tombstones = cluster.memory.look(inline::tombstones_seen);
    tombstones.retain(|key| !refused.contains(object_key(key)));
    if !tombstones.is_empty() {
        return Some(format!("objects to remove: {tombstones:?}"));
    }
    let trashed = cluster.memory.look(inline::items_seen).into_iter().find(|item| item.is_trashed);
    trashed.map(|item| format!("in the trash: {item:?}"))
}

/// Whether the store refuses to abort an upload for ever.
fn is_unabortable(cluster: &Cluster, upload: &UploadSeen) -> bool {
    upload.store_id.as_ref().is_some_and(|id| lock(&cluster.world.store).unabortable.contains(id))
}

/// The objects of uploads that the store refuses to abort.
fn refused_keys(cluster: &Cluster) -> BTreeSet<String> {
    let refused = uploads(cluster).into_iter().filter(|upload| is_unabortable(cluster, upload));
    refused.map(|upload| upload.key).collect()
}

/// The object key that a scratch key belongs to, or the key itself.
fn object_key(key: &str) -> &str {
    object_of_scratch(key).unwrap_or(key)
}

fn check(cluster: &Cluster, known: &[Known]) {
    let items = cluster.memory.look(inline::items_seen);
    check_items(cluster, &items);
    check_store(cluster, &items);
    check_known(cluster, &items, known);
    let owned = (items.len() as u64, items.iter().map(|item| item.size_bytes).sum::<u64>());
    let usage = cluster.memory.look(inline::usage_seen);
    if (u64::try_from(usage.0), u64::try_from(usage.1)) != (Ok(owned.0), Ok(owned.1)) {
        cluster.world.fail(format!("the user has {owned:?}, but the usage says {usage:?}"));
    }
}

/// Every item has its bytes, and no upload is two items.
fn check_items(cluster: &Cluster, items: &[ItemSeen]) {
    let (mut uploads, mut keys) = (BTreeMap::new(), BTreeMap::new());
    for item in items {
        let size = lock(&cluster.world.store).object(&item.key).map(|object| object.size_bytes);
        if size != Some(item.size_bytes) {
            cluster.world.fail(format!("the store has {size:?} bytes of {item:?}"));
        }
        *uploads.entry(item.upload.clone()).or_insert(0) += u32::from(item.upload.is_some());
        *keys.entry(item.key.clone()).or_insert(0) += 1;
    }
    if uploads.values().chain(keys.values()).any(|items| *items > 1) {
        cluster.world.fail(format!("one upload is two items: {items:?}"));
    }
}

/// Everything in the store belongs to an item.
fn check_store(cluster: &Cluster, items: &[ItemSeen]) {
    let refused = refused_keys(cluster);
    let is_of_refused = |key: &str| refused.contains(object_key(key));
    let store = lock(&cluster.world.store);
    let keys: BTreeSet<&String> = items.iter().map(|item| &item.key).collect();
    let orphans: Vec<_> = store.keys().filter(|key| !keys.contains(key) && !is_of_refused(key)).collect();
    if !orphans.is_empty() {
        cluster.world.fail(format!("objects without an item: {orphans:?}"));
    }
    let strays: Vec<_> = store.begun().filter(|(_, key)| !is_of_refused(key)).collect();
    if !strays.is_empty() {
        cluster.world.fail(format!("uploads in the store that belong to nobody: {strays:?}"));
    }
}

/// Everything that a client was told is true.
fn check_known(cluster: &Cluster, items: &[ItemSeen], known: &[Known]) {
    for known in known {
        let Some(item) = &known.item else { continue };
        let id = item.id.to_string();
        let found = items.iter().find(|item| item.id == id);
        let is_kept = found.is_some_and(|found| found.key == known.key || known.shares_name);
        let fault = match known.deletion {
            Deletion::No if !is_kept => "a file is lost whose finalize was answered",
            Deletion::Yes if found.is_some() => "a removed file still exists",
            _ => continue,
        };
        cluster.world.fail(format!("{fault}: {known:?}"));
    }
}
