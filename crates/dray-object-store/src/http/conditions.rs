//! Conditional requests: of readers (RFC 9110, 13) and of writers (S3 "conditional writes"). `condition_table.rs` says
//! which operation has which.

use std::{borrow::Cow, time::UNIX_EPOCH};

use dray_s3::{ErrorCode, xml::DeleteObject};
use http::{HeaderName, header};
use jiff::{Timestamp, fmt::rfc2822};

use super::answer::{http_date, quoted};
use crate::{
    failure::{Failure, invalid_argument, no_such_key, not_implemented},
    fields::Fields,
    meta::objects::Object,
};

/// A reader's conditions, or those of a copy on its source.
#[derive(Debug, Default)]
pub(super) struct ReadCondition<'a> {
    matches: Option<Cow<'a, str>>,
    none_matches: Option<Cow<'a, str>>,
    /// Seconds since 1970, as the next one.
    modified_since: Option<i64>,
    unmodified_since: Option<i64>,
}

impl<'a> ReadCondition<'a> {
    /// Reads the conditions of a reader. A date that cannot be read is ignored (RFC 9110, 13.1.3 and 13.1.4).
    pub(super) fn read(fields: &Fields<'a>) -> Result<Self, Failure> {
        let date = |name: HeaderName| Ok::<_, Failure>(fields.get(name.as_str())?.and_then(parse_date));
        Ok(Self {
            matches: fields.list(header::IF_MATCH.as_str())?,
            none_matches: fields.list(header::IF_NONE_MATCH.as_str())?,
            modified_since: date(header::IF_MODIFIED_SINCE)?,
            unmodified_since: date(header::IF_UNMODIFIED_SINCE)?,
        })
    }

    /// Reads the conditions of a copy on its source. A date that cannot be read is `InvalidArgument`: if it were ignored,
    /// the copy would replace an object although its condition may not hold.
    pub(super) fn of_source(fields: &Fields<'a>) -> Result<Self, Failure> {
        let date = |name: &str| {
            let invalid = || invalid_argument(format!("The header {name} must be a date of HTTP"));
            fields.get(name)?.map(|text| parse_date(text).ok_or_else(invalid)).transpose()
        };
        Ok(Self {
            matches: fields.list("x-amz-copy-source-if-match")?,
            none_matches: fields.list("x-amz-copy-source-if-none-match")?,
            modified_since: date("x-amz-copy-source-if-modified-since")?,
            unmodified_since: date("x-amz-copy-source-if-unmodified-since")?,
        })
    }

    /// Checks the conditions in the order of RFC 9110, 13.2.2. The errors are 412 and 304.
    pub(super) fn check(&self, object: &Object) -> Result<(), Failure> {
        let modified = seconds(object.modified_at);
        let failed = match &self.matches {
            Some(tags) => !lists(tags, &object.etag),
            None => self.unmodified_since.is_some_and(|since| modified > since),
        };
        if failed {
            return Err(precondition_failed());
        }
        let current = match &self.none_matches {
            Some(tags) => lists(tags, &object.etag),
            None => self.modified_since.is_some_and(|since| modified <= since),
        };
        if current {
            return Err(Failure::new(ErrorCode::NotModified, "Not modified")
                .with_header(header::ETAG, quoted(&object.etag))
                .with_header(header::LAST_MODIFIED, http_date(object.modified_at)));
        }
        Ok(())
    }
}

/// Whether `Range` applies: `If-Range` is absent, or names the object as it is now. A weak tag never does, because its
/// bytes may differ (RFC 9110, 13.1.5).
pub(super) fn range_applies(fields: &Fields<'_>, object: &Object) -> Result<bool, Failure> {
    let Some(validator) = fields.get(header::IF_RANGE.as_str())? else {
        return Ok(true);
    };
    let same_date = || parse_date(validator) == Some(seconds(object.modified_at));
    let same_tag = !validator.starts_with("W/") && validator.trim_matches('"') == object.etag;
    Ok(same_tag || same_date())
}

/// A writer's conditions on the object that it would replace: `If-Match` and `If-None-Match` as in RFC 9110.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WriteCondition {
    matches: Option<String>,
    none_matches: Option<String>,
}

impl WriteCondition {
    /// Reads the condition. It refuses both headers together, because no object can fulfil both.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Failure> {
        let tags = |name: HeaderName| Ok::<_, Failure>(fields.list(name.as_str())?.map(Cow::into_owned));
        let condition = Self { matches: tags(header::IF_MATCH)?, none_matches: tags(header::IF_NONE_MATCH)? };
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
    /// Reads the condition in the headers of a `DeleteObject`.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Failure> {
        let number = |size: &str| {
            size.parse().map_err(|_| invalid_argument("x-amz-if-match-size must be a number of bytes"))
        };
        Ok(Self {
            matches: fields.list(header::IF_MATCH.as_str())?.map(Cow::into_owned),
            size_bytes: fields.get("x-amz-if-match-size")?.map(number).transpose()?,
            modified: fields.get("x-amz-if-match-last-modified-time")?.map(moment).transpose()?,
        })
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

/// An HTTP date in one of its three forms (RFC 9110, 5.6.7), or with another zone than GMT, as some clients write it.
fn parse_date(text: &str) -> Option<i64> {
    if let Ok(date) = httpdate::parse_http_date(text) {
        return i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    }
    let timestamp: Timestamp = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(timestamp.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::SetId, meta::layout::Layout};
    use dray_s3::{
        Query,
        checksum::{Algorithm, Checksum, ChecksumType},
        xml::ObjectChecksum,
    };
    use http::HeaderMap;

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
        let (headers, query) = (headers(pairs), Query::default());
        ReadCondition::read(&Fields::new(&headers, &query))
            .and_then(|condition| condition.check(&object()))
            .map_or_else(|failure| failure.error.code.status().as_u16(), |()| 200)
    }

    const SAME: &str = "Fri, 31 Jan 2025 12:00:00 GMT";
    const EARLIER: &str = "Fri, 31 Jan 2025 11:59:59 GMT";
    const SAME_RFC_850: &str = "Friday, 31-Jan-25 12:00:00 GMT";
    const EARLIER_RFC_850: &str = "Friday, 31-Jan-25 11:59:59 GMT";
    const EARLIER_ASCTIME: &str = "Fri Jan 31 11:59:59 2025";

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
        assert_eq!(read(&[("if-unmodified-since", "yesterday")]), 200);
    }

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        for earlier in [EARLIER, EARLIER_RFC_850, EARLIER_ASCTIME, "Fri, 31 Jan 2025 12:59:59 +0100"] {
            assert_eq!(read(&[("if-unmodified-since", earlier)]), 412, "{earlier}");
            assert_eq!(read(&[("if-modified-since", earlier)]), 200, "{earlier}");
        }
        assert_eq!(read(&[("if-modified-since", SAME_RFC_850)]), 304);
        assert_eq!(read(&[("if-unmodified-since", SAME_RFC_850)]), 200);
    }

    #[test]
    fn a_copy_with_a_date_that_cannot_be_read_is_refused() {
        let condition = |name: &str, value: &str| {
            let headers = headers(&[(name, value)]);
            let query = Query::default();
            ReadCondition::of_source(&Fields::new(&headers, &query)).and_then(|found| found.check(&object()))
        };
        for name in ["x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-if-modified-since"] {
            let refused = condition(name, "yesterday").unwrap_err();
            assert_eq!(refused.error.code, ErrorCode::InvalidArgument, "{name}");
        }
        assert!(condition("x-amz-copy-source-if-unmodified-since", SAME_RFC_850).is_ok());
        assert!(condition("x-amz-copy-source-if-unmodified-since", EARLIER_ASCTIME).is_err());
    }

    #[test]
    fn lines_of_the_same_condition_are_one_list() {
        let read = |lines: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, http::HeaderValue::from_static(value));
            }
            let query = Query::default();
            let fields = Fields::new(&headers, &query);
            let write = WriteCondition::read(&fields).and_then(|condition| condition.check(Some(&object())));
            let read = ReadCondition::read(&fields).and_then(|condition| condition.check(&object()));
            (write.is_ok(), read.is_ok())
        };
        assert_eq!(read(&[("if-none-match", "\"zz\""), ("if-none-match", "*")]), (false, false));
        assert_eq!(read(&[("if-match", "\"zz\""), ("if-match", "\"abc-2\"")]), (true, true));
        assert_eq!(read(&[("if-match", "\"zz\""), ("if-match", "\"yy\"")]), (false, false));
    }

    #[test]
    fn if_range_needs_the_current_validator() {
        let applies_to =
            |headers: &HeaderMap| range_applies(&Fields::new(headers, &Query::default()), &object()).unwrap();
        for (value, applies) in [
            ("\"abc-2\"", true),
            ("\"old\"", false),
            ("W/\"abc-2\"", false),
            ("*", false),
            (SAME, true),
            (SAME_RFC_850, true),
            (EARLIER, false),
        ] {
            assert_eq!(applies_to(&headers(&[("if-range", value)])), applies, "{value}");
        }
        assert!(applies_to(&HeaderMap::new()));
    }

    fn write(headers: &HeaderMap) -> Result<WriteCondition, Failure> {
        WriteCondition::read(&Fields::new(headers, &Query::default()))
    }

    #[test]
    fn writers_conditions_are_compared_with_what_is_there() {
        let absent = write(&headers(&[("if-none-match", "*")])).unwrap();
        assert!(absent.check(None).is_ok());
        assert_eq!(absent.check(Some(&object())).unwrap_err().error.code, ErrorCode::PreconditionFailed);
        let same = write(&headers(&[("if-match", "\"abc-2\"")])).unwrap();
        assert!(same.check(Some(&object())).is_ok());
        assert_eq!(same.check(None).unwrap_err().error.code, ErrorCode::NoSuchKey);
        let other = write(&headers(&[("if-none-match", "x")])).unwrap();
        assert!(other.check(Some(&object())).is_ok() && other.check(None).is_ok());
        let this = write(&headers(&[("if-none-match", "abc-2")])).unwrap();
        assert!(this.check(Some(&object())).is_err());
        assert!(write(&headers(&[("if-none-match", "x"), ("if-match", "x")])).is_err());
    }
}
