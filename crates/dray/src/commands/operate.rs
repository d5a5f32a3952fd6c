//! Commands that work on a whole drive: backup, restore, migrate, sweep.

use std::path::Path;

use anyhow::ensure;
use bytesize::ByteSize;
use dray_ops::{Admin, Bytes, Copied, Foreign, OtherBucket, Store};
use dray_server::belonging::Marking;
use dray_server::{Clock, DatabaseUrl, S3Config};
use jiff::SignedDuration;
use serde_json::json;

use super::data::{check_folder_or_store, open, open_alone};
use super::serve::s3 as s3_config;
use crate::args::{Backup, Migrate, Place, Restore, Served, Sweep, either};
use crate::clock;
use crate::exit::{Exit, Usage};
use crate::output::Output;
use crate::progress::Work;
use crate::signals::Signals;

/// What a restore does with a drive that is partly there, which may take as long as copying it.
const RESTORE_READS: &str =
    "; what the store already has is read back and compared, unless the store tells checksums of its own";

/// A signal stops it. It then says to the drive that no backup is running any more, so that the next one need not wait.
pub(super) async fn backup(args: Backup) -> anyhow::Result<Exit> {
    let mut signals = Signals::new()?;
    let Served { place: Place { data, s3 }, url } = args.served;
    let opening = async {
        let admin = open(&data).await?;
        admin.check_not_empty().await?;
        let store = Store::open(&admin, &data.data, s3_config(s3, None).as_ref(), &url).await?;
        anyhow::Ok((admin, store))
    };
    let (admin, store) = tokio::select! {
        opened = opening => opened?,
        exit = signals.next() => return Ok(exit),
    };
    let clock = Clock::from_fn(clock::now);
    let mut work = Work::new("backing up", "");
    let bytes = match (args.no_bytes, args.verify) {
        (true, _) => Bytes::None,
        (false, true) => Bytes::All,
        (false, false) => Bytes::New,
    };
    let mut stopped = None;
    let stop = async { stopped = Some(signals.next().await) };
    let copied = admin.backup_until(stop, &store, &args.folder, bytes, &clock, |told| work.show(told)).await;
    work.end();
    if let (Ok(None), Some(exit)) = (&copied, stopped) {
        return Ok(exit);
    }
    let left_out = store.other_buckets().await;
    store.close().await;
    admin.close().await;
    let copied = copied?.unwrap_or_default();
    match left_out {
        Ok(buckets) => say_left_out(&buckets),
        // The backup itself is complete.
        Err(err) => {
            Output::new(false).note(&format!("the other buckets of the store cannot be listed: {err}"));
        }
    }
    report("backed up", &copied, data.json)
}

/// Names the buckets that a backup leaves out: other tools use them, and their users have to back them up.
fn say_left_out(buckets: &[OtherBucket]) {
    for OtherBucket { bucket, objects, bytes } in buckets {
        Output::new(false).note(&format!(
            "bucket {bucket} is not in the backup, because it does not belong to the drive ({objects} objects, {}); copy it with an S3 tool",
            ByteSize(*bytes)
        ));
    }
}

pub(super) async fn restore(args: Restore) -> anyhow::Result<Exit> {
    let Place { data, s3 } = args.place;
    ensure!(args.folder.is_dir(), Usage("FOLDER must be a folder that `dray backup` wrote"));
    let admin = Admin::open_alone(&data.data, data.database_url().as_ref()).await?;
    let store = Store::open_alone(&data.data, s3_config(s3, None).as_ref()).await?;
    let mut work = Work::new("restoring", RESTORE_READS);
    let copied = admin.restore(&store, &args.folder, |told| work.show(told)).await;
    work.end();
    store.close().await;
    admin.close().await;
    report("restored", &copied?, data.json)
}

pub(super) async fn migrate(args: Migrate) -> anyhow::Result<Exit> {
    let (folder, clock) = (&args.data.data, Clock::from_fn(clock::now));
    check_folder_or_store(&args.data)?;
    // No server can open the database or the store while this process has them.
    let admin = open_alone(&args.data).await?;
    let mut from = Store::open_alone(folder, None).await?;
    let mut copied = Copied::default();
    // Before anything is copied, because that may take hours.
    let to_rows = match either(args.to_database.as_ref(), args.to_database_file.as_ref()) {
        Some(url) => Some(open_target(folder, &DatabaseUrl::new(url)).await?),
        None => None,
    };
    if let Some(bucket) = args.to_s3_bucket.clone() {
        let config = S3Config {
            endpoint: args.to_s3_endpoint.clone(),
            public_endpoint: None,
            bucket,
            region: args.to_s3_region.clone(),
            path_style: args.to_s3_path_style,
            credentials: None,
        };
        from = from.proven(&admin, Marking::Allowed).await?;
        let to = Store::open_alone(folder, Some(&config)).await?;
        let mut work = Work::new("moving", "");
        let moved = admin.move_objects(&from, &to, folder, &clock, |told| work.show(told)).await;
        work.end();
        copied = moved?;
        to.close().await;
    }
    if let Some(to) = to_rows {
        copied.rows = admin.move_rows(&to, folder, &clock).await?;
        to.close().await;
        if args.to_s3_bucket.is_some() && copied.failed == 0 {
            admin.close_moved().await?;
        }
    }
    admin.close().await;
    from.close().await;
    report("moved and compared", &copied, args.data.json)
}

/// Opens the database to which a drive moves.
async fn open_target(folder: &Path, url: &DatabaseUrl) -> Result<Admin, dray_server::Error> {
    Admin::open(folder, Some(url)).await.map_err(|err| match err {
        dray_server::Error::Database { source, .. } => {
            dray_server::Error::Database { name: "of --to-database".to_owned(), source }
        }
        other => other,
    })
}

pub(super) async fn sweep(args: Sweep) -> anyhow::Result<Exit> {
    let Served { place: Place { data, s3 }, url } = args.served;
    let admin = open(&data).await?;
    let store = Store::open(&admin, &data.data, s3_config(s3, None).as_ref(), &url).await?;
    let output = Output::new(data.json);
    let before = clock::now().checked_sub(SignedDuration::try_from(args.older_than)?)?;
    let (mut count, mut bytes, mut failed, mut printed) = (0_u64, 0_u64, 0_u64, Ok(()));
    let looked = admin.orphans(&store, before, args.delete, |orphan| {
        (count, bytes) = (count + 1, bytes + orphan.size_bytes);
        failed += u64::from(orphan.failure.is_some());
        let what = if orphan.upload_id.is_some() { "upload" } else { "object" };
        let failure = orphan.failure.as_ref().map(|why| format!("  failed: {why}")).unwrap_or_default();
        let text = format!("{what}  {}  {}{failure}", orphan.key, ByteSize(orphan.size_bytes));
        let value = json!({
            "key": orphan.key, "uploadId": orphan.upload_id, "size": orphan.size_bytes,
            "removed": orphan.is_removed, "failure": orphan.failure,
        });
        printed = std::mem::replace(&mut printed, Ok(())).and_then(|()| output.result(&text, &value));
    });
    let looked = looked.await;
    store.close().await;
    admin.close().await;
    let others = looked?;
    printed?;
    others.iter().try_for_each(|other| show_other(&output, other))?;
    if !data.json {
        let done = match (args.delete, failed) {
            (false, _) => "--delete would remove them".to_owned(),
            (true, 0) => "removed".to_owned(),
            (true, failed) => format!("the store did not remove {failed} of them, and removed the others"),
        };
        output.note(&format!("{count} orphans, {}: {done}", ByteSize(bytes)));
    }
    Ok(if failed > 0 { Exit::Error } else { Exit::Ok })
}

/// Says what belongs to another drive, and therefore stays.
fn show_other(output: &Output, other: &Foreign) -> anyhow::Result<()> {
    let Foreign { workspace, objects, uploads, bytes } = other;
    let (size, value) = (
        ByteSize(*bytes),
        json!({
            "workspace": workspace, "objects": objects, "uploads": uploads, "size": bytes,
            "anotherDrive": workspace.is_some(), "removed": false,
        }),
    );
    let text = match workspace {
        Some(id) => format!(
            "kept    {objects} objects and {uploads} uploads, {size}: workspace {id} belongs to another drive"
        ),
        None => {
            format!("kept    {objects} objects and {uploads} uploads, {size}: their keys belong to no drive")
        }
    };
    Ok(output.result(&text, &value)?)
}

/// Reports what was copied. A missing or damaged object counts as a failure, so that somebody looks for it.
fn report(done: &str, copied: &Copied, json: bool) -> anyhow::Result<Exit> {
    let Copied { rows, objects, kept, missing, damaged, failed, bytes, removed, .. } = copied;
    let removed = if *removed == 0 {
        String::new()
    } else {
        format!("; {removed} files that no list names any more were removed from the folder")
    };
    let text = format!(
        "{done}: {rows} rows; {objects} objects, of which {kept} were already there, {missing} are missing, {damaged} are damaged and {failed} failed; {} copied{removed}",
        ByteSize(*bytes)
    );
    Output::new(json).result(&text, copied)?;
    if *missing + *damaged + *failed > 0 { Ok(Exit::Error) } else { Ok(Exit::Ok) }
}
