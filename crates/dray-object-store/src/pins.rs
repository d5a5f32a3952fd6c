//! Which sets of parts are being read, so that the collector does not remove their files meanwhile.
//!
//! The order matters. A reader pins the set that an object names, *then* checks again whether the object still names
//! the set. A set becomes garbage in the commit after which no object names it. It is collected only if it is not
//! pinned after that commit. So the collector sees every reader that passes the second check.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
};

use crate::ids::SetId;

/// The sets being read, each with the number of its readers.
#[derive(Clone)]
pub(crate) struct Pins {
    readers: Arc<Mutex<HashMap<SetId, usize>>>,
    wake_collector: SyncSender<()>,
}

/// Keeps one set's parts in place until it is dropped.
pub(crate) struct Pin {
    set: SetId,
    pins: Pins,
}

impl Pins {
    pub(crate) fn new(wake_collector: SyncSender<()>) -> Self {
        Self { readers: Arc::default(), wake_collector }
    }

    pub(crate) fn pin(&self, set: SetId) -> Pin {
        *self.readers().entry(set).or_default() += 1;
        Pin { set, pins: self.clone() }
    }

    pub(crate) fn is_pinned(&self, set: SetId) -> bool {
        self.readers().contains_key(&set)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, HashMap<SetId, usize>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pin {
    pub(crate) fn set(&self) -> SetId {
        self.set
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut readers = self.pins.readers();
        let Some(count) = readers.get_mut(&self.set) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            readers.remove(&self.set);
            // The set may have become garbage meanwhile. If the channel is full, the collector will run anyway.
            let _ = self.pins.wake_collector.try_send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn a_set_is_pinned_until_its_last_reader_leaves() {
        let (wake, woken) = sync_channel(1);
        let pins = Pins::new(wake);
        let (first, second) = (pins.pin(SetId(4)), pins.pin(SetId(4)));
        drop(first);
        assert!(pins.is_pinned(SetId(4)) && !pins.is_pinned(SetId(5)));
        assert!(woken.try_recv().is_err());
        drop(second);
        assert!(!pins.is_pinned(SetId(4)));
        assert!(woken.try_recv().is_ok());
    }
}
