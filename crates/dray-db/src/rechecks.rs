//! Tests of the rule that an update or a delete with a list of ids repeats the conditions of the list. Under read
//! committed, Postgres checks only these again after another transaction has changed a row. The `tidy` test checks the rule
//! in the text of all statements. These tests show that such a statement leaves alone what has changed meanwhile.

use jiff::Timestamp;

use crate::testing::{database, while_open};
use crate::{Conn, Db, Error, execute, idempotency, submitters, trash, value};

/// A folder, a file in it and a file at the root, all in the trash since different moments, an old outcome of a request,
/// and a submitter who has sent nothing. `ID` stands for the id of the user and the workspace.
const FILL: [&str; 11] = [
    "insert into workspaces (id, name, slug, description, created_at, updated_at) values ('ID', 'w', 'default', '', 1, 1)",
    "insert into users (id, email, name, created_at) values ('ID', 'a@b', 'a', 1)",
    "insert into memberships (workspace_id, user_id, role, created_at)
     values ('ID', 'ID', 'owner', 1)",
    "insert into items (id, workspace_id, owner_id, kind, name, name_key, words, size_bytes, created_at, updated_at,
                        trashed_at, trashed_by)
     values ('folder', 'ID', 'ID', 0, 'f', 'f', 'f', 0, 1, 1, 9000, 'ID')",
    "insert into items (id, workspace_id, owner_id, parent_id, kind, name, name_key, words, mime_type, size_bytes,
                        object_key, created_at, updated_at, trashed_at, trashed_by)
     values ('file', 'ID', 'ID', 'folder', 1, 'f', 'f', 'f', 'a/b', 1, 'key', 1, 1, 1000,
             'ID')",
    "insert into tokens (id, hash, workspace_id, user_id, name, scopes, created_at, expires_at)
     values ('request', 'h', 'ID', 'ID', 'n', 'drive_request', 1, 9000)",
    "insert into requests (id, slug, title, message, asks_name, asks_email, folder_each, max_submitters, max_files,
                           types, on_conflict, created_at)
     values ('request', 's', 't', 'm', 'no', 'no', false, 1, 1, '', 'keep', 1)",
    "insert into tokens (id, hash, workspace_id, user_id, name, scopes, created_at, expires_at, parent_id)
     values ('submitter', 'i', 'ID', 'ID', 'n', 'drive_submitter', 1, 9000, 'request')",
    "insert into grants (id, max_files, types, on_conflict) values ('submitter', 1, '', 'keep')",
    "insert into submitters (id, request_id, created_at) values ('submitter', 'request', 1)",
    "insert into idempotency_keys (token_id, route, key, user_id, workspace_id, fingerprint, created_at)
     values ('request', 'r', 'k', 'ID', 'w', 'old', 1)",
];

async fn filled() -> (Db, tempfile::TempDir) {
    let (db, folder) = database().await;
    let fill = db.write(|c| {
        for sql in FILL {
            execute(c, &sql.replace("ID", "000000000000000000000001"), &[])?;
        }
        Ok(())
    });
    fill.await.unwrap();
    (db, folder)
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(secs).unwrap()
}

/// Lets `sweep` run while the transaction of `change` is open, and checks that it did nothing, and that `found` rows are
/// as `change` left them.
async fn check(
    change: &'static str,
    sweep: impl Fn(&Conn) -> Result<u64, Error> + Send + 'static,
    found: &'static str,
) {
    let (db, _folder) = filled().await;
    let swept = while_open(&db, move |c| execute(c, change, &[]).map(drop), sweep).await;
    let sql = format!("select count(*) as n from {found}");
    let left: i64 = db.read(move |c| Ok(value(c, &sql, &[], "n")?)).await.unwrap();
    assert_eq!((swept, left), (0, 1));
}

const RESTORE: &str =
    "update items set trashed_at = null, trashed_by = null, parent_id = null where id = 'file'";
const RESTORED: &str = "items where id = 'file' and trashed_at is null and purged_at is null";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_stays_that_is_restored_while_its_trash_expires() {
    check(RESTORE, |c| trash::purge_expired(c, at(2), at(3), 9), RESTORED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_stays_that_is_restored_while_its_folder_is_removed() {
    let (db, _folder) = filled().await;
    let purge = "update items set purged_at = 9000 where id = 'folder'";
    db.write(move |c| Ok(execute(c, purge, &[])?)).await.unwrap();
    let remove = |c: &Conn<'_>| trash::remove_some(c, at(9), 9);
    let removed = while_open(&db, |c| execute(c, RESTORE, &[]).map(drop), remove).await;
    let sql = format!("select count(*) as n from {RESTORED}");
    let left: i64 = db.read(move |c| Ok(value(c, &sql, &[], "n")?)).await.unwrap();
    let tombstones: i64 =
        db.read(|c| Ok(value(c, "select count(*) as n from tombstones", &[], "n")?)).await.unwrap();
    assert_eq!((removed.items, left, tombstones), (1, 1, 0), "only the folder is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_stays_that_a_new_request_replaces_while_old_ones_are_forgotten() {
    let keep = "update idempotency_keys set fingerprint = 'new', created_at = 9000";
    check(keep, |c| idempotency::forget_old(c, at(2), 9), "idempotency_keys where fingerprint = 'new'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitter_stays_who_starts_an_upload_while_idle_ones_are_forgotten() {
    let sent = "update submitters set sent_at = 9000";
    let found = "submitters s join tokens t on t.id = s.id where s.sent_at is not null";
    check(sent, |c| submitters::forget_idle(c, at(2), 9), found).await;
}
