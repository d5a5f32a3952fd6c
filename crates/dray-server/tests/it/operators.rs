//! What operators do while a server runs: tokens and users.

use std::time::Duration;

use dray_ops::{AlsoEnds, MAX_TOKEN_LIFE, MadeWith, OWNER_EMAIL};
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, World};

#[tokio::test]
async fn only_the_first_start_makes_a_token() {
    let world = World::start().await;
    let admin = world.admin().await;
    assert_eq!(admin.bootstrap(world.now()).await.unwrap(), None);
    assert_eq!(admin.list_users().await.unwrap().len(), 1);
    assert_eq!(admin.list_tokens().await.unwrap().len(), 1);
    admin.close().await;
}

#[tokio::test]
async fn a_user_and_a_token_made_while_the_server_runs_work_at_once() {
    let world = World::start().await;
    let alice = world.user("Alice@Example.com").await;
    alice.get("/workspace/info").await.ok();
    let admin = world.admin().await;
    let users = admin.list_users().await.unwrap();
    assert_eq!(
        users.iter().map(|u| u.email.as_str()).collect::<Vec<_>>(),
        [OWNER_EMAIL, "alice@example.com"]
    );
    let tokens = admin.list_tokens().await.unwrap();
    assert_eq!(tokens[1].scopes, ["access_drive"]);
    admin.close().await;
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_their_names() {
    let world = World::start().await;
    let admin = world.admin().await;
    let scope = || vec!["access_drive".to_owned()];
    let day = Duration::from_hours(24);
    let errors = [
        admin.create_token("nobody@example.com", &scope(), day, world.now()).await.unwrap_err(),
        admin.create_token(OWNER_EMAIL, &["everything".into()], day, world.now()).await.unwrap_err(),
        admin.create_token(OWNER_EMAIL, &scope(), MAX_TOKEN_LIFE + day, world.now()).await.unwrap_err(),
        admin.create_token(OWNER_EMAIL, &scope(), Duration::ZERO, world.now()).await.unwrap_err(),
        admin.add_user("no address", None, world.now()).await.unwrap_err(),
        admin.add_user(OWNER_EMAIL, None, world.now()).await.unwrap_err(),
    ];
    let named = ["--user", "--scope", "--expires-in", "--expires-in", "EMAIL", "EMAIL"];
    for (error, name) in errors.iter().zip(named) {
        assert!(error.to_string().starts_with(name), "{error}");
    }
    admin.close().await;
}

/// A link to the file and a request to the folder, which `actor` makes. Returns their addresses.
async fn publish(actor: &Actor, file: &str, folder: &str) -> (String, String) {
    let link = actor.post(&format!("/drive/files/{file}/links"), &json!({})).await.ok();
    let request = actor.post("/drive/requests", &json!({ "folderId": folder, "title": "t" })).await.ok();
    let address = |made: &Value| made["url"].as_str().unwrap().to_owned();
    (address(&link), format!("{}/open", address(&request)))
}

/// The status of a link and of a request.
async fn visit(world: &World, (link, request): &(String, String)) -> (u16, u16) {
    let link = world.http.get(link).send().await.unwrap();
    let request = world.http.post(request).json(&json!({})).send().await.unwrap();
    (link.status().as_u16(), request.status().as_u16())
}

#[tokio::test]
async fn links_and_requests_outlive_their_token_unless_the_operator_ends_them_with_it() {
    let world = World::start().await;
    let owner = world.owner();
    let (file, folder) = (owner.file("a", None).await, owner.folder("f", None).await);
    let new = json!({ "name": "t", "scopes": ["access_drive"] });
    let first = owner.post("/tokens", &new).await.ok();
    let holder = world.with_token(first["token"].as_str().unwrap());
    let of_first = publish(&holder, &file, &folder).await;
    let grandchild = holder.post("/tokens", &new).await.ok();
    let of_grandchild =
        publish(&world.with_token(grandchild["token"].as_str().unwrap()), &file, &folder).await;
    let second = holder.post("/tokens/rotate", &json!({})).await.ok();
    let of_owner = publish(&owner, &file, &folder).await;
    let open = world.http.post(of_first.1.replace("/open", "/submitters")).json(&json!({}));
    let grant = open.send().await.unwrap().json::<Value>().await.unwrap();
    world.with_token(grant["grant"].as_str().unwrap()).start("unfinished", 5).await;
    // This link is over already.
    let soon = (world.now() + jiff::SignedDuration::from_secs(60)).to_string();
    holder.post(&format!("/drive/files/{file}/links"), &json!({ "expiresAt": soon })).await.ok();
    world.pass(jiff::SignedDuration::from_secs(61)).await;

    let admin = world.admin().await;
    let made = admin.made_with_tokens(world.now()).await.unwrap();
    let one_each = MadeWith { links: 1, requests: 1 };
    assert_eq!(made.values().copied().collect::<Vec<_>>(), [one_each; 3]);
    assert_eq!(made.get(&id(&first).parse().unwrap()), Some(&one_each));
    // What it replaced and what it created ends with the token.
    let of_line = MadeWith { links: 2, requests: 2 };
    let also = |links_and_requests| AlsoEnds { links_and_requests, ..AlsoEnds::default() };
    let revoke = async |ends_made| {
        admin.revoke_token_and(id(&second).parse().unwrap(), also(ends_made), world.now()).await.unwrap()
    };
    assert_eq!(revoke(false).await, Some(of_line));
    for public in [&of_first, &of_grandchild, &of_owner] {
        assert_eq!(visit(&world, public).await, (200, 200));
    }
    assert_eq!(revoke(true).await, Some(of_line));
    for public in [&of_first, &of_grandchild] {
        assert_eq!(visit(&world, public).await, (404, 410));
    }
    assert_eq!(visit(&world, &of_owner).await, (200, 200));
    assert_eq!(revoke(true).await, Some(MadeWith::default()), "nothing is left of it");
    let unfinished =
        format!("uploads where state = 'open' and expires_at > {}", world.now().as_millisecond());
    assert_eq!(world.count(&unfinished).await, 0, "what strangers reserved is released");
    assert_eq!(
        admin
            .revoke_token_and("0123456789abcdef01234567".parse().unwrap(), also(true), world.now())
            .await
            .unwrap(),
        None
    );
    admin.close().await;
}
