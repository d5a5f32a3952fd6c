//! A cursor belongs to the list that gave it: its route, id, order and filter.

use serde_json::{Value, json};

use crate::acts::id;
use crate::grants::granted;
use crate::requests::requested;
use crate::world::{Actor, World, refusal};

/// The cursor of the second page of a list.
async fn cursor_of(actor: &Actor, path: &str) -> String {
    let page = actor.query(path, &[("limit", "1")]).await.ok();
    page["nextCursor"].as_str().unwrap_or_else(|| panic!("{path}: {page}")).to_owned()
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let world = World::start().await;
    let owner = world.owner();
    let folders = owner.folders(2, None).await;
    for folder in &folders {
        owner.folders(2, Some(folder)).await;
        let trashed = owner.folder("trashed", Some(folder)).await;
        owner.trash(&trashed).await;
    }
    let mut lists = vec!["/drive/trash".to_owned(), "/drive/uploads".to_owned(), "/drive/grants".to_owned()];
    for _ in 0..2 {
        let (holder, grant) = granted(&world, &owner, &json!({})).await;
        holder.start("a", 1).await;
        holder.start("b", 1).await;
        lists.push(format!("/drive/grants/{}/uploads", id(&grant)));
    }
    for folder in &folders {
        for _ in 0..2 {
            let (request, _) = requested(&owner, folder, &json!({})).await;
            lists.push(format!("/drive/requests/{}/submissions", id(&request)));
        }
        lists.push(format!("/drive/requests?folderId={folder}"));
        for order in ["", "?sortOrder=desc", "?sortBy=size", "?sortBy=createdAt", "?sortBy=updatedAt"] {
            lists.push(format!("/drive/folders/{folder}/children{order}"));
        }
    }
    lists.extend(["/drive/requests", "/drive/shared", "/drive/folders/root/children"].map(str::to_owned));

    let has_none = |path: &&String| path.ends_with("submissions") || *path == "/drive/shared";
    let mut tried = 0;
    for of in lists.iter().filter(|path| !has_none(path)) {
        let cursor = cursor_of(&owner, of).await;
        for path in &lists {
            let answer = owner.query(path, &[("cursor", &cursor)]).await;
            if path == of {
                answer.ok();
                let upper = path.replace(&folders[0], &folders[0].to_uppercase());
                owner.query(&upper, &[("cursor", &cursor), ("limit", "7")]).await.ok();
            } else {
                let refused = answer.refused_for("cursor");
                assert_eq!(refused, refusal(400, "invalid_parameter"), "cursor of {of} at {path}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[tokio::test]
async fn a_default_that_is_named_is_the_same_list() {
    let world = World::start().await;
    let owner = world.owner();
    owner.folders(3, None).await;
    let path = "/drive/folders/root/children";
    let cursor = cursor_of(&owner, path).await;
    let parameters = [("cursor", &*cursor), ("sortBy", "name"), ("sortOrder", "asc"), ("unknown", "1")];
    let rest: Value = owner.query(path, &parameters).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
}
