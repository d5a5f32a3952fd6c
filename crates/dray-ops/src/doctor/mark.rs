//! Checks whether the store is the one that has the drive's files. It changes neither the database nor the store.

use std::path::Path;

use super::{Finding, place};
use dray_db::store_marks::{self, Sample, StoreMark};
use dray_drive::settings::{BUCKET, Config, store_folder};
use dray_object_store::has_object_in;
use dray_server::belonging::{self, Marking, NotOurs};
use dray_server::data_folder;
use dray_server::metrics::Metrics;
use dray_server::objects::{MARK_PREFIX, Objects};

const MARK: (&str, &str) =
    ("drive's store", "in another store every file would look lost, so the server does not start there");
const REMEDY: &str = "name the store with the drive's files (--s3-bucket, --s3-endpoint), or leave these out if they are in the embedded store; see `dray store adopt` if they were copied or lost";

/// Compares what the database and the store know of each other; `None` if one of them cannot be asked, which other checks
/// say.
pub(super) async fn examine(config: &Config) -> Option<Finding> {
    // Opening an older database would migrate it to this version, and only the server should do that.
    if !place::is_current(config).await {
        return None;
    }
    let db = data_folder::open_database(&config.data, config.database_url.as_ref(), 1).await.ok()?;
    let known = db.read(|c| Ok((store_marks::get(c)?, store_marks::samples(c)?))).await;
    let outcome = match (&config.s3, known) {
        (Some(s3), Ok((mark, _))) => match Objects::other(s3, None, &Metrics::off().into()).await {
            Ok(objects) => {
                let proven = belonging::prove(&db, &objects, Marking::Never, &config.clock).await;
                proven.map(|_| mark.is_some()).map_err(|err| matches!(err, NotOurs::Other(_)))
            }
            Err(_) => Err(false),
        },
        (None, Ok((mark, samples))) => embedded(&store_folder(&config.data), mark.as_ref(), &samples),
        (_, Err(_)) => Err(false),
    };
    db.close().await;
    let (check, why) = MARK;
    match outcome {
        Ok(true) => Some(Finding::ok(check, why, "it has the drive's mark")),
        Ok(false) => {
            Some(Finding::ok(check, why, "it has no mark yet; the next start of the server puts one there"))
        }
        Err(true) => {
            let found = "the store does not have the drive's mark, or none of its files";
            Some(Finding::fail(check, why, found, REMEDY))
        }
        Err(false) => None,
    }
}

/// Whether the embedded store in `folder` has a mark; an error says whether it certainly is another drive's.
fn embedded(folder: &Path, mark: Option<&StoreMark>, samples: &[Sample]) -> Result<bool, bool> {
    let has = |key: &str| has_object_in(folder, BUCKET, key).map_err(|_| false);
    match mark {
        Some(mark) => {
            for id in [Some(&mark.id), mark.next_id.as_ref()].into_iter().flatten() {
                if has(&format!("{MARK_PREFIX}{id}"))? {
                    return Ok(true);
                }
            }
            Err(true)
        }
        None if samples.is_empty() => Ok(false),
        None => {
            for sample in samples {
                if has(&sample.object_key)? {
                    return Ok(false);
                }
            }
            Err(true)
        }
    }
}
