//! Who may change, close, reopen and delete a request: what arrives costs its maker, and the folder's owner keeps the record of
//! who sent what.

use serde_json::{Value, json};

use super::{requested, submissions, submitter};
use crate::acts::id;
use crate::world::{Actor, World, refusal};

/// A folder of the owner's, a request to it by one of its admins, and another admin.
struct Scene {
    world: World,
    owner: Actor,
    maker: Actor,
    fellow: Actor,
    folder: String,
    request: String,
    path: String,
    made: Value,
}

impl Scene {
    async fn of(more: &Value) -> Self {
        let world = World::start().await;
        let owner = world.owner();
        let folder = owner.folder("inbox", None).await;
        let maker = world.participant("maker@example.com", &owner, &folder, "admin").await;
        let fellow = world.participant("fellow@example.com", &owner, &folder, "admin").await;
        let (made, path) = requested(&maker, &folder, more).await;
        let request = format!("/drive/requests/{}", id(&made));
        Self { world, owner, maker, fellow, folder, request, path, made }
    }

    async fn demote(&self, role: &str) {
        let maker = self.world.user_id("maker@example.com").await;
        self.owner.share(&self.folder, &maker, role).await;
    }
}

#[tokio::test]
async fn only_its_maker_makes_a_request_take_more() {
    let scene = Scene::of(&json!({ "maxTotalFiles": 5, "maxSubmitters": 5 })).await;
    let refused = refusal(403, "request_of_others");
    scene.maker.patch(&scene.request, &json!({ "closed": true })).await.ok();
    for actor in [&scene.fellow, &scene.owner] {
        let reopens = actor.patch(&scene.request, &json!({ "closed": false })).await;
        assert_eq!(reopens.refused(), refused);
    }
    scene.maker.patch(&scene.request, &json!({ "closed": false })).await.ok();
    let before = scene.maker.get(&scene.request).await.ok();
    for actor in [&scene.fellow, &scene.owner] {
        for more in [
            json!({ "maxTotalFiles": null }),
            json!({ "maxTotalFiles": 6 }),
            json!({ "maxSubmitters": 6 }),
            json!({ "title": "Bring me everything" }),
            json!({ "message": "all of it" }),
            // All of a change, or nothing.
            json!({ "maxTotalFiles": 4, "maxSubmitters": 6 }),
        ] {
            assert_eq!(actor.patch(&scene.request, &more).await.refused(), refused, "{more}");
        }
    }
    assert_eq!(scene.maker.get(&scene.request).await.ok(), before, "nothing has changed");
    scene.maker.patch(&scene.request, &json!({ "maxTotalFiles": null, "title": "New" })).await.ok();
}

#[tokio::test]
async fn another_admin_restricts_and_closes_a_request() {
    let scene = Scene::of(&json!({ "maxTotalFiles": 5 })).await;
    let soon = (scene.world.now() + jiff::SignedDuration::from_hours(1)).to_string();
    let late = (scene.world.now() + jiff::SignedDuration::from_hours(2)).to_string();
    let change = async |change: Value| scene.fellow.patch(&scene.request, &change).await;
    let refused = refusal(403, "request_of_others");
    change(json!({ "maxTotalFiles": 4, "maxSubmitters": 3, "maxTotalBytes": 100, "deadline": soon }))
        .await
        .ok();
    assert_eq!(change(json!({ "deadline": late })).await.refused(), refused);
    assert_eq!(change(json!({ "deadline": null })).await.refused(), refused);
    let now = change(json!({ "password": "correct horse" })).await.ok();
    assert_eq!((&now["maxTotalFiles"], &now["hasPassword"]), (&json!(4), &json!(true)));
    for password in [json!("another horse"), Value::Null] {
        assert_eq!(change(json!({ "password": password })).await.refused(), refused, "{password}");
    }
    assert!(change(json!({ "closed": true })).await.ok()["closedAt"].is_string());
    // Saying again what is so changes nothing.
    change(json!({ "closed": true, "maxTotalFiles": 4, "title": scene.made["title"] })).await.ok();
}

#[tokio::test]
async fn a_maker_who_no_longer_manages_the_folder_may_only_close_the_request() {
    for role in ["member", "viewer", "nobody"] {
        let scene = Scene::of(&json!({ "maxTotalFiles": 5 })).await;
        match role {
            "nobody" => {
                let maker = scene.world.user_id("maker@example.com").await;
                scene.owner.unshare(&scene.folder, &maker).await;
            }
            role => scene.demote(role).await,
        }
        for more in
            [json!({ "title": "x" }), json!({ "maxTotalFiles": 4 }), json!({ "password": "correct horse" })]
        {
            let answer = scene.maker.patch(&scene.request, &more).await;
            assert_eq!(answer.refused(), refusal(403, "role_too_low"), "{role}: {more}");
        }
        scene.maker.patch(&scene.request, &json!({ "closed": true })).await.ok();
        let reopens = scene.maker.patch(&scene.request, &json!({ "closed": false })).await;
        assert_eq!(reopens.refused(), refusal(403, "role_too_low"), "{role}");
        scene.demote("admin").await;
        scene.maker.patch(&scene.request, &json!({ "closed": false })).await.ok();
    }
}

#[tokio::test]
async fn the_record_of_who_sent_what_goes_only_with_the_folders_owner() {
    let scene = Scene::of(&json!({ "asksName": "required" })).await;
    let ada = submitter(&scene.world, &scene.path, &json!({ "name": "Ada" })).await;
    ada.upload_with("a", b"abc", &json!({})).await;
    ada.start("unfinished", 3).await;
    for actor in [&scene.maker, &scene.fellow] {
        assert_eq!(actor.delete(&scene.request).await.refused(), refusal(403, "role_too_low"));
    }
    scene.demote("viewer").await;
    assert_eq!(scene.maker.delete(&scene.request).await.refused(), refusal(403, "role_too_low"));
    let told = submissions(&scene.owner, &scene.made).await;
    assert_eq!((told.len(), &told[1]["submitter"]["name"]), (2, &json!("Ada")), "a refusal aborts nothing");
    let now = scene.owner.get(&scene.request).await.ok();
    assert_eq!(now.get("closedAt"), None, "a refusal closes nothing");
    scene.owner.delete(&scene.request).await.done();
    assert_eq!(scene.owner.listed(&scene.folder).await, ["a"]);
}

#[tokio::test]
async fn a_request_to_which_nothing_has_arrived_is_deleted_by_any_admin_and_by_its_maker() {
    for who in ["maker", "fellow", "demoted maker"] {
        let scene = Scene::of(&json!({})).await;
        let ada = submitter(&scene.world, &scene.path, &json!({})).await;
        ada.start("unfinished", 3).await;
        if who == "demoted maker" {
            scene.demote("viewer").await;
        }
        let actor = if who == "fellow" { &scene.fellow } else { &scene.maker };
        actor.delete(&scene.request).await.done();
        assert_eq!(
            scene.owner.get(&scene.request).await.refused(),
            refusal(404, "request_not_found"),
            "{who}"
        );
    }
}
