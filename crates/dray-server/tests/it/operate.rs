//! Backup, restore, migration and orphans: operators' work on a whole drive.

use std::path::Path;

use dray_ops::{Bytes, Copied, Foreign, Orphan, Store, Told};
use dray_server::{Clock, Config};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{MIB, World, bytes, real_now, wait_for};

/// A drive with one item of each kind, and what its owner sees of it.
struct Filled {
    world: World,
    files: Vec<(String, Vec<u8>)>,
    link: String,
    slug: String,
}

impl Filled {
    async fn start() -> Self {
        let world = World::start().await;
        let owner = world.owner();
        let (outer, inner) = (owner.folder("outer", None).await, owner.folder("inner", None).await);
        owner.move_to(&outer, Some(&inner)).await.ok();
        world.participant("friend@example.com", &owner, &inner, "viewer").await;
        let mut files = Vec::new();
        for (name, content) in
            [("a.txt", b"abc".to_vec()), ("empty", Vec::new()), ("large.bin", bytes(6 * MIB, 7))]
        {
            let parts: Vec<_> = content.chunks(5 * MIB).map(<[u8]>::to_vec).collect();
            let parts = if parts.is_empty() { vec![Vec::new()] } else { parts };
            files.push((id(&owner.upload(name, &parts).await), content));
        }
        owner.move_to(&files[0].0, Some(&outer)).await.ok();
        let link = owner
            .post(&format!("/drive/files/{}/links", files[0].0), &json!({ "password": "pass word" }))
            .await
            .ok();
        let slug = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        owner.trash(&owner.file("trashed", None).await).await;
        owner.start("never finished", 3).await;
        Self { world, files, link: id(&link), slug }
    }

    /// Checks that a drive has the same content.
    async fn check(&self, other: &World) {
        let (before, after) = (self.world.owner(), other.owner());
        for path in ["/drive/tree?depth=10", "/drive/trash", "/drive/usage", "/workspace/members", "/tokens"]
        {
            let ask = async |who: &crate::world::Actor| {
                let mut answer = who.get(path).await.ok();
                // A token was used in between.
                answer.as_object_mut().map(|answer| answer.remove("lastUsedAt"));
                // A backup has no open uploads.
                for field in ["openUploads", "reservedBytes", "uploadingBytes"] {
                    answer.as_object_mut().map(|answer| answer.remove(field));
                }
                answer
            };
            assert_eq!(ask(&after).await, ask(&before).await, "{path}");
        }
        for (file, content) in &self.files {
            assert_eq!(&after.download(file).await, content);
        }
        let found = after.query("/drive/search", &[("q", "lar")]).await.ok();
        assert_eq!(found["totalHits"], 1, "search finds restored items");
        let link = other.http.get(format!("{}/l/{}", other.url, self.slug)).basic_auth("", Some("pass word"));
        assert_eq!(link.send().await.unwrap().text().await.unwrap(), "abc", "{}", self.link);
        assert_eq!(
            after.get("/drive/uploads").await.ok()["uploads"],
            json!([]),
            "unfinished uploads are not restored"
        );
    }
}

pub(crate) async fn store_of(world: &World) -> Store {
    let (s3, admin) = (world.store.as_ref().map(|store| store.config.clone()), world.admin().await);
    let store = Store::open(&admin, world.data.path(), s3.as_ref(), &world.url).await.unwrap();
    admin.close().await;
    store
}

pub(crate) async fn back_up(world: &World, folder: &Path) -> Copied {
    let (copied, troubles) = back_up_bytes(world, folder, Bytes::New).await.unwrap();
    assert_eq!(troubles, [""; 0]);
    copied
}

/// The outcome of a backup or restore, and what it told about objects that are missing or damaged.
pub(crate) type Done = Result<(Copied, Vec<String>), String>;

async fn back_up_bytes(world: &World, folder: &Path, bytes: Bytes) -> Done {
    back_up_from(world, store_of(world).await, folder, bytes).await
}

pub(crate) async fn back_up_from(world: &World, store: Store, folder: &Path, bytes: Bytes) -> Done {
    let admin = world.admin().await;
    let (mut progress, mut troubles) = (0, Vec::new());
    let tell = |told: Told<'_>| match told {
        Told::Plan { .. } => {}
        Told::Progress(_) => progress += 1,
        Told::Trouble(trouble) => troubles.push(trouble.to_owned()),
    };
    let copied = admin.backup(&store, folder, bytes, &Clock::from_fn(real_now), tell).await;
    admin.close().await;
    store.close().await;
    let copied = copied.map_err(|err| err.to_string())?;
    assert_eq!(progress, copied.objects);
    Ok((copied, troubles))
}

async fn restore(world: &World, folder: &Path) -> Result<Copied, String> {
    restore_telling(world, folder).await.map(|(copied, _)| copied)
}

pub(crate) async fn restore_telling(world: &World, folder: &Path) -> Done {
    restore_to(world, store_of(world).await, folder).await
}

pub(crate) async fn restore_to(world: &World, store: Store, folder: &Path) -> Done {
    let admin = world.admin().await;
    let mut troubles = Vec::new();
    let tell = |told: Told<'_>| {
        if let Told::Trouble(trouble) = told {
            troubles.push(trouble.to_owned());
        }
    };
    let restored = admin.restore(&store, folder, tell).await.map_err(|err| err.to_string());
    admin.close().await;
    store.close().await;
    Ok((restored?, troubles))
}

#[tokio::test]
async fn a_backup_made_while_the_drive_is_served_becomes_the_same_drive() {
    let filled = Filled::start().await;
    let folder = tempfile::tempdir().unwrap();
    let copied = back_up(&filled.world, folder.path()).await;
    assert_eq!((copied.objects, copied.kept, copied.missing), (4, 0, 0));
    let again = back_up(&filled.world, folder.path()).await;
    assert_eq!(again, Copied { kept: 4, bytes: 0, ..copied }, "only what is new is copied");

    let mut other = filled.world.elsewhere().await;
    assert_eq!(restore(&other, folder.path()).await, Ok(copied));
    other.serve(|_| {}).await;
    filled.check(&other).await;
    let refused = restore(&other, folder.path()).await.unwrap_err();
    assert!(refused.contains("already has a drive in it"), "{refused}");
    let file = other.owner().file("new", None).await;
    assert_eq!(other.owner().item(&file).await["name"], "new", "and it still works");
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let filled = Filled::start().await;
    let folder = tempfile::tempdir().unwrap();
    back_up(&filled.world, folder.path()).await;
    let rows = std::fs::read_to_string(folder.path().join("drive.jsonl")).unwrap();
    let other = filled.world.elsewhere().await;
    let without_one =
        rows.lines().filter(|line| !line.contains("friend@example.com")).collect::<Vec<_>>().join("\n");
    let cut = &rows[..rows.len() / 2];
    for damaged in [&without_one, cut, &rows.replace("large.bin", "small.bin"), "", "{}"] {
        std::fs::write(folder.path().join("drive.jsonl"), damaged).unwrap();
        let refused = restore(&other, folder.path()).await.unwrap_err();
        assert!(refused.contains("The backup"), "{refused}");
    }
    assert_eq!(other.count("workspaces").await, 0);
}

#[tokio::test]
async fn a_damaged_file_of_a_backup_is_named_and_stops_no_other_and_a_verifying_backup_repairs_it() {
    let filled = Filled::start().await;
    let folder = tempfile::tempdir().unwrap();
    let copied = back_up(&filled.world, folder.path()).await;
    let object = object_path(folder.path(), 6 * MIB as u64);
    let mut content = std::fs::read(&object).unwrap();
    content[MIB] ^= 1;
    std::fs::write(&object, &content).unwrap();

    let mut fresh = filled.world.elsewhere().await;
    let (restored, troubles) = restore_telling(&fresh, folder.path()).await.unwrap();
    assert_eq!((restored.objects, restored.missing, restored.damaged), (4, 0, 1));
    let [trouble] = &troubles[..] else { panic!("{troubles:?}") };
    assert!(trouble.contains("large.bin") && trouble.contains(object.to_str().unwrap()), "{trouble}");
    fresh.serve(|_| {}).await;
    assert_eq!(fresh.owner().download(&filled.files[0].0).await, b"abc", "the other files are there");

    let again = back_up(&filled.world, folder.path()).await;
    assert_eq!((again.kept, again.bytes), (4, 0), "an ordinary backup reads only what is new");
    let (verified, troubles) = back_up_bytes(&filled.world, folder.path(), Bytes::All).await.unwrap();
    assert_eq!((verified.kept, verified.bytes, verified.damaged), (3, 6 * MIB as u64, 0));
    assert!(troubles.len() == 1 && troubles[0].contains("copied again"), "{troubles:?}");
    let other = filled.world.elsewhere().await;
    assert_eq!(restore(&other, folder.path()).await, Ok(copied));
}

#[tokio::test]
async fn damage_that_the_store_cannot_repair_either_is_told_by_a_verifying_backup() {
    let world = World::start().await;
    world.owner().file("only", None).await;
    let folder = tempfile::tempdir().unwrap();
    back_up(&world, folder.path()).await;
    std::fs::write(object_path(folder.path(), 4), b"ONLY").unwrap();
    world.lose_objects().await;
    let (verified, troubles) = back_up_bytes(&world, folder.path(), Bytes::All).await.unwrap();
    assert_eq!((verified.objects, verified.damaged), (1, 1));
    assert!(troubles.len() == 1 && troubles[0].contains("\"only\""), "{troubles:?}");
}

#[tokio::test]
async fn a_folder_with_the_backup_of_another_drive_is_refused_and_stays_as_it_is() {
    let filled = Filled::start().await;
    let folder = tempfile::tempdir().unwrap();
    let copied = back_up(&filled.world, folder.path()).await;
    let other = World::start().await;
    other.owner().file("other", None).await;
    let empty = filled.world.elsewhere().await;
    for world in [&other, &empty] {
        let refused = back_up_bytes(world, folder.path(), Bytes::New).await.unwrap_err();
        assert!(refused.contains("backup of another drive"), "{refused}");
    }
    let fresh = filled.world.elsewhere().await;
    assert_eq!(restore(&fresh, folder.path()).await, Ok(copied));
}

fn object_path(folder: &Path, size: u64) -> std::path::PathBuf {
    let workspace = std::fs::read_dir(folder.join("objects/files")).unwrap().next().unwrap().unwrap().path();
    let mut objects = std::fs::read_dir(workspace).unwrap().map(|entry| entry.unwrap());
    objects.find(|entry| entry.metadata().unwrap().len() == size).unwrap().path()
}

#[tokio::test]
async fn while_a_backup_runs_no_object_is_removed() {
    let mut world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let until = world.now().as_millisecond() + 600_000;
    world.execute(&format!("insert into leases values ('backup', 'somebody', {until})")).await;
    owner.trash(&file).await;
    owner.purge(&file).await;
    wait_for(async || world.count("items").await == 0).await;
    world.restart().await;
    assert_eq!((world.count("tombstones").await, world.object_keys().await.len()), (1, 1));
    // Its lease has ended.
    world.execute("update leases set held_until = 1 where name = 'backup'").await;
    world.restart().await;
    wait_for(async || world.object_keys().await.is_empty()).await;
}

#[tokio::test]
async fn a_lease_of_a_backup_from_a_clock_far_ahead_stops_no_removal() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let next_year = world.now().as_millisecond() + 365 * 24 * 3_600_000;
    world.execute(&format!("insert into leases values ('backup', 'somebody', {next_year})")).await;
    owner.trash(&file).await;
    owner.purge(&file).await;
    wait_for(async || world.object_keys().await.is_empty()).await;
}

#[tokio::test]
async fn a_drive_moves_to_another_database_and_another_store_and_works_there() {
    let mut filled = Filled::start().await;
    filled.world.stop().await;
    // The embedded store of another server is a bucket like any other.
    let host = World::start().await;
    let s3 = host.as_store(host.url.clone());
    let mut other = filled.world.elsewhere().await;
    let folder = filled.world.data.path().to_owned();
    let clock = Clock::from_fn(real_now);
    let (from, to) = (store_of(&filled.world).await, Store::open_alone(&folder, Some(&s3)).await.unwrap());
    let (admin, admin_there) = (filled.world.admin().await, other.admin().await);
    // The move is interrupted after the first object, and started again.
    let cut_off = tokio::sync::Notify::new();
    let cut = |told: Told<'_>| {
        if matches!(told, Told::Progress(_)) {
            cut_off.notify_one();
        }
    };
    tokio::select! {
        _ = admin.move_objects(&from, &to, &folder, &clock, cut) => {}
        () = cut_off.notified() => {}
    }
    let moved = admin.move_objects(&from, &to, &folder, &clock, |_| {}).await.unwrap();
    assert_eq!((moved.objects, moved.missing), (4, 0));
    assert!(moved.kept >= 1, "{moved:?}");
    let again = admin.move_objects(&from, &to, &folder, &clock, |_| {}).await.unwrap();
    assert_eq!((again.kept, again.bytes), (4, 0));
    let rows = admin.move_rows(&admin_there, &folder, &clock).await.unwrap();
    assert_eq!(
        admin.move_rows(&admin_there, &folder, &clock).await.unwrap(),
        rows,
        "the rows were moved already"
    );
    admin.close_moved().await.unwrap();
    admin.close().await;
    admin_there.close().await;
    from.close().await;
    let there = s3.clone();
    other.serve(|config: &mut Config| config.s3 = Some(there)).await;
    // The old database knows the mark that the new store had at first.
    let refused = filled.world.refuses(|config: &mut Config| config.s3 = Some(s3)).await;
    assert!(refused.contains("moved to another database"), "{refused}");
    let refused = filled.world.refuses(|_| {}).await;
    assert!(refused.contains("dray store adopt"), "{refused}");
    let admin = filled.world.admin().await;
    // The server that has just been refused closes the store in its own time.
    let opened = std::cell::RefCell::new(None);
    wait_for(async || {
        opened.replace(Store::open_alone(&folder, None).await.ok());
        opened.borrow().is_some()
    })
    .await;
    let store = opened.into_inner().unwrap();
    admin.adopt(&store, &clock).await.unwrap();
    admin.close().await;
    store.close().await;
    filled.world.serve(|_| {}).await;
    filled.check(&other).await;
}

#[tokio::test]
async fn orphans_are_found_reported_and_removed_and_nothing_else_is() {
    let mut world = World::start().await;
    let owner = world.owner();
    let kept = owner.file("kept", None).await;
    let (replaced, _) = owner.put_with("kept", b"new", &json!({ "onConflict": "replace" })).await;
    owner.finalize(&replaced, &Value::Null).await.ok();
    let open = owner.start("open", 3).await;
    owner.put_parts(&open, &[b"abc".to_vec()]).await;
    let lost = owner.upload("lost", &[b"12345".to_vec()]).await;
    let stray = owner.start("stray", 4).await;
    owner.put_parts(&stray, &[b"1234".to_vec()]).await;
    world.restart().await;
    // As after a restore of an older backup.
    world.execute(&format!("delete from items where id = '{}'", id(&lost))).await;
    for upload in ["item_id = '".to_owned() + &id(&lost), "object_key = '".to_owned() + &stray.file_key] {
        world.execute(&format!("delete from uploads where {upload}'")).await;
    }
    let (admin, store, owner) = (world.admin().await, store_of(&world).await, world.owner());
    let look = async |minutes: i64, remove: bool| {
        let mut found: Vec<Orphan> = Vec::new();
        let before = real_now() + SignedDuration::from_mins(minutes);
        admin.orphans(&store, before, remove, |orphan| found.push(orphan)).await.unwrap();
        found.into_iter().map(|orphan| (orphan.size_bytes, orphan.upload_id.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(look(-5, true).await, [], "too young");
    assert_eq!(look(5, false).await, [(5, false), (4, true)]);
    assert_eq!(look(5, true).await, [(5, false), (4, true)], "listing orphans removes nothing");
    assert_eq!(look(5, true).await, []);
    assert_eq!(owner.download(&kept).await, b"new");
    owner.finalize(&open, &Value::Null).await.ok();
    // Finished uploads are forgotten after a week. The bytes of an item, and the earlier ones in the trash, stay known.
    world.execute("update items set upload_id = null").await;
    world.execute("delete from uploads where state = 'completed'").await;
    assert_eq!(look(5, true).await, []);
    assert_eq!(owner.download(&kept).await, b"new");
    let trash = owner.get("/drive/trash").await.ok();
    let earlier = id(&trash["items"][0]);
    owner.restore(&earlier).await.ok();
    assert_ne!(owner.download(&earlier).await, b"new");
}

#[tokio::test]
async fn objects_of_another_drive_are_never_orphans_and_an_empty_database_has_none() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("kept", None).await;
    let open = owner.start("open", 3).await;
    owner.put_parts(&open, &[b"abc".to_vec()]).await;
    let (other, store) = (world.elsewhere().await, store_of(&world).await);
    let (admin, before) = (other.admin().await, real_now() + SignedDuration::from_mins(5));
    let none = |orphan: Orphan| panic!("{orphan:?}");
    let refused = admin.orphans(&store, before, true, none).await.unwrap_err().to_string();
    assert!(refused.contains("has no drive in it"), "{refused}");
    admin.bootstrap(real_now()).await.unwrap();
    let others = admin.orphans(&store, before, true, none).await.unwrap();
    let [Foreign { workspace: Some(_), objects: 1, uploads: 1, bytes: 4 }] = others[..] else {
        panic!("{others:?}")
    };
    assert_eq!(owner.download(&file).await, b"kept");
    owner.finalize(&open, &Value::Null).await.ok();
}

/// A dump of a version that did not have the last three columns of tokens.
fn older(dump: &str) -> String {
    let (mut lines, mut digest) = (Vec::new(), 0_u128);
    for line in dump.lines().filter(|line| !line.starts_with("{\"rows\":")) {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if value["table"] == "tokens" {
            let row = value["row"].as_array_mut().unwrap();
            row.truncate(row.len() - 3);
        }
        let line = if value["table"] == "tokens" {
            format!("{{\"table\":\"tokens\",\"row\":{}}}", value["row"])
        } else {
            line.to_owned()
        };
        if !value["table"].is_null() {
            let mut hash = [0; 16];
            blake3::Hasher::new().update(line.as_bytes()).finalize_xof().fill(&mut hash);
            digest = digest.wrapping_add(u128::from_be_bytes(hash));
        }
        lines.push(line);
    }
    format!("{}\n{{\"rows\":{},\"digest\":\"{digest:032x}\"}}\n", lines.join("\n"), lines.len() - 1)
}

#[tokio::test]
async fn a_backup_from_before_tokens_had_parents_is_restored() {
    let filled = Filled::start().await;
    let folder = tempfile::tempdir().unwrap();
    back_up(&filled.world, folder.path()).await;
    let file = folder.path().join("drive.jsonl");
    let dump = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, older(&dump)).unwrap();
    let mut other = filled.world.elsewhere().await;
    restore(&other, folder.path()).await.unwrap();
    other.serve(|_| {}).await;
    filled.check(&other).await;
}
