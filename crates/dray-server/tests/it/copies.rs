//! Commands that copy a drive's files, and are misled by a proxy or killed.

use std::sync::Arc;

use dray_ops::{Bytes, Store};
use dray_server::Clock;
use dray_server::metrics::Metrics;
use dray_server::objects::Objects;

use crate::damage::{SIZE, Scene, key_of, overwrite};
use crate::middle::{Act, Middle};
use crate::operate::{back_up_from, restore_to, store_of};
use crate::world::{World, bytes, real_now};

#[tokio::test]
async fn a_page_that_a_proxy_sends_once_never_becomes_a_part_of_a_backup() {
    let host = World::start().await;
    if host.store.is_some() {
        return;
    }
    let (middle, s3) = Middle::start(&host).await;
    let world = World::start_with(|config| config.s3 = Some(s3.clone())).await;
    // Nobody announced its checksum, so nothing but the store's answers says what its bytes are.
    world.owner().upload("unchecked", &[bytes(SIZE, 2)]).await;
    let folder = tempfile::tempdir().unwrap();
    let back_up = async |bytes: Bytes| {
        let store = Store::open_alone(world.data.path(), Some(&s3)).await.unwrap();
        back_up_from(&world, store, folder.path(), bytes).await.unwrap()
    };
    middle.will(Act::Pages(99));
    let (copied, troubles) = back_up(Bytes::New).await;
    assert_eq!((copied.failed, copied.bytes), (1, 0), "{troubles:?}");
    middle.reads();
    middle.will(Act::Pages(1));
    let (copied, troubles) = back_up(Bytes::New).await;
    assert_eq!((copied.failed, copied.bytes), (0, SIZE as u64), "{troubles:?}");
    let key = key_of(folder.path(), "unchecked");
    let copy = folder.path().join("objects").join(&key);
    assert!(std::fs::read(&copy).unwrap() == bytes(SIZE, 2));

    middle.will(Act::Serves);
    overwrite(&s3, &key, &bytes(SIZE, 9)).await;
    let (copied, troubles) = back_up(Bytes::All).await;
    assert_eq!(copied.damaged, 1);
    assert!(
        troubles[0].contains("no checksum from the upload says which are the right ones"),
        "{troubles:?}"
    );
}

#[tokio::test]
async fn a_repeated_restore_or_move_removes_what_a_killed_one_had_begun() {
    let scene = Scene::on(World::start().await, None, None).await;
    if scene.world.store.is_some() {
        return;
    }
    scene.back_up(scene.backup(), Bytes::New).await.unwrap();
    let host = World::start().await;
    let s3 = host.as_store(host.url.clone());
    let objects = Objects::other(&s3, None, &Arc::new(Metrics::off())).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes(SIZE, 2)).unwrap();
    let of_others = "files/0123456789abcdef01234567/other";
    let _other = objects.begin_object(of_others, "a/b", 1).await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let other = scene.world.elsewhere().await;
    for is_move in [false, true] {
        // A command that is killed aborts nothing.
        let mut killed = objects.begin_object(&scene.key, "a/b", SIZE as u64).await.unwrap();
        killed.put(file.path(), 0, SIZE as u64).await.unwrap();
        let to = Store::open_alone(scene.world.data.path(), Some(&s3)).await.unwrap();
        if is_move {
            let (from, admin) = (store_of(&scene.world).await, scene.world.admin().await);
            let clock = Clock::from_fn(real_now);
            admin.move_objects(&from, &to, data.path(), &clock, |_| {}).await.unwrap();
            admin.close().await;
            from.close().await;
        } else {
            let (restored, troubles) = restore_to(&other, to, scene.backup()).await.unwrap();
            assert_eq!((restored.failed, troubles), (0, vec![]));
        }
        let left = objects.begun_uploads("files/").await.unwrap();
        let left: Vec<_> = left.iter().map(|upload| upload.key.as_str()).collect();
        assert_eq!(left, [of_others], "move: {is_move}");
    }
}
