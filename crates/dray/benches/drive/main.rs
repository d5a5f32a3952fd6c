//! The load of `bench/run`: one process that makes one measurement of a server in another process, and prints
//! it as one line of JSON. It starts no server and compares nothing; `bench/run` does.

mod connection;
mod cycles;
mod finalize;
mod generate;
mod latency;
mod parts;
mod payload;
mod process;
mod signing;
mod target;
mod transfer;

use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::target::Server;

#[derive(Debug, Parser)]
#[command(name = "drive", about = "The load of bench/run: one measurement, printed as JSON")]
struct Args {
    /// The flag that cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    measurement: Option<Measurement>,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    /// Whole requests that sign the parts of one upload, one after another
    Signing(signing::Signing),
    /// Whole uploads of one small part, many at once
    Cycles(cycles::Cycles),
    /// Parts of one upload, some at once, and their bytes back
    Parts(parts::Parts),
    /// Finalizing an upload of very many parts
    Finalize(finalize::Finalize),
    /// Requests one at a time
    Latency(latency::Latency),
    /// No measurement: fills a database with a drive to measure
    Generate(generate::Generate),
}

fn main() -> anyhow::Result<()> {
    let Args { bench: _, measurement } = Args::parse();
    let Some(measurement) = measurement else {
        say("The load of bench/run: see `make bench`.");
        return Ok(());
    };
    // One thread, so that the measured server has the other cores.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(measure(measurement))?;
    say(&result.to_string());
    Ok(())
}

async fn measure(measurement: Measurement) -> anyhow::Result<Value> {
    match measurement {
        Measurement::Signing(signing) => signing.measure().await,
        Measurement::Cycles(cycles) => cycles.measure().await,
        Measurement::Parts(parts) => parts.measure().await,
        Measurement::Finalize(finalize) => finalize.measure().await,
        Measurement::Latency(latency) => latency.measure().await,
        Measurement::Generate(generate) => generate.run().await,
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark's output is its result")]
fn say(line: &str) {
    println!("{line}");
}
