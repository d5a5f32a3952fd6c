//! The commands: one file for each command or family of commands. This file chooses between them.

mod data;
mod doctor;
mod files;
mod find;
mod folder;
mod grants;
mod log;
mod operate;
mod requests;
mod serve;
mod share;
mod store;
#[cfg_attr(not(feature = "traces"), path = "no_traces.rs")]
mod traces;
mod trash;
mod upload;
mod uploads;

use clap::CommandFactory;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::output;
use crate::signals::Signals;

/// Runs a command until it ends or a signal arrives.
pub(crate) async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Serve(args) => Box::pin(serve::serve(*args)).await,
        Command::Upload(args) => Box::pin(upload::upload(args)).await,
        Command::Uploads { command } => Box::pin(until_signal(uploads::uploads(command))).await,
        Command::Download(args) => until_signal(files::download(args)).await,
        Command::Mkdir(args) => until_signal(files::mkdir(args)).await,
        Command::Get(args) => until_signal(files::get(args)).await,
        Command::Tree(args) => until_signal(find::tree(args)).await,
        Command::Ls(args) => until_signal(folder::ls(args)).await,
        Command::Mv(args) => until_signal(folder::mv(args)).await,
        Command::Rm(args) => until_signal(trash::rm(args)).await,
        Command::Trash { command } => until_signal(trash::trash(command)).await,
        Command::Share { command } => until_signal(share::share(command)).await,
        Command::Shared(connection) => until_signal(folder::shared(connection)).await,
        Command::Link { command } => until_signal(share::link(command)).await,
        Command::Grant { command } => until_signal(grants::grant(command)).await,
        Command::Request { command } => until_signal(requests::request(command)).await,
        Command::Usage(connection) => until_signal(folder::usage(connection)).await,
        Command::Search(args) => until_signal(find::search(args)).await,
        Command::Token { command } => data::token(command).await,
        Command::User { command } => data::user(command).await,
        Command::Workspace { command } => data::workspace(command).await,
        Command::Store { command } => store::store(command).await,
        Command::Backup(args) => Box::pin(operate::backup(*args)).await,
        Command::Restore(args) => Box::pin(until_signal(operate::restore(*args))).await,
        Command::Migrate(args) => Box::pin(until_signal(operate::migrate(*args))).await,
        Command::Sweep(args) => Box::pin(until_signal(operate::sweep(*args))).await,
        Command::Doctor(args) => Box::pin(until_signal(doctor::doctor(*args))).await,
        Command::Completions { shell } => completions(shell),
    }
}

/// Runs `command`, and drops it on a signal. Dropping it removes its unfinished files.
async fn until_signal(command: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let mut signals = Signals::new()?;
    tokio::select! {
        result = command => result,
        exit = signals.next() => Ok(exit),
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "dray", &mut script);
    output::print(String::from_utf8(script)?.trim_end())?;
    Ok(Exit::Ok)
}
