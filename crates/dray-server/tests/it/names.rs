//! Names: which are allowed, when two count as one, and how they are found.

use serde_json::{Value, json};

use crate::acts::id;
use crate::world::{Actor, World, refusal};

const COMPOSED: &str = "Caf\u{e9}.txt";
const DECOMPOSED: &str = "Cafe\u{301}.txt";

async fn found(owner: &Actor, query: &str) -> Vec<String> {
    let answer =
        owner.query("/drive/search", &[("q", query), ("sortBy", "name"), ("sortOrder", "asc")]).await.ok();
    let names = answer["hits"].as_array().unwrap().iter().map(|hit| hit["name"].as_str().unwrap().to_owned());
    names.collect()
}

fn into(folder: &str, on_conflict: &str) -> Value {
    json!({ "parentId": folder, "onConflict": on_conflict })
}

#[tokio::test]
async fn composed_and_decomposed_names_are_one_and_are_kept_as_given() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    let first = owner.upload_with(DECOMPOSED, b"a", &into(&folder, "fail")).await;
    assert_eq!(first["name"], DECOMPOSED);

    let upload = owner.start_with(COMPOSED, 1, &into(&folder, "fail")).await;
    let parts = owner.put_parts(&upload, &[b"b".to_vec()]).await;
    assert_eq!(owner.finalize(&upload, &parts).await.refused(), refusal(409, "name_taken"));

    let renamed = owner.upload_with(COMPOSED, b"b", &into(&folder, "rename")).await;
    assert_eq!(renamed["name"], "Caf\u{e9} (2).txt");
    let renamed = owner.upload_with(DECOMPOSED, b"c", &into(&folder, "rename")).await;
    assert_eq!(renamed["name"], "Cafe\u{301} (3).txt", "the number is taken in either form");

    let replaced = owner.upload_with(COMPOSED, b"new", &into(&folder, "replace")).await;
    assert_eq!((&replaced["name"], replaced["size"].as_u64()), (&json!(DECOMPOSED), Some(3)));
    assert_eq!(replaced["id"], first["id"]);
}

#[tokio::test]
async fn composed_and_decomposed_names_stand_together_and_are_found_together() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for name in ["Cafz.txt", DECOMPOSED, "Cafe.txt", COMPOSED] {
        owner.upload_with(name, b"a", &into(&folder, "keep")).await;
    }
    let listed = owner.listed(&folder).await;
    let composed = listed.iter().position(|name| name == COMPOSED).unwrap();
    let decomposed = listed.iter().position(|name| name == DECOMPOSED).unwrap();
    assert_eq!(composed.abs_diff(decomposed), 1, "{listed:?}");
    for query in ["caf\u{e9}", "cafe\u{301}", "CAFE"] {
        assert_eq!(found(&owner, query).await.len(), 3, "{query}");
    }
}

#[tokio::test]
async fn names_in_scripts_without_spaces_are_found_by_any_part() {
    let world = World::start().await;
    let owner = world.owner();
    for name in
        ["สำเนาเอกสารราชการ2569.pdf", "สารคดีเอก.mp4", "ບົດລາຍງານປະຊຸມ.docx", "សំណៅឯកសារ.pdf", "မိတ္တူစာရွက်.pdf"]
    {
        owner.file(name, None).await;
    }
    for (query, name) in [
        ("เอกสาร", "สำเนาเอกสารราชการ2569.pdf"),
        ("สำเนาเอกสารราชการ", "สำเนาเอกสารราชการ2569.pdf"),
        ("2569", "สำเนาเอกสารราชการ2569.pdf"),
        ("ປະຊຸມ", "ບົດລາຍງານປະຊຸມ.docx"),
        ("ឯកសារ", "សំណៅឯកសារ.pdf"),
        ("စာရွက်", "မိတ္တူစာရွက်.pdf"),
    ] {
        assert_eq!(found(&owner, query).await, [name], "{query}");
    }
}

#[tokio::test]
async fn marks_of_right_to_left_writing_are_kept_and_do_not_hide_a_name() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for name in ["\u{200e}IMG-20260131.jpg", "\u{200f}חשבון\u{200f} 1.pdf"] {
        assert_eq!(owner.upload_with(name, b"a", &into(&folder, "fail")).await["name"], name);
    }
    assert_eq!(found(&owner, "img").await, ["\u{200e}IMG-20260131.jpg"]);
    assert_eq!(found(&owner, "חשבון").await, ["\u{200f}חשבון\u{200f} 1.pdf"]);
    assert_eq!(found(&owner, "\u{200f}חשבון").await.len(), 1);
    // For a computer these are different names.
    owner.upload_with("IMG-20260131.jpg", b"a", &into(&folder, "fail")).await;
}

#[tokio::test]
async fn deceptive_and_invisible_names_are_refused_wherever_a_name_is_given() {
    let world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    for (name, said) in [
        ("a\u{202e}fdp.exe", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u{2067}a", "U+2067 RIGHT-TO-LEFT ISOLATE"),
        ("\u{3164}", "can be seen"),
        ("\u{200b}\u{2800}", "can be seen"),
        ("\u{200e}", "can be seen"),
    ] {
        let start = json!({ "fileName": name, "fileSize": 1, "mimeType": "a/b" });
        let answers = [
            owner.step("start", &start).await,
            owner.post("/drive/folders", &json!({ "name": name })).await,
            owner.change(&folder, &json!({ "name": name })).await,
        ];
        for answer in answers {
            assert!(answer.body["message"].as_str().unwrap().contains(said), "{}", answer.body);
            assert_eq!(answer.refused(), refusal(400, "invalid_name"));
        }
    }
}

/// Values as an older version with other rules for names left them.
const OF_BEFORE: &str =
    "update items set name_key = 'before' || id, words = 'before'; delete from name_rules";

#[tokio::test]
async fn names_that_an_older_version_wrote_are_found_after_the_update() {
    let mut world = World::start().await;
    let owner = world.owner();
    let folder = owner.folder("f", None).await;
    owner.upload_with(DECOMPOSED, b"a", &into(&folder, "keep")).await;
    owner.upload_with("สำเนาเอกสาร.pdf", b"a", &into(&folder, "keep")).await;
    // More items than one transaction handles.
    owner.folders(600, Some(&folder)).await;
    let listed = owner.listed(&folder).await;
    world.stop().await;
    world.execute(OF_BEFORE).await;
    world.serve(|_| {}).await;

    let owner = world.owner();
    assert_eq!(owner.listed(&folder).await, listed);
    assert_eq!(found(&owner, "เอกสาร").await, ["สำเนาเอกสาร.pdf"]);
    assert_eq!(found(&owner, "f0599").await, ["f0599"]);
    assert_eq!(found(&owner, "before").await, [""; 0]);
    let renamed = owner.upload_with(COMPOSED, b"b", &into(&folder, "rename")).await;
    assert_eq!(renamed["name"], "Caf\u{e9} (2).txt");
}

#[tokio::test]
async fn an_interrupted_update_of_names_continues_where_it_stopped() {
    let mut world = World::start().await;
    let owner = world.owner();
    let mut ids = owner.folders(3, None).await;
    ids.sort();
    world.stop().await;
    let progress = format!("insert into name_rules (one, version, up_to) values (1, 1, '{}')", ids[0]);
    world.execute(&format!("{OF_BEFORE}; {progress}")).await;
    world.serve(|_| {}).await;
    let owner = world.owner();
    assert_eq!(found(&owner, "before").await.len(), 1, "the record says that the first item was done before");
    for made in &ids[1..] {
        let item = owner.get(&format!("/drive/files/{made}")).await.ok();
        let hits = owner.query("/drive/search", &[("q", item["name"].as_str().unwrap())]).await.ok();
        assert_eq!(id(&hits["hits"][0]), *made);
    }
}
