//! The rules that must hold at every moment, checked after every transaction. Nobody takes a lease that another
//! server holds. Nobody works on what another server has taken. Nobody gives up an upload whose object exists or
//! appears later.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::node::Life;
use super::store::Store;
use crate::db::Conn;
use crate::db::inline::{UploadSeen, leases_seen, uploads_seen};
use crate::drive::upload::{FINALIZE_LEASE, STAGED};

const SWEEP_LEASE: Duration = Duration::from_mins(5);
/// Timers are exact to a millisecond, and a server stops its work when its own timer fires.
const TIMER: Duration = Duration::from_millis(50);

/// A lease, as it was last taken or renewed.
struct Held {
    holder: String,
    until: i64,
    /// When the server asked for it. The server may use the lease until one life later.
    asked_at: Instant,
}

/// What the monitor has seen so far.
#[derive(Default)]
pub(super) struct Monitor {
    leases: BTreeMap<String, Held>,
    upload_states: BTreeMap<String, String>,
    /// Servers that wait for a Complete of a key.
    completes: BTreeMap<String, Vec<Arc<Life>>>,
    given_up: BTreeSet<String>,
    denied: BTreeSet<String>,
    states: BTreeSet<u64>,
}

impl Monitor {
    /// Checks the database after a transaction that a server asked for at `asked_at`. Returns the faults.
    pub(super) fn look(&mut self, c: &Conn, store: &Store, asked_at: Instant) -> Vec<String> {
        let (uploads, leases) = (uploads_seen(c).unwrap(), leases_seen(c).unwrap());
        let mut faults = Vec::new();
        if leases.is_empty() {
            self.leases.remove("sweep");
        }
        for (name, holder, until) in leases {
            faults.extend(self.lease(&name, &holder, until, SWEEP_LEASE, asked_at));
        }
        for upload in &uploads {
            if let (Some(holder), Some(until)) = (&upload.holder, upload.lease_until) {
                let life = FINALIZE_LEASE.unsigned_abs();
                faults.extend(self.lease(&upload.key, holder, until, life, asked_at));
            } else {
                self.leases.remove(&upload.key);
            }
            faults.extend(self.upload(upload, store));
        }
        self.states.insert(digest(&uploads, store, &self.leases));
        faults
    }

    fn lease(
        &mut self,
        name: &str,
        holder: &str,
        until: i64,
        life: Duration,
        asked_at: Instant,
    ) -> Option<String> {
        let now = Instant::now();
        let mut fault = None;
        if let Some(held) = self.leases.get(name) {
            if held.holder == holder && held.until == until {
                return None;
            }
            let (is_other, was_kept) = (held.holder != holder, held.until != 0);
            let ended_at = held.asked_at + life;
            if is_other && was_kept && now < ended_at {
                let left = ended_at - now;
                fault = Some(format!(
                    "{holder} took the lease of {name} from {} who had it for {left:?}",
                    held.holder
                ));
            } else if is_other && (!was_kept || now > ended_at + TIMER) && self.is_worked_on(name) {
                fault = Some(format!("{holder} has the lease of {name}, and {} still works", held.holder));
            }
        }
        self.leases.insert(name.to_owned(), Held { holder: holder.to_owned(), until, asked_at });
        fault
    }

    fn is_worked_on(&self, key: &str) -> bool {
        self.completes.get(key).is_some_and(|lives| lives.iter().any(|life| !life.is_gone()))
    }

    fn upload(&mut self, upload: &UploadSeen, store: &Store) -> Option<String> {
        let before = self.upload_states.get(&upload.key).map(String::as_str);
        if before == Some(&upload.state) {
            return None;
        }
        let is_given_up =
            before == Some("completing") && upload.state == "aborted" && upload.parts_freed_at.is_none();
        self.upload_states.insert(upload.key.clone(), upload.state.clone());
        if !is_given_up {
            return None;
        }
        self.given_up.insert(upload.key.clone());
        let is_there = store.object(&upload.key).is_some() && !self.denied.contains(&upload.key);
        is_there.then(|| format!("{} was given up, but its object exists", upload.key))
    }

    /// Records that the store has made the object of an upload. Returns the fault in that, if any.
    pub(super) fn object_made(&mut self, key: &str) -> Option<String> {
        let is_wrong = self.given_up.contains(key) && !self.denied.contains(key);
        is_wrong.then(|| format!("{key} was given up while a Complete of it was under way"))
    }

    /// Records that an answer said something false about a key.
    pub(super) fn denied(&mut self, key: &str) {
        self.denied.insert(key.strip_suffix(STAGED).unwrap_or(key).to_owned());
    }

    /// Whether there is a reason for a client to hear that its upload is over.
    pub(super) fn is_over_with_reason(&self, key: &str) -> bool {
        self.given_up.contains(key) || self.denied.contains(key)
    }

    pub(super) fn complete_begun(&mut self, key: &str, life: &Arc<Life>) {
        self.completes.entry(key.to_owned()).or_default().push(Arc::clone(life));
    }

    /// Records that a server no longer waits for a Complete. (If several servers wait, it does not matter which.)
    pub(super) fn complete_ended(&mut self, key: &str) {
        if let Some(lives) = self.completes.get_mut(key) {
            // Servers that are gone wait forever.
            let at = lives.iter().position(|life| !life.is_gone()).unwrap_or_default();
            if at < lives.len() {
                lives.remove(at);
            }
        }
    }

    pub(super) fn take_states(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.states).into_iter().collect()
    }
}

/// A digest that distinguishes states, whatever ids and times they contain.
fn digest(uploads: &[UploadSeen], store: &Store, leases: &BTreeMap<String, Held>) -> u64 {
    let now = Instant::now();
    let mut rows: Vec<_> = uploads
        .iter()
        .map(|upload| {
            let held = leases.get(&upload.key);
            let lease =
                held.map(|held| held.until != 0 && now < held.asked_at + FINALIZE_LEASE.unsigned_abs());
            (
                &upload.state,
                lease,
                upload.is_attempted,
                upload.parts_freed_at.is_some(),
                upload.store_id.is_some(),
            )
        })
        .collect();
    rows.sort();
    let mut hasher = DefaultHasher::new();
    (rows, store.outline()).hash(&mut hasher);
    hasher.finish()
}
