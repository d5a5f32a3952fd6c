//! Checks the data folder, the database, and the embedded store.

use std::time::Duration;

use super::{Finding, time};
use dray_db::{self as db, Condition, OpenError};
use dray_drive::settings::{
    Config, DatabaseUrl, bucket_at_base_path, bucket_at_own_host, database_file, store_folder,
};

/// Users notice a longer round trip in every request.
const SLOW: Duration = Duration::from_millis(20);

/// If the database does not answer for this long, it does not work.
const PATIENCE: Duration = Duration::from_secs(10);

const FOLDER: (&str, &str) =
    ("data folder", "the embedded database and the embedded store keep their data there");
const DATABASE: (&str, &str) = ("database", "every request uses it");
const STORE: (&str, &str) = ("object store", "it stores the files");

/// Whether the data folder can be written.
pub(super) fn folder(config: &Config) -> Vec<Finding> {
    let (check, why) = FOLDER;
    if config.database_url.is_some() && config.s3.is_some() {
        return Vec::new();
    }
    let shown = config.data.display();
    if !config.data.exists() {
        return vec![Finding::ok(check, why, format!("{shown} does not exist; the first start creates it"))];
    }
    let probe = config.data.join(".dray-doctor");
    let written = std::fs::write(&probe, "").and_then(|()| std::fs::remove_file(&probe));
    vec![match written {
        Ok(()) => Finding::ok(check, why, format!("{shown} is writable")),
        Err(err) => {
            let remedy = "choose another folder with --data, or give the user that runs the server the right to write there";
            Finding::fail(check, why, format!("{shown} is not writable: {err}"), remedy)
        }
    }]
}

/// Whether the database answers, how fast, which version its tables have, and what time it is there.
pub(super) async fn database(config: &Config) -> Vec<Finding> {
    let (check, why) = DATABASE;
    let file = database_file(&config.data);
    let (name, condition) = match &config.database_url {
        Some(url) => ("Postgres".to_owned(), ask_postgres(url).await),
        None if !file.exists() => {
            let found = format!("SQLite; {} does not exist, the first start creates it", file.display());
            return vec![Finding::ok(check, why, found)];
        }
        None => (format!("SQLite in {}", file.display()), db::examine_sqlite(&file)),
    };
    match condition {
        Ok(condition) => {
            [judge(&name, &condition)].into_iter().chain(time::examine(config, &condition)).collect()
        }
        Err(err) => {
            let remedy = match config.database_url {
                Some(_) => "check --database-url: postgres://user:password@host:5432/name, from this machine",
                None => "restore the file from a backup, or choose another folder with --data",
            };
            vec![Finding::fail(check, why, format!("{name} {err}"), remedy)]
        }
    }
}

/// Whether the database is there, with the tables of this version.
pub(super) async fn is_current(config: &Config) -> bool {
    let condition = match &config.database_url {
        Some(url) => ask_postgres(url).await,
        None => db::examine_sqlite(&database_file(&config.data)),
    };
    condition.is_ok_and(|condition| condition.version == condition.latest)
}

async fn ask_postgres(url: &DatabaseUrl) -> Result<Condition, OpenError> {
    let silent = |_| Err(OpenError::Pool(format!("no answer within {PATIENCE:?}")));
    tokio::time::timeout(PATIENCE, db::examine_postgres(url)).await.unwrap_or_else(silent)
}

fn judge(name: &str, condition: &Condition) -> Finding {
    let (check, why) = DATABASE;
    let Condition { version, latest, round_trip, is_pooled, .. } = condition;
    let state = match version {
        0 => format!("no tables yet; the first start creates those of version {latest}"),
        version if version < latest => {
            format!("tables of version {version}; the next start updates them to {latest}")
        }
        _ => format!("tables of version {version}, as this program needs them"),
    };
    let way = if *is_pooled { ", through a pooler in transaction mode" } else { "" };
    let found = format!("{name}: {state}; a round trip takes {round_trip:.1?}{way}");
    if version > latest {
        Finding::fail(check, why, format!("{name} {}", OpenError::Newer), "run the newer version of dray")
    } else if *round_trip > SLOW {
        Finding::warn(check, why, found, "run the database closer to the server, in the same data centre")
    } else {
        Finding::ok(check, why, found)
    }
}

/// Checks the embedded store, which needs only its folder.
pub(super) fn embedded_store(config: &Config) -> Finding {
    let (check, why) = STORE;
    let folder = store_folder(&config.data);
    if !folder.exists() {
        return Finding::ok(check, why, "the embedded store is used; the first start creates it");
    }
    // A store that cannot be read fails the check below.
    let has = |name: &String| dray_object_store::has_bucket_in(&folder, name).unwrap_or_default();
    if let Some(name) = config.buckets_at_own_hosts().into_iter().find(has) {
        let remedy = "copy the bucket's objects to a bucket of another name and remove it, with its name in the path, \
             at another host or an address of the server; or choose another name for the host";
        return Finding::warn(check, why, bucket_at_own_host(&name), remedy);
    }
    if let Some(name) = config.base_segment().filter(has) {
        let remedy = "copy the bucket's objects to a bucket of another name and remove it, with the bucket in the host or \
             with a server that runs without --public-url; or choose another path for --public-url";
        return Finding::warn(check, why, bucket_at_base_path(&name), remedy);
    }
    match dray_object_store::tools_may_have_the_servers_key(&folder) {
        Ok(false) => Finding::ok(check, why, format!("the embedded store is used, in {}", folder.display())),
        Ok(true) => Finding::warn(
            check,
            why,
            format!(
                "the embedded store is used, in {}; an earlier version made its key, and `dray store keys` gave that \
                 to tools too",
                folder.display()
            ),
            "give tools the keys that `dray store keys` prints now, then replace the server's: \
             `dray store keys --rotate --server`",
        ),
        Err(err) => Finding::fail(
            check,
            why,
            format!("the embedded store is used, but cannot be read: {err}"),
            "give the user that runs the server the right to read the folder, or restore the folder from a backup",
        ),
    }
}
