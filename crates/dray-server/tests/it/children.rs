//! `GET /drive/folders/{id}/children` and `GET /drive/files/{id}/ancestors`.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::acts::{id, ids, names};
use crate::world::{Actor, World, refusal};

const SORTS: [&str; 4] = ["name", "size", "createdAt", "updatedAt"];
const ORDERS: [&str; 2] = ["asc", "desc"];

fn children(folder: &str) -> String {
    format!("/drive/folders/{folder}/children")
}

/// The sort value of an item called "item 7", in a form whose texts sort like the values.
fn key(item: &Value, sort: &str) -> String {
    match sort {
        "name" => {
            let name = item["name"].as_str().unwrap();
            format!("{:09}", name.rsplit(' ').next().unwrap().parse::<u32>().unwrap())
        }
        "size" => format!("{:09}", item["size"].as_u64().unwrap_or(0)),
        time => item[time].as_str().unwrap().to_owned(),
    }
}

/// Checks in every order that a list has each of `count` items once, in its place.
async fn check_every_order(actor: &Actor, path: &str, count: usize, limit: usize) {
    for sort in SORTS {
        for order in ORDERS {
            let all = actor.pages(path, &[("sortBy", sort), ("sortOrder", order)], limit).await;
            let mut expected = all.clone();
            expected.sort_by_cached_key(id);
            expected.dedup();
            assert_eq!(expected.len(), count, "each once, by {sort} {order}");
            expected.sort_by_cached_key(|item| (key(item, sort), id(item)));
            if order == "desc" {
                expected.reverse();
            }
            expected.sort_by_key(|item| item["type"] == "file");
            assert_eq!(ids(&all), ids(&expected), "by {sort} {order}");
        }
    }
}

/// Uploads this many files, several at once. Some have the same size.
async fn upload_files(actor: &Actor, numbers: std::ops::Range<usize>, folder: Option<&str>) {
    for some in numbers.collect::<Vec<_>>().chunks(16) {
        let into = json!({ "parentId": folder });
        let uploads = some.iter().map(|&n| {
            let into = into.clone();
            async move { actor.upload_with(&format!("item {n}"), &vec![7; n % 11], &into).await }
        });
        join_all(uploads).await;
    }
}

async fn make_folders(actor: &Actor, numbers: std::ops::Range<usize>, folder: Option<&str>) {
    for some in numbers.collect::<Vec<_>>().chunks(64) {
        let names = some.iter().map(|n| format!("item {n}"));
        join_all(names.map(|name| async move { actor.folder(&name, folder).await })).await;
    }
}

#[tokio::test]
async fn a_large_folder_is_listed_page_by_page_with_each_item_once_in_every_order() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("large", None).await;
    make_folders(&owner, 0..2300, Some(&folder)).await;
    upload_files(&owner, 2300..2500, Some(&folder)).await;
    for item in &owner.pages(&children(&folder), &[], 1000).await[1000..1100] {
        owner.change(&id(item), &json!({ "name": item["name"] })).await.ok();
    }
    check_every_order(&owner, &children(&folder), 2500, 1000).await;
    check_every_order(&owner, &children(&folder), 2500, 333).await;
}

#[tokio::test]
async fn the_root_lists_own_and_shared_items_together() {
    let world = World::start().await;
    let (owner, other) = (world.owner(), world.user("other@example.com").await);
    let owner_id = world.user_id("owner@localhost").await;
    make_folders(&owner, 0..13, None).await;
    upload_files(&owner, 100..113, None).await;
    make_folders(&other, 6..17, None).await;
    upload_files(&other, 105..117, None).await;
    for item in other.pages(&children("root"), &[], 100).await {
        other.share(&id(&item), &owner_id, "viewer").await;
    }
    let hidden = other.folder("hidden", None).await;
    let inside = other.folder("item 200", Some(&hidden)).await;
    other.share(&inside, &owner_id, "member").await;
    for limit in [1, 4, 7, 50, 1000] {
        check_every_order(&owner, &children("root"), 26 + 24, limit).await;
    }
    check_every_order(&owner, "/drive/shared", 24, 5).await;
    let shared = owner.pages("/drive/shared", &[], 1000).await;
    assert!(shared.iter().all(|item| item.get("parentId").is_none()), "they may not know its folder");
}

#[tokio::test]
async fn names_are_sorted_as_people_expect_and_folders_come_first() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for name in ["file 10", "File 2", "file 1", "z 9", "Z 10", "_"] {
        owner.folder(name, Some(&folder)).await;
    }
    for name in ["b 3.txt", "B 20.txt", "a"] {
        owner.file(name, Some(&folder)).await;
    }
    let sorted = ["_", "file 1", "File 2", "file 10", "z 9", "Z 10", "a", "b 3.txt", "B 20.txt"];
    assert_eq!(owner.listed(&folder).await, sorted);
    let by_name = owner.get(&format!("{}?sortBy=name&sortOrder=desc", children(&folder))).await.ok();
    let reversed = ["Z 10", "z 9", "file 10", "File 2", "file 1", "_", "B 20.txt", "b 3.txt", "a"];
    assert_eq!(names(&by_name["items"]), reversed);
}

#[tokio::test]
async fn a_page_has_whole_items_and_says_whether_it_is_the_last() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let empty = json!({ "items": [], "nextCursor": null });
    assert_eq!(owner.get(&children(&folder)).await.ok(), empty);
    let file = owner.item(&owner.file("a", Some(&folder)).await).await;
    assert_eq!(owner.get(&children(&folder)).await.ok(), json!({ "items": [file], "nextCursor": null }));
    make_folders(&owner, 0..100, Some(&folder)).await;
    let page = owner.get(&children(&folder)).await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 100, "the default limit");
    let next = page["nextCursor"].as_str().unwrap();
    let last = owner.query(&children(&folder), &[("cursor", next)]).await.ok();
    assert_eq!(last, json!({ "items": [file], "nextCursor": null }));
}

#[tokio::test]
async fn items_that_come_and_go_between_pages_neither_repeat_nor_hide_others() {
    let world = World::start().await;
    let owner = world.owner();
    make_folders(&owner, 10..20, None).await;
    let first = owner.query(&children("root"), &[("limit", "5")]).await.ok();
    let last = id(&first["items"][4]);
    owner.trash(&last).await;
    owner.trash(&id(&first["items"][0])).await;
    owner.folder("item 12", None).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = owner.query(&children("root"), &[("cursor", cursor)]).await.ok();
    assert_eq!(names(&rest["items"]), ["item 15", "item 16", "item 17", "item 18", "item 19"]);
}

#[tokio::test]
async fn wrong_parameters_of_a_list_are_named_in_the_error() {
    let world = World::start().await;
    let owner = world.owner();
    let of_trash = {
        let folders = owner.folders(2, None).await;
        owner.trash(&folders[0]).await;
        owner.trash(&folders[1]).await;
        owner.get("/drive/trash?limit=1").await.ok()["nextCursor"].as_str().unwrap().to_owned()
    };
    owner.folders(2, None).await;
    let own = cursor_of_root(&owner, &[]).await;
    let encoded = |position: &Value| encoded(&own, position);
    let foreign = json!({ "kind": "0", "key": 7, "id": "0123456789abcdef01234567" });
    for (name, value) in [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("sortBy", "mimeType"),
        ("sortBy", "Name"),
        ("sortBy", ""),
        ("sortOrder", "DESC"),
        ("cursor", ""),
        ("cursor", "x"),
        ("cursor", "\0"),
        ("cursor", &of_trash),
        ("cursor", &"a".repeat(5000)),
        ("cursor", &encoded(&foreign)),
        ("cursor", &encoded(&json!({ "kind": "2", "key": "a", "id": "0123456789abcdef01234567" }))),
        ("cursor", &encoded(&json!({ "kind": "0", "key": "a\0b", "id": "0123456789abcdef01234567" }))),
        ("cursor", &encoded(&json!({ "kind": "0", "key": "a", "id": "' or 1=1 --" }))),
        ("cursor", &encoded(&json!({ "kind": "0", "key": ["a"], "id": "0123456789abcdef01234567" }))),
    ] {
        for path in ["/drive/folders/root/children", "/drive/shared"] {
            let answer = owner.query(path, &[(name, value)]).await;
            assert_eq!(answer.refused_for(name), refusal(400, "invalid_parameter"), "{name}={value}");
        }
    }
    for cursor in ["", "x", "!", &encoded(&foreign), &"a".repeat(5000)] {
        let answer = owner.query("/drive/trash", &[("cursor", cursor)]).await;
        assert_eq!(answer.refused_for("cursor"), refusal(400, "invalid_parameter"), "{cursor}");
    }
}

/// A cursor of the second page of the root.
async fn cursor_of_root(owner: &Actor, order: &[(&str, &str)]) -> String {
    let page = owner.query(&children("root"), &[&[("limit", "1")], order].concat()).await.ok();
    page["nextCursor"].as_str().unwrap().to_owned()
}

/// A cursor of the same list as `own`, with another position: Base64 for URLs, without padding.
fn encoded(own: &str, position: &Value) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let own = String::from_utf8(URL_SAFE_NO_PAD.decode(own).unwrap()).unwrap();
    URL_SAFE_NO_PAD.encode(format!("{} {position}", own.split_once(' ').unwrap().0))
}

#[tokio::test]
async fn an_invented_position_reaches_nothing_outside_the_list() {
    let world = World::start().await;
    let owner = world.owner();
    let other = world.user("other@example.com").await;
    other.folder("zzz secret", None).await;
    let mine = owner.folders(2, None).await;
    let by_name = cursor_of_root(&owner, &[]).await;
    let by_size = cursor_of_root(&owner, &[("sortBy", "size")]).await;
    for key in ["", "' or 1=1 --", "\u{10ffff}", "\u{1}", "%", "ÿ"] {
        let position = json!({ "kind": "0", "key": key, "id": "000000000000000000000000" });
        let page = owner.query(&children("root"), &[("cursor", &encoded(&by_name, &position))]).await.ok();
        let found = ids(page["items"].as_array().unwrap());
        assert!(found.is_empty() || found == mine, "{key:?} {found:?}");
    }
    for key in [i64::MIN, -1, 0, i64::MAX] {
        let position = json!({ "kind": "1", "key": key, "id": "ffffffffffffffffffffffff" });
        let parameters = [("cursor", &*encoded(&by_size, &position)), ("sortBy", "size")];
        let page = owner.query(&children("root"), &parameters).await.ok();
        assert_eq!(page, json!({ "items": [], "nextCursor": null }));
    }
}

#[tokio::test]
async fn a_file_has_no_children_and_an_unknown_id_is_named() {
    let world = World::start().await;
    let owner = world.owner();
    let file = owner.file("a", None).await;
    assert_eq!(owner.get(&children(&file)).await.refused(), refusal(400, "not_a_folder"));
    for folder in ["Root", "0123456789abcdef0123456", "null", "%00", "root%2F", "..%2Froot"] {
        let answer = owner.get(&children(folder)).await;
        assert_eq!(answer.refused_for("id"), refusal(400, "invalid_parameter"), "{folder}");
    }
    owner.trash(&file).await;
    let folder = owner.folder("f", None).await;
    let inside = owner.folder("inside", Some(&folder)).await;
    owner.trash(&folder).await;
    for gone in [folder, inside] {
        assert_eq!(owner.get(&children(&gone)).await.refused(), refusal(404, "not_found"));
    }
    assert_eq!(owner.listed("root").await, [""; 0]);
}

#[tokio::test]
async fn ancestors_are_the_path_that_the_caller_sees() {
    let world = World::start().await;
    let owner = world.owner();
    let mut path = vec![owner.folder("0", None).await];
    for level in 1..5 {
        let above = path.last().unwrap().clone();
        path.push(owner.folder(&level.to_string(), Some(&above)).await);
    }
    let file = owner.file("file", Some(&path[4])).await;
    let viewer = world.participant("viewer@example.com", &owner, &path[2], "viewer").await;
    let confined = world.token_of(&owner, &["drive_read"], Some(&path[3])).await;
    let seen = async |actor: &Actor, id: &str| {
        let answer = actor.get(&format!("/drive/files/{id}/ancestors")).await.ok();
        let ancestors = answer["ancestors"].as_array().unwrap().clone();
        assert!(
            ancestors.first().is_none_or(|top| top.get("parentId").is_none()),
            "above it, nothing is seen"
        );
        ids(&ancestors)
    };
    assert_eq!(seen(&owner, &file).await, path);
    assert_eq!(seen(&owner, &path[0]).await, [""; 0]);
    assert_eq!(seen(&viewer, &file).await, path[2..]);
    assert_eq!(seen(&viewer, &path[2]).await, [""; 0]);
    assert_eq!(seen(&confined, &file).await, path[3..]);
    for id in &path[..2] {
        let foreign = viewer.get(&format!("/drive/files/{id}/ancestors")).await;
        assert_eq!(foreign.refused(), refusal(404, "not_found"));
    }
}

#[tokio::test]
async fn items_created_and_changed_at_different_times_are_sorted_by_time() {
    let world = World::start().await;
    let owner = world.owner();
    for name in ["b", "a", "c"] {
        owner.folder(name, None).await;
        world.pass(SignedDuration::from_secs(1)).await;
    }
    let first = owner.get(&children("root")).await.ok();
    owner.change(&id(&first["items"][1]), &json!({ "name": "b2" })).await.ok();
    let by =
        async |sort: &str| names(&owner.query(&children("root"), &[("sortBy", sort)]).await.ok()["items"]);
    assert_eq!(by("createdAt").await, ["b2", "a", "c"]);
    assert_eq!(by("updatedAt").await, ["a", "c", "b2"]);
}
