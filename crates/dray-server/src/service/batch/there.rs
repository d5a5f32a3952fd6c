//! Files that a batch need not send, because the drive has them already. A row alone is no proof: after a restore without
//! bytes, the store may lack an object. Then the file is sent, which repairs it.

use std::collections::BTreeMap;

use dray_api::ItemId;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::super::Service;
use super::starting::Begun;
use crate::drive::Result;
use crate::drive::item::{Content, Item};

/// How many objects the store looks up at once for one request.
const AT_ONCE: usize = 16;

/// The items whose bytes the store has lost, by the positions of their files in the request.
pub(super) type Lost = BTreeMap<usize, ItemId>;

impl Service {
    /// Asks the store about each file that the drive has. Returns those whose bytes it lacks. A file about which it cannot
    /// answer now is refused for now.
    pub(super) async fn check_there(&self, begun: &mut [Begun]) -> Lost {
        let there = begun.iter().enumerate().filter_map(|(at, begun)| match begun {
            Begun::There(item) => Some((at, item.clone())),
            _ => None,
        });
        let there: Vec<_> = there.collect();
        let mut looks = stream::iter(there)
            .map(async |(at, item)| (at, item.id, self.has_bytes(&item).await))
            .buffer_unordered(AT_ONCE);
        let mut lost = Lost::new();
        while let Some((at, item, has_bytes)) = looks.next().await {
            match has_bytes {
                Ok(true) => {}
                Ok(false) => {
                    lost.insert(at, item);
                }
                Err(err) => begun[at] = Begun::Refused(err),
            }
        }
        if !lost.is_empty() {
            tracing::warn!(
                files = lost.len(),
                "the store does not have the bytes of some files; they are sent again"
            );
        }
        lost
    }

    /// Whether the store has an object of the item's size.
    async fn has_bytes(&self, item: &Item) -> Result<bool> {
        let Content::File { size_bytes, object_key, .. } = &item.content else { return Ok(true) };
        let found = self.objects.find(object_key).await?;
        Ok(found.is_some_and(|found| found.size_bytes == *size_bytes))
    }
}
