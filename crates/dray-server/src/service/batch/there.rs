//! Files that a batch need not send, because the drive has them already. A row alone is no proof: after a restore without
//! bytes, the store may lack an object, and a disk may have damaged one. Then the file is sent, which repairs it.
//!
//! The store proves a hit with its own checksum, or the server reads the bytes back. What one request reads back is
//! bounded; of files beyond the bound, the server reads only the end. The order changes from request to request, so that a
//! folder that is sent again every night is read back completely in time.

use std::collections::BTreeMap;

use dray_api::ItemId;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::super::Service;
use super::outage::Outage;
use super::starting::Begun;
use crate::drive::Result;
use crate::drive::item::{Content, Item};
use crate::drive::parts::Crc64;
use crate::objects::{Depth, Held, Wanted};

/// How many objects the store looks up at once for one request.
const AT_ONCE: usize = 16;
/// How many bytes one request reads back in total: some 50 ms of reading from a fast disk.
const READ_BACK_BYTES: u64 = 64 << 20;

/// The items whose bytes the store has lost, by the positions of their files in the request.
pub(super) type Lost = BTreeMap<usize, ItemId>;

impl Service {
    /// Asks the store about each file that the drive has. Returns those whose bytes it lacks. A file about which it cannot
    /// answer now is refused for now.
    pub(super) async fn check_there(&self, begun: &mut [Begun]) -> Lost {
        let there = begun.iter().enumerate().filter_map(|(at, begun)| match begun {
            Begun::There(item, crc64) => Some((at, item.clone(), crc64.clone())),
            _ => None,
        });
        let mut there: Vec<_> = there.collect();
        let turn = usize::try_from(self.now().as_second()).unwrap_or(0) % there.len().max(1);
        there.rotate_left(turn);
        let mut left_bytes = READ_BACK_BYTES;
        let outage = &Outage::default();
        let mut looks = stream::iter(there)
            .map(|(at, item, crc64)| {
                let depth = depth(&item, &mut left_bytes);
                async move { (at, item.id, outage.ask(self.has_bytes(&item, &crc64, depth)).await) }
            })
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

    /// Whether the store has the item's bytes.
    async fn has_bytes(&self, item: &Item, crc64: &Crc64, depth: Depth) -> Result<bool> {
        let Content::File { size_bytes, object_key, .. } = &item.content else { return Ok(true) };
        let wanted = Wanted { key: object_key, size_bytes: *size_bytes, crc64: Some(crc64) };
        Ok(self.objects.held(wanted, depth).await? == Held::Wanted)
    }
}

/// How thoroughly to look for a file's bytes, while `left_bytes` may still be read.
fn depth(item: &Item, left_bytes: &mut u64) -> Depth {
    let Content::File { size_bytes, .. } = &item.content else { return Depth::End };
    match left_bytes.checked_sub(*size_bytes) {
        Some(left) => {
            *left_bytes = left;
            Depth::Bytes
        }
        None => Depth::End,
    }
}
