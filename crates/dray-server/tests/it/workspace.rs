//! `GET /workspace/info`.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_workspace_tells_its_name_and_how_many_are_in_it() {
    let world = World::start().await;
    world.user("alice@example.com").await;
    let info = world.owner().get("/workspace/info").await.ok();
    assert_eq!(
        (&info["name"], &info["slug"], &info["description"]),
        (&json!("Default"), &json!("default"), &json!(""))
    );
    assert_eq!(info["seats"], 2);
    assert_eq!(info["_id"].as_str().map(str::len), Some(24));
    assert!(info["createdAt"].as_str().unwrap().ends_with('Z') && info["updatedAt"] == info["createdAt"]);
}
