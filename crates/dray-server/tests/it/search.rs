//! `GET /drive/search`, and `GET /search` and `GET /health` of published clients.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{Actor, Answer, World, refusal};

async fn search(actor: &Actor, q: &str) -> Value {
    actor.query("/drive/search", &[("q", q)]).await.ok()
}

/// The names that are found, sorted.
async fn found(actor: &Actor, q: &str) -> Vec<String> {
    let answer = search(actor, q).await;
    assert_eq!((&answer["query"], &answer["totalHits"]), (&json!(q), &json!(hits(&answer).len())));
    let mut names = hits(&answer);
    names.sort();
    names
}

fn hits(answer: &Value) -> Vec<String> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_hit_is_the_complete_item() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.upload("q3_report-final.pdf", &[vec![1]]).await;
    let answer = search(&owner, "report").await;
    assert_eq!(answer, json!({ "hits": [file], "totalHits": 1, "totalIsExact": true, "query": "report" }));
    assert_eq!((&file["_id"], &file["size"]), (&file["id"], &file["fileSize"]));
}

#[tokio::test]
async fn words_and_beginnings_of_words_find_names_whatever_their_punctuation() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("q3_report-final.pdf", None).await;
    for q in [
        "q3",
        "report",
        "final",
        "repo",
        "pdf",
        "r",
        "REPORT",
        "final report",
        "q3_report-final.pdf",
        "fin.q",
    ] {
        assert_eq!(found(&owner, q).await, ["q3_report-final.pdf"], "{q}");
    }
    for q in ["eport", "3", "q3 missing", "reports", "q3report"] {
        assert_eq!(found(&owner, q).await, [""; 0], "{q}");
    }
}

#[tokio::test]
async fn case_and_accents_do_not_count() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("Žluťoučký Café", None).await;
    owner.folder("cafe\u{301} ÅNGSTRÖM", None).await;
    owner.folder("Отчёт 文件 2026", None).await;
    assert_eq!(found(&owner, "CAFÉ").await, ["cafe\u{301} ÅNGSTRÖM", "Žluťoučký Café"]);
    assert_eq!(found(&owner, "cafe\u{301}").await, ["cafe\u{301} ÅNGSTRÖM", "Žluťoučký Café"]);
    assert_eq!(found(&owner, "zlutouc").await, ["Žluťoučký Café"]);
    assert_eq!(found(&owner, "angstrom").await, ["cafe\u{301} ÅNGSTRÖM"]);
    assert_eq!(found(&owner, "ОТЧ").await, ["Отчёт 文件 2026"]);
    assert_eq!(found(&owner, "文").await, ["Отчёт 文件 2026"]);
}

#[tokio::test]
async fn operators_of_query_languages_are_only_words() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("alpha beta", None).await;
    owner.folder("gamma or and not near name", None).await;
    for q in [
        "\"alpha",
        "alpha\"",
        "alpha*",
        "^alpha",
        "-alpha",
        "+alpha",
        "(alpha",
        "{alpha}",
        ":alpha",
        "alpha' beta",
        "alpha;--",
        "\"\"alpha\"\"",
        "\\alpha",
    ] {
        assert_eq!(found(&owner, q).await, ["alpha beta"], "{q:?}");
    }
    for q in [
        "alpha OR gamma",
        "gamma NOT alpha",
        "name:alpha",
        "NEAR(alpha beta, 10)",
        "alpha AND gamma",
        "{name} : alpha",
        "' or 1=1 --",
    ] {
        assert_eq!(found(&owner, q).await, [""; 0], "{q:?}");
    }
    for q in ["OR", "NOT", "NEAR", "AND", "NEAR(", "name:", "gamma AND name"] {
        assert_eq!(found(&owner, q).await, ["gamma or and not near name"], "{q:?}");
    }
}

#[tokio::test]
async fn without_a_letter_or_digit_nothing_is_found() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("alpha 🙂 \u{301}", None).await;
    for q in [" ", "\"", "*", "-", "^", ":", "()", "\u{1}", "%", "_", "🙂", "\u{301}", "\u{fffd}", "…"] {
        assert_eq!(found(&owner, q).await, [""; 0], "{q:?}");
    }
}

#[tokio::test]
async fn other_users_items_are_neither_found_nor_counted() {
    let world = World::start().await;
    world.owner().folder("report one", None).await;
    let other = world.user("other@example.com").await;
    let nothing = json!({ "hits": [], "totalHits": 0, "totalIsExact": true, "query": "report" });
    assert_eq!(search(&other, "report").await, nothing);
    other.folder("report two", None).await;
    assert_eq!(found(&other, "report").await, ["report two"]);
    assert_eq!(found(&world.owner(), "report").await, ["report one"]);
}

#[tokio::test]
async fn others_items_make_a_search_neither_larger_nor_less_exact() {
    let world = World::start().await;
    let other = world.user("other@example.com").await;
    other.folders(300, None).await;
    world.owner().folder("f mine", None).await;
    let shared = other.folder("shared", None).await;
    world.participant("third@example.com", &other, &shared, "member").await.folder("g", Some(&shared)).await;
    let answer = search(&world.owner(), "f").await;
    assert_eq!((&answer["totalHits"], &answer["totalIsExact"]), (&json!(1), &json!(true)));
    let answer = search(&other, "f").await;
    assert_eq!(answer["totalIsExact"], false, "more items match than the search looks at");
    assert!(answer["totalHits"].as_u64().unwrap() >= 150);
}

#[tokio::test]
async fn shared_items_are_found_however_many_newer_ones_others_have() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let inner = owner.folder("inner", Some(&shared)).await;
    owner.folder("f of the owner", Some(&inner)).await;
    let viewer = world.participant("viewer@example.com", &owner, &shared, "viewer").await;
    let member = world.participant("member@example.com", &owner, &inner, "member").await;
    let left = member.folder("f of the member", Some(&inner)).await;
    member.folder("f inside that", Some(&left)).await;
    world.user("other@example.com").await.folders(300, None).await;
    for who in [&owner, &viewer, &member] {
        assert_eq!(found(who, "f").await, ["f inside that", "f of the member", "f of the owner"]);
        assert_eq!(search(who, "f").await["totalIsExact"], true);
    }
    let confined = world.token_of(&owner, &["access_drive"], Some(&left)).await;
    owner.folders(300, None).await;
    assert_eq!(found(&confined, "f").await, ["f inside that", "f of the member"]);
    assert_eq!(search(&confined, "f").await["totalIsExact"], true);
}

#[tokio::test]
async fn with_more_shared_folders_than_are_walked_rare_names_are_still_found() {
    let world = World::start().await;
    let owner = world.owner();
    let shared = owner.folder("shared", None).await;
    let viewer = world.participant("viewer@example.com", &owner, &shared, "viewer").await;
    let folders = owner.folders(520, Some(&shared)).await;
    for folder in [&folders[0], &folders[260], &folders[519]] {
        owner.folder("needle", Some(folder)).await;
    }
    assert_eq!(found(&viewer, "needle").await, ["needle"; 3]);
    assert_eq!(search(&viewer, "needle").await["totalIsExact"], true);
    let answer = search(&viewer, "f").await;
    assert_eq!((hits(&answer).len(), &answer["totalIsExact"]), (20, &json!(false)));
}

#[tokio::test]
async fn an_old_name_is_found_among_many_that_are_newer() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folder("f needle", None).await;
    owner.folders(520, None).await;
    for q in ["needle", "f needle", "nee f"] {
        assert_eq!(found(&owner, q).await, ["f needle"], "{q}");
        assert_eq!(search(&owner, q).await["totalIsExact"], true, "{q}");
    }
}

#[tokio::test]
async fn long_words_with_the_same_beginning_are_distinguished() {
    let world = World::start().await;
    let owner = world.owner();
    let names = ["abcdefghijklmnopqrstuvwxyz1", "abcdefghijklmnopqrstuvwxyz2", "abcdf"];
    for name in names {
        owner.folder(name, None).await;
    }
    for (q, expected) in [
        ("abcd", &names[..]),
        ("abcde", &names[..2]),
        ("abcdefghijklm", &names[..2]),
        ("abcdefghijklmnopqrstuvwxyz", &names[..2]),
        ("abcdefghijklmnopqrstuvwxyz2", &names[1..2]),
        ("abcdefghijklmnopqrstuvwxyz3", &[]),
        ("abcdg", &[]),
    ] {
        assert_eq!(found(&owner, q).await, expected, "{q}");
    }
}

#[tokio::test]
async fn hits_are_sorted_as_requested_and_by_latest_change_by_default() {
    let world = World::start().await;
    let owner = world.owner();
    for name in ["report b", "report C", "report a"] {
        owner.folder(name, None).await;
        world.pass(SignedDuration::from_secs(1)).await;
    }
    let (by_name, by_time) = (["report a", "report b", "report C"], ["report b", "report C", "report a"]);
    let reversed = |names: [&'static str; 3]| -> Vec<_> { names.into_iter().rev().collect() };
    for (parameters, expected) in [
        (&[][..], reversed(by_time)),
        (&[("sortOrder", "asc")], by_time.to_vec()),
        (&[("sortBy", "updatedAt"), ("sortOrder", "desc")], reversed(by_time)),
        (&[("sortBy", "createdAt"), ("sortOrder", "asc")], by_time.to_vec()),
        (&[("sortBy", "createdAt")], reversed(by_time)),
        (&[("sortBy", "name"), ("sortOrder", "asc")], by_name.to_vec()),
        (&[("sortBy", "name"), ("sortOrder", "desc")], reversed(by_name)),
    ] {
        let parameters = [&[("q", "report")], parameters].concat();
        let answer = owner.query("/drive/search", &parameters).await.ok();
        assert_eq!(hits(&answer), expected, "{parameters:?}");
    }
}

#[tokio::test]
async fn the_limit_bounds_the_hits_but_not_their_count() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folders(60, None).await;
    for (parameters, shown) in [(&[][..], 20), (&[("limit", "1")], 1), (&[("limit", "50")], 50)] {
        let parameters = [&[("q", "f0")], parameters].concat();
        let answer = owner.query("/drive/search", &parameters).await.ok();
        assert_eq!((hits(&answer).len(), &answer["totalHits"]), (shown, &json!(60)));
    }
}

#[tokio::test]
async fn wrong_parameters_of_search_are_named_in_the_error() {
    let world = World::start().await;
    let long = "q ".repeat(5000);
    for (name, value) in [
        ("q", ""),
        ("q", &long),
        ("q", "a\0"),
        ("limit", "0"),
        ("limit", "51"),
        ("limit", ""),
        ("limit", "2.0"),
        ("sortBy", "size"),
        ("sortBy", ""),
        ("sortBy", "createdat"),
        ("sortBy", "name; drop table items"),
        ("sortOrder", "DESC"),
        ("sortOrder", "up"),
    ] {
        let mut parameters = vec![(name, value)];
        if name != "q" {
            parameters.push(("q", "a"));
        }
        let answer = world.owner().query("/drive/search", &parameters).await;
        assert_eq!(answer.refused_for(name), refusal(400, "invalid_parameter"), "{name}={value}");
    }
    for query in ["", "?Q=a", "?q=a&q=b"] {
        let answer = world.owner().get(&format!("/drive/search{query}")).await;
        assert_eq!(answer.refused_for("q"), refusal(400, "invalid_parameter"), "{query}");
    }
    for query in ["?q=%ff%fe", "?q=a&limit=%ff", "?q=%e2%82"] {
        let answer = world.owner().get(&format!("/drive/search{query}")).await;
        assert_eq!(answer.refused_for("must be"), refusal(400, "invalid_parameter"), "{query}");
    }
    for query in ["?q=%C3%BC&unknown=%ff", "?%71=a+b", "?q=a%2Bb&&", "?q=a&%ff=1"] {
        world.owner().get(&format!("/drive/search{query}")).await.ok();
    }
    world.owner().query("/drive/search", &[("q", &"ü".repeat(255))]).await.ok();
}

#[tokio::test]
async fn published_clients_search_the_workspace_in_their_own_form() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("zebra", None).await;
    world.pass(SignedDuration::from_secs(1)).await;
    let file = owner.item(&owner.file("zebra 1", None).await).await;
    let info = owner.get("/workspace/info").await.ok();
    let found = owner.get("/search?q=zeb").await.ok();
    let millis = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!((&found["query"], &found["totalHits"]), (&json!("zeb"), &json!(2)));
    assert!(found["processingTimeMs"].is_u64());
    assert_eq!(
        found["hits"][0],
        json!({
            "entityType": "driveContent", "_id": file["id"], "workspace": info["_id"], "name": "zebra 1", "type": "file",
            "mimeType": file["mimeType"], "size": file["size"], "user": file["owner"],
            "createdAt": millis(&file["createdAt"]), "updatedAt": millis(&file["updatedAt"]),
        })
    );
    let second = &found["hits"][1];
    assert_eq!((&second["_id"], &second["type"]), (&json!(folder), &json!("folder")));
    assert!(second.get("size").is_none() && second.get("mimeType").is_none(), "{second}");
    for (query, hits) in [
        ("types=driveContent", 2),
        ("types=message,driveContent", 2),
        ("types=", 2),
        ("types=message&types=driveContent", 2),
        ("limit=1", 1),
        ("sortBy=createdAt&sortOrder=asc", 2),
    ] {
        let found = owner.get(&format!("/search?q=zebra&{query}")).await.ok();
        assert_eq!(found["hits"].as_array().unwrap().len(), hits, "{query}");
    }
    for (query, status, code) in [
        ("q=a&types=message", 403, "no_search_types"),
        ("q=", 400, "invalid_parameter"),
        ("q=a&limit=101", 400, "invalid_parameter"),
        ("q=a&sortBy=name", 400, "invalid_parameter"),
    ] {
        assert_eq!(owner.get(&format!("/search?{query}")).await.refused(), refusal(status, code), "{query}");
    }
    let health = Answer::of(world.http.get(format!("{}/public/v1/health", world.url))).await;
    assert_eq!(health.ok(), json!({ "status": "ok" }));
}
