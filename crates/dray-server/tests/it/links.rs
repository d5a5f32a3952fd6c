//! Public links: `…/links`, and `GET /l/{slug}`.

use futures_util::future::join_all;
use jiff::SignedDuration;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, Answer, World, refusal};

async fn link(actor: &Actor, file: &str, request: &Value) -> Value {
    actor.post(&format!("/drive/files/{file}/links"), request).await.ok()
}

fn url(link: &Value) -> String {
    link["url"].as_str().unwrap().to_owned()
}

/// What a link answers to somebody without a token who does not follow the redirect.
async fn ask(method: Method, url: &str, password: Option<&str>) -> Response {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut request = client.request(method, url);
    if password.is_some() {
        request = request.basic_auth("anybody", password);
    }
    request.send().await.unwrap()
}

async fn status(url: &str, password: Option<&str>) -> u16 {
    ask(Method::GET, url, password).await.status().as_u16()
}

async fn refused(world: &World, url: &str) -> (u16, String) {
    Answer::of(world.http.get(url)).await.refused()
}

async fn downloads(actor: &Actor, file: &str) -> Vec<u64> {
    let answer = actor.get(&format!("/drive/files/{file}/links")).await.ok();
    answer["links"].as_array().unwrap().iter().map(|link| link["downloads"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_link_leads_anybody_to_the_file_under_its_name() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("naïve report.pdf", None).await;
    let made = link(&owner, &file, &json!({})).await;
    assert_eq!(
        (&made["itemId"], &made["hasPassword"], &made["downloads"], made.get("expiresAt")),
        (&json!(file), &json!(false), &json!(0), None)
    );
    assert_eq!(made["createdBy"], owner.item(&file).await["owner"]);
    let slug = url(&made).strip_prefix(&format!("{}/l/", world.url)).unwrap().to_owned();
    assert!(
        slug.len() >= 22 && !slug.contains(&file),
        "at least 128 bits, and not derived from the id: {slug}"
    );
    assert_ne!(url(&link(&owner, &file, &json!({})).await), url(&made));

    let answer = ask(Method::GET, &url(&made), None).await;
    assert!(answer.status().is_redirection());
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("cache-control"), header("referrer-policy")),
        ("no-store".into(), "no-referrer".into())
    );
    let file_answer = world.http.get(url(&made)).send().await.unwrap();
    let disposition = file_answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.ends_with("filename*=UTF-8''na%C3%AFve%20report.pdf"), "{disposition}");
    assert_eq!(file_answer.bytes().await.unwrap(), "naïve report.pdf");
}

#[tokio::test]
async fn followed_links_are_counted_and_a_head_is_not_one() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let (first, second) = (link(&owner, &file, &json!({})).await, link(&owner, &file, &json!({})).await);
    for _ in 0..3 {
        assert!(ask(Method::GET, &url(&first), None).await.status().is_redirection());
    }
    for _ in 0..2 {
        assert!(ask(Method::HEAD, &url(&first), None).await.status().is_redirection());
    }
    assert!(ask(Method::GET, &url(&second), None).await.status().is_redirection());
    assert_eq!(downloads(&owner, &file).await, [3, 1]);
    let answer = owner.post(url(&first).strip_prefix(&world.url).unwrap(), &json!({})).await;
    assert_eq!(answer.status, 404, "the route is not below the API's path");
    let answer = Answer::of(world.http.post(url(&first))).await;
    assert_eq!(answer.refused(), refusal(405, "method_not_allowed"));
}

#[tokio::test]
async fn a_link_ends_when_it_says_so() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let end = (world.now() + SignedDuration::from_mins(10)).to_string();
    let made = link(&owner, &file, &json!({ "expiresAt": end })).await;
    let told: jiff::Timestamp = made["expiresAt"].as_str().unwrap().parse().unwrap();
    assert!(
        end.parse::<jiff::Timestamp>().unwrap().duration_since(told).abs() < SignedDuration::from_millis(1)
    );
    assert_eq!(status(&url(&made), None).await / 100, 3);
    world.pass(SignedDuration::from_mins(9)).await;
    assert_eq!(status(&url(&made), None).await / 100, 3);
    world.pass(SignedDuration::from_mins(2)).await;
    assert_eq!(refused(&world, &url(&made)).await, refusal(404, "link_not_found"));
    assert_eq!(downloads(&owner, &file).await, [2], "an expired link is still listed");
    for wrong in ["2020-01-01T00:00:00Z", "tomorrow", "", "2026-13-01T00:00:00Z", &world.now().to_string()] {
        let answer = owner.post(&format!("/drive/files/{file}/links"), &json!({ "expiresAt": wrong })).await;
        assert_eq!(answer.refused_for("expiresAt"), refusal(400, "invalid_field"), "{wrong}");
    }
}

#[tokio::test]
async fn a_revoked_link_leads_nowhere() {
    let world = World::start().await;
    let owner = world.owner();
    let (file, other) = (owner.file("a", None).await, owner.file("b", None).await);
    let (made, kept) = (link(&owner, &file, &json!({})).await, link(&owner, &file, &json!({})).await);
    let path = |file: &str, link: &Value| format!("/drive/files/{file}/links/{}", id(link));
    assert_eq!(owner.delete(&path(&other, &made)).await.refused(), refusal(404, "link_not_found"));
    owner.delete(&path(&file, &made)).await.done();
    assert_eq!(owner.delete(&path(&file, &made)).await.refused(), refusal(404, "link_not_found"));
    assert_eq!(refused(&world, &url(&made)).await, refusal(404, "link_not_found"));
    assert_eq!(status(&url(&kept), None).await / 100, 3);
    assert_eq!(downloads(&owner, &file).await, [1]);
}

#[tokio::test]
async fn a_link_leads_to_what_the_file_is_now_and_nowhere_while_it_is_trashed() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let into = json!({ "parentId": folder, "onConflict": "replace" });
    let file = id(&owner.upload_with("a", b"old", &into).await);
    let made = link(&owner, &file, &json!({})).await;
    let bytes = async |made: &Value| world.http.get(url(made)).send().await.unwrap().text().await.unwrap();
    assert_eq!(bytes(&made).await, "old");
    owner.upload_with("a", b"new", &into).await;
    owner.change(&file, &json!({ "name": "b" })).await.ok();
    assert_eq!(bytes(&made).await, "new");
    for trashed in [&file, &folder] {
        owner.trash(trashed).await;
        assert_eq!(refused(&world, &url(&made)).await, refusal(404, "link_not_found"));
        owner.restore(trashed).await.ok();
        assert_eq!(bytes(&made).await, "new");
    }
    owner.trash(&folder).await;
    owner.purge(&folder).await;
    let slug = url(&made).rsplit('/').next().unwrap().to_owned();
    world.restart().await;
    let gone = refused(&world, &format!("{}/l/{slug}", world.url)).await;
    assert_eq!(gone, refusal(404, "link_not_found"));
    crate::world::wait_for(async || world.count("links").await == 0).await;
}

#[tokio::test]
async fn a_password_is_asked_for_and_kept_as_a_hash_only() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let password = "pä:ss wörd \u{1f642}";
    let made = link(&owner, &file, &json!({ "password": password })).await;
    assert_eq!((&made["hasPassword"], made.to_string().contains("ss w")), (&json!(true), false));
    let answer = ask(Method::GET, &url(&made), None).await;
    assert_eq!(answer.headers()["www-authenticate"], "Basic realm=\"link\", charset=\"UTF-8\"");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "link_password");
    for wrong in ["", "pä", "PÄ:SS WÖRD \u{1f642}", &format!("{password} "), &"x".repeat(5000)] {
        assert_eq!(status(&url(&made), Some(wrong)).await, 401, "{wrong}");
    }
    assert_eq!(status(&url(&made), Some(password)).await / 100, 3);
    assert_eq!(downloads(&owner, &file).await, [1], "wrong passwords do not count");
    let followed = world.http.get(url(&made)).basic_auth("anybody", Some(password)).send().await.unwrap();
    assert_eq!(followed.text().await.unwrap(), "a", "clients send the password on to the store");
    let head = ask(Method::HEAD, &url(&made), Some("wrong")).await;
    assert_eq!(head.status(), 401);
    assert_eq!(world.count("links where password_hash like '$argon2id$%'").await, 1);
    assert_eq!(world.count("links where password_hash like '%ss w%'").await, 0);
    for header in ["Basic", "Basic !", "Basic YTpi", "Bearer x", "Basic /w==", "basic"] {
        let request = world.http.get(url(&made)).header("authorization", header);
        assert_eq!(Answer::of(request).await.refused(), refusal(401, "link_password"), "{header}");
    }
    for wrong in [json!(""), json!("1234567"), json!("x".repeat(201)), json!(7)] {
        let answer = owner.post(&format!("/drive/files/{file}/links"), &json!({ "password": wrong })).await;
        assert_eq!(answer.refused_for("password"), refusal(400, "invalid_field"), "{wrong}");
    }
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let guessed = link(&owner, &file, &json!({ "password": "open sesame" })).await;
    let other = link(&owner, &file, &json!({ "password": "open sesame" })).await;
    let guess = |at: u32| world.http.get(url(&guessed)).basic_auth("", Some(format!("guess {at}")));
    let answers = join_all((0..80).map(|at| Answer::of(guess(at)))).await;
    let (mut limited, wrong): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 429);
    assert!(
        wrong.len() >= 10 && wrong.len() < 60,
        "a person who mistypes is not locked out: {}",
        wrong.len()
    );
    for answer in wrong {
        assert_eq!(answer.refused(), refusal(401, "link_password"));
    }
    let answer = limited.remove(0);
    let wait = answer.body["retryAfter"].as_u64().unwrap();
    assert!(wait >= 1 && answer.headers["retry-after"] == wait.to_string());
    assert_eq!(answer.refused(), refusal(429, "rate_limited"));
    assert_eq!(status(&url(&other), Some("open sesame")).await / 100, 3, "other links are not affected");
    assert_eq!(
        status(&url(&guessed), None).await,
        401,
        "and a client that does not guess is only asked for the password"
    );
}

/// The status of an answer to a client at another address of this machine.
async fn status_from(address: [u8; 4], method: Method, url: &str, password: &str) -> u16 {
    let client = Client::builder().no_proxy().redirect(Policy::none()).local_address(Some(address.into()));
    let request = client.build().unwrap().request(method, url).basic_auth("", Some(password));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_guesser_locks_out_nobody_at_another_address() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    let made = link(&owner, &file, &json!({ "password": "open sesame" })).await;
    let guesser = [127, 0, 0, 2];
    let guess =
        async |method: Method, password: &str| status_from(guesser, method, &url(&made), password).await;
    let mut answers = Vec::new();
    for at in 0..20 {
        let method = if at % 2 == 0 { Method::GET } else { Method::HEAD };
        answers.push(guess(method, &format!("guess {at}")).await);
    }
    assert_eq!((answers[0], answers[19]), (401, 429), "{answers:?}");
    assert_eq!(guess(Method::GET, "open sesame").await, 429, "and a right password learns nothing");
    for _ in 0..30 {
        assert_eq!(
            status(&url(&made), Some("open sesame")).await,
            307,
            "who knows it may come as often as they like"
        );
    }
}

#[tokio::test]
async fn a_head_is_sent_to_where_a_head_is_answered() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("ten bytes!", None).await;
    let made = link(&owner, &file, &json!({})).await;
    let followed = world.http.head(url(&made)).send().await.unwrap();
    assert_eq!(
        (followed.status().as_u16(), &followed.headers()["content-length"]),
        (200, &"10".parse().unwrap())
    );
    assert!(followed.headers()["content-disposition"].to_str().unwrap().contains("ten bytes!"));
    assert_eq!(world.http.get(url(&made)).send().await.unwrap().text().await.unwrap(), "ten bytes!");
    let location = async |method| {
        let answer = ask(method, &url(&made), None).await;
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    // A signature is valid for one method only, as on AWS.
    if world.store.is_none() {
        assert_eq!(world.http.get(location(Method::HEAD).await).send().await.unwrap().status(), 403);
        assert_eq!(world.http.head(location(Method::GET).await).send().await.unwrap().status(), 403);
    }
}

#[tokio::test]
async fn links_are_of_files_and_for_who_manages_them() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("folder", None).await;
    let file = owner.file("a", Some(&folder)).await;
    assert_eq!(
        owner.post(&format!("/drive/files/{folder}/links"), &json!({})).await.refused(),
        refusal(400, "not_a_file")
    );
    let member = world.participant("member@example.com", &owner, &folder, "member").await;
    let admin = world.participant("admin@example.com", &owner, &folder, "admin").await;
    let path = format!("/drive/files/{file}/links");
    let made = link(&admin, &file, &json!({})).await;
    assert_eq!(member.post(&path, &json!({})).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(member.get(&path).await.refused(), refusal(403, "role_too_low"));
    assert_eq!(member.delete(&format!("{path}/{}", id(&made))).await.refused(), refusal(403, "role_too_low"));
    for wrong in [json!([]), json!(["2030-01-01T00:00:00Z"]), json!(null)] {
        assert_eq!(owner.post(&path, &wrong).await.refused(), refusal(400, "invalid_field"), "{wrong}");
    }
    assert_eq!(owner.get(&path).await.ok()["links"], json!([made]));
}

#[tokio::test]
async fn a_slug_that_is_none_is_not_found_whatever_is_in_it() {
    let world = World::start().await;
    let long = "a".repeat(5000);
    let uuid = "0".repeat(32);
    for slug in
        ["x", "%00", "%ff", "%0d%0aSet-Cookie:%20a=b", "'%20or%201=1%20--", "%2e%2e%2fx", &long, &uuid]
    {
        let answer = Answer::of(world.http.get(format!("{}/l/{slug}", world.url))).await;
        assert!(answer.headers.get("set-cookie").is_none());
        assert!(
            answer.body["code"] == "link_not_found" || answer.body["code"] == "route_not_found",
            "{slug}: {}",
            answer.body
        );
        assert_eq!(answer.refused().0, 404, "{slug}");
    }
}

#[tokio::test]
async fn a_file_has_so_many_links_and_no_more() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    for _ in 0..dray_api::limits::MAX_LINKS {
        link(&owner, &file, &json!({})).await;
    }
    let answer = owner.post(&format!("/drive/files/{file}/links"), &json!({})).await;
    assert_eq!(answer.refused_for("100"), refusal(400, "invalid_field"));
}
