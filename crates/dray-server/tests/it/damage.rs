//! Bytes that a disk or somebody else has damaged behind the drive's back: operators' commands name them and do the rest,
//! a restore repairs them, and nobody takes them for good because of their size.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dray_ops::{Bytes, Orphan, Store};
use dray_server::metrics::Metrics;
use dray_server::objects::Objects;
use dray_server::{Clock, S3Config};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::id;
use crate::batch::{known, stages};
use crate::middle::{Act, Middle};
use crate::operate::{Done, back_up_from, restore_telling, restore_to, store_of};
use crate::world::{World, bytes, real_now};

/// The size of the file that gets damaged: two blocks of the embedded store, so that it can be damaged in the second.
pub(crate) const SIZE: usize = 300_000;

/// The file in which the embedded store keeps the part of this size.
fn part_file(store: &World, size: usize) -> PathBuf {
    let folders = std::fs::read_dir(store.data.path().join("store/parts")).unwrap();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let mut files = files.map(|file| file.unwrap().path());
    files.find(|file| file.metadata().unwrap().len() == size as u64).expect("a part of this size")
}

/// What happens to the bytes of an object.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// A byte in the second block of its file is another.
    Flipped,
    /// Its file is gone.
    Gone,
    /// Its file is too short.
    Cut,
    /// Somebody has put an object of the same size under its key.
    Replaced,
}

impl Harm {
    async fn come_to(self, store: &World, key: &str) {
        let file = match self {
            Self::Replaced => PathBuf::new(),
            _ => part_file(store, SIZE),
        };
        match self {
            Self::Flipped => {
                let mut content = std::fs::read(&file).unwrap();
                content[SIZE - 10] ^= 1;
                std::fs::write(&file, &content).unwrap();
            }
            Self::Gone => std::fs::remove_file(&file).unwrap(),
            Self::Cut => std::fs::write(&file, b"short").unwrap(),
            Self::Replaced => overwrite(&store.as_store(store.url.clone()), key, &bytes(SIZE, 9)).await,
        }
    }
}

/// Puts other bytes under a key.
pub(crate) async fn overwrite(s3: &S3Config, key: &str, content: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let objects = Objects::other(s3, None, &Arc::new(Metrics::off())).await.unwrap();
    let mut new = objects.begin_object(key, "a/b", content.len() as u64).await.unwrap();
    while let Some((offset, len)) = new.next_part() {
        new.put(file.path(), offset, len).await.unwrap();
    }
    new.complete().await.unwrap();
}

/// A drive with three files, of which the second is about to be damaged, and where its store is.
pub(crate) struct Scene {
    pub(crate) world: World,
    /// The drive whose store it uses, if it is not its own.
    store: Option<World>,
    /// How commands reach its store, if it is not its own.
    s3: Option<S3Config>,
    ids: Vec<String>,
    /// The key of the second file.
    pub(crate) key: String,
    folder: tempfile::TempDir,
}

impl Scene {
    /// One on each kind of store.
    async fn all() -> Vec<Self> {
        let mut scenes = Vec::new();
        for stage in stages().await.into_iter().filter(|stage| stage.name != "relayed") {
            // The tests damage files of an embedded store.
            if stage.world.store.is_none() || stage.store.is_some() {
                let s3 = stage.store.as_ref().map(|store| store.as_store(store.url.clone()));
                scenes.push(Self::on(stage.world, stage.store, s3).await);
            }
        }
        scenes
    }

    pub(crate) async fn on(world: World, store: Option<World>, s3: Option<S3Config>) -> Self {
        let owner = world.owner();
        let mut ids = Vec::new();
        for (name, content) in
            [("first", bytes(20_000, 1)), ("second", bytes(SIZE, 2)), ("third", bytes(40_000, 3))]
        {
            let items =
                owner.upload_files(&world, &[(known(name, &content), &content[..])], &json!({})).await;
            ids.push(id(&items[0]));
        }
        let sql = "name = 'second' and object_key is not null";
        assert_eq!(world.count(&format!("items where {sql}")).await, 1);
        let scene = Self { world, store, s3, ids, key: String::new(), folder: tempfile::tempdir().unwrap() };
        let folder = tempfile::tempdir().unwrap();
        scene.back_up(folder.path(), Bytes::None).await.unwrap();
        let key = key_of(folder.path(), "second");
        Self { key, ..scene }
    }

    fn store(&self) -> &World {
        self.store.as_ref().unwrap_or(&self.world)
    }

    /// Whether the store shows the harm to somebody who does not read all bytes. An external store tells a checksum of its
    /// own, and Dray believes that its disk has these bytes.
    fn shows(&self, harm: Harm) -> bool {
        self.store.is_none() || matches!(harm, Harm::Replaced)
    }

    async fn harm(&self, harm: Harm) {
        harm.come_to(self.store(), &self.key).await;
    }

    pub(crate) fn backup(&self) -> &Path {
        self.folder.path()
    }

    /// The drive's store, as operators' commands open it.
    async fn open_store(&self) -> Store {
        match &self.s3 {
            Some(s3) => {
                let admin = self.world.admin().await;
                let store = Store::open(&admin, self.world.data.path(), Some(s3), "").await.unwrap();
                admin.close().await;
                store
            }
            None => store_of(&self.world).await,
        }
    }

    pub(crate) async fn back_up(&self, folder: &Path, bytes: Bytes) -> Done {
        back_up_from(&self.world, self.open_store().await, folder, bytes).await
    }

    /// Restores the backup into the drive that it was made of.
    async fn restore_again(&self) -> Done {
        restore_to(&self.world, self.open_store().await, self.backup()).await
    }

    fn copy(&self) -> PathBuf {
        self.backup().join("objects").join(&self.key)
    }

    async fn check_whole(&self) {
        let owner = self.world.owner();
        for (item, content) in self.ids.iter().zip([bytes(20_000, 1), bytes(SIZE, 2), bytes(40_000, 3)]) {
            assert!(owner.download(item).await == content, "{item}");
        }
    }
}

/// The object key of an item of this name in the rows of a backup.
pub(crate) fn key_of(backup: &Path, name: &str) -> String {
    let rows = std::fs::read_to_string(backup.join("drive.jsonl")).unwrap();
    let row = rows.lines().find(|line| line.contains("\"items\"") && line.contains(&format!("\"{name}\"")));
    let row: Value = serde_json::from_str(row.unwrap()).unwrap();
    let cells = row["row"].as_array().unwrap().iter().filter_map(Value::as_str);
    cells.into_iter().find(|cell| cell.starts_with("files/")).unwrap().to_owned()
}

const HARMS: [Harm; 4] = [Harm::Flipped, Harm::Gone, Harm::Cut, Harm::Replaced];

#[tokio::test]
async fn a_backup_names_a_damaged_file_copies_all_others_and_keeps_the_good_copy_that_it_has() {
    for harm in HARMS {
        for scene in Box::pin(Scene::all()).await {
            scene.harm(harm).await;
            for _ in 0..2 {
                let (copied, troubles) = scene.back_up(scene.backup(), Bytes::New).await.unwrap();
                assert_eq!(
                    (copied.objects, copied.damaged, copied.failed),
                    (3, 1, 0),
                    "{harm:?} {troubles:?}"
                );
                assert!(troubles.len() == 1 && troubles[0].contains("\"second\""), "{troubles:?}");
                assert!(scene.backup().join("drive.jsonl").exists() && !scene.copy().exists());
            }
            let other = scene.world.elsewhere().await;
            let (restored, _) = restore_telling(&other, scene.backup()).await.unwrap();
            assert_eq!((restored.objects, restored.missing, restored.damaged), (3, 1, 0), "{harm:?}");
        }
    }
}

#[tokio::test]
async fn a_verifying_backup_names_what_is_damaged_in_the_store_and_keeps_its_good_copy() {
    for harm in HARMS {
        for scene in Box::pin(Scene::all()).await.into_iter().filter(|scene| scene.shows(harm)) {
            scene.back_up(scene.backup(), Bytes::New).await.unwrap();
            scene.harm(harm).await;
            let (copied, troubles) = scene.back_up(scene.backup(), Bytes::All).await.unwrap();
            assert_eq!((copied.kept, copied.damaged), (2, 1), "{harm:?} {troubles:?}");
            assert!(
                troubles[0].contains("\"second\"") && troubles[0].contains("has the right ones"),
                "{troubles:?}"
            );
            assert!(std::fs::read(scene.copy()).unwrap() == bytes(SIZE, 2));
        }
    }
}

#[tokio::test]
async fn a_restore_repairs_bytes_that_have_the_right_size_and_are_damaged() {
    for harm in HARMS {
        for scene in Box::pin(Scene::all()).await.into_iter().filter(|scene| scene.shows(harm)) {
            scene.back_up(scene.backup(), Bytes::New).await.unwrap();
            scene.harm(harm).await;
            // The rows are those of the backup.
            let (restored, troubles) = scene.restore_again().await.unwrap();
            assert_eq!(
                (restored.objects, restored.kept, restored.damaged),
                (3, 2, 0),
                "{harm:?} {troubles:?}"
            );
            assert!(troubles.len() == 1 && troubles[0].contains("written again"), "{troubles:?}");
            scene.check_whole().await;
            let (again, troubles) = scene.restore_again().await.unwrap();
            assert_eq!((again.kept, again.bytes, troubles.len()), (3, 0, 0));
        }
    }
}

#[tokio::test]
async fn a_restore_that_missed_a_file_brings_it_when_it_is_run_again_and_changed_rows_are_refused() {
    for scene in Box::pin(Scene::all()).await {
        scene.back_up(scene.backup(), Bytes::New).await.unwrap();
        let good = std::fs::read(scene.copy()).unwrap();
        std::fs::write(scene.copy(), bytes(SIZE, 8)).unwrap();
        let mut other = scene.world.elsewhere().await;
        let (restored, troubles) = restore_telling(&other, scene.backup()).await.unwrap();
        assert_eq!((restored.damaged, restored.bytes), (1, 60_000), "{troubles:?}");
        std::fs::write(scene.copy(), good).unwrap();
        let (again, troubles) = restore_telling(&other, scene.backup()).await.unwrap();
        assert_eq!((again.rows, again.kept, again.bytes), (restored.rows, 2, SIZE as u64), "{troubles:?}");
        other.serve(|_| {}).await;
        let owner = other.owner();
        assert!(owner.download(&scene.ids[1]).await == bytes(SIZE, 2));
        owner.folder("new", None).await;
        let refused = restore_telling(&other, scene.backup()).await.unwrap_err();
        assert!(refused.contains("already has a drive in it"), "{refused}");
    }
}

#[tokio::test]
async fn a_copy_that_an_earlier_backup_made_of_damaged_bytes_is_made_again_and_never_restored() {
    for scene in Box::pin(Scene::all()).await {
        scene.back_up(scene.backup(), Bytes::New).await.unwrap();
        // As a version did that compared nothing: it copied other bytes, and listed their checksum.
        let (good, bad) = (bytes(SIZE, 2), bytes(SIZE, 9));
        let sum = |content: &[u8]| known("x", content)["checksum"]["crc64nvme"].as_str().unwrap().to_owned();
        std::fs::write(scene.copy(), &bad).unwrap();
        let list = scene.backup().join("objects.jsonl");
        let listed = std::fs::read_to_string(&list).unwrap();
        std::fs::write(&list, listed.replace(&sum(&good), &sum(&bad))).unwrap();
        let other = scene.world.elsewhere().await;
        let (restored, _) = restore_telling(&other, scene.backup()).await.unwrap();
        assert_eq!((restored.damaged, restored.bytes), (1, 60_000));
        let (copied, troubles) = scene.back_up(scene.backup(), Bytes::New).await.unwrap();
        assert_eq!((copied.kept, copied.bytes, copied.damaged), (2, SIZE as u64, 0), "{troubles:?}");
        assert!(std::fs::read(scene.copy()).unwrap() == good);
    }
}

#[tokio::test]
async fn a_damaged_line_in_the_list_of_a_backup_hides_no_other_file() {
    for scene in Box::pin(Scene::all()).await {
        scene.back_up(scene.backup(), Bytes::New).await.unwrap();
        let list = scene.backup().join("objects.jsonl");
        let listed = std::fs::read_to_string(&list).unwrap();
        std::fs::write(&list, listed.replacen("{\"key\"", "\u{0}\"key\"", 1)).unwrap();
        let other = scene.world.elsewhere().await;
        let (restored, troubles) = restore_telling(&other, scene.backup()).await.unwrap();
        assert_eq!((restored.objects, restored.missing, restored.damaged), (3, 0, 0), "{troubles:?}");
        assert!(troubles.len() == 1 && troubles[0].contains("line 1 of"), "{troubles:?}");
    }
}

#[tokio::test]
async fn a_file_whose_bytes_are_damaged_is_sent_again_and_is_whole_afterwards() {
    for harm in HARMS {
        for scene in Box::pin(Scene::all()).await.into_iter().filter(|scene| scene.shows(harm)) {
            let (owner, content) = (scene.world.owner(), bytes(SIZE, 2));
            let file = known("second", &content);
            let start =
                async || owner.batch("start", &json!({ "files": [file] })).await.ok()["files"][0].clone();
            assert_eq!(start().await["item"]["id"], scene.ids[1].as_str());
            scene.harm(harm).await;
            assert!(start().await["upload"].is_object(), "{harm:?}");
            let items = owner.upload_files(&scene.world, &[(file.clone(), &content[..])], &json!({})).await;
            assert_eq!(items[0]["id"], scene.ids[1].as_str(), "{harm:?}");
            scene.check_whole().await;
            assert_eq!(start().await["item"]["id"], scene.ids[1].as_str());
        }
    }
}

#[tokio::test]
async fn a_move_names_a_damaged_file_moves_all_others_and_trusts_no_object_that_was_overwritten_since() {
    for harm in [Harm::Flipped, Harm::Gone] {
        let mut scene = Scene::on(World::start().await, None, None).await;
        if scene.world.store.is_some() {
            return;
        }
        let host = World::start().await;
        let s3 = host.as_store(host.url.clone());
        scene.back_up(scene.backup(), Bytes::New).await.unwrap();
        scene.harm(harm).await;
        scene.world.stop().await;
        let data = scene.world.data.path().to_owned();
        let (from, admin) = (store_of(&scene.world).await, scene.world.admin().await);
        let to = Store::open_alone(&data, Some(&s3)).await.unwrap();
        let clock = Clock::from_fn(real_now);
        let mv = async || admin.move_objects(&from, &to, &data, &clock, |_| {}).await.unwrap();
        let moved = mv().await;
        assert_eq!((moved.objects, moved.damaged, moved.bytes), (3, 1, 60_000), "{harm:?}");
        let first = key_of(scene.backup(), "first");
        overwrite(&s3, &first, &bytes(20_000, 9)).await;
        let again = mv().await;
        assert_eq!(
            (again.kept, again.damaged, again.bytes),
            (1, 1, 20_000),
            "the overwritten one is moved again"
        );
        admin.close().await;
        from.close().await;
    }
}

#[tokio::test]
async fn an_object_that_the_store_refuses_is_named_and_stops_no_other() {
    let host = World::start().await;
    if host.store.is_some() {
        return;
    }
    let (middle, s3) = Middle::start(&host).await;
    let world = World::start_with(|config| config.s3 = Some(s3.clone())).await;
    let scene = Scene::on(world, None, Some(s3.clone())).await;
    let folder = scene.world.data.path();
    let (store, admin) = (Store::open_alone(folder, Some(&s3)).await.unwrap(), scene.world.admin().await);
    let clock = Clock::from_fn(real_now);
    let refused: &'static str = scene.key.clone().leak();
    for status in [403, 500] {
        middle.will(Act::Answers("GET", refused, status));
        let copied = admin.backup(&store, scene.backup(), Bytes::New, &clock, |_| {}).await.unwrap();
        assert_eq!((copied.objects, copied.failed), (3, 1), "{status}");
        assert!(scene.backup().join("drive.jsonl").exists() && !scene.copy().exists());
    }
    middle.will(Act::Serves);
    let copied = admin.backup(&store, scene.backup(), Bytes::New, &clock, |_| {}).await.unwrap();
    assert_eq!((copied.kept, copied.bytes, copied.failed), (2, SIZE as u64, 0));

    // Objects that nothing refers to, one of which the store does not remove.
    scene.world.execute("update items set upload_id = null").await;
    scene.world.execute("delete from uploads").await;
    scene.world.execute("delete from items where name <> 'third'").await;
    middle.will(Act::Answers("DELETE", refused, 403));
    let sweep = async |remove: bool| {
        let mut found: Vec<Orphan> = Vec::new();
        let before = real_now() + SignedDuration::from_mins(5);
        admin.orphans(&store, before, remove, |orphan| found.push(orphan)).await.unwrap();
        found
            .into_iter()
            .map(|orphan| (orphan.key == refused, orphan.is_removed, orphan.failure.is_some()))
            .collect::<Vec<_>>()
    };
    let mut first = sweep(true).await;
    first.sort_unstable();
    assert_eq!(first, [(false, true, false), (true, false, true)]);
    middle.will(Act::Serves);
    assert_eq!(sweep(true).await, [(true, true, false)]);
}
