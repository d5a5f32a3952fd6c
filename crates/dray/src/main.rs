//! The binary: passes arguments to one of the libraries, and its results to standard output, standard error and an
//! exit code. It decides nothing that a library could decide.

mod args;
mod clock;
mod commands;
mod exit;
mod output;
mod progress;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use exit::Exit;

/// With this allocator, the server completes a tenth more uploads per second than with glibc's, because a request
/// makes many small allocations on few threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads for work that blocks. More threads would only wait for the same disk, and each costs memory.
const BLOCKING_THREADS: usize = 64;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return show(error),
    };
    match run(args) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::complain(&error);
            Exit::of(&error).into()
        }
    }
}

/// Prints clap's help and versions unchanged, and errors in the arguments like every other error.
fn show(mut error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    args::conceal(&mut error);
    output::complain_of_arguments(&error.render().to_string());
    Exit::Usage.into()
}

fn run(args: Args) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let result = runtime.block_on(commands::run(args.command));
    // A cancelled command may still have a read or a write under way. Nobody needs it any more.
    runtime.shutdown_background();
    result
}
