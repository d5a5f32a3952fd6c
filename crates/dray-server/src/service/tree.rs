//! Lists folders and what is below them.

use dray_api::{ItemId, Tree};

use super::children::at_root;
use super::{Service, folder};
use crate::db::{Conn, children};
use crate::drive::Result;
use crate::drive::access::Caller;
use crate::drive::listing::{ListOrder, Listing};

/// How many folders one query looks into. Each folder may contain more items than the whole answer can have, so this
/// limits how many items are read and then dropped.
const FOLDERS_AT_ONCE: usize = 8;

impl Service {
    /// The content of a folder (`None` means the root), `depth` levels down.
    pub(crate) async fn tree(&self, caller: &Caller, parent: Option<ItemId>, depth: u32) -> Result<Tree> {
        let caller = *caller;
        self.read_in_turn(&caller, move |c| list(c, &caller, parent, depth)).await
    }
}

fn list(c: &Conn, caller: &Caller, start: Option<ItemId>, depth: u32) -> Result<Tree> {
    let mut listing = Listing::default();
    let top = match start {
        None => at_root(c, caller, ListOrder::BY_NAME, None, listing.wanted())?,
        Some(id) => {
            let folder = folder(c, caller, "parentId", id)?.item.id;
            children::in_folders(c, caller.workspace, &[folder], listing.wanted())?
        }
    };
    let mut level = listing.add(&[], top);
    for _ in 1..depth {
        let mut below = Vec::new();
        for folders in level.chunks(FOLDERS_AT_ONCE) {
            if listing.is_cut() {
                listing.leave(folders);
            } else {
                let found = children::in_folders(c, caller.workspace, folders, listing.wanted())?;
                below.extend(listing.add(folders, found));
            }
        }
        level = below;
    }
    Ok(listing.into_tree())
}
