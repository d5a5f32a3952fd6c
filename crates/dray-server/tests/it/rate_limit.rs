//! Rate limits. The limits here are per hour, so that none is earned again while a test runs.

use dray_server::Config;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::json;

use crate::world::{Actor, Answer, Place, World, refusal};

fn per_token(limit: &str) -> impl FnOnce(&mut Config) {
    let limit = limit.parse().unwrap();
    move |config| config.rate_limit_per_token = Some(limit)
}

fn per_address(limit: &str) -> impl FnOnce(&mut Config) {
    let limit = limit.parse().unwrap();
    move |config| config.rate_limit_per_address = Some(limit)
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`, if they are present.
fn standing(headers: &HeaderMap) -> Option<[u64; 3]> {
    let field = |name: &str| headers.get(name)?.to_str().unwrap().parse().ok();
    Some([field("ratelimit-limit")?, field("ratelimit-remaining")?, field("ratelimit-reset")?])
}

/// A client at another address of this machine.
fn elsewhere() -> Client {
    Client::builder().no_proxy().local_address(Some([127, 0, 0, 2].into())).build().unwrap()
}

#[tokio::test]
async fn a_token_has_a_limit_and_is_told_what_is_left() {
    let world = World::start_with(per_token("3/h")).await;
    for (remaining, reset) in [(2, 1200), (1, 2400), (0, 3600)] {
        let answer = world.owner().get("/workspace/info").await;
        assert_eq!(standing(&answer.headers), Some([3, remaining, reset]));
        answer.ok();
    }
    let answer = world.owner().get("/workspace/info").await;
    assert_eq!(standing(&answer.headers).map(|[limit, remaining, _]| (limit, remaining)), Some((3, 0)));
    let wait = answer.body["retryAfter"].as_u64().unwrap();
    assert!((1100..=1200).contains(&wait), "{wait}");
    assert_eq!(answer.headers["retry-after"], wait.to_string().as_str());
    assert_eq!(answer.refused_for("with this token"), refusal(429, "rate_limited"));
}

#[tokio::test]
async fn each_token_has_its_own_limit() {
    let world = World::start_with(per_token("1/h")).await;
    let (one, other) = (world.user("alice@example.com").await, world.user("alice@example.com").await);
    one.get("/workspace/info").await.ok();
    assert_eq!(one.get("/workspace/info").await.status, 429);
    other.get("/workspace/info").await.ok();
    world.owner().get("/workspace/info").await.ok();
}

/// A token that `maker` made.
async fn child(world: &World, maker: &Actor) -> Actor {
    let made = maker.post("/tokens", &json!({ "name": "child", "scopes": ["access_drive"] })).await.ok();
    world.with_token(made["token"].as_str().unwrap())
}

async fn rotated(world: &World, actor: &Actor) -> Actor {
    let made = actor.post("/tokens/rotate", &json!({})).await.ok();
    world.with_token(made["token"].as_str().unwrap())
}

async fn grant(world: &World, maker: &Actor) -> Actor {
    let made = maker.post("/drive/grants", &json!({})).await.ok();
    world.with_token(made["grant"].as_str().unwrap())
}

/// How many requests of the holder of a grant are answered, of `tries`, and what the others are refused for.
async fn answered(holder: &Actor, tries: usize, with: &str) -> usize {
    let mut answered = 0;
    for _ in 0..tries {
        let body = json!({ "fileName": "a", "fileSize": 1, "mimeType": "a/b" });
        let answer = holder.step("start", &body).await;
        if answer.status == 200 {
            answered += 1;
        } else {
            assert_eq!(answer.refused_for(with), refusal(429, "rate_limited"));
        }
    }
    answered
}

#[tokio::test]
async fn a_token_that_replaces_itself_gets_no_more_requests() {
    let world = World::start_with(per_token("6/h")).await;
    let mut actor = world.owner();
    for _ in 0..6 {
        actor = rotated(&world, &actor).await;
    }
    assert_eq!(actor.get("/workspace/info").await.refused().0, 429);
    assert_eq!(world.owner().get("/workspace/info").await.refused().0, 429, "the first of them");
}

#[tokio::test]
async fn tokens_that_a_token_made_share_its_limit_however_they_come_from_it() {
    let world = World::start_with(per_token("8/h")).await;
    let owner = world.owner();
    let kid = child(&world, &owner).await;
    let grandchild = child(&world, &kid).await;
    let replaced = rotated(&world, &grandchild).await;
    let successor = rotated(&world, &owner).await;
    let late = child(&world, &successor).await;
    for actor in [&kid, &replaced, &late] {
        actor.get("/workspace/info").await.ok();
    }
    for actor in [&owner, &kid, &grandchild, &replaced, &successor, &late] {
        let answer = actor.get("/workspace/info").await;
        assert_eq!(answer.refused_for("come from the same one"), refusal(429, "rate_limited"));
    }
    world.user("alice@example.com").await.get("/workspace/info").await.ok();
}

#[tokio::test]
async fn a_grant_has_half_a_limit_and_takes_nothing_from_its_maker() {
    let world = World::start_with(per_token("6/h")).await;
    let owner = world.owner();
    let holder = grant(&world, &owner).await;
    assert_eq!(answered(&holder, 10, "with this grant").await, 3);
    for _ in 1..6 {
        owner.get("/workspace/info").await.ok();
    }
    assert_eq!(owner.get("/workspace/info").await.status, 429);
}

#[tokio::test]
async fn all_grants_of_a_line_share_one_limit_however_many_it_makes() {
    let world = World::start_with(per_token("8/h")).await;
    let owner = world.owner();
    let kid = child(&world, &owner).await;
    let successor = rotated(&world, &owner).await;
    let mut total = 0;
    for maker in [&owner, &kid, &successor] {
        let holder = grant(&world, maker).await;
        total += answered(&holder, 3, "of this application").await;
    }
    assert_eq!(total, 8);
    successor.get("/workspace/info").await.ok();
    let other = world.user("alice@example.com").await;
    let holder = grant(&world, &other).await;
    assert_eq!(answered(&holder, 1, "").await, 1, "the grants of another token are not affected");
}

#[tokio::test]
async fn submitters_of_one_network_share_one_limit_and_take_nothing_from_other_networks() {
    let world = World::start_with(per_token("6/h")).await;
    let folder = world.owner().folder("inbox", None).await;
    let made = world.owner().post("/drive/requests", &json!({ "folderId": folder, "title": "t" })).await.ok();
    let path = format!("/r/{}/submitters", made["url"].as_str().unwrap().rsplit('/').next().unwrap());
    let submitter = async |http: Client| {
        let made = Answer::of(http.post(format!("{}{path}", world.url)).json(&json!({}))).await.ok();
        world.with_token(made["grant"].as_str().unwrap()).by(http, world.url.clone())
    };
    let (here, there) = (world.http.clone(), elsewhere());
    let mut all = 0;
    for _ in 0..3 {
        all += answered(&submitter(here.clone()).await, 8, "to this file request from this network").await;
    }
    assert_eq!(all, 6, "however many grants they get");
    assert_eq!(answered(&submitter(there.clone()).await, 4, "").await, 4);
    let moved = submitter(here).await.by(there, world.url.clone());
    assert_eq!(answered(&moved, 1, "").await, 1, "the network of the request counts");
    world.owner().get("/workspace/info").await.ok();
}

#[tokio::test]
async fn tokens_that_are_older_than_lines_begin_their_own() {
    let world = World::start_with(per_token("3/h")).await;
    let kid = child(&world, &world.owner()).await;
    world.execute("update tokens set line_id = null").await;
    let next = rotated(&world, &kid).await;
    kid.get("/workspace/info").await.ok();
    next.get("/workspace/info").await.ok();
    assert_eq!(next.get("/workspace/info").await.status, 429);
    world.owner().get("/workspace/info").await.ok();
}

#[tokio::test]
async fn every_route_that_needs_a_token_counts() {
    let world = World::start_with(per_token("1/h")).await;
    let owner = world.owner();
    owner.get("/workspace/info").await.ok();
    for path in
        ["/drive/tree", "/drive/search?q=a", "/workspace/members", "/drive/files/0123456789abcdef01234567"]
    {
        assert_eq!(owner.get(path).await.refused(), refusal(429, "rate_limited"), "{path}");
    }
    for step in ["start", "presigned-urls", "finalize"] {
        assert_eq!(owner.step(step, &json!({})).await.refused().0, 429, "{step}");
    }
}

#[tokio::test]
async fn an_address_that_guesses_tokens_is_stopped_before_they_are_checked() {
    let world = World::start_with(per_address("4/h")).await;
    for _ in 0..4 {
        let answer = world.with_token("cp_pat_guess").get("/workspace/info").await;
        assert_eq!(answer.refused(), refusal(401, "invalid_token"));
    }
    let answer = world.with_token("cp_pat_guess").get("/workspace/info").await;
    assert_eq!(answer.refused_for("from this address"), refusal(429, "rate_limited"));
    assert_eq!(world.owner().get("/workspace/info").await.status, 429, "a valid token is limited too");
    let page = world.http.get(&world.url).send().await.unwrap();
    assert_eq!(page.status(), 429, "pages are limited too");
    let request = elsewhere().get(format!("{}/public/v1/workspace/info", world.url));
    assert_eq!(Answer::of(request).await.refused().0, 401, "another address is not held back");
}

#[tokio::test]
async fn a_health_check_is_always_answered() {
    let world = World::start_with(per_address("1/h")).await;
    world.owner().get("/workspace/info").await.ok();
    assert_eq!(world.owner().get("/workspace/info").await.status, 429);
    for path in ["/healthz", "/readyz"] {
        let answer = world.http.get(format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), standing(answer.headers())), (200, None), "{path}");
    }
}

#[tokio::test]
async fn of_two_limits_the_one_closer_to_its_end_is_reported() {
    let world = World::start_with(|config| {
        config.rate_limit_per_token = Some("100/h".parse().unwrap());
        config.rate_limit_per_address = Some("3/h".parse().unwrap());
    })
    .await;
    let answer = world.owner().get("/workspace/info").await;
    assert_eq!(standing(&answer.headers).map(|[limit, remaining, _]| (limit, remaining)), Some((3, 2)));
}

#[tokio::test]
async fn bytes_are_not_limited() {
    let world = World::start_with(|config| {
        config.rate_limit_per_token = Some("4/h".parse().unwrap());
        config.rate_limit_per_address = Some("4/h".parse().unwrap());
    })
    .await;
    let owner = world.owner();
    let upload = owner.start("a", 3).await;
    let url = owner.urls(&upload, 1).await.remove(0);
    let mut etag = String::new();
    for _ in 0..10 {
        etag = owner.put(&url, b"abc".to_vec()).await;
    }
    let item = owner.finalize(&upload, &json!([{ "partNumber": 1, "eTag": etag }])).await.ok();
    let answer = owner.get(&format!("/drive/files/{}/download", item["id"].as_str().unwrap())).await.ok();
    for _ in 0..10 {
        let download = world.http.get(answer["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!((download.status().as_u16(), standing(download.headers())), (200, None));
    }
    assert_eq!(owner.get("/workspace/info").await.status, 429);
}

#[tokio::test]
async fn a_page_of_another_origin_can_read_how_long_to_wait() {
    let world = World::start_with(per_address("1/h")).await;
    let ask = |method| {
        world.anonymous().request(method, "/workspace/info").header("origin", "https://app.example.com")
    };
    for _ in 0..3 {
        let preflight = ask(Method::OPTIONS).header("access-control-request-method", "GET").send();
        assert_eq!(preflight.await.unwrap().status(), 200, "a preflight does not count");
    }
    assert_eq!(Answer::of(ask(Method::GET)).await.status, 401);
    let refused = Answer::of(ask(Method::GET)).await;
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    let exposed = refused.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    for name in ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert_eq!(refused.refused().0, 429);
}

#[tokio::test]
async fn limits_are_on_unless_only_this_machine_can_reach_the_server() {
    let local = World::start().await;
    assert_eq!(standing(&local.owner().get("/workspace/info").await.headers), None);
    let everywhere = Place { address: "0.0.0.0:0", ..Place::default() };
    let public = World::start_at(everywhere, |_| {}).await;
    let answer = public.owner().get("/workspace/info").await;
    assert_eq!(standing(&answer.headers).map(|[limit, ..]| limit), Some(6000));
    let off = |config: &mut Config| {
        config.rate_limit_per_token = Some("off".parse().unwrap());
        config.rate_limit_per_address = Some("off".parse().unwrap());
    };
    let unlimited = World::start_at(everywhere, off).await;
    assert_eq!(standing(&unlimited.owner().get("/workspace/info").await.headers), None);
}
