//! How fast a server receives the parts of one upload and sends their bytes back, and how much CPU the server uses.

use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use crate::Server;
use crate::payload;
use crate::process::cpu_secs;
use crate::transfer::{Sending, read};

#[derive(Debug, Args)]
pub(crate) struct Parts {
    #[command(flatten)]
    server: Server,
    /// Size of a part
    #[arg(long)]
    part_bytes: u64,
    /// Parts of the upload
    #[arg(long = "parts")]
    count: u16,
    /// Parts at once
    #[arg(long)]
    at_once: usize,
    /// Hold every part open until all `at_once` have begun; `parts` must be a multiple of `at_once`
    #[arg(long)]
    hold: bool,
    /// Read the file back too
    #[arg(long)]
    read: bool,
}

/// Seconds, and CPU seconds of the server, since a moment.
struct Meter {
    pid: u32,
    start: Instant,
    cpu: f64,
}

impl Meter {
    fn start(pid: u32) -> anyhow::Result<Self> {
        Ok(Self { pid, cpu: cpu_secs(pid)?, start: Instant::now() })
    }

    fn read(&self) -> anyhow::Result<Value> {
        let secs = self.start.elapsed().as_secs_f64();
        Ok(json!({ "secs": secs, "server_cpu_secs": cpu_secs(self.pid)? - self.cpu }))
    }
}

impl Parts {
    pub(crate) async fn measure(&self) -> anyhow::Result<Value> {
        let size_bytes = self.part_bytes * u64::from(self.count);
        let target = self.server.target()?;
        let sending = Sending {
            buffer: payload::random(8 << 20)?,
            part_bytes: self.part_bytes,
            at_once: self.at_once,
            hold: self.hold,
        };
        let control = &mut target.connect().await?;
        let upload = target.start(control, "parts.bin", size_bytes).await?;
        let paths = target.part_paths(control, &upload, self.count).await?;
        let connections = sending.connect(&target).await?;

        let meter = Meter::start(self.server.pid)?;
        let etags = sending.put(connections, paths).await?;
        let put = meter.read()?;
        let body = target.finish_body(&upload, &etags)?;
        let file = target.finish(control, &upload, body).await?;
        let finished = meter.read()?;
        if !self.read {
            return Ok(json!({ "bytes": size_bytes, "put": put, "finished": finished }));
        }
        let path = target.download_path(control, &file).await?;
        let connections = sending.connect(&target).await?;
        let meter = Meter::start(self.server.pid)?;
        read(connections, &path, size_bytes).await?;
        Ok(json!({ "bytes": size_bytes, "put": put, "finished": finished, "read": meter.read()? }))
    }
}
