//! `GET /workspace/info` and `GET /workspace/members`.

use serde_json::{Value, json};

use crate::world::{World, refusal};

#[tokio::test]
async fn the_workspace_has_its_name_and_number_of_users() {
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

fn emails(answer: &Value) -> Vec<&str> {
    answer["members"].as_array().unwrap().iter().map(|member| member["email"].as_str().unwrap()).collect()
}

/// Adds a user with a name but without a token.
async fn add(world: &World, email: &str, name: &str) {
    let admin = world.admin().await;
    admin.add_user(email, Some(name), world.now()).await.unwrap();
    admin.close().await;
}

#[tokio::test]
async fn every_member_is_listed_with_their_role() {
    let world = World::start().await;
    add(&world, "alice@example.com", "Alice A.").await;
    let answer = world.owner().get("/workspace/members").await.ok();
    assert_eq!((&answer["total"], &answer["limit"], &answer["offset"]), (&json!(2), &json!(100), &json!(0)));
    let roles: Vec<_> = answer["members"].as_array().unwrap().iter().map(|m| m["type"].clone()).collect();
    assert_eq!(roles, ["owner", "member"]);
    let mut alice = answer["members"][1].clone();
    assert_eq!(alice["_id"].take().as_str().map(str::len), Some(24));
    assert!(alice["createdAt"].take().as_str().unwrap().ends_with('Z'));
    let expected = json!({ "_id": null, "name": "Alice A.", "email": "alice@example.com", "type": "member",
                           "status": "active", "active": true, "createdAt": null });
    assert_eq!(alice, expected);
}

#[tokio::test]
async fn members_are_found_by_a_part_of_their_name_or_address() {
    let world = World::start().await;
    add(&world, "alice@example.com", "Alice 100%").await;
    add(&world, "bob_b@example.com", "Bob \\ O'Neil").await;
    for (part, found) in [
        ("LICE", vec!["alice@example.com"]),
        ("example.com", vec!["alice@example.com", "bob_b@example.com"]),
        ("EXAMPLE", vec!["alice@example.com", "bob_b@example.com"]),
        ("b_b", vec!["bob_b@example.com"]),
        ("_", vec!["bob_b@example.com"]),
        ("%", vec!["alice@example.com"]),
        ("\\", vec!["bob_b@example.com"]),
        ("o'n", vec!["bob_b@example.com"]),
        ("' or 1=1 --", vec![]),
    ] {
        let answer = world.owner().query("/workspace/members", &[("q", part)]).await.ok();
        assert_eq!(emails(&answer), found, "{part:?}");
        assert_eq!(answer["total"], found.len(), "{part:?}");
    }
    let all = world.owner().query("/workspace/members", &[("q", "")]).await.ok();
    assert_eq!(all["total"], 3);
}

#[tokio::test]
async fn members_are_paged_without_leaving_anybody_out() {
    let world = World::start().await;
    for at in 0..4 {
        add(&world, &format!("u{at}@example.com"), "u").await;
    }
    let all = world.owner().get("/workspace/members").await.ok();
    let mut paged = Vec::new();
    for offset in ["0", "2", "4", "6"] {
        let page =
            world.owner().query("/workspace/members", &[("limit", "2"), ("offset", offset)]).await.ok();
        assert_eq!((&page["total"], &page["limit"]), (&json!(5), &json!(2)));
        assert_eq!(page["offset"].to_string(), offset);
        paged.extend(page["members"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(paged), all["members"]);
}

#[tokio::test]
async fn wrong_parameters_of_members_are_named_in_the_error() {
    let world = World::start().await;
    let long = "q".repeat(10_000);
    for (name, value) in [
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("offset", "-1"),
        ("offset", "1.5"),
        ("offset", "4294967296"),
        ("q", &long),
        ("q", "a\0"),
    ] {
        let answer = world.owner().query("/workspace/members", &[(name, value)]).await;
        assert_eq!(answer.refused_for(name), refusal(400, "invalid_parameter"), "{name}={value}");
    }
}
