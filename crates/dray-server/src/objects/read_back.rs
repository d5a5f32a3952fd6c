//! Reads objects piece by piece, a range or the whole object, to compute the checksum of the bytes.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use futures_util::StreamExt as _;
use http::{Method, Response, header};

use super::failure::Failed;
use super::request::Request;
use super::{Objects, not_understood, text};
use crate::drive::parts::Crc64;
use crate::drive::{Error, Result};

/// The longest wait between two pieces of an object.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How often one reading asks for the rest of an object whose answers break off.
const MOST_STRETCHES: u32 = 8;
/// The status of an answer that has a range of an object, and says which range (RFC 9110, 15.3.7).
const PARTIAL_CONTENT: u16 = 206;

/// A run of consecutive bytes of an object that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// How many were read.
    pub bytes: u64,
    /// Their CRC-64/NVME.
    pub crc64: u64,
}

impl Objects {
    /// Reads an object of `size_bytes` back, and returns the CRC-64/NVME of its bytes.
    pub async fn read_crc64(&self, key: &str, size_bytes: u64) -> Result<Crc64> {
        let mut digest = nvme();
        self.read(key, (0, size_bytes), |bytes| {
            digest.update(bytes);
            Ok(())
        })
        .await?;
        Ok(Crc64::of(digest.finalize()))
    }

    /// Passes `len` bytes of an object, starting at `offset`, to `take`. If the answer breaks off, it asks for the rest:
    /// either the store sends it, or it says what is wrong with the next byte.
    pub async fn read(
        &self,
        key: &str,
        (offset, len): (u64, u64),
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut read, mut asked) = (0, 0);
        while read < len {
            let before = read;
            let stretch = self.stretch(key, offset + read, len - read, |bytes| {
                read += bytes.len() as u64;
                take(bytes)
            });
            asked += 1;
            match stretch.await {
                Err(Error::StoreUnreachable { .. }) if read > before && asked < MOST_STRETCHES => {}
                Err(err) => return Err(err),
                Ok(()) if read == before => break,
                Ok(()) => {}
            }
        }
        let broken = || Error::StoreUnreachable { detail: format!("{read} bytes of {len} of {key}") };
        if read == len { Ok(()) } else { Err(broken()) }
    }

    /// Reads up to `most` bytes of an object back, but at least one, starting at the byte `from`. A store that does
    /// not support ranges sends the whole object, and this then reads everything after `from`.
    pub async fn read_stretch(&self, key: &str, from: u64, most: u64) -> Result<Stretch> {
        let mut digest = nvme();
        self.stretch(key, from, most, |bytes| {
            digest.update(bytes);
            Ok(())
        })
        .await?;
        match digest.get_amount() {
            0 => Err(not_understood("GetObject")),
            bytes => Ok(Stretch { bytes, crc64: digest.finalize() }),
        }
    }

    /// Passes up to `most` bytes from the byte `from` on to `take`, or everything after `from` if the store does not
    /// support ranges.
    async fn stretch(
        &self,
        key: &str,
        from: u64,
        most: u64,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let last = from.saturating_add(most).saturating_sub(1);
        let request =
            Request::new("GetObject", Method::GET, key).header("range", format!("bytes={from}-{last}"));
        let answer = self.client.open(request).await?;
        let mut before = from - begin(&answer, from)?;
        let mut body = answer.into_body().into_data_stream();
        while let Some(bytes) = next_piece(&mut body).await? {
            let skipped = bytes.len().min(usize::try_from(before).unwrap_or(usize::MAX));
            before -= skipped as u64;
            take(&bytes[skipped..])?;
        }
        Ok(())
    }

    /// The first `len` bytes of an object that is not empty, or all of them if it has fewer.
    pub async fn read_head(&self, key: &str, len: u64) -> Result<Vec<u8>> {
        let most = usize::try_from(len).unwrap_or(usize::MAX);
        let request = Request::new("GetObject", Method::GET, key)
            .header("range", format!("bytes=0-{}", len.saturating_sub(1)));
        let mut body = self.client.open(request).await?.into_body().into_data_stream();
        let mut head = Vec::new();
        // A store that does not support ranges sends the whole object.
        while head.len() < most
            && let Some(bytes) = next_piece(&mut body).await?
        {
            let room = most - head.len();
            head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        Ok(head)
    }
}

/// The next bytes of an object; `None` at its end.
async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>> {
    let silent = |err: Box<dyn std::error::Error + Send + Sync>| Failed::silent("GetObject", err);
    let next = tokio::time::timeout(READ_TIMEOUT, body.next()).await.map_err(|err| silent(err.into()))?;
    Ok(next.transpose().map_err(|err| silent(err.into()))?)
}

fn nvme() -> crc_fast::Digest {
    crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme)
}

/// The first byte of the object that an answer has: the requested one or, if the store does not support ranges, byte 0.
/// `Content-Range` decides, because some stores (rclone) send a range with the status 200. An answer with the
/// status 206 that does not say which bytes it has is an error.
fn begin<B>(answer: &Response<B>, from: u64) -> Result<u64, Error> {
    let Some(range) = text(answer.headers(), header::CONTENT_RANGE.as_str()) else {
        let is_whole = answer.status().as_u16() != PARTIAL_CONTENT;
        return if is_whole { Ok(0) } else { Err(not_understood("GetObject")) };
    };
    let first = range.strip_prefix("bytes ").and_then(|range| range.split('-').next()?.parse().ok());
    first.filter(|first| *first == from).ok_or_else(|| not_understood("GetObject"))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::IntoResponse as _;
    use http::{HeaderMap, StatusCode};

    use super::*;

    const OBJECT: &[u8] = b"0123456789";

    /// A store whose object is asked for with a range, and that answers so.
    fn store(
        answer: impl Fn(usize, usize) -> axum::response::Response + Clone + Send + Sync + 'static,
    ) -> Objects {
        let router = Router::new().fallback(move |headers: HeaderMap| {
            let range = headers["range"].to_str().unwrap().strip_prefix("bytes=").unwrap().to_owned();
            let (first, last) = range.split_once('-').unwrap();
            let answered = answer(first.parse().unwrap(), last.parse().unwrap());
            async move { answered }
        });
        Objects::answered_by(router, false)
    }

    fn part(first: usize, last: usize) -> axum::response::Response {
        let last = last.min(OBJECT.len() - 1);
        let range = format!("bytes {first}-{last}/{}", OBJECT.len());
        (StatusCode::PARTIAL_CONTENT, [("content-range", range)], Bytes::from_static(&OBJECT[first..=last]))
            .into_response()
    }

    async fn read(store: &Objects, from: u64, most: u64) -> Option<Stretch> {
        store.read_stretch("k", from, most).await.ok()
    }

    fn stretch(bytes: &[u8]) -> Stretch {
        Stretch { bytes: bytes.len() as u64, crc64: crc_fast::crc64_nvme(bytes) }
    }

    #[tokio::test]
    async fn a_stretch_is_what_was_asked_for_as_far_as_the_object_goes() {
        let store = store(part);
        assert_eq!(read(&store, 0, 4).await, Some(stretch(b"0123")));
        assert_eq!(read(&store, 4, 3).await, Some(stretch(b"456")));
        assert_eq!(read(&store, 7, 100).await, Some(stretch(b"789")));
    }

    #[tokio::test]
    async fn a_store_that_knows_no_ranges_is_read_to_the_end_and_only_what_follows_counts() {
        let store = store(|_, _| Bytes::from_static(OBJECT).into_response());
        assert_eq!(read(&store, 0, 4).await, Some(stretch(OBJECT)));
        assert_eq!(read(&store, 4, 3).await, Some(stretch(b"456789")));
        assert_eq!(read(&store, 10, 1).await, None, "there is nothing");
    }

    #[tokio::test]
    async fn a_reading_that_breaks_off_goes_on_until_the_store_says_why_or_sends_nothing_more() {
        let broken = |first: usize, upto: usize| {
            let sent = Bytes::from_static(&OBJECT[first..upto]);
            let cut = futures_util::stream::iter([Ok(sent), Err(std::io::Error::other("cut"))]);
            let range = format!("bytes {first}-9/10");
            let body = axum::body::Body::from_stream(cut);
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], body).into_response()
        };
        let whole = crc_fast::crc64_nvme(OBJECT);
        let goes_on =
            store(move |first, last| if first < 8 { broken(first, first + 4) } else { part(first, last) });
        assert_eq!(goes_on.read_crc64("k", 10).await, Ok(Crc64::of(whole)));
        let said = "<Error><Code>ObjectDamaged</Code><Message>m</Message></Error>";
        let refused = move || (StatusCode::INTERNAL_SERVER_ERROR, said).into_response();
        let damaged = store(move |first, _| if first == 0 { broken(0, 4) } else { refused() });
        let failed = damaged.read_crc64("k", 10).await;
        assert!(matches!(failed, Err(Error::BytesDamaged { .. })), "{failed:?}");
        let stuck = store(move |first, _| if first == 0 { broken(0, 4) } else { broken(first, first) });
        let failed = stuck.read_crc64("k", 10).await;
        assert!(matches!(failed, Err(Error::StoreUnreachable { .. })), "{failed:?}");
    }

    #[tokio::test]
    async fn a_range_with_the_status_of_a_whole_object_is_a_range() {
        let store = store(|first, last| {
            let mut answer = part(first, last);
            *answer.status_mut() = StatusCode::OK;
            answer
        });
        assert_eq!(read(&store, 4, 3).await, Some(stretch(b"456")));
    }

    #[tokio::test]
    async fn bytes_from_somewhere_else_are_not_taken() {
        let elsewhere = store(|first, last| part(first + 1, last));
        assert_eq!(read(&elsewhere, 4, 3).await, None);
        let unsaid = store(|_, _| (StatusCode::PARTIAL_CONTENT, "456").into_response());
        assert_eq!(read(&unsaid, 4, 3).await, None);
        let nothing =
            store(|_, _| (StatusCode::PARTIAL_CONTENT, [("content-range", "bytes 4-6/10")]).into_response());
        assert_eq!(read(&nothing, 4, 3).await, None);
    }
}
