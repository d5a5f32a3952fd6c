//! Isolation of submitters, as a table: state of the request × route × submitter. Every answer is clear, nothing is kept of what was
//! refused, and submitters of other requests notice nothing.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{requested, sent, sent_answer, submitter, visit};
use crate::acts::id;
use crate::world::{Actor, Started, World};

/// A status and a code; 200 has none.
type Told = (u16, &'static str);

const OK: Told = (200, "");
const ABSENT: Told = (404, "request_not_found");
const CLOSED: Told = (410, "request_closed");
const PASSWORD: Told = (403, "request_password");
const UNKNOWN: Told = (401, "invalid_token");
const FOREIGN: Told = (404, "upload_not_found");

/// What has become of a request after people have come to it, and what they are told.
struct Case {
    state: &'static str,
    /// `POST /r/{slug}/open` and `/submitters`, by somebody new.
    newcomer: Told,
    /// `GET /r/{slug}/uploads`, by a submitter.
    list: Told,
    /// A further `start` by a submitter.
    start: Told,
    /// The calls about an upload, by the submitter who started it.
    own: Told,
    /// The same, by another submitter of the request.
    other: Told,
}

#[rustfmt::skip] // A state is a line.
const CASES: [Case; 9] = [
    Case { state: "open", newcomer: OK, list: OK, start: OK, own: OK, other: FOREIGN },
    Case { state: "closed", newcomer: CLOSED, list: OK, start: CLOSED, own: CLOSED, other: CLOSED },
    Case { state: "past its deadline", newcomer: CLOSED, list: OK, start: CLOSED, own: CLOSED, other: CLOSED },
    Case { state: "deleted", newcomer: ABSENT, list: UNKNOWN, start: UNKNOWN, own: UNKNOWN, other: UNKNOWN },
    Case { state: "password changed", newcomer: PASSWORD, list: OK, start: PASSWORD, own: OK, other: FOREIGN },
    Case { state: "limit of a submitter used up", newcomer: OK, list: OK, start: (409, "grant_used_up"), own: OK, other: FOREIGN },
    Case { state: "limit of all used up", newcomer: OK, list: OK, start: (409, "grant_used_up"), own: OK, other: FOREIGN },
    Case { state: "its maker is no admin", newcomer: ABSENT, list: OK, start: ABSENT, own: ABSENT, other: ABSENT },
    Case { state: "its folder is in the trash", newcomer: ABSENT, list: OK, start: ABSENT, own: ABSENT, other: ABSENT },
];

/// A request whose folder belongs to somebody else than its maker, and its submitters: Ada, with one file that has arrived and
/// two uploads that are unfinished, and Bob, with as many.
struct Scene {
    world: World,
    maker: Actor,
    folder: String,
    request: Value,
    path: String,
    ada: Actor,
    bob: Actor,
    open: [(Started, Value); 2],
}

impl Scene {
    async fn make(state: &str) -> Self {
        let world = World::start().await;
        let folder = world.owner().folder("inbox", None).await;
        let maker = world.participant("maker@example.com", &world.owner(), &folder, "admin").await;
        let end = (world.now() + SignedDuration::from_hours(1)).to_string();
        let more = match state {
            "past its deadline" => json!({ "deadline": end }),
            "limit of a submitter used up" => json!({ "maxFiles": 3 }),
            "limit of all used up" => json!({ "maxTotalFiles": 6 }),
            _ => json!({}),
        };
        let (request, path) = requested(&maker, &folder, &more).await;
        let (ada, bob) =
            (submitter(&world, &path, &json!({})).await, submitter(&world, &path, &json!({})).await);
        for who in [&ada, &bob] {
            who.upload_with("zebra done", b"a", &json!({})).await;
        }
        let open = [
            ada.put_with("zebra 1", b"a", &json!({})).await,
            ada.put_with("zebra 2", b"b", &json!({})).await,
        ];
        for name in ["bob 1", "bob 2"] {
            bob.start(name, 1).await;
        }
        Self { world, maker, folder, request, path, ada, bob, open }
    }

    async fn bring_about(&self, state: &str) {
        let (world, own) = (&self.world, format!("/drive/requests/{}", id(&self.request)));
        match state {
            "closed" => drop(self.maker.patch(&own, &json!({ "closed": true })).await.ok()),
            "past its deadline" => world.pass(SignedDuration::from_mins(61)).await,
            "deleted" => world.owner().delete(&own).await.done(),
            "password changed" => {
                self.maker.patch(&own, &json!({ "password": "correct horse" })).await.ok();
            }
            "its maker is no admin" => {
                let user = world.user_id("maker@example.com").await;
                world.owner().share(&self.folder, &user, "member").await;
            }
            "its folder is in the trash" => world.owner().trash(&self.folder).await,
            _ => {}
        }
    }

    /// Checks the calls about Ada's unfinished uploads, by `actor`.
    async fn check_calls(&self, actor: &Actor, expected: Told, what: &str) {
        let [(first, listed), (second, _)] = &self.open;
        for (route, upload, more) in [
            ("presigned-urls", first, json!({ "parts": 1 })),
            ("parts", first, json!({})),
            ("finalize", first, json!({ "parts": listed })),
            ("abort", second, json!({})),
        ] {
            let answer = actor.step(route, &upload.body(&more)).await;
            let text = answer.body.to_string();
            assert!(expected == OK || !text.contains("zebra"), "{route}, {what}: {text}");
            assert_eq!(told(answer), (expected.0, expected.1.to_owned()), "{route}, {what}");
        }
    }
}

fn told(answer: crate::world::Answer) -> (u16, String) {
    if answer.status.is_success() { (200, String::new()) } else { answer.refused() }
}

#[tokio::test]
async fn every_submitter_gets_the_answer_in_the_table_in_every_state_of_the_request() {
    for case in CASES {
        check(&case).await;
    }
}

async fn check(case: &Case) {
    let scene = Scene::make(case.state).await;
    let world = &scene.world;
    let other_folder = world.owner().folder("another", None).await;
    let (_, other_path) = requested(&world.owner(), &other_folder, &json!({})).await;
    let carol = submitter(world, &other_path, &json!({})).await;
    let carols = carol.put_with("carol", b"c", &json!({})).await;
    scene.bring_about(case.state).await;
    let expect = |(status, code): Told| (status, code.to_owned());
    let state = case.state;
    let rows = world.count("uploads").await;
    for route in ["open", "submitters"] {
        let answer = visit(world, &format!("{}/{route}", scene.path), &json!({})).await;
        assert!(!answer.body.to_string().contains("zebra"));
        assert_eq!(told(answer), expect(case.newcomer), "{route}, {state}");
    }
    for who in [&scene.ada, &scene.bob] {
        let list = sent_answer(world, &scene.path, who).await;
        assert!(!list.body.to_string().contains("zebra 1"), "an unfinished file has not arrived");
        assert_eq!(told(list), expect(case.list), "list, {state}");
        let more = json!({ "fileName": "more", "fileSize": 1, "mimeType": "a/b" });
        assert_eq!(told(who.step("start", &more).await), expect(case.start), "start, {state}");
        let foreign = sent_answer(world, &other_path, who).await;
        let expected = if case.list == UNKNOWN { UNKNOWN } else { ABSENT };
        assert_eq!(told(foreign), expect(expected), "the list of another request, {state}");
    }
    if case.start != OK {
        assert_eq!(world.count("uploads").await, rows, "{state}: a refused start keeps nothing");
    }
    let stranger = if case.state == "deleted" { FOREIGN } else { case.other };
    scene.check_calls(&scene.bob, case.other, &format!("Bob, {state}")).await;
    scene.check_calls(&carol, FOREIGN, &format!("Carol, {state}, {stranger:?}")).await;
    scene.check_calls(&scene.ada, case.own, &format!("Ada, {state}")).await;
    // Others are not hindered.
    carol.finalize(&carols.0, &carols.1).await.ok();
    assert_eq!(sent(world, &other_path, &carol).await, ["carol"]);
    assert_eq!(world.owner().listed(&other_folder).await, ["carol"]);
}

#[tokio::test]
async fn after_a_change_of_the_password_a_submitter_enters_it_and_goes_on() {
    let scene = Scene::make("password changed").await;
    scene.bring_about("password changed").await;
    let who = json!({ "password": "correct horse" });
    let again = submitter(&scene.world, &scene.path, &who).await;
    again.upload_with("later", b"x", &json!({})).await;
    assert_eq!(sent(&scene.world, &scene.path, &scene.ada).await, ["zebra done"]);
    assert_eq!(sent(&scene.world, &scene.path, &again).await, ["later"]);
}

#[tokio::test]
async fn a_later_deadline_lets_the_same_submitters_go_on() {
    let scene = Scene::make("past its deadline").await;
    scene.bring_about("past its deadline").await;
    let end = (scene.world.now() + SignedDuration::from_hours(1)).to_string();
    let own = format!("/drive/requests/{}", id(&scene.request));
    // The token that made the request has expired meanwhile.
    let token = scene.world.token("maker@example.com", &["access_drive"], Duration::from_hours(1)).await;
    scene.world.with_token(&token).patch(&own, &json!({ "deadline": end })).await.ok();
    let (upload, listed) = &scene.open[0];
    scene.ada.finalize(upload, listed).await.ok();
    assert_eq!(sent(&scene.world, &scene.path, &scene.ada).await, ["zebra 1", "zebra done"]);
}
