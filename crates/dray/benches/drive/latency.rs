//! How long requests take, one at a time. Each is sent again and again on one connection.

use std::collections::BTreeMap;
use std::time::Instant;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Server;

#[derive(Debug, Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    server: Server,
    /// What is asked for, in this order, as JSON: [[name, method, path, body or null], …]
    #[arg(long)]
    steps: String,
    /// How often all of it is asked for, after the first time
    #[arg(long)]
    rounds: usize,
}

#[derive(Debug, Deserialize)]
struct Step(String, String, String, Option<String>);

impl Latency {
    /// For each name: the median and the 99th percentile of all its requests, in ms, and the bytes of its last answer.
    pub(crate) async fn measure(&self) -> anyhow::Result<Value> {
        let target = self.server.target()?;
        let steps: Vec<Step> = serde_json::from_str(&self.steps)?;
        let connection = &mut target.connect().await?;
        let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut sizes = BTreeMap::new();
        for round in 0..=self.rounds {
            for Step(name, method, path, body) in &steps {
                let start = Instant::now();
                let answer = target.request(connection, method, path, body.clone()).await?;
                if round > 0 {
                    times.entry(name).or_default().push(start.elapsed().as_secs_f64() * 1e3);
                    sizes.insert(name, answer.len());
                }
            }
        }
        let mut result = Map::new();
        for (name, mut times) in times {
            times.sort_unstable_by(f64::total_cmp);
            let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
            let figures = json!({ "p50_ms": p50, "p99_ms": p99, "answer_bytes": sizes[&name.to_owned()] });
            result.insert(name.to_owned(), figures);
        }
        Ok(result.into())
    }
}
