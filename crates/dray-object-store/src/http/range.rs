//! `Range` (RFC 9110, 14.1.2): one range of bytes. Several ranges, other units and bad syntax are ignored, as on S3
//! and as the RFC allows. The answer is then the whole object.

use std::ops::Range;

/// What a `Range` header asks for, in an object of some size.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Whole,
    Bytes(Range<u64>),
    /// The range does not overlap the object: 416.
    Unsatisfiable,
}

/// Reads a `Range` header for an object of `size_bytes`.
pub(crate) fn parse(header: &str, size_bytes: u64) -> Asked {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Asked::Whole;
    };
    let bytes = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size_bytes),
        (Some(first), None) if last.is_empty() => first..size_bytes,
        // A suffix is satisfiable unless it asks for zero bytes (RFC 9110, 14.1.2). For an empty object, the answer
        // is the whole object and not a partial one, because no `Content-Range` can describe an empty range.
        (None, Some(length)) if first.is_empty() && length > 0 && size_bytes == 0 => return Asked::Whole,
        (None, Some(length)) if first.is_empty() => size_bytes.saturating_sub(length)..size_bytes,
        _ => return Asked::Whole,
    };
    if bytes.is_empty() { Asked::Unsatisfiable } else { Asked::Bytes(bytes) }
}

/// A number of any length. No object has 2^64 bytes, so a greater number counts as the greatest.
pub(super) fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_accepted_and_bad_syntax_is_ignored() {
        for (header, asked) in [
            ("bytes=0-0", Asked::Bytes(0..1)),
            ("bytes=2-5", Asked::Bytes(2..6)),
            ("bytes=5-99", Asked::Bytes(5..10)),
            ("bytes=9-18446744073709551615", Asked::Bytes(9..10)),
            ("bytes=9-99999999999999999999999", Asked::Bytes(9..10)),
            ("bytes=3-", Asked::Bytes(3..10)),
            ("bytes=-4", Asked::Bytes(6..10)),
            ("bytes=-99", Asked::Bytes(0..10)),
            ("bytes=-99999999999999999999", Asked::Bytes(0..10)),
            ("bytes=0003-0000000000000000000000005", Asked::Bytes(3..6)),
            ("bytes=10-", Asked::Unsatisfiable),
            ("bytes=99999999999999999999-", Asked::Unsatisfiable),
            ("bytes=99999999999999999999-99999999999999999999", Asked::Unsatisfiable),
            ("bytes=10-20", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
            ("bytes=99999999999999999999-2", Asked::Whole),
            ("bytes=5-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes= -1", Asked::Whole),
            ("bytes=0 -1", Asked::Whole),
            ("items=0-1", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(parse(header, 10), asked, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), Asked::Unsatisfiable);
        assert_eq!(parse("bytes=-5", 0), Asked::Whole);
        assert_eq!(parse("bytes=-0", 0), Asked::Unsatisfiable);
    }
}
