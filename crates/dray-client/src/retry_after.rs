//! Reads the header `Retry-After`, which says how long to wait before a request is repeated. What to do with it is decided in
//! `retry.rs`.

use std::time::SystemTime;

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The seconds to wait; `None` if the header is missing or malformed. It has seconds or a date (RFC 9110, 10.2.3).
#[expect(
    clippy::disallowed_methods,
    reason = "the crate's one use of the clock: a date in an answer means a wait from now"
)]
pub(crate) fn of(headers: &HeaderMap) -> Option<u64> {
    read(headers.get(RETRY_AFTER)?.to_str().ok()?.trim(), SystemTime::now())
}

fn read(text: &str, now: SystemTime) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let left = until.duration_since(now).unwrap_or_default();
    Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        // Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, 5.6.7), as the three forms of a date.
        let now = UNIX_EPOCH + Duration::from_millis(784_111_776_500);
        for (text, secs) in [
            ("20", Some(20)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(1)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(1)),
            ("Sun Nov  6 08:49:37 1994", Some(1)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 -2359", None),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(read(text, now), secs, "{text}");
        }
    }
}
