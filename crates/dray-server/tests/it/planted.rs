//! Files that somebody put where others will upload. Their owners get no power over what comes later under the same name:
//! an upload gives nobody a role that they lack on the folder.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::acts::id;
use crate::batch::{file, known, stages};
use crate::world::{Actor, Answer, World};

const PLANTED: &[u8] = b"planted";
const SECRET: &[u8] = b"the secret of the owner";

/// An owner with a folder, a member of it, and a guest who has nothing.
struct Scene {
    owner: Actor,
    member: Actor,
    guest: Actor,
    folder: String,
    member_id: String,
}

impl Scene {
    async fn of(world: &World) -> Self {
        let owner = world.owner();
        let folder = owner.folder("team", None).await;
        let member = world.participant("member@example.com", &owner, &folder, "member").await;
        let guest = world.user("guest@example.com").await;
        let member_id = world.user_id("member@example.com").await;
        Self { owner, member, guest, folder, member_id }
    }

    fn folder(&self, on_conflict: &str) -> Value {
        json!({ "parentId": self.folder, "onConflict": on_conflict })
    }

    /// A file of the member's, with a link, of which the guest is an admin. Returns its id and the address of the link.
    async fn plant(&self, world: &World, name: &str) -> (String, String) {
        let planted = id(&self.member.upload_with(name, PLANTED, &self.folder("keep")).await);
        self.member.share(&planted, &world.user_id("guest@example.com").await, "admin").await;
        let made = self.member.post(&format!("/drive/files/{planted}/links"), &json!({})).await.ok();
        (planted, made["url"].as_str().unwrap().to_owned())
    }

    /// Checks that `made` is the owner's alone, that the planted file is in the trash as it was, and that its link is over.
    async fn check_safe(&self, world: &World, made: &Value, (planted, link): &(String, String)) {
        let made_id = id(made);
        assert_ne!(made_id, *planted);
        assert_ne!(made["owner"], json!(self.member_id));
        assert_eq!(self.owner.download(&made_id).await, SECRET);
        self.guest.check_absent(&made_id).await;
        for actor in [&self.owner, &self.member, &self.guest] {
            actor.check_absent(planted).await;
        }
        assert_eq!(world.http.get(link).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn whoever_planted_a_file_gets_nothing_of_what_replaces_it() {
    for stage in stages().await {
        let world = &stage.world;
        let scene = Scene::of(world).await;
        let (owner, member) = (&scene.owner, &scene.member);
        let single = scene.plant(world, "a").await;
        let batch = scene.plant(world, "b").await;
        owner.unshare(&scene.folder, &scene.member_id).await;

        let made = owner.upload_with("a", SECRET, &scene.folder("replace")).await;
        scene.check_safe(world, &made, &single).await;
        member.check_absent(&id(&made)).await;
        let files = [(file("b", SECRET), SECRET)];
        let made = owner.upload_files(world, &files, &scene.folder("replace")).await.remove(0);
        scene.check_safe(world, &made, &batch).await;
        member.check_absent(&id(&made)).await;

        assert_eq!(owner.listed(&scene.folder).await, ["a", "b"]);
        assert_eq!(owner.trashed().await, ["b", "a"], "{}", stage.name);
        // The planted files still belong to whoever planted them, and to nobody's new bytes.
        for (planted, _) in [&single, &batch] {
            assert_eq!(member.restore(planted).await.ok().get("parentId"), None);
            assert_eq!(member.download(planted).await, PLANTED);
            assert_eq!(scene.guest.download(planted).await, PLANTED, "what it gave stays given");
        }
        assert_eq!(owner.trashed().await, [""; 0]);
        assert_eq!(owner.listed(&scene.folder).await, ["a", "b"]);
    }
}

#[tokio::test]
async fn a_file_that_takes_the_name_later_is_no_better_than_a_planted_one() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let (owner, member) = (&scene.owner, &scene.member);
    // The upload begins before anything has the name.
    for (name, way) in ["renamed", "moved", "restored"].iter().enumerate() {
        let name = format!("{name}.txt");
        let upload = owner.put_with(&name, SECRET, &scene.folder("replace")).await;
        let planted = match *way {
            "renamed" => {
                let planted = scene.plant(&world, "harmless").await;
                member.change(&planted.0, &json!({ "name": name })).await.ok();
                planted
            }
            "moved" => {
                let planted = scene.plant(&world, &name).await;
                member.move_to(&planted.0, None).await.ok();
                member.move_to(&planted.0, Some(&scene.folder)).await.ok();
                planted
            }
            _ => {
                let planted = scene.plant(&world, &name).await;
                member.trash(&planted.0).await;
                member.restore(&planted.0).await.ok();
                planted
            }
        };
        let made = owner.finalize(&upload.0, &upload.1).await.ok();
        scene.check_safe(&world, &made, &planted).await;
    }
}

#[tokio::test]
async fn a_members_upload_replaces_the_owners_file_and_puts_another_members_into_the_trash() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let other = world.participant("other@example.com", &scene.owner, &scene.folder, "member").await;
    let of_owner = id(&scene.owner.upload_with("a", b"old", &scene.folder("keep")).await);
    let of_member = scene.plant(&world, "b").await;
    let replaced = other.upload_with("a", b"new", &scene.folder("replace")).await;
    assert_eq!((id(&replaced), scene.owner.download(&of_owner).await), (of_owner, b"new".to_vec()));
    let made = other.upload_with("b", SECRET, &scene.folder("replace")).await;
    scene.check_safe(&world, &made, &of_member).await;
    assert_eq!(made["owner"], json!(world.user_id("other@example.com").await));
    assert_eq!(scene.owner.trashed().await, ["b", "a"]);
    assert_eq!(
        (scene.member.trashed().await, other.trashed().await),
        (vec!["b".into()], vec!["b".into(), "a".into()])
    );
    // Everybody who could reach the new file can do so through the folder.
    assert_eq!(scene.member.download(&id(&made)).await, SECRET);
    assert_eq!(scene.member.get(&format!("/drive/files/{}", id(&made))).await.ok()["role"], "member");
    // Its own uploader replaces it in place.
    let again = other.upload_with("b", b"newer", &scene.folder("replace")).await;
    assert_eq!(again["id"], made["id"]);
}

#[tokio::test]
async fn an_owner_of_a_folder_further_up_counts_as_an_owner_and_the_owner_of_a_folder_beside_does_not() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    // The member's own folder inside of the owner's.
    let inner = scene.member.folder("inner", Some(&scene.folder)).await;
    let into = |conflict: &str| json!({ "parentId": inner, "onConflict": conflict });
    let of_owner = id(&scene.owner.upload_with("a", b"old", &into("keep")).await);
    assert_eq!(id(&scene.member.upload_with("a", b"new", &into("replace")).await), of_owner);
    let of_member = id(&scene.member.upload_with("b", b"old", &into("keep")).await);
    assert_eq!(
        id(&scene.owner.upload_with("b", b"new", &into("replace")).await),
        of_member,
        "they own the folder"
    );
    scene.member.folder("beside", Some(&inner)).await;
    let planted = scene.plant(&world, "c").await;
    let made = scene.owner.upload_with("c", SECRET, &scene.folder("replace")).await;
    scene.check_safe(&world, &made, &planted).await;
}

#[tokio::test]
async fn of_several_files_with_the_name_the_one_in_safe_hands_is_replaced() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let (planted, _) = scene.plant(&world, "a").await;
    let own = id(&scene.owner.upload_with("a", b"old", &scene.folder("keep")).await);
    assert_eq!(id(&scene.owner.upload_with("a", SECRET, &scene.folder("replace")).await), own);
    assert_eq!(scene.member.download(&planted).await, PLANTED);
    assert_eq!(scene.owner.download(&own).await, SECRET);
}

#[tokio::test]
async fn uploads_at_once_put_a_planted_file_into_the_trash_once() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    for round in 0..6 {
        let name = format!("{round}.txt");
        let planted = scene.plant(&world, &name).await;
        let ready = join_all(
            [0, 1, 2].map(|_| async { scene.owner.put_with(&name, SECRET, &scene.folder("replace")).await }),
        )
        .await;
        let finalizes = join_all(ready.iter().map(|(upload, listed)| scene.owner.finalize(upload, listed)));
        let renaming = async {
            if round % 2 == 1 {
                scene.member.change(&planted.0, &json!({ "name": "away" })).await;
            }
        };
        let made: Vec<Value> = tokio::join!(finalizes, renaming).0.into_iter().map(Answer::ok).collect();
        assert!(made.iter().all(|item| item["id"] == made[0]["id"]), "{made:?}");
        assert_ne!(id(&made[0]), planted.0);
        scene.guest.check_absent(&id(&made[0])).await;
    }
}

#[tokio::test]
async fn what_replaces_a_planted_file_costs_its_uploader_and_asks_no_quota_of_whoever_planted_it() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    scene.plant(&world, "a").await;
    let admin = world.admin().await;
    admin.set_quota(Some("member@example.com"), Some(PLANTED.len() as u64)).await.unwrap();
    admin.close().await;
    let (items, bytes) = scene.owner.usage().await;
    scene.owner.upload_with("a", SECRET, &scene.folder("replace")).await;
    assert_eq!(scene.owner.usage().await, (items + 1, bytes + SECRET.len() as u64));
    assert_eq!(scene.member.usage().await, (1, PLANTED.len() as u64), "it is in the trash");
}

#[tokio::test]
async fn a_planted_file_with_the_same_bytes_does_not_take_the_place_of_an_upload() {
    let world = World::start().await;
    let scene = Scene::of(&world).await;
    let files = [(known("a", SECRET), SECRET)];
    let into = scene.folder("keep");
    let planted = scene.member.upload_files(&world, &files, &into).await.remove(0);
    let start = json!({ "parentId": scene.folder, "files": [known("a", SECRET)] });
    let again = async |actor: &Actor| actor.batch("start", &start).await.ok()["files"][0].clone();
    assert_eq!(again(&scene.member).await["item"]["id"], planted["id"], "its owner has it already");
    assert!(again(&scene.owner).await["upload"].is_object(), "its owner could purge the only copy");
    let own = scene.owner.upload_files(&world, &files, &into).await.remove(0);
    assert_eq!(again(&scene.owner).await["item"]["id"], own["id"]);
    // The folder's owner has power over it anyway.
    let other = world.participant("other@example.com", &scene.owner, &scene.folder, "member").await;
    assert_eq!(again(&other).await["item"]["id"], own["id"]);
}
