//! Conditional requests: of readers (RFC 9110, 13) and of writers (S3 "conditional writes").

use dray_s3::ErrorCode;
use http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

use super::answer::{http_date, quoted};
use crate::{
    failure::{Failure, no_such_key, not_implemented},
    meta::objects::Object,
};

/// Whether a reader's conditions hold, in the order of RFC 9110, 13.2.2: 412, 304, or go on.
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

/// Whether `Range` applies: `If-Range` is absent, or names what is there now.
pub(super) fn range_applies(headers: &HeaderMap, object: &Object) -> bool {
    let Some(validator) = headers.get(header::IF_RANGE).and_then(|value| value.to_str().ok()) else {
        return true;
    };
    let same_date = || parse_date(validator) == Some(seconds(object.modified_at));
    lists(validator, &object.etag) || same_date()
}

/// What a writer asks of the object that it would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WriteCondition {
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Matches(String),
}

impl WriteCondition {
    /// Reads the condition; what S3 does not know is refused, since to ignore it would overwrite.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Failure> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim().to_owned());
        match (text(header::IF_NONE_MATCH), text(header::IF_MATCH)) {
            (None, None) => Ok(Self::None),
            (Some(all), None) if all == "*" => Ok(Self::Absent),
            (None, Some(tags)) => Ok(Self::Matches(tags)),
            _ => Err(not_implemented("this condition on a write (only If-None-Match: * or If-Match)")),
        }
    }

    /// Checks it against what is there.
    pub(super) fn check(&self, there: Option<&Object>) -> Result<(), Failure> {
        match (self, there) {
            (Self::None, _) | (Self::Absent, None) => Ok(()),
            (Self::Matches(tags), Some(object)) if lists(tags, &object.etag) => Ok(()),
            (Self::Matches(_), None) => Err(no_such_key()),
            (Self::Absent | Self::Matches(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

fn precondition_failed() -> Failure {
    Failure::new(
        ErrorCode::PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold",
    )
}

/// Whether a list of entity tags names this one; quotes are optional, and weak tags compare as strong ones.
fn lists(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

/// HTTP dates have seconds.
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
            (name.parse::<http::HeaderName>().unwrap(), value.parse::<http::HeaderValue>().unwrap())
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
    fn writers_conditions_are_held_against_what_is_there() {
        let absent = WriteCondition::read(&headers(&[("if-none-match", "*")])).unwrap();
        assert!(absent.check(None).is_ok());
        assert_eq!(absent.check(Some(&object())).unwrap_err().error.code, ErrorCode::PreconditionFailed);
        let same = WriteCondition::read(&headers(&[("if-match", "\"abc-2\"")])).unwrap();
        assert!(same.check(Some(&object())).is_ok());
        assert_eq!(same.check(None).unwrap_err().error.code, ErrorCode::NoSuchKey);
        assert!(WriteCondition::read(&headers(&[("if-none-match", "\"x\"")])).is_err());
    }
}
