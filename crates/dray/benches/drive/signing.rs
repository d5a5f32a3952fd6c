//! How long a whole `presigned-urls` request takes, including the transfer of the answer.

use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use serde_json::{Value, json};

use crate::Server;

const WARM_UP: usize = 20;
const PART_BYTES: u64 = 8 << 20;

#[derive(Debug, Args)]
pub(crate) struct Signing {
    #[command(flatten)]
    server: Server,
    /// Parts signed by one request
    #[arg(long)]
    parts: u16,
    /// Requests measured
    #[arg(long)]
    requests: usize,
}

impl Signing {
    pub(crate) async fn measure(&self) -> anyhow::Result<Value> {
        let target = self.server.target()?;
        let connection = &mut target.connect().await?;
        let upload = target.start(connection, "signing.bin", u64::from(self.parts) * PART_BYTES).await?;
        ensure!(target.part_paths(connection, &upload, self.parts).await?.len() == usize::from(self.parts));
        let mut times = Vec::with_capacity(self.requests);
        let mut answer_bytes = 0;
        for _ in 0..WARM_UP + self.requests {
            let start = Instant::now();
            answer_bytes = target.sign_request(connection, &upload, self.parts).await?.len();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.drain(..WARM_UP);
        times.sort_unstable_by(f64::total_cmp);
        Ok(json!({
            "p50_ms": times[times.len() / 2],
            "p99_ms": times[times.len() * 99 / 100],
            "answer_bytes": answer_bytes,
        }))
    }
}
