//! `GET /drive/tree`.

use dray_api::limits::{MAX_FOLDER_DEPTH, MAX_TREE_ITEMS};
use serde_json::{Value, json};

use crate::world::{Actor, World, refusal};

async fn tree(actor: &Actor, parent: Option<&str>, depth: Option<&str>) -> Value {
    let parameters: Vec<_> = [("parentId", parent), ("depth", depth)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
    actor.query("/drive/tree", &parameters).await.ok()
}

fn names(nodes: &Value) -> Vec<&str> {
    nodes.as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect()
}

fn ids(nodes: &Value) -> Vec<&str> {
    nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect()
}

/// How many nodes there are, on all levels.
fn count(nodes: &Value) -> usize {
    nodes.as_array().unwrap().iter().map(|node| 1 + count(&node["children"])).sum()
}

#[tokio::test]
async fn an_empty_drive_is_an_empty_tree() {
    let world = World::start().await;
    let empty = json!({ "root": [], "totalItems": 0, "truncated": false, "nextParentIds": [] });
    assert_eq!(tree(&world.owner(), None, None).await, empty);
    let folder = world.owner().folder("f", None).await;
    assert_eq!(tree(&world.owner(), Some(&folder), None).await, empty);
}

#[tokio::test]
async fn a_node_is_the_item_with_what_is_in_it() {
    let world = World::start().await;
    let owner = world.owner();
    let outer = owner.folder("outer", None).await;
    let inner = owner.folder("inner", Some(&outer)).await;
    let file = owner.upload("file", &[vec![1]]).await;
    let mut answer = tree(&owner, None, None).await;
    assert_eq!(answer["totalItems"], 3);
    for (node, id) in [
        ("/root/0", outer.as_str()),
        ("/root/0/children/0", &inner),
        ("/root/1", file["id"].as_str().unwrap()),
    ] {
        let mut item = answer.pointer_mut(node).unwrap().clone();
        let more = item.as_object_mut().unwrap();
        assert_eq!(more.remove("hasChildren"), Some(json!(id == outer)), "{node}");
        assert!(more.remove("children").unwrap().is_array(), "{node}");
        assert_eq!(item, owner.item(id).await);
        assert_eq!((&item["_id"], item.get("parent")), (&item["id"], item.get("parentId")));
        assert_eq!(item.get("size"), item.get("fileSize"));
    }
}

#[tokio::test]
async fn folders_come_first_and_names_are_in_order() {
    let world = World::start().await;
    let owner = world.owner();
    owner.upload("a file", &[vec![1]]).await;
    for name in ["b", "C", "a", "B", "é"] {
        owner.folder(name, None).await;
    }
    let answer = tree(&owner, None, Some("1")).await;
    assert_eq!(names(&answer["root"]), ["a", "B", "b", "C", "é", "a file"]);
}

#[tokio::test]
async fn the_depth_bounds_the_levels_but_has_children_stays_true() {
    let world = World::start().await;
    let owner = world.owner();
    let mut folders = vec![owner.folder("0", None).await];
    for level in 1..MAX_FOLDER_DEPTH {
        let above = folders.last().unwrap().clone();
        folders.push(owner.folder(&level.to_string(), Some(&above)).await);
    }
    for (depth, levels) in [(None, 3), (Some("1"), 1), (Some("2"), 2), (Some("10"), 10)] {
        let answer = tree(&owner, None, depth).await;
        assert_eq!((&answer["totalItems"], &answer["truncated"]), (&json!(levels), &json!(false)));
        assert_eq!(answer["nextParentIds"], json!([]));
        let mut nodes = &answer["root"];
        for folder in &folders[..levels] {
            assert_eq!((ids(nodes), &nodes[0]["hasChildren"]), (vec![folder.as_str()], &json!(true)));
            nodes = &nodes[0]["children"];
        }
        assert_eq!(nodes, &json!([]));
    }
    let deepest = tree(&owner, Some(&folders[98]), Some("10")).await;
    assert_eq!(ids(&deepest["root"]), [&folders[99]]);
    assert_eq!(deepest["root"][0]["hasChildren"], false);
}

#[tokio::test]
async fn the_largest_possible_answer_is_not_truncated() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    owner.folders(MAX_TREE_ITEMS - 1, Some(&folder)).await;
    let answer = tree(&owner, None, None).await;
    assert_eq!((&answer["totalItems"], &answer["truncated"]), (&json!(500), &json!(false)));
    owner.folder("last", None).await;
    let answer = tree(&owner, None, None).await;
    assert_eq!((&answer["totalItems"], &answer["truncated"]), (&json!(500), &json!(true)));
    assert_eq!(answer["nextParentIds"], json!([folder]));
    assert_eq!((count(&answer["root"]), names(&answer["root"])), (500, vec!["f", "last"]));
}

#[tokio::test]
async fn following_next_parent_ids_to_the_end_finds_every_item_once() {
    let world = World::start().await;
    let owner = world.owner();
    let mut made = owner.folders(12, None).await;
    for folder in made.clone() {
        let inside = owner.folders(60, Some(&folder)).await;
        made.push(owner.folder("below", Some(&inside[59])).await);
        made.extend(inside);
    }
    let first = tree(&owner, None, Some("3")).await;
    assert_eq!((&first["totalItems"], &first["truncated"]), (&json!(500), &json!(true)));
    let first_level: Vec<_> = ids(&first["root"]);
    let full: Vec<_> =
        first["root"].as_array().unwrap().iter().map(|n| n["children"].as_array().unwrap().len()).collect();
    assert_eq!(full, [60, 60, 60, 60, 60, 60, 60, 60, 8, 0, 0, 0], "breadth first");
    let next = first["nextParentIds"].as_array().unwrap();
    assert_eq!(next[..4], first_level[8..].iter().map(|id| json!(id)).collect::<Vec<_>>());
    assert_eq!(next.len(), 4 + 8, "and the eight folders whose level was not reached");

    let mut found = std::collections::BTreeSet::new();
    let mut asking = vec![None];
    while let Some(parent) = asking.pop() {
        let answer = tree(&owner, parent.as_deref(), Some("3")).await;
        collect(&answer["root"], &mut found);
        let next = answer["nextParentIds"].as_array().unwrap();
        asking.extend(next.iter().map(|id| Some(id.as_str().unwrap().to_owned())));
    }
    assert_eq!(found, made.into_iter().collect());
}

fn collect(nodes: &Value, found: &mut std::collections::BTreeSet<String>) {
    for node in nodes.as_array().unwrap() {
        found.insert(node["id"].as_str().unwrap().to_owned());
        collect(&node["children"], found);
    }
}

#[tokio::test]
async fn a_folder_larger_than_an_answer_is_truncated_and_is_not_its_own_continuation() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let inside = owner.folders(MAX_TREE_ITEMS + 1, Some(&folder)).await;
    let below = owner.folder("below", Some(&inside[3])).await;
    let answer = tree(&owner, Some(&folder), Some("1")).await;
    assert_eq!(ids(&answer["root"]), inside[..MAX_TREE_ITEMS]);
    assert_eq!((&answer["truncated"], &answer["nextParentIds"]), (&json!(true), &json!([])));
    let answer = tree(&owner, Some(&folder), Some("2")).await;
    assert_eq!((&answer["truncated"], &answer["nextParentIds"]), (&json!(true), &json!([inside[3]])));
    assert_eq!(ids(&tree(&owner, Some(&inside[3]), None).await["root"]), [below]);
}

#[tokio::test]
async fn other_users_items_are_not_shown() {
    let world = World::start().await;
    let folder = world.owner().folder("f", None).await;
    world.owner().folder("inside", Some(&folder)).await;
    let other = world.user("other@example.com").await;
    assert_eq!(tree(&other, None, Some("10")).await["totalItems"], 0);
    let foreign = other.query("/drive/tree", &[("parentId", &folder)]).await;
    let absent = other.query("/drive/tree", &[("parentId", "0123456789abcdef01234567")]).await;
    assert_eq!(foreign.body, absent.body);
    assert_eq!(foreign.refused(), refusal(404, "not_found"));
}

#[tokio::test]
async fn a_file_has_no_tree() {
    let world = World::start().await;
    let file = world.owner().upload("a", &[vec![1]]).await;
    let answer = world.owner().query("/drive/tree", &[("parentId", file["id"].as_str().unwrap())]).await;
    assert_eq!(answer.refused_for("parentId"), refusal(400, "not_a_folder"));
}

#[tokio::test]
async fn wrong_parameters_of_tree_are_named_and_unknown_ones_ignored() {
    let world = World::start().await;
    for depth in ["0", "11", "3.5", "", "-1", "+3", " 3", "1e1", "٣", "three", "99999999999999999999"] {
        let answer = world.owner().query("/drive/tree", &[("depth", depth)]).await;
        assert_eq!(answer.refused_for("depth"), refusal(400, "invalid_parameter"), "{depth:?}");
    }
    for parent in ["", "root", "null", "0123456789abcdef0123456", "0123456789abcdef0123456g", "\0"] {
        let answer = world.owner().query("/drive/tree", &[("parentId", parent)]).await;
        assert_eq!(answer.refused_for("parentId"), refusal(400, "invalid_parameter"), "{parent:?}");
    }
    let twice = world.owner().get("/drive/tree?depth=1&depth=2").await;
    assert_eq!(twice.refused_for("depth"), refusal(400, "invalid_parameter"));
    for query in ["?x=1&x=2", "?", "?&&", "?Depth=99", "?depth=3&%ff=%ff"] {
        world.owner().get(&format!("/drive/tree{query}")).await.ok();
    }
}
