//! Whether the store's answer to a read is the file. A proxy or a store may answer a request with a page of its own, or
//! with other bytes than were requested, and the status of a success. The relay hands on only what agrees with the request
//! and with the size that the server has signed. It reads no body.

use dray_s3::Query;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::range::{self, Asked};

/// The parameter of a relayed URL with the size of its object, in bytes. URLs of older servers have none, and older
/// servers ignore it.
pub const RELAYED_SIZE: &str = "x-dray-object-size";

/// What a client may get from a read.
pub(super) struct Wanted<'a> {
    size_bytes: Option<u64>,
    range: Option<&'a str>,
}

/// The bytes that an answer has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// 200 for the whole object, 206 for a range.
    pub(super) status: StatusCode,
    /// How many bytes its body must have, if that is known.
    pub(super) bytes: Option<u64>,
}

/// The size of the object that a relayed URL is for, if the URL says it.
fn size_in(query: &Query) -> Option<u64> {
    query.get(RELAYED_SIZE)?.parse().ok()
}

/// The `Range` header for the store. Several ranges are ignored, as on S3. With a known size, the header says the first and the
/// last byte: some stores (rclone) refuse the suffix of an empty object, or a suffix that is longer than the object.
pub(super) fn range_for_store(query: &Query, asked: &HeaderValue) -> Option<HeaderValue> {
    let size_bytes = size_in(query);
    match range::parse(asked.to_str().ok()?, size_bytes.unwrap_or(u64::MAX)) {
        Asked::Whole => None,
        Asked::Bytes(bytes) if size_bytes.is_some() => {
            HeaderValue::try_from(format!("bytes={}-{}", bytes.start, bytes.end - 1)).ok()
        }
        Asked::Bytes(_) | Asked::Unsatisfiable => Some(asked.clone()),
    }
}

impl<'a> Wanted<'a> {
    /// What a request for a read wants, with the headers that the store gets.
    pub(super) fn of(query: &Query, headers: &'a HeaderMap) -> Self {
        Self { size_bytes: size_in(query), range: text(headers, header::RANGE) }
    }

    /// The `Content-Range` of an answer 416, if the size is known (RFC 9110, 15.5.17).
    pub(super) fn unsatisfied(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("bytes */{}", self.size_bytes?)).ok()
    }

    /// What a successful answer has, or why it is not what was wanted.
    pub(super) fn told(&self, status: StatusCode, headers: &HeaderMap) -> Result<Told, &'static str> {
        if !headers.contains_key(header::ETAG) {
            return Err("it has no ETag");
        }
        let length = match headers.get(header::CONTENT_LENGTH) {
            Some(length) => Some(number(length.to_str().ok()).ok_or("its length is not a number")?),
            None => None,
        };
        let told = match headers.get(header::CONTENT_RANGE) {
            // Some stores (rclone) send a range with the status 200.
            Some(range) => self.range(range.to_str().unwrap_or_default())?,
            None if status == StatusCode::OK => Told { status, bytes: self.size_bytes.or(length) },
            None => return Err("it does not say which bytes it has"),
        };
        match (length, told.bytes) {
            (Some(length), Some(bytes)) if length != bytes => Err("it has another length than the file"),
            _ => Ok(told),
        }
    }

    fn range(&self, told: &str) -> Result<Told, &'static str> {
        let (first, last, size) = content_range(told).ok_or("its Content-Range cannot be read")?;
        if self.size_bytes.is_some_and(|known| known != size) {
            return Err("it is of a file of another size");
        }
        match self.range.map(|asked| range::parse(asked, size)) {
            Some(Asked::Bytes(asked)) if asked.start == first && (first..asked.end).contains(&last) => {
                Ok(Told { status: StatusCode::PARTIAL_CONTENT, bytes: Some(last - first + 1) })
            }
            _ => Err("it has another range than was requested"),
        }
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn number(text: Option<&str>) -> Option<u64> {
    text?.parse().ok()
}

/// Reads `bytes first-last/size` (RFC 9110, 14.4).
fn content_range(range: &str) -> Option<(u64, u64, u64)> {
    let (range, size) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((number(Some(first))?, number(Some(last))?, number(Some(size))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// The status and length of an answer with these headers, if it is what was wanted of a file of 10 bytes: first with a
    /// URL that has the size, then with one that does not.
    fn told(
        range: Option<&str>,
        status: u16,
        of: &[(&'static str, &str)],
    ) -> [Option<(u16, Option<u64>)>; 2] {
        let asked = headers(&range.map(|range| ("range", range)).into_iter().collect::<Vec<_>>());
        let status = StatusCode::from_u16(status).unwrap();
        ["x-dray-object-size=10", ""].map(|query| {
            let told = Wanted::of(&Query::parse(query).unwrap(), &asked).told(status, &headers(of));
            told.ok().map(|told| (told.status.as_u16(), told.bytes))
        })
    }

    const E: (&str, &str) = ("etag", "\"e\"");
    const TEN: (&str, &str) = ("content-length", "10");

    #[test]
    fn the_file_and_the_requested_range_are_handed_on() {
        assert_eq!(told(None, 200, &[E, TEN]), [Some((200, Some(10))); 2]);
        assert_eq!(
            told(None, 200, &[E]),
            [Some((200, Some(10))), Some((200, None))],
            "the bytes are counted"
        );
        assert_eq!(
            told(Some("bytes=2-5"), 200, &[E, TEN]),
            [Some((200, Some(10))); 2],
            "a store may ignore ranges"
        );
        for (asked, range, bytes) in [
            ("bytes=2-5", "2-5", 4),
            ("bytes=2-5", "2-4", 3),
            ("bytes=2-", "2-9", 8),
            ("bytes=-3", "7-9", 3),
            ("bytes=8-99", "8-9", 2),
        ] {
            let (range, length) = (format!("bytes {range}/10"), bytes.to_string());
            for status in [206, 200] {
                let of = [E, ("content-range", range.as_str()), ("content-length", length.as_str())];
                assert_eq!(told(Some(asked), status, &of), [Some((206, Some(bytes))); 2], "{asked}");
                assert_eq!(told(Some(asked), status, &of[..2]), [Some((206, Some(bytes))); 2], "{asked}");
            }
        }
    }

    #[test]
    fn a_range_of_a_known_size_is_told_by_its_first_and_last_byte() {
        for (asked, of_ten, of_none, unknown) in [
            ("bytes=2-5", Some("bytes=2-5"), Some("bytes=2-5"), Some("bytes=2-5")),
            ("bytes=2-", Some("bytes=2-9"), Some("bytes=2-"), Some("bytes=2-")),
            ("bytes=-3", Some("bytes=7-9"), None, Some("bytes=-3")),
            ("bytes=-99", Some("bytes=0-9"), None, Some("bytes=-99")),
            ("bytes=10-", Some("bytes=10-"), Some("bytes=10-"), Some("bytes=10-")),
            ("bytes=0-1,4-5", None, None, None),
        ] {
            let sent = ["x-dray-object-size=10", "x-dray-object-size=0", ""].map(|query| {
                range_for_store(&Query::parse(query).unwrap(), &asked.parse().unwrap())
                    .map(|header| header.to_str().unwrap().to_owned())
            });
            assert_eq!(sent.each_ref().map(Option::as_deref), [of_ten, of_none, unknown], "{asked}");
        }
    }

    #[test]
    fn what_is_not_the_file_is_not_handed_on() {
        let range = |range: &'static str| ("content-range", range);
        for (asked, status, of) in [
            (None, 200, &[TEN][..]),
            (None, 200, &[("content-type", "text/html")]),
            (None, 204, &[E]),
            (None, 206, &[E, TEN]),
            (None, 206, &[E, range("bytes 0-9/10")]),
            (Some("bytes=0-1,4-5"), 206, &[E, range("bytes 0-1/10")]),
            (Some("bytes=2-5"), 206, &[E]),
            (Some("bytes=2-5"), 206, &[E, range("bytes 0-3/10")]),
            (Some("bytes=2-5"), 206, &[E, range("bytes 2-6/10")]),
            (Some("bytes=2-5"), 206, &[E, range("bytes 2-1/10")]),
            (Some("bytes=2-5"), 206, &[E, range("bytes 2-5/*")]),
            (Some("bytes=2-5"), 206, &[E, range("bytes 2-5/10"), ("content-length", "3")]),
            (Some("bytes=-3"), 206, &[E, range("bytes 6-8/10")]),
            (None, 200, &[E, ("content-length", "x")]),
        ] {
            assert_eq!(told(asked, status, of), [None; 2], "{asked:?} {status} {of:?}");
        }
        for (asked, status, of) in [
            (None, 200, &[E, ("content-length", "9")][..]),
            (None, 200, &[E, ("content-length", "11")]),
            (Some("bytes=-3"), 206, &[E, range("bytes 6-8/9")]),
        ] {
            let [with_size, without] = told(asked, status, of);
            assert!(with_size.is_none() && without.is_some(), "{asked:?} {of:?}: only the size shows it");
        }
    }
}
