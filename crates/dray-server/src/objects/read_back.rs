//! Reads objects piece by piece, a range or the whole object, to copy the bytes or to compute their checksum.
//!
//! Everything that an answer says is compared with what the store said about the object before, and only then a byte is
//! taken. A proxy or a store may answer one request with a page of its own and the status 200: that is not the object, and
//! proves nothing about it.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use futures_util::StreamExt as _;
use http::{Method, Response, header};

use super::failure::Failed;
use super::request::Request;
use super::s3_client::NOT_S3;
use super::whole::WholeFile;
use super::{ObjectHead, Objects, text};
use crate::drive::parts::Crc64;
use crate::drive::{Error, Result};

/// The longest wait between two pieces of an object.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How often one reading asks for the rest of an object whose answers break off.
const MOST_STRETCHES: u32 = 8;
/// The status of an answer that has the whole object (RFC 9110, 15.3.1).
const WHOLE: u16 = 200;

/// An object as the store described it. What the store then sends of it must agree with that.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The key.
    pub key: &'a str,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The store's `ETag`.
    pub etag: &'a str,
}

impl ObjectHead {
    /// The object under `key`, which this describes.
    pub fn source<'a>(&'a self, key: &'a str) -> Source<'a> {
        Source { key, size_bytes: self.size_bytes, etag: &self.etag }
    }
}

impl WholeFile {
    /// The object under `key`, which this describes.
    pub fn source<'a>(&'a self, key: &'a str) -> Source<'a> {
        Source { key, size_bytes: self.size_bytes, etag: &self.etag }
    }
}

/// A run of consecutive bytes of an object that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// How many were read.
    pub bytes: u64,
    /// Their CRC-64/NVME.
    pub crc64: u64,
}

impl Objects {
    /// Reads an object back, and returns the CRC-64/NVME of its bytes.
    pub async fn read_crc64(&self, of: Source<'_>) -> Result<Crc64> {
        let mut digest = nvme();
        self.read(of, (0, of.size_bytes), |bytes| {
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
        of: Source<'_>,
        (offset, len): (u64, u64),
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut read, mut asked) = (0, 0);
        while read < len {
            let before = read;
            let stretch = self.stretch(of, offset + read, len - read, |bytes| {
                read += bytes.len() as u64;
                take(bytes)
            });
            asked += 1;
            match stretch.await {
                Err(Cut { is_sure: true, .. }) if read > before && asked < MOST_STRETCHES => {}
                Err(Cut { why, .. }) => return Err(why),
                Ok(()) if read == before => break,
                Ok(()) => {}
            }
        }
        let broken = || Error::StoreUnreachable { detail: format!("{read} bytes of {len} of {}", of.key) };
        if read == len { Ok(()) } else { Err(broken()) }
    }

    /// Reads up to `most` bytes of an object back, but at least one, starting at the byte `from`. A store that does
    /// not support ranges sends the whole object, and this then reads everything after `from`.
    pub async fn read_stretch(&self, of: Source<'_>, from: u64, most: u64) -> Result<Stretch> {
        let mut digest = nvme();
        let read = self.stretch(of, from, most, |bytes| {
            digest.update(bytes);
            Ok(())
        });
        read.await.map_err(|cut| cut.why)?;
        match digest.get_amount() {
            0 => Err(not_the_object()),
            bytes => Ok(Stretch { bytes, crc64: digest.finalize() }),
        }
    }

    /// The first `len` bytes of an object, or all of them if it has fewer.
    pub async fn read_head(&self, of: Source<'_>, len: u64) -> Result<Vec<u8>> {
        let len = len.min(of.size_bytes);
        let mut arriving = self.arriving(of, 0, len).await?;
        let (mut head, most) = (Vec::new(), usize::try_from(len).unwrap_or(usize::MAX));
        // A store that does not support ranges sends the whole object.
        while head.len() < most
            && let Some(bytes) = arriving.next().await.map_err(|cut| cut.why)?
        {
            let room = most - head.len();
            head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if head.len() == most { Ok(head) } else { Err(not_the_object()) }
    }

    /// Passes up to `most` bytes from the byte `from` on to `take`, or everything after `from` if the store does not
    /// support ranges.
    async fn stretch(
        &self,
        of: Source<'_>,
        from: u64,
        most: u64,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<(), Cut> {
        let mut arriving = self.arriving(of, from, most).await?;
        while let Some(bytes) = arriving.next().await? {
            take(&bytes)?;
        }
        Ok(())
    }

    async fn arriving(&self, of: Source<'_>, from: u64, most: u64) -> Result<Arriving> {
        let last = from.saturating_add(most).saturating_sub(1);
        let request =
            Request::new("GetObject", Method::GET, of.key).header("range", format!("bytes={from}-{last}"));
        let (answer, brings) = self.client.open(request, |answer| brings(answer, of, (from, last))).await?;
        let Brings { first, bytes, is_told } = brings;
        let body = answer.into_body().into_data_stream();
        Ok(Arriving { body, before: from - first, left: bytes, is_told })
    }
}

/// Why a stretch ended early.
struct Cut {
    why: Error,
    /// Whether what came before is certainly of the object, so that a reading may go on after it.
    is_sure: bool,
}

impl From<Error> for Cut {
    fn from(why: Error) -> Self {
        Self { why, is_sure: false }
    }
}

/// The body of an answer that agrees with what is known about the object.
struct Arriving {
    body: BodyDataStream,
    /// How many bytes come before the requested ones.
    before: u64,
    /// How many bytes must still come.
    left: u64,
    is_told: bool,
}

impl Arriving {
    /// The next bytes; `None` after the last of those that must come.
    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            let is_sure = self.is_told;
            let cut = |why| Cut { why, is_sure };
            let Some(bytes) = next_piece(&mut self.body).await.map_err(cut)? else {
                let ended =
                    || Failed::silent("GetObject", format!("its answer ended {} bytes early", self.left));
                return if self.left == 0 { Ok(None) } else { Err(cut(ended().into())) };
            };
            self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(not_the_object)?;
            let skipped = bytes.len().min(usize::try_from(self.before).unwrap_or(usize::MAX));
            self.before -= skipped as u64;
            if skipped < bytes.len() {
                return Ok(Some(bytes.slice(skipped..)));
            }
        }
    }
}

/// The next bytes of a body; `None` at its end.
async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>> {
    let silent = |err: Box<dyn std::error::Error + Send + Sync>| Failed::silent("GetObject", err);
    let next = tokio::time::timeout(READ_TIMEOUT, body.next()).await.map_err(|err| silent(err.into()))?;
    Ok(next.transpose().map_err(|err| silent(err.into()))?)
}

fn not_the_object() -> Error {
    Failed::silent("GetObject", NOT_S3).into()
}

fn nvme() -> crc_fast::Digest {
    crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme)
}

/// Which bytes an answer brings.
struct Brings {
    first: u64,
    bytes: u64,
    /// Whether the answer tells its length. Otherwise only its end shows whether it is the object.
    is_told: bool,
}

/// The bytes that an answer to a request for `from` to `last` brings: those from `from` on or, if the store does not
/// support ranges, the whole object. `None` if the answer is not the described object: another `ETag` or none, another
/// size, other bytes than requested. `Content-Range` decides whether it is a range, because some stores (rclone) send a
/// range with the status 200.
fn brings<B>(answer: &Response<B>, of: Source<'_>, (from, last): (u64, u64)) -> Option<Brings> {
    let headers = answer.headers();
    if opaque(text(headers, "etag")?) != opaque(of.etag) {
        return None;
    }
    let (first, bytes) = match headers.get(header::CONTENT_RANGE) {
        Some(range) => {
            let (begin, end, size) = content_range(range.to_str().ok()?)?;
            let is_asked = begin == from && end <= last && size == of.size_bytes;
            (from, (end + 1).checked_sub(begin).filter(|_| is_asked)?)
        }
        None if answer.status().as_u16() == WHOLE => (0, of.size_bytes),
        None => return None,
    };
    let length = headers.get(header::CONTENT_LENGTH);
    if let Some(length) = length
        && length.to_str().ok()?.parse() != Ok(bytes)
    {
        return None;
    }
    let is_told = length.is_some() || headers.contains_key(header::CONTENT_RANGE);
    (first <= from && bytes > 0).then_some(Brings { first, bytes, is_told })
}

/// The text of an `ETag` without its quotes, which some stores forget, and without the mark of a weak one, which
/// proxies add.
fn opaque(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}

/// Reads `bytes first-last/size` (RFC 9110, 14.4).
fn content_range(range: &str) -> Option<(u64, u64, u64)> {
    let (range, size) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let last = last.parse().ok().filter(|last| *last < u64::MAX)?;
    Some((first.parse().ok()?, last, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::response::{IntoResponse as _, Response};
    use http::{HeaderMap, StatusCode};

    use super::*;

    const OBJECT: &[u8] = b"0123456789";
    const OF: Source<'static> = Source { key: "k", size_bytes: 10, etag: "\"e\"" };

    /// A store whose object is asked for with a range, and that answers so.
    fn store(answer: impl Fn(usize, usize) -> Response + Clone + Send + Sync + 'static) -> Objects {
        let router = Router::new().fallback(move |headers: HeaderMap| {
            let range = headers["range"].to_str().unwrap().strip_prefix("bytes=").unwrap().to_owned();
            let (first, last) = range.split_once('-').unwrap();
            let answered = answer(first.parse().unwrap(), last.parse().unwrap());
            async move { answered }
        });
        Objects::answered_by(router, false)
    }

    /// An answer with these headers and the object's `ETag`.
    fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Body>) -> Response {
        let mut answer = http::Response::builder().status(status).header("etag", "\"e\"");
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        answer.body(body.into()).unwrap()
    }

    fn part(first: usize, last: usize) -> Response {
        let last = last.min(OBJECT.len() - 1);
        let range = format!("bytes {first}-{last}/{}", OBJECT.len());
        answer(206, &[("content-range", &range)], &OBJECT[first..=last])
    }

    fn whole() -> Response {
        answer(200, &[("content-length", "10")], OBJECT)
    }

    /// These bytes, after which the connection breaks.
    fn cut(bytes: &'static [u8]) -> Body {
        let pieces = [Ok(Bytes::from_static(bytes)), Err(std::io::Error::other("cut"))];
        Body::from_stream(futures_util::stream::iter(pieces))
    }

    /// These bytes, with no length before them.
    fn unmeasured(bytes: &'static [u8]) -> Body {
        Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(bytes))]))
    }

    async fn read(store: &Objects, from: u64, most: u64) -> Option<Stretch> {
        store.read_stretch(OF, from, most).await.ok()
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
        assert_eq!(store.read_head(OF, 3).await.unwrap(), b"012");
        assert_eq!(store.read_head(OF, 99).await.unwrap(), OBJECT);
    }

    #[tokio::test]
    async fn a_store_that_knows_no_ranges_is_read_to_the_end_and_only_what_follows_counts() {
        let unmeasured: fn() -> Response = || answer(200, &[], unmeasured(OBJECT));
        for whole in [whole, unmeasured] {
            let store = store(move |_, _| whole());
            assert_eq!(read(&store, 0, 4).await, Some(stretch(OBJECT)));
            assert_eq!(read(&store, 4, 3).await, Some(stretch(b"456789")));
            assert_eq!(read(&store, 10, 1).await, None, "there is nothing");
            assert_eq!(store.read_head(OF, 3).await.unwrap(), b"012");
        }
    }

    #[tokio::test]
    async fn a_reading_that_breaks_off_goes_on_until_the_store_says_why_or_sends_nothing_more() {
        let broken = |first: usize, upto: usize| {
            let range = format!("bytes {first}-9/10");
            answer(206, &[("content-range", &range)], cut(&OBJECT[first..upto]))
        };
        let whole = crc_fast::crc64_nvme(OBJECT);
        let goes_on =
            store(move |first, last| if first < 8 { broken(first, first + 4) } else { part(first, last) });
        assert_eq!(goes_on.read_crc64(OF).await, Ok(Crc64::of(whole)));
        let said = "<Error><Code>ObjectDamaged</Code><Message>m</Message></Error>";
        let refused = move || (StatusCode::INTERNAL_SERVER_ERROR, said).into_response();
        let damaged = store(move |first, _| if first == 0 { broken(0, 4) } else { refused() });
        let failed = damaged.read_crc64(OF).await;
        assert!(matches!(failed, Err(Error::BytesDamaged { .. })), "{failed:?}");
        let stuck = store(move |first, _| if first == 0 { broken(0, 4) } else { broken(first, first) });
        let failed = stuck.read_crc64(OF).await;
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

    /// An answer, and what is wrong with it.
    type Wrong = (&'static str, fn() -> Response);

    /// What a store or a proxy may answer to a request for the bytes 0 to 9 that is not the object.
    fn others() -> Vec<Wrong> {
        vec![
            ("an error with the status of a success", || {
                "<Error><Code>InternalError</Code></Error>".into_response()
            }),
            ("a page that is as long as the object", || "<html>001.".into_response()),
            ("another object", || ([("etag", "\"f\"")], OBJECT).into_response()),
            ("a shorter whole", || answer(200, &[("content-length", "4")], "page")),
            ("a shorter whole of unknown length", || answer(200, &[], unmeasured(b"page"))),
            ("a whole of unknown length that is cut", || answer(200, &[], cut(b"page"))),
            ("a longer whole", || answer(200, &[], unmeasured(b"0123456789a"))),
            ("another success", || answer(203, &[("content-length", "10")], OBJECT)),
            ("a range that does not say which", || answer(206, &[], OBJECT)),
            ("a later range", || part(1, 9)),
            ("a range of a smaller object", || answer(206, &[("content-range", "bytes 0-3/4")], "page")),
            ("a range of any size", || answer(206, &[("content-range", "bytes 0-3/*")], "page")),
            ("a range beyond the end", || answer(206, &[("content-range", "bytes 0-10/10")], "0123456789a")),
            ("a range of less than its length", || {
                answer(206, &[("content-range", "bytes 0-9/10"), ("content-length", "4")], "page")
            }),
            ("a range backwards", || answer(206, &[("content-range", "bytes 9-0/10")], OBJECT)),
        ]
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_the_object_proves_nothing_and_none_of_its_bytes_is_joined_to_the_object() {
        for (what, other) in others() {
            // The store sends it for the first bytes, and then what was asked for.
            let store = store(move |first, last| if first == 0 { other() } else { part(first, last) });
            for failed in [
                store.read_crc64(OF).await.map(drop),
                store.read_stretch(OF, 0, 10).await.map(drop),
                store.read_head(OF, 10).await.map(drop),
            ] {
                assert!(matches!(failed, Err(Error::StoreUnreachable { .. })), "{what}: {failed:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_the_object_is_asked_for_again() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let store = store(move |first, last| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => "<html>please log in</html>".into_response(),
            _ => part(first, last),
        });
        assert_eq!(store.read_crc64(OF).await, Ok(Crc64::of(crc_fast::crc64_nvme(OBJECT))));
    }
}
