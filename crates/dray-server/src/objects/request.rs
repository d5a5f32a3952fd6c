//! Requests to the store, before they are signed and sent.

use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use dray_s3::{Endpoint, PayloadHash, encode_component};
use http::Method;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, Take};
use tokio_util::io::ReaderStream;

/// The longest time for a request and its repeats: if the store is down, callers must learn of it within two seconds.
const PATIENCE: Duration = Duration::from_millis(1400);
/// The time limit of slow operations. A store may need minutes to complete an upload of many parts (AWS), or to list
/// a whole bucket for an operator.
const LONG_PATIENCE: Duration = Duration::from_mins(10);

/// A request to the store.
pub(super) struct Request<'a> {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) key: &'a str,
    pub(super) query: Vec<(&'static str, &'a str)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content<'a>,
    pub(super) patience: Duration,
}

/// The body of a request.
pub(super) enum Content<'a> {
    Bytes(Bytes),
    /// Bytes of a file, from an offset on.
    File {
        path: &'a Path,
        offset: u64,
        len: u64,
    },
}

impl<'a> Request<'a> {
    /// An operation, as S3 calls it, on a key of the bucket. An empty key means the bucket itself.
    pub(super) fn new(operation: &'static str, method: Method, key: &'a str) -> Self {
        let (content, patience) = (Content::Bytes(Bytes::new()), PATIENCE);
        Self { operation, method, key, query: Vec::new(), headers: Vec::new(), content, patience }
    }

    pub(super) fn query(mut self, name: &'static str, value: &'a str) -> Self {
        self.query.push((name, value));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { content: Content::Bytes(body.into()), ..self }
    }

    pub(super) fn file(self, path: &'a Path, offset: u64, len: u64) -> Self {
        Self { content: Content::File { path, offset, len }, ..self }
    }

    /// Waits for an answer that may take long.
    pub(super) fn patient(self) -> Self {
        Self { patience: LONG_PATIENCE, ..self }
    }

    pub(super) fn address(&self, endpoint: &Endpoint, bucket: &str) -> String {
        let mut url = endpoint.url(bucket, self.key);
        for (at, (name, value)) in self.query.iter().enumerate() {
            let separator = if at == 0 { '?' } else { '&' };
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(&encode_component(value));
        }
        url
    }
}

impl Content<'_> {
    pub(super) fn hash(&self) -> PayloadHash {
        match self {
            Self::Bytes(bytes) => PayloadHash::of(bytes),
            Self::File { .. } => PayloadHash::Unsigned,
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    pub(super) async fn open(&self) -> std::io::Result<Opened> {
        match self {
            Self::Bytes(bytes) => Ok(Opened::Bytes(bytes.clone())),
            Self::File { path, offset, len } => {
                let mut file = File::open(path).await?;
                file.seek(SeekFrom::Start(*offset)).await?;
                Ok(Opened::File(ReaderStream::new(file.take(*len))))
            }
        }
    }
}

/// A [`Content`] that is ready to be sent once.
pub(super) enum Opened {
    Bytes(Bytes),
    File(ReaderStream<Take<File>>),
}

impl From<Opened> for Body {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Bytes(bytes) => bytes.into(),
            Opened::File(stream) => Self::from_stream(stream),
        }
    }
}

impl From<Opened> for reqwest::Body {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Bytes(bytes) => bytes.into(),
            Opened::File(stream) => Self::wrap_stream(stream),
        }
    }
}
