//! `X-Amz-Date`: ISO 8601 basic format in UTC, to the second (`20130524T000000Z`).

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Formats a time as `X-Amz-Date`. Its first eight characters are the date of the credential scope.
pub(crate) fn format(now: Timestamp) -> String {
    let utc = TimeZone::UTC.to_datetime(now);
    let (year, month, day) = (utc.year(), utc.month(), utc.day());
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", utc.hour(), utc.minute(), utc.second())
}

/// Parses an `X-Amz-Date`. It accepts only the one spelling.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let field = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    let small = |range| field(range).and_then(|number| i8::try_from(number).ok());
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let (year, month, day) = (field(0..4)?, small(4..6)?, small(6..8)?);
    let (hour, minute, second) = (small(9..11)?, small(11..13)?, small(13..15)?);
    let utc = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    TimeZone::UTC.to_timestamp(utc).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_formatted_and_parsed_back() {
        let now: Timestamp = "2013-05-24T01:02:03Z".parse().unwrap();
        assert_eq!(format(now), "20130524T010203Z");
        assert_eq!(parse("20130524T010203Z"), Some(now));
    }

    #[test]
    fn other_spellings_are_refused() {
        let bad =
            ["", "20130524", "20130524T010203", "20131324T010203Z", "2013-5-24T010203Z", "20130524t010203Z"];
        for bad in bad.into_iter().chain(["+0130524T010203Z", "20130524T240000Z", "2013052éT10203Z"]) {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
