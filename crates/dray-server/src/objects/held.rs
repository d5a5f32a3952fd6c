//! Whether the store has the bytes that the drive's rows describe. An object of the right size proves little: its bytes
//! may be others, or unreadable.

use super::Objects;
use super::whole::WholeFile;
use crate::drive::parts::Crc64;
use crate::drive::{Error, Result};

/// The bytes that a key should have.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The key.
    pub key: &'a str,
    /// How many bytes there should be.
    pub size_bytes: u64,
    /// Their CRC-64/NVME, if it is known.
    pub crc64: Option<&'a Crc64>,
}

/// How thoroughly to look. An external store's own checksum of the whole object is always enough, and costs no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Reads the bytes, if the store has no checksum of its own to tell.
    Bytes,
    /// Like [`Depth::Bytes`], for an object that was written just now: the checksum that the embedded store has computed
    /// while it received the bytes is enough as well.
    Written,
    /// Reads only the end of the object, and only from the embedded store. That shows that its last file is there, and has
    /// its whole length.
    End,
}

/// What the store has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The wanted bytes, as far as the look went.
    Wanted,
    /// No object. This is proof.
    Nothing,
    /// Something else, or bytes that the store can no longer read. The text says what, as the end of a sentence that starts
    /// with "the store".
    Other(String),
}

impl Objects {
    /// Finds out whether the store has these bytes.
    pub async fn held(&self, wanted: Wanted<'_>, depth: Depth) -> Result<Held> {
        let Some(file) = self.whole_file(wanted.key, true).await? else {
            self.check_mark().await?;
            return Ok(Held::Nothing);
        };
        if file.size_bytes != wanted.size_bytes {
            let (found, size) = (file.size_bytes, wanted.size_bytes);
            return Ok(Held::Other(format!("has {found} bytes instead of {size}")));
        }
        match self.told(&file, wanted, depth) {
            Some(held) => Ok(held),
            None => self.read_held(&file, wanted, depth).await,
        }
    }

    /// What the answer about an object proves by itself.
    fn told(&self, file: &WholeFile, wanted: Wanted<'_>, depth: Depth) -> Option<Held> {
        match (&file.crc64, wanted.crc64) {
            (Some(stored), Some(wanted)) if stored != wanted => Some(other_checksum()),
            // The embedded store tells what it received once. Its disk may have lost that since.
            (Some(_), Some(_)) if !self.checks_what_it_completes() || depth == Depth::Written => {
                Some(Held::Wanted)
            }
            _ => (wanted.size_bytes == 0).then_some(Held::Wanted),
        }
    }

    async fn read_held(&self, file: &WholeFile, wanted: Wanted<'_>, depth: Depth) -> Result<Held> {
        let Wanted { key, size_bytes, crc64 } = wanted;
        let of = file.source(key);
        let is_embedded = self.checks_what_it_completes();
        let read = match (depth, crc64) {
            (Depth::End, _) if is_embedded => {
                self.read(of, (size_bytes - 1, 1), |_| Ok(())).await.map(|()| None)
            }
            // Without a checksum, reading an external store proves nothing. The embedded store checks what it reads.
            (Depth::End, _) | (_, None) if !is_embedded => return Ok(Held::Wanted),
            _ => self.read_crc64(of).await.map(Some),
        };
        match (read, crc64) {
            (Ok(Some(read)), Some(wanted)) if read != *wanted => Ok(other_checksum()),
            (Ok(_), _) => Ok(Held::Wanted),
            (Err(Error::BytesDamaged { detail }), _) => {
                Ok(Held::Other(format!("can no longer read its bytes ({detail})")))
            }
            (Err(err), _) => Err(err),
        }
    }
}

fn other_checksum() -> Held {
    Held::Other("has bytes with another checksum".to_owned())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::{IntoResponse as _, Response};
    use http::{HeaderMap, Method, StatusCode};

    use super::*;

    const CONTENT: &[u8] = b"0123456789";

    /// A store with one object: it tells this checksum of it, and answers a read like this.
    fn store(
        is_embedded: bool,
        told: Option<&[u8]>,
        read: impl Fn() -> Response + Clone + Send + Sync + 'static,
    ) -> Objects {
        let mut headers = HeaderMap::new();
        headers.insert("etag", "\"e\"".parse().unwrap());
        headers.insert("content-length", CONTENT.len().into());
        if let Some(told) = told {
            headers.insert("x-amz-checksum-type", "FULL_OBJECT".parse().unwrap());
            headers.insert("x-amz-checksum-crc64nvme", crc64(told).as_str().parse().unwrap());
        }
        let router = Router::new().fallback(move |method: Method| {
            let answer = if method == Method::HEAD { headers.clone().into_response() } else { read() };
            async move { answer }
        });
        Objects::answered_by(router, is_embedded)
    }

    fn crc64(bytes: &[u8]) -> Crc64 {
        Crc64::of(crc_fast::crc64_nvme(bytes))
    }

    fn damaged() -> Response {
        let said = "<Error><Code>ObjectDamaged</Code><Message>m</Message></Error>";
        (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
    }

    async fn held(store: &Objects, crc64: Option<&Crc64>, depth: Depth) -> Option<bool> {
        let wanted = Wanted { key: "k", size_bytes: CONTENT.len() as u64, crc64 };
        store.held(wanted, depth).await.ok().map(|held| held == Held::Wanted)
    }

    #[tokio::test]
    async fn only_what_proves_the_bytes_counts_and_a_store_that_fails_proves_nothing() {
        let good: fn() -> Response = || ([("etag", "\"e\"")], CONTENT).into_response();
        let bad: fn() -> Response = || ([("etag", "\"e\"")], b"9876543210").into_response();
        let busy: fn() -> Response = || StatusCode::BAD_GATEWAY.into_response();
        let (gone, right): (fn() -> Response, _) = (damaged, crc64(CONTENT));
        // What the store tells, what it gives, how thoroughly to look: the outcome on an external and on the embedded store.
        for (told, read, depth, external, embedded) in [
            (Some(CONTENT), gone, Depth::Bytes, Some(true), Some(false)),
            (Some(CONTENT), gone, Depth::End, Some(true), Some(false)),
            (Some(CONTENT), gone, Depth::Written, Some(true), Some(true)),
            (Some(&b"other"[..]), good, Depth::End, Some(false), Some(false)),
            (None, good, Depth::Bytes, Some(true), Some(true)),
            (None, bad, Depth::Bytes, Some(false), Some(false)),
            (None, bad, Depth::Written, Some(false), Some(false)),
            (None, bad, Depth::End, Some(true), Some(true)),
            (None, busy, Depth::Bytes, None, None),
        ] {
            for (is_embedded, wanted) in [(false, external), (true, embedded)] {
                let store = store(is_embedded, told, read);
                let found = held(&store, Some(&right), depth).await;
                assert_eq!(found, wanted, "{told:?} {depth:?} {is_embedded}");
            }
        }
    }

    #[tokio::test]
    async fn without_a_checksum_only_the_embedded_store_proves_something_when_it_is_read() {
        for (is_embedded, wanted) in [(false, true), (true, false)] {
            let store = store(is_embedded, None, damaged);
            assert_eq!(held(&store, None, Depth::Bytes).await, Some(wanted));
        }
    }
}
