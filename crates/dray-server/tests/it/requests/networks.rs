//! What strangers may use up is counted by the network that they come from, and what they only announce gives way to others.

use dray_ops::OWNER_EMAIL;
use jiff::SignedDuration;
use reqwest::Client;
use serde_json::{Value, json};

use super::{requested, submissions, submitter};
use crate::acts::id;
use crate::world::{Actor, Answer, Started, World, refusal, wait_for};

/// A client at another address of this machine, which is another network.
fn from(address: u8) -> Client {
    Client::builder().no_proxy().local_address(Some([127, 0, 0, address].into())).build().unwrap()
}

async fn join(world: &World, address: u8, path: &str, who: &Value) -> Answer {
    Answer::of(from(address).post(format!("{}{path}/submitters", world.url)).json(who)).await
}

/// A new submitter who comes from this network.
async fn visitor(world: &World, address: u8, path: &str) -> Actor {
    let made = join(world, address, path, &json!({})).await.ok();
    let holder = world.with_token(made["grant"].as_str().unwrap());
    holder.by(from(address), world.url.clone())
}

async fn start(holder: &Actor, size: u64) -> Result<Started, (u16, String)> {
    let body = json!({ "fileName": "a", "fileSize": size, "mimeType": "a/b" });
    let answer = holder.step("start", &body).await;
    if answer.status == 200 { Ok(Started::of(&answer.body)) } else { Err(answer.refused()) }
}

/// How many uploads the holder begins before they are refused for this reason.
async fn begun(holder: &Actor, code: &str) -> usize {
    let mut count = 0;
    loop {
        match start(holder, 1).await {
            Ok(_) => count += 1,
            Err(refused) => {
                assert_eq!(refused.1, code);
                return count;
            }
        }
    }
}

#[tokio::test]
async fn whoever_enters_with_the_old_password_while_it_is_changed_can_send_nothing() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    for _ in 0..4 {
        let (request, path) = requested(&owner, &folder, &json!({ "password": "correct horse" })).await;
        let (own, change) =
            (format!("/drive/requests/{}", id(&request)), json!({ "password": "another horse" }));
        let changed = std::cell::Cell::new(false);
        let enter = async || {
            let mut grants = Vec::new();
            while !changed.get() {
                let made = join(&world, 1, &path, &json!({ "password": "correct horse" })).await;
                if made.status == 200 {
                    grants.push(made.ok()["grant"].as_str().unwrap().to_owned());
                }
            }
            grants
        };
        let change = async {
            owner.patch(&own, &change).await.ok();
            changed.set(true);
        };
        let (one, two, three, ()) = tokio::join!(enter(), enter(), enter(), change);
        for grant in one.iter().chain(&two).chain(&three) {
            let refused = start(&world.with_token(grant), 1).await.err();
            assert_eq!(refused, Some(refusal(403, "request_password")));
        }
    }
}

/// Makes the submitters of a database many, each from this network and a minute younger than their request.
async fn multiply(world: &World, count: usize, network: &str) {
    let numbers =
        format!("with recursive n (i) as (select 1 union all select i + 1 from n where i < {count})");
    world
        .execute(&format!(
            "{numbers} insert into tokens (id, hash, workspace_id, user_id, name, scopes, folder_id, created_at, expires_at,
                 parent_id)
             select 'many' || i, 'many' || i, workspace_id, user_id, '', scopes, folder_id, created_at, expires_at, parent_id
             from n, tokens where scopes = 'drive_submitter';
             {numbers} insert into grants (id, max_files, types, on_conflict) select 'many' || i, 1, '', 'keep' from n;
             {numbers} insert into submitters (id, request_id, created_at, network)
             select 'many' || i, id, created_at + 60000, '{network}' from n, requests;"
        ))
        .await;
}

#[tokio::test]
async fn one_network_with_all_places_for_idle_submitters_makes_room_for_a_newcomer() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let first = visitor(&world, 2, &path).await;
    multiply(&world, 4999, "2001:db8:1::/48").await;
    for _ in 0..3 {
        visitor(&world, 3, &path).await.upload_with("a", b"a", &json!({})).await;
    }
    assert_eq!(world.count("submitters where network = '2001:db8:1::/48'").await, 4998);
    first.upload_with("b", b"b", &json!({})).await;
}

#[tokio::test]
async fn a_submitter_who_gave_all_their_uploads_up_takes_no_place_among_those_who_send() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "maxSubmitters": 2 })).await;
    for _ in 0..4 {
        let holder = submitter(&world, &path, &json!({})).await;
        let upload = start(&holder, 1).await.unwrap();
        holder.step("abort", &upload.body(&json!({}))).await.done();
    }
    let own = format!("/drive/requests/{}", id(&request));
    assert_eq!(owner.get(&own).await.ok()["submitters"], 0);
    let one = submitter(&world, &path, &json!({})).await;
    one.upload_with("a", b"a", &json!({})).await;
    let other = submitter(&world, &path, &json!({})).await;
    start(&other, 1).await.unwrap();
    let third = submitter(&world, &path, &json!({})).await;
    assert_eq!(start(&third, 1).await.err(), Some(refusal(409, "request_full")));
    start(&one, 1).await.unwrap();
    assert_eq!(owner.get(&own).await.ok()["submitters"], 2);
}

#[tokio::test]
async fn one_network_leaves_half_of_the_strangers_places_whatever_submitters_and_requests_it_uses() {
    let world = World::start_with(|config| config.uploads.max_open_uploads = 80).await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let (_, other_path) = requested(&owner, &folder, &json!({})).await;
    let mut taken = Vec::new();
    for path in [&path, &path, &path, &other_path] {
        taken.push(begun(&visitor(&world, 2, path).await, "too_many_uploads").await);
    }
    assert_eq!(taken, [20, 0, 0, 0], "half of the strangers' forty");
    let newcomer = visitor(&world, 3, &path).await;
    assert_eq!(begun(&newcomer, "too_many_uploads").await, 10);
    assert_eq!(
        begun(&visitor(&world, 4, &path).await, "too_many_uploads").await,
        1,
        "the request has its share"
    );
    assert_eq!(begun(&visitor(&world, 5, &other_path).await, "too_many_uploads").await, 4, "another has not");
    for _ in 0..40 {
        owner.start("own", 1).await;
    }
}

#[tokio::test]
async fn a_visitor_alone_may_take_all_that_a_request_takes_and_gives_way_to_others_until_bytes_arrive() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    for limit in [json!({ "maxTotalFiles": 4 }), json!({ "maxTotalBytes": 4 })] {
        let (_, path) = requested(&owner, &folder, &limit).await;
        let one = visitor(&world, 2, &path).await;
        let mut begun = Vec::new();
        for _ in 0..4 {
            begun.push(start(&one, 1).await.unwrap());
            world.pass(SignedDuration::from_secs(1)).await;
        }
        let used_up = Some(refusal(409, "grant_used_up"));
        assert_eq!(start(&one, 1).await.err(), used_up);
        assert_eq!(start(&visitor(&world, 2, &path).await, 1).await.err(), used_up, "of the same network");
        one.put_parts(&begun[3], &[vec![1]]).await;
        let other = visitor(&world, 3, &path).await;
        start(&other, 1).await.unwrap();
        let listed = one.put_parts(&begun[0], &[vec![1]]).await;
        one.finalize(&begun[0], &listed).await.ok();
        let gone = one.step("presigned-urls", &begun[2].body(&json!({ "parts": 1 }))).await;
        assert!(gone.status.is_client_error(), "the latest of which the store had nothing gave way");
        assert_eq!(start(&other, 1).await.err(), used_up, "one network does not get more than the other");
    }
}

#[tokio::test]
async fn one_file_that_is_only_announced_keeps_all_of_a_request_for_fifteen_minutes() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({ "maxTotalBytes": 1000 })).await;
    let (one, other) = (visitor(&world, 2, &path).await, visitor(&world, 3, &path).await);
    start(&one, 1000).await.unwrap();
    assert_eq!(start(&other, 10).await.err(), Some(refusal(409, "grant_used_up")));
    world.pass(SignedDuration::from_mins(15)).await;
    let files = json!({ "files": [{ "path": "b", "fileSize": 10, "mimeType": "a/b" },
                                  { "path": "c", "fileSize": 10, "mimeType": "a/b" }] });
    let answer = other.post("/drive/files/upload/batch/start", &files).await.ok();
    assert!(answer["files"].as_array().unwrap().iter().all(|file| file["error"].is_null()), "{answer}");
    assert_eq!(start(&one, 980).await.map(drop), Ok(()), "and the rest is free again");
}

#[tokio::test]
async fn strangers_never_take_more_than_half_of_a_quota_whatever_their_request_allows() {
    let full = Some(refusal(507, "quota_exceeded"));
    for quota in ["memberships", "workspaces"] {
        let world = World::start().await;
        let owner = world.owner();
        let folder = owner.folder("inbox", None).await;
        let (_, path) = requested(&owner, &folder, &json!({ "maxTotalBytes": 1_000_000 })).await;
        world.execute(&format!("update {quota} set quota_bytes = 1024")).await;
        let (one, two) = (visitor(&world, 2, &path).await, visitor(&world, 3, &path).await);
        assert_eq!(start(&one, 513).await.err(), full);
        let first = start(&one, 200).await.unwrap();
        assert_eq!(start(&one, 200).await.err(), full, "a network leaves as much as it has");
        start(&two, 312).await.unwrap();
        let third = visitor(&world, 4, &path).await;
        assert_eq!(start(&third, 1).await.err(), full, "both have just come");
        world.pass(SignedDuration::from_mins(15)).await;
        start(&third, 1).await.unwrap();
        let gone = one.step("parts", &first.body(&json!({}))).await;
        assert!(gone.status.is_client_error(), "what has stored nothing for so long gave way: {}", gone.body);
        start(&owner, 500).await.unwrap();
        // What has arrived is no announcement.
        world.execute(&format!("update {quota} set quota_bytes = 10000")).await;
        two.upload_with("c", &[1; 1500], &json!({})).await;
        start(&two, 1500).await.unwrap();
    }
}

#[tokio::test]
async fn tokens_that_may_only_upload_reserve_at_most_three_quarters_of_a_quota() {
    let world = World::start().await;
    let owner = world.owner();
    let fellow = world.user("fellow@example.com").await;
    world.execute("update workspaces set quota_bytes = 1024").await;
    let narrow = world
        .with_token(&world.token(OWNER_EMAIL, &["drive_upload"], std::time::Duration::from_hours(1)).await);
    let full = Some(refusal(507, "quota_exceeded"));
    assert_eq!(start(&narrow, 769).await.err(), full);
    start(&narrow, 700).await.unwrap();
    start(&narrow, 68).await.unwrap();
    assert_eq!(start(&narrow, 1).await.err(), full);
    start(&fellow, 128).await.unwrap();
    start(&owner, 128).await.unwrap();
}

#[tokio::test]
async fn a_stranger_does_not_learn_by_trying_how_much_is_free() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    let free = 7_654_321_u64;
    world.execute(&format!("update memberships set quota_bytes = {free}")).await;
    // What is announced already must not help either.
    for announced in [0, 1_000_003] {
        let holder = visitor(&world, 2, &path).await;
        let helper = visitor(&world, 3, &path).await;
        if announced > 0 {
            start(&helper, announced).await.unwrap();
        }
        let (mut fits, mut not) = (0, free);
        while not - fits > 1 {
            let size = u64::midpoint(fits, not);
            match start(&holder, size).await {
                Ok(upload) => {
                    holder.step("abort", &upload.body(&json!({}))).await.done();
                    fits = size;
                }
                Err(refused) => {
                    assert_eq!(refused, refusal(507, "quota_exceeded"));
                    not = size;
                }
            }
        }
        assert_eq!((fits + announced) * 2, 7_602_176, "rounded down to five binary digits");
    }
}

#[tokio::test]
async fn starting_and_aborting_again_and_again_has_an_end_and_leaves_no_rows() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (request, path) = requested(&owner, &folder, &json!({ "maxFiles": 1 })).await;
    let holder = submitter(&world, &path, &json!({})).await;
    let other = submitter(&world, &path, &json!({})).await;
    other.upload_with("stays", b"s", &json!({})).await;
    let again = async |holder: &Actor, times: usize| {
        for _ in 0..times {
            let upload = start(holder, 1).await.unwrap();
            holder.step("abort", &upload.body(&json!({}))).await.done();
        }
    };
    again(&holder, 60).await;
    assert_eq!(submissions(&owner, &request).await.len(), 1, "aborted uploads are not listed");
    // The rows go, and are counted all the same.
    world.execute("update submitters set created_at = created_at + 36000000").await;
    world.pass(SignedDuration::from_hours(3)).await;
    world.restart().await;
    wait_for(async || world.count("uploads").await == 1).await;
    let holder = holder.by(world.http.clone(), world.url.clone());
    again(&holder, 44).await;
    assert_eq!(start(&holder, 1).await.err(), Some(refusal(409, "grant_used_up")));
    let grant = world.owner().post("/drive/grants", &json!({ "maxFiles": 1 })).await.ok();
    let grant = world.with_token(grant["grant"].as_str().unwrap());
    again(&grant, 104).await;
    assert_eq!(start(&grant, 1).await.err(), Some(refusal(409, "grant_used_up")));
}

#[tokio::test]
async fn the_folder_of_a_submitter_is_never_deeper_than_folders_may_be() {
    let world = World::start().await;
    let owner = world.owner();
    let (mut folders, mut parent) = (Vec::new(), None::<String>);
    for _ in 0..99 {
        let made = owner.folder("d", parent.as_deref()).await;
        folders.push(made.clone());
        parent = Some(made);
    }
    let (_, path) = requested(&owner, &folders[98], &json!({ "folderEach": true })).await;
    let top = owner.folder("top", None).await;
    owner.move_to(&folders[0], Some(&top)).await.ok();
    let holder = submitter(&world, &path, &json!({})).await;
    assert_eq!(start(&holder, 1).await.err(), Some(refusal(400, "too_deep")));
    owner.move_to(&folders[0], None).await.ok();
    holder.upload_with("a", b"a", &json!({})).await;
}

#[tokio::test]
async fn the_network_of_a_submitter_is_forgotten_with_their_grant() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("inbox", None).await;
    let (_, path) = requested(&owner, &folder, &json!({})).await;
    submitter(&world, &path, &json!({})).await.upload_with("a", b"a", &json!({})).await;
    assert_eq!(world.count("submitters where network = '127.0.0.1'").await, 1);
    world.pass(SignedDuration::from_hours(24 * 30 + 1)).await;
    world.see_a_sweep().await;
    wait_for(async || world.count("submitters where network is not null").await == 0).await;
    assert_eq!(world.count("submitters").await, 1);
}
