//! What operators do while a server runs: tokens and users.

use std::time::Duration;

use dray_ops::{MAX_TOKEN_LIFE, OWNER_EMAIL};

use crate::world::World;

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
