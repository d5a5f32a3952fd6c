//! `dray upload`: reports each path when it is done. The exit code comes from the failures.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use dray_api::ItemType;
use dray_api::upload::OnConflict;
use dray_client::{Outcome, Report, Uploader};

use super::files::{ItemAt, connect};
use crate::args::{self, Upload};
use crate::exit::{Exit, Usage};
use crate::output::Output;
use crate::progress::Bar;
use crate::signals::Signals;

/// How long a cancelled upload may take to end on the server.
const LONGEST_CANCEL: Duration = Duration::from_secs(8);

const NO_STDIN: &str = "cannot upload standard input: its size must be known first. Save it to a file";

const NO_FOLDER: &str =
    "--resume works for files, not for folders: name the missing files, or leave out --resume";

pub(super) async fn upload(args: Upload) -> anyhow::Result<Exit> {
    ensure!(args.paths.iter().all(|path| path.as_os_str() != "-"), Usage(NO_STDIN));
    ensure!(!args.resume || !args.paths.iter().any(|path| path.is_dir()), Usage(NO_FOLDER));
    let client = connect(&args.connection)?;
    let bar = Bar::new();
    let output = Output::around(bar.handle(), args.connection.json);
    let on_conflict = match args.on_conflict {
        args::OnConflict::Keep => OnConflict::Keep,
        args::OnConflict::Rename => OnConflict::Rename,
        args::OnConflict::Fail => OnConflict::Fail,
        args::OnConflict::Replace => OnConflict::Replace,
    };
    let uploader = Uploader::new(client, args.parallel, Arc::new(bar)).on_conflict(on_conflict);
    let uploader = if args.resume { uploader.resume() } else { uploader };
    let (mut exit, mut printed) = (Exit::Ok, Ok(()));
    let interrupted = {
        let report = |report: Report| {
            exit = exit.and(exit_of(&report));
            printed = std::mem::replace(&mut printed, Ok(())).and_then(|()| show(&output, &report));
        };
        let mut uploading = pin!(uploader.upload(&args.paths, args.parent, report));
        let mut signals = Signals::new()?;
        tokio::select! {
            () = &mut uploading => None,
            signal = signals.next() => {
                if signal == Exit::Interrupted {
                    uploader.cancel();
                    // The server aborts the uploads under way. After a second signal, this does not wait for that.
                    tokio::select! {
                        () = &mut uploading => {}
                        _ = signals.next() => {}
                        () = tokio::time::sleep(LONGEST_CANCEL) => {}
                    }
                }
                Some(signal)
            }
        }
    };
    printed?;
    if interrupted == Some(Exit::Terminated) || (interrupted.is_some() && args.resume) {
        output.note("stopped: the server keeps what was sent until it expires; continue with --resume");
    }
    Ok(interrupted.unwrap_or(exit))
}

fn exit_of(report: &Report) -> Exit {
    match &report.outcome {
        // A folder that could not be created has already set its own exit code.
        Outcome::Uploaded(_) | Outcome::Skipped | Outcome::Failed(dray_client::Error::NoFolder { .. }) => {
            Exit::Ok
        }
        Outcome::Failed(error) => Exit::of_client(error),
    }
}

fn show(output: &Output, report: &Report) -> std::io::Result<()> {
    let path = &report.path;
    match &report.outcome {
        Outcome::Uploaded(item) => {
            let slash = if item.kind == ItemType::Folder { "/" } else { "" };
            let shown = path.to_string_lossy();
            let text = format!("{}  {}{slash}", item.id, shown.trim_end_matches('/'));
            output.result(&text, &ItemAt { item, path })
        }
        Outcome::Skipped => {
            output.note(&format!("{} was skipped: it is neither a file nor a folder", path.display()));
            Ok(())
        }
        // No message: the person who cancelled knows already.
        Outcome::Failed(dray_client::Error::Cancelled) => Ok(()),
        Outcome::Failed(error) => {
            let said = error.to_string();
            let shown = path.display().to_string();
            output.note(&if said.contains(&shown) { said } else { format!("{shown}: {said}") });
            Ok(())
        }
    }
}
