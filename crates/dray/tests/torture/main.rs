//! Checks that nothing acknowledged is ever lost. It injects faults where they happen, into real `dray serve` processes.
//! `make test` has a short run, and `make torture` the whole. Each prints a table of what it did.
//!
//! `DRAY_TORTURE=full` runs everything, `DRAY_TORTURE_SEED` repeats the choices of a run, and arguments choose cases by
//! name. With `DRAY_TEST_POSTGRES` (`scripts/with-postgres`), the cases that use a database also run on Postgres.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]

mod api_client;
mod batches;
mod coverage;
mod database;
mod disk;
mod drive;
mod figures;
mod kills;
mod ledger;
mod model;
mod operations;
mod proxy;
mod races;
mod setup;
mod store;
mod sweeper;
mod syscalls;
mod windows;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use figures::{Figures, Table};
use setup::Setup;

type Run = fn(Setup) -> Pin<Box<dyn Future<Output = Figures> + Send>>;

/// One way to torture a drive.
struct Case {
    name: &'static str,
    run: Run,
    /// Whether it also runs on Postgres.
    on_both: bool,
    /// Whether the short run leaves it out.
    only_full: bool,
}

const fn case(name: &'static str, run: Run) -> Case {
    Case { name, run, on_both: true, only_full: false }
}

const CASES: &[Case] = &[
    case("windows", |setup| Box::pin(windows::run(setup))),
    case("batches", |setup| Box::pin(batches::run(setup))),
    case("kills", |setup| Box::pin(kills::run(setup))),
    case("finalizes", |setup| Box::pin(races::many_finalizes(setup))),
    case("finalize-abort", |setup| Box::pin(races::finalize_against_abort(setup))),
    case("replaced-part", |setup| Box::pin(races::replaced_part(setup))),
    case("operations", |setup| Box::pin(operations::run(setup))),
    case("sweeper", |setup| Box::pin(sweeper::run(setup))),
    Case { on_both: false, ..case("store", |setup| Box::pin(store::run(setup))) },
    Case { on_both: false, ..case("full-disk", |setup| Box::pin(disk::run(setup))) },
    Case { on_both: false, only_full: true, ..case("syscalls", |setup| Box::pin(syscalls::run(setup))) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for case in CASES {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let is_wanted = |name: &str| {
        let mut chosen = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        chosen.peek().is_none() || chosen.any(|choice| choice == name)
    };
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let setup = Setup::read();
    let cases = CASES.iter().filter(|case| is_wanted(case.name));
    let cases = cases.filter(|case| setup.is_full || !case.only_full || is_named(case.name));
    let cases: Vec<_> = cases.collect();
    if cases.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("torture: {setup}");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(8).enable_all().build().unwrap();
    runtime.block_on(run(&setup, &cases))
}

/// Runs the cases one after another, so that each has the machine to itself.
async fn run(setup: &Setup, cases: &[&Case]) -> ExitCode {
    let mut table = Table::default();
    for case in cases {
        for setup in setup.on_databases(case.name, case.on_both) {
            let (name, began) = (setup.title(case.name), Instant::now());
            let ran = tokio::spawn((case.run)(setup)).await;
            table.add(&name, ran.ok(), began.elapsed());
        }
    }
    if setup.is_full {
        println!("{}", coverage::ELSEWHERE);
    }
    if table.is_good() {
        return ExitCode::SUCCESS;
    }
    println!("torture: failed; {} repeats its choices", setup.repeat());
    ExitCode::FAILURE
}
