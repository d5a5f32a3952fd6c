//! Receives the body of a `PutObject` or `UploadPart`: framing, checksums, and the way to the disk. It streams, so
//! a body of any size needs two blocks of memory, and none while nothing arrives. It knows no buckets, keys or commits.

mod announced;
mod digests;
mod form;
mod incoming;
mod sink;

use std::{pin::pin, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use dray_s3::Trailers;
use tokio::time::timeout_at;

pub(crate) use self::{
    announced::{Announced, Checking, announced_checksum, announced_md5, checksum_header, invalid_value},
    digests::{Digested, Wanted},
    form::form_failure,
    incoming::{Frames, frames, incomplete, read_whole},
};
use self::{
    form::next_chunk,
    incoming::Incoming,
    sink::{INLINE_MAX_BYTES, Sink},
};
use crate::{
    disk::{NewFile, SharedDisk},
    failure::Failure,
    ids::PartFileId,
};

/// A body that has arrived completely and matches its announced size and checksums.
pub(crate) struct Received {
    pub(crate) size_bytes: u64,
    pub(crate) digested: Digested,
    pub(crate) bytes: ReceivedBytes,
}

/// Where the bytes of a received body are.
pub(crate) enum ReceivedBytes {
    /// In a durable file that no row names yet.
    File(NewFile),
    /// In memory: so few that the row will hold them.
    Inline(Vec<u8>),
}

/// Receives a body. It drops a body that is too short, too slow, or does not match what was announced.
pub(crate) async fn receive(
    disk: &SharedDisk,
    file: PartFileId,
    body: &mut Body,
    announced: &Announced,
    wanted: Wanted,
    idle_timeout: Duration,
) -> Result<Received, Failure> {
    let mut incoming = Incoming::new(body, announced, idle_timeout);
    let source = Source::Body(&mut incoming);
    let (size_bytes, sink) = fill(disk, file, source, announced, wanted).await?;
    let trailers = incoming.finish()?;
    finish(size_bytes, sink, announced, trailers.as_ref()).await
}

/// Receives the file of a form in the same way.
pub(crate) async fn receive_form(
    disk: &SharedDisk,
    file: PartFileId,
    field: &mut multer::Field<'_>,
    announced: &Announced,
    wanted: Wanted,
) -> Result<Received, Failure> {
    let (size_bytes, sink) = fill(disk, file, Source::Form(field), announced, wanted).await?;
    finish(size_bytes, sink, announced, None).await
}

/// Where bytes come from.
enum Source<'a, 'body> {
    Body(&'a mut Incoming<'body>),
    Form(&'a mut multer::Field<'body>),
}

impl Source<'_, '_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Body(incoming) => incoming.next().await,
            Self::Form(field) => next_chunk(field).await,
        }
    }
}

async fn fill(
    disk: &SharedDisk,
    file: PartFileId,
    mut source: Source<'_, '_>,
    announced: &Announced,
    wanted: Wanted,
) -> Result<(u64, Sink), Failure> {
    let digests = announced.digests(wanted);
    let mut sink = if announced.size_bytes <= INLINE_MAX_BYTES {
        Sink::inline(announced.size_bytes, digests)
    } else {
        Sink::file(disk, file, digests)
    };
    let mut size_bytes = 0;
    while let Some(data) = next(&mut source, &mut sink).await? {
        size_bytes += data.len() as u64;
        if size_bytes > announced.size_bytes {
            return Err(announced.too_long());
        }
        sink.write(&data).await?;
    }
    if size_bytes != announced.size_bytes && announced.is_exact {
        return Err(incomplete());
    }
    Ok((size_bytes, sink))
}

async fn finish(
    size_bytes: u64,
    sink: Sink,
    announced: &Announced,
    trailers: Option<&Trailers>,
) -> Result<Received, Failure> {
    let (digested, bytes) = sink.finish().await?;
    announced.verify(&digested, trailers)?;
    Ok(Received { size_bytes, digested, bytes })
}

/// The next bytes. If they do not arrive soon, the sink releases its buffer, because a slow body must not hold a
/// scarce buffer.
async fn next(source: &mut Source<'_, '_>, sink: &mut Sink) -> Result<Option<Bytes>, Failure> {
    let mut next = pin!(source.next());
    if let Some(until) = sink.holds_until() {
        match timeout_at(until, &mut next).await {
            Ok(data) => return data,
            Err(_) => sink.let_go().await?,
        }
    }
    next.await
}
