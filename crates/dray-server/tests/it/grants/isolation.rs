//! What one submitter sent is nobody else's: route × submitter × state, as a table.

use serde_json::{Value, json};

use super::granted;
use crate::world::{Actor, Started, World, refusal};

/// The routes about an upload, and what else their bodies need.
fn routes(listed: &Value) -> [(&'static str, Value); 4] {
    [
        ("presigned-urls", json!({ "parts": 1 })),
        ("parts", json!({})),
        ("finalize", json!({ "parts": listed })),
        ("abort", json!({})),
    ]
}

const SECRET: &str = "zebra secret.txt";

/// An upload of `holder` in each state: the state, the upload, and what a finalize of it lists.
async fn in_each_state(world: &World, holder: &Actor) -> Vec<(&'static str, Started, Value)> {
    let mut all = Vec::new();
    for state in ["open", "finalized", "aborted", "expired", "finalizing"] {
        let (upload, listed) = holder.put_with(SECRET, b"secret", &json!({})).await;
        let set = async |columns: &str| {
            let sql = format!("update uploads set {columns} where store_upload_id = '{}'", upload.upload_id);
            world.execute(&sql).await;
        };
        match state {
            "finalized" => drop(holder.finalize(&upload, &listed).await.ok()),
            "aborted" => holder.step("abort", &upload.body(&json!({}))).await.done(),
            "expired" => set("state = 'expired'").await,
            // As by a server that died.
            "finalizing" => set("state = 'completing', digest = 'x', lease_until = 0").await,
            _ => {}
        }
        all.push((state, upload, listed));
    }
    all
}

#[tokio::test]
async fn no_submitter_reaches_what_another_sent_whatever_its_state() {
    let world = World::start().await;
    let owner = world.owner();
    let (folder, other) = (owner.folder("inbox", None).await, owner.folder("other", None).await);
    let into = |folder: &str| json!({ "folderId": folder });
    let (holder, _) = granted(&world, &owner, &into(&folder)).await;
    let user = world.participant("member@example.com", &owner, &folder, "member").await;
    let others: [(&str, Actor); 6] = [
        ("a grant for the same folder", granted(&world, &owner, &into(&folder)).await.0),
        ("a grant for another folder", granted(&world, &owner, &into(&other)).await.0),
        ("another maker's grant", granted(&world, &user, &into(&folder)).await.0),
        ("another user", user.clone()),
        ("a token that only uploads", world.token_of(&owner, &["drive_upload"], None).await),
        ("one that only uploads there", world.token_of(&owner, &["drive_upload"], Some(&folder)).await),
    ];
    for (state, upload, listed) in in_each_state(&world, &holder).await {
        for (route, more) in routes(&listed) {
            for (who, actor) in &others {
                let what = format!("{route} of an upload that is {state}, by {who}");
                let answer = actor.step(route, &upload.body(&more)).await;
                let absent = Started { upload_id: "0".repeat(32), file_key: upload.file_key.clone() };
                let of_absent = actor.step(route, &absent.body(&more)).await;
                assert_eq!(answer.body, of_absent.body, "{what}");
                assert!(!answer.body.to_string().contains("zebra"), "{what}");
                assert_eq!(answer.refused(), refusal(404, "upload_not_found"), "{what}");
            }
        }
    }
    for (who, actor) in &others {
        let listed = actor.get("/drive/uploads").await;
        assert!(!listed.body.to_string().contains("zebra"), "{who}");
    }
    assert_eq!(owner.listed(&folder).await, [SECRET], "and nothing has happened to any");
    let told = in_each_state(&world, &holder).await;
    for (state, upload, _) in &told {
        let expected = match *state {
            "open" | "finalized" => 200,
            "finalizing" => 503,
            _ => 410,
        };
        let answer = holder.step("parts", &upload.body(&json!({}))).await;
        assert!(
            answer.status == expected || (*state == "finalizing" && answer.status == 200),
            "{state}: {} {}",
            answer.status,
            answer.body
        );
    }
}
