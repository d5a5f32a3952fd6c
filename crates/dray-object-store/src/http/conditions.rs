//! Conditional requests: of readers (RFC 9110, 13) and of writers (S3 "conditional writes").

use dray_s3::{ErrorCode, xml::DeleteObject};
use http::{HeaderMap, HeaderName, header};
use jiff::{Timestamp, fmt::rfc2822};

use super::answer::{http_date, quoted};
use crate::{
    failure::{Failure, invalid_argument, no_such_key, not_implemented},
    meta::objects::Object,
};

/// Checks a reader's conditions in the order of RFC 9110, 13.2.2. The errors are 412 and 304.
pub(super) fn check_read(headers: &HeaderMap, object: &Object) -> Result<(), Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let date = |name| text(name).and_then(parse_date);
    let modified = seconds(object.modified_at);

    let failed = if let Some(tags) = text(header::IF_MATCH) {
        !lists(tags, &object.etag)
    } else {
        date(header::IF_UNMODIFIED_SINCE).is_some_and(|since| modified > since)
    };
    if failed {
        return Err(precondition_failed());
    }
    let current = if let Some(tags) = text(header::IF_NONE_MATCH) {
        lists(tags, &object.etag)
    } else {
        date(header::IF_MODIFIED_SINCE).is_some_and(|since| modified <= since)
    };
    if current {
        return Err(Failure::new(ErrorCode::NotModified, "Not modified")
            .with_header(header::ETAG, quoted(&object.etag))
            .with_header(header::LAST_MODIFIED, http_date(object.modified_at)));
    }
    Ok(())
}

/// Whether `Range` applies: `If-Range` is absent, or names the object as it is now.
pub(super) fn range_applies(headers: &HeaderMap, object: &Object) -> bool {
    let Some(validator) = headers.get(header::IF_RANGE).and_then(|value| value.to_str().ok()) else {
        return true;
    };
    let same_date = || parse_date(validator) == Some(seconds(object.modified_at));
    lists(validator, &object.etag) || same_date()
}

/// A writer's conditions on the object that it would replace: `If-Match` and `If-None-Match` as in RFC 9110.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WriteCondition {
    matches: Option<String>,
    none_matches: Option<String>,
}

impl WriteCondition {
    /// Reads the condition. It refuses both headers together, because no object can fulfil both.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        let condition = Self {
            matches: text(headers, header::IF_MATCH),
            none_matches: text(headers, header::IF_NONE_MATCH),
        };
        if condition.matches.is_some() && condition.none_matches.is_some() {
            return Err(not_implemented("If-Match and If-None-Match together on a write"));
        }
        Ok(condition)
    }

    /// Whether there is nothing to check.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks the condition against the existing object, if any.
    pub(super) fn check(&self, there: Option<&Object>) -> Result<(), Failure> {
        match (&self.matches, there) {
            (Some(_), None) => return Err(no_such_key()),
            (Some(tags), Some(object)) if !lists(tags, &object.etag) => return Err(precondition_failed()),
            _ => {}
        }
        match (&self.none_matches, there) {
            (Some(tags), Some(object)) if lists(tags, &object.etag) => Err(precondition_failed()),
            _ => Ok(()),
        }
    }
}

/// The condition of a delete on the object that it would remove. An object that does not exist counts as removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DeleteCondition {
    matches: Option<String>,
    size_bytes: Option<u64>,
    /// Seconds since 1970.
    modified: Option<i64>,
}

impl DeleteCondition {
    /// Reads the condition in the headers of a `DeleteObject`. It refuses conditions that S3 does not have: if it ignored
    /// them, it would remove objects that must stay.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        refuse_on_delete(headers, &[header::IF_NONE_MATCH])?;
        let size_bytes = headers.get("x-amz-if-match-size").map(|value| {
            let size = value.to_str().ok().and_then(|size| size.parse().ok());
            size.ok_or_else(|| invalid_argument("x-amz-if-match-size must be a number of bytes"))
        });
        let modified = headers.get("x-amz-if-match-last-modified-time");
        let modified = modified.map(|value| moment(value.to_str().unwrap_or_default())).transpose()?;
        Ok(Self { matches: text(headers, header::IF_MATCH), size_bytes: size_bytes.transpose()?, modified })
    }

    /// The condition on one object of a `DeleteObjects`.
    pub(super) fn of(object: &DeleteObject) -> Result<Self, Failure> {
        let modified = object.last_modified.as_deref().map(moment).transpose()?;
        Ok(Self { matches: object.etag.clone(), size_bytes: object.size_bytes, modified })
    }

    /// Whether there is nothing to check.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks the condition against the existing object.
    pub(super) fn check(&self, there: &Object) -> Result<(), Failure> {
        let holds = self.matches.as_deref().is_none_or(|tags| lists(tags, &there.etag))
            && self.size_bytes.is_none_or(|size| size == there.size_bytes)
            && self.modified.is_none_or(|modified| modified == seconds(there.modified_at));
        holds.then_some(()).ok_or_else(precondition_failed)
    }
}

/// Refuses a delete that has one of these headers.
pub(super) fn refuse_on_delete(headers: &HeaderMap, names: &[HeaderName]) -> Result<(), Failure> {
    match names.iter().find(|name| headers.contains_key(*name)) {
        Some(name) => Err(not_implemented(&format!("the header {name} on this delete"))),
        None => Ok(()),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default().trim().to_owned())
}

/// A time, in whole seconds: an HTTP date, or ISO 8601.
fn moment(text: &str) -> Result<i64, Failure> {
    let iso = || text.parse::<Timestamp>().ok().map(Timestamp::as_second);
    parse_date(text).or_else(iso).ok_or_else(|| invalid_argument("The time of the condition cannot be read"))
}

pub(super) fn precondition_failed() -> Failure {
    Failure::new(
        ErrorCode::PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold",
    )
}

/// Whether a list of entity tags names this one. Quotes are optional, and weak tags compare like strong ones.
fn lists(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

/// Rounds down, because HTTP dates have whole seconds.
fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

fn parse_date(text: &str) -> Option<i64> {
    let timestamp: Timestamp = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(timestamp.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::SetId, meta::layout::Layout};
    use dray_s3::{
        checksum::{Algorithm, Checksum, ChecksumType},
        xml::ObjectChecksum,
    };

    fn object() -> Object {
        Object {
            set: SetId(1),
            token: None,
            size_bytes: 3,
            etag: "abc-2".to_owned(),
            // Fri, 31 Jan 2025 12:00:00.5 GMT
            modified_at: 1_738_324_800_500,
            headers: "[]".to_owned(),
            tags: "[]".to_owned(),
            layout: Layout::single(3),
            checksum: ObjectChecksum {
                checksum: Checksum::of(Algorithm::Crc64Nvme, b"abc"),
                checksum_type: ChecksumType::FullObject,
                parts: 1,
            },
        }
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<http::HeaderValue>().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn read(pairs: &[(&str, &str)]) -> u16 {
        check_read(&headers(pairs), &object())
            .map_or_else(|failure| failure.error.code.status().as_u16(), |()| 200)
    }

    const SAME: &str = "Fri, 31 Jan 2025 12:00:00 GMT";
    const EARLIER: &str = "Fri, 31 Jan 2025 11:59:59 GMT";

    #[test]
    fn readers_conditions_follow_the_order_of_the_rfc() {
        assert_eq!(read(&[]), 200);
        assert_eq!(read(&[("if-match", "\"abc-2\"")]), 200);
        assert_eq!(read(&[("if-match", "\"x\", abc-2")]), 200);
        assert_eq!(read(&[("if-match", "\"x\"")]), 412);
        assert_eq!(read(&[("if-none-match", "W/\"abc-2\"")]), 304);
        assert_eq!(read(&[("if-none-match", "*")]), 304);
        assert_eq!(read(&[("if-none-match", "\"x\""), ("if-modified-since", SAME)]), 200);
        assert_eq!(read(&[("if-modified-since", SAME)]), 304);
        assert_eq!(read(&[("if-modified-since", EARLIER)]), 200);
        assert_eq!(read(&[("if-unmodified-since", EARLIER)]), 412);
        assert_eq!(read(&[("if-unmodified-since", EARLIER), ("if-match", "abc-2")]), 200);
        assert_eq!(read(&[("if-modified-since", "yesterday")]), 200);
    }

    #[test]
    fn if_range_needs_the_current_validator() {
        for (value, applies) in [("\"abc-2\"", true), ("\"old\"", false), (SAME, true), (EARLIER, false)] {
            assert_eq!(range_applies(&headers(&[("if-range", value)]), &object()), applies, "{value}");
        }
        assert!(range_applies(&HeaderMap::new(), &object()));
    }

    #[test]
    fn writers_conditions_are_compared_with_what_is_there() {
        let absent = WriteCondition::read(&headers(&[("if-none-match", "*")])).unwrap();
        assert!(absent.check(None).is_ok());
        assert_eq!(absent.check(Some(&object())).unwrap_err().error.code, ErrorCode::PreconditionFailed);
        let same = WriteCondition::read(&headers(&[("if-match", "\"abc-2\"")])).unwrap();
        assert!(same.check(Some(&object())).is_ok());
        assert_eq!(same.check(None).unwrap_err().error.code, ErrorCode::NoSuchKey);
        let other = WriteCondition::read(&headers(&[("if-none-match", "x")])).unwrap();
        assert!(other.check(Some(&object())).is_ok() && other.check(None).is_ok());
        let this = WriteCondition::read(&headers(&[("if-none-match", "abc-2")])).unwrap();
        assert!(this.check(Some(&object())).is_err());
        assert!(WriteCondition::read(&headers(&[("if-none-match", "x"), ("if-match", "x")])).is_err());
    }
}
