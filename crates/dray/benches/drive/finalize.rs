//! How long the finalize request for very many parts takes, and whether the server copies their bytes.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use crate::Server;
use crate::payload;
use crate::transfer::Sending;

/// The unit of `st_blocks` (stat(2)), whatever the file system.
const STAT_BLOCK_BYTES: u64 = 512;

#[derive(Debug, Args)]
pub(crate) struct Finalize {
    #[command(flatten)]
    server: Server,
    /// Size of a part
    #[arg(long)]
    part_bytes: u64,
    /// Parts of the upload
    #[arg(long)]
    parts: u16,
    /// Parts at once
    #[arg(long)]
    at_once: usize,
    /// The server's data folder, whose use of the disk is measured
    #[arg(long)]
    data: PathBuf,
}

impl Finalize {
    pub(crate) async fn measure(&self) -> anyhow::Result<Value> {
        let target = self.server.target()?;
        let sending = Sending {
            buffer: payload::random(5 << 20)?,
            part_bytes: self.part_bytes,
            at_once: self.at_once,
            hold: false,
        };
        let control = &mut target.connect().await?;
        let size_bytes = self.part_bytes * u64::from(self.parts);
        let upload = target.start(control, "finalize.bin", size_bytes).await?;
        let paths = target.part_paths(control, &upload, self.parts).await?;
        let start = Instant::now();
        let etags = sending.put(sending.connect(&target).await?, paths).await?;
        let put_secs = start.elapsed().as_secs_f64();
        let body = target.finish_body(&upload, &etags)?;
        let disk_before = used_bytes(&self.data)?;
        // The connection of the start may have been idle for longer than the server allows.
        let control = &mut target.connect().await?;
        let start = Instant::now();
        target.finish(control, &upload, body).await?;
        let finalize_secs = start.elapsed().as_secs_f64();
        Ok(json!({
            "bytes": size_bytes,
            "put_secs": put_secs,
            "finalize_secs": finalize_secs,
            "disk_before_bytes": disk_before,
            "disk_after_bytes": used_bytes(&self.data)?,
        }))
    }
}

/// How much disk space the files of a folder take.
fn used_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut used = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A temporary file may be gone by now.
        let Ok(metadata) = entry.metadata() else { continue };
        used += metadata.blocks() * STAT_BLOCK_BYTES;
        if metadata.is_dir() {
            used += used_bytes(&entry.path())?;
        }
    }
    Ok(used)
}
