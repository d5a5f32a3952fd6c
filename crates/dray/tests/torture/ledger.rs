//! Compares everything that was acknowledged with what exists, and checks whether anything is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::api_client::File;
use crate::database::{self, store_file};
use crate::drive::{Drive, PATIENCE};
use crate::figures::Figures;

/// The files whose finalize was acknowledged, by the ids of their items.
#[derive(Default)]
pub(crate) struct Ledger {
    files: BTreeMap<String, Entry>,
    /// Items whose finalize was answered "ask again".
    undecided: BTreeSet<String>,
}

struct Entry {
    name: String,
    sha256: [u8; 32],
    /// Whether its bytes were read since it was acknowledged.
    is_checked: bool,
}

impl Ledger {
    pub(crate) fn acknowledge(&mut self, id: String, file: &File) {
        let sha256 = Sha256::digest(&file.content).into();
        self.files.insert(id, Entry { name: file.name.clone(), sha256, is_checked: false });
    }

    /// Its finalize was answered "ask again", so it may exist, once.
    pub(crate) fn undecided(&mut self, id: &str) {
        self.undecided.insert(id.to_owned());
    }

    /// Forgets a file that the test removes.
    pub(crate) fn forget(&mut self, id: &str) {
        self.files.remove(id).expect("a file that was acknowledged");
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Compares the drive with the ledger: every file exists once, with its name. The bytes are read if they were
    /// not yet, or if `thorough`.
    pub(crate) async fn check(&mut self, drive: &Drive, figures: &mut Figures, thorough: bool) {
        let client = drive.client();
        let (mut names, mut there) = (BTreeSet::new(), BTreeMap::new());
        for item in client.children("root").await {
            let (id, name) = (item["id"].as_str().unwrap(), item["name"].as_str().unwrap());
            there.insert(id.to_owned(), name.to_owned());
            if !names.insert(name.to_owned()) {
                println!("twice: {name}");
                figures.duplicates += 1;
            }
        }
        for (id, file) in &mut self.files {
            let is_there = there.get(id) == Some(&file.name);
            let is_whole = is_there
                && (file.is_checked && !thorough || {
                    let bytes = client.download(id).await.expect("an answer");
                    bytes.is_ok_and(|bytes| <[u8; 32]>::from(Sha256::digest(&bytes)) == file.sha256)
                });
            if !is_whole {
                println!("lost: {id} {} (listed: {is_there})", file.name);
                figures.lost += 1;
            }
            file.is_checked = true;
        }
        // Nothing was promised about the others.
        let is_expected = |id: &String| self.files.contains_key(id) || self.undecided.contains(id);
        for (id, name) in there.iter().filter(|(id, _)| !is_expected(id)) {
            println!("not acknowledged: {id} {name}");
            figures.duplicates += 1;
        }
    }
}

/// Waits until nothing is left over, which takes at most one sweep: no unfinished work, and no rows, objects, uploads or
/// files that nothing refers to. The counted usage must equal what is stored.
pub(crate) async fn repaired(drive: &Drive, figures: &mut Figures) {
    let began = Instant::now();
    loop {
        let left = left_over(drive).await;
        if left.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "left over: {}", left.join(", "));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drive.database.check_integrity();
    database::check_integrity(&store_file(&drive.store));
    figures.repaired += 1;
}

async fn left_over(drive: &Drive) -> Vec<String> {
    let (database, store) = (&drive.database, &store_file(&drive.store));
    let mut left = Vec::new();
    let mut expect = |what: &str, found: i64, expected: i64| {
        if found != expected {
            left.push(format!("{what}: {found} for {expected}"));
        }
    };
    for (what, condition) in [
        ("uploads that never opened", "uploads where state = 'opening'"),
        ("finalizes under way", "uploads where state = 'completing'"),
        ("parts to be freed", "uploads where state in ('aborted', 'expired') and parts_freed_at is null"),
        ("objects to be removed", "tombstones"),
        ("items to be removed", "items where purged_at is not null"),
        (
            "uploads that are over and whose item has other bytes",
            "items i join uploads u on u.id = i.upload_id
             where u.state <> 'completed' or u.object_key <> i.object_key or u.size_bytes <> i.size_bytes",
        ),
    ] {
        expect(what, database.number(&format!("select count(*) from {condition}")).await, 0);
    }
    let open = database.number("select count(*) from uploads where state = 'open' and put_key is null").await;
    expect("uploads in the store", database::number(store, "select count(*) from upload"), open);
    let items = database.number("select count(*) from items").await;
    let counted = database.number("select cast(coalesce(sum(items), 0) as bigint) from usage").await;
    expect("items by usage", counted, items);
    let bytes = database.number("select cast(coalesce(sum(size_bytes), 0) as bigint) from items").await;
    let counted = database.number("select cast(coalesce(sum(size_bytes), 0) as bigint) from usage").await;
    expect("bytes by usage", counted, bytes);
    let garbage = "select (select count(*) from garbage_set) + (select count(*) from garbage_file)";
    expect("garbage of the store", database::number(store, garbage), 0);
    // A file is there for a part, or for a copy that still uses it after the part is gone.
    let named = "select count(*) from (select id, file_tag from part where file_tag is not null
                                       union select part_id, file_tag from shared_file)";
    let named = database::number(store, named);
    expect("part files", i64::try_from(drive.part_files()).unwrap(), named);
    let keys = database.texts("select object_key from items where object_key is not null").await;
    let objects = database::texts(store, "select key from object where key not like '%/.dray-store/%'");
    left.extend(keys.difference(&objects).map(|key| format!("no object {key}")));
    left.extend(objects.difference(&keys).map(|key| format!("no item of {key}")));
    left
}
