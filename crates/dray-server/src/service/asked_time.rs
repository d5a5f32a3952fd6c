//! Times that requests name. Their form is checked before anything else. Whether such a time still lies ahead is checked where
//! something is really made or changed: a repeat of a request that made something long ago gets its answer, although the
//! time has passed. So no other function compares a time of a request with the clock.

use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Timestamp};

use crate::drive::{Error, Result};

/// The latest time that a request may name: the last one that has a number of milliseconds.
pub(super) const LATEST: Timestamp = Timestamp::constant(253_402_207_200, 0);
/// Longest life of a token: a year.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A date and a time of RFC 3339, with 0 for each digit.
const FORM: &str = "0000-00-00T00:00:00";

/// A time in a request, of which nobody knows yet whether it lies ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedTime {
    field: &'static str,
    time: Timestamp,
}

impl AskedTime {
    /// Reads a time, if the request names one.
    pub(super) fn parse(field: &'static str, text: Option<&str>) -> Result<Option<Self>> {
        let Some(text) = text else { return Ok(None) };
        let rule = "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)";
        if !has_form(text) {
            return Err(Error::field(field, rule));
        }
        let time = match text.parse::<Timestamp>() {
            Ok(time) if time <= LATEST => time,
            Ok(_) => return Err(Error::field(field, format!("must be {LATEST} at the latest"))),
            Err(_) if is_in_the_last_hours(text) => {
                return Err(Error::field(field, format!("must be {LATEST} at the latest")));
            }
            Err(_) => return Err(Error::field(field, rule)),
        };
        Ok(Some(Self { field, time }))
    }

    /// The time, which must be in the future.
    pub(super) fn ahead(self, now: Timestamp) -> Result<Timestamp> {
        if self.time > now { Ok(self.time) } else { Err(Error::field(self.field, "must be in the future")) }
    }

    /// The time, which must be in the future, but at most a year from now.
    pub(super) fn within_a_year(self, now: Timestamp) -> Result<Timestamp> {
        let time = self.ahead(now)?;
        if time.duration_since(now) > LONGEST_LIFE {
            return Err(Error::field(self.field, "must be at most a year from now"));
        }
        Ok(time)
    }
}

/// Whether the text has the form of a `date-time` of RFC 3339, 5.6, with at most nine digits of a second's fraction: a parser of
/// ISO 8601, or of JavaScript's Temporal, accepts more.
fn has_form(text: &str) -> bool {
    let is_like = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't'),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == like,
            })
    };
    let Some((seconds, rest)) = text.split_at_checked(FORM.len()) else { return false };
    let digits = rest
        .strip_prefix('.')
        .map(|fraction| fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    let offset = digits.map_or(rest, |digits| &rest[1 + digits..]);
    let is_offset = match offset.split_once(':') {
        Some((hours, _)) => is_like(offset, "+00:00") && hours[1..] < *"24",
        None => matches!(offset, "Z" | "z"),
    };
    is_like(seconds, FORM) && digits.is_none_or(|digits| (1..=9).contains(&digits)) && is_offset
}

/// Whether the text is a time of the form of RFC 3339 in the last hours of the year 9999, which a [`Timestamp`] cannot hold.
fn is_in_the_last_hours(text: &str) -> bool {
    Pieces::parse(text).is_ok_and(|pieces| {
        let is_complete = pieces.time().is_some() && pieces.offset().is_some();
        is_complete && pieces.date().year() == 9999
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn asked(text: &str) -> Result<AskedTime> {
        AskedTime::parse("deadline", Some(text)).map(Option::unwrap)
    }

    #[test]
    fn a_time_must_lie_ahead_only_once_something_is_made() {
        let time = asked("2026-01-31T12:00:00+01:00").unwrap();
        assert_eq!(time.ahead(at("2026-01-31T10:59:59Z")), Ok(at("2026-01-31T11:00:00Z")));
        assert!(time.ahead(at("2026-01-31T11:00:00Z")).is_err());
        assert!(time.within_a_year(at("2025-01-31T11:00:00Z")).is_ok());
        assert!(time.within_a_year(at("2025-01-31T10:59:59Z")).is_err());
        assert!(AskedTime::parse("deadline", None).unwrap().is_none());
    }

    #[test]
    fn a_time_that_is_too_late_is_told_from_a_text_that_is_no_time() {
        let rule = |text| match asked(text) {
            Err(Error::InvalidField { field, rule }) if field == "deadline" => rule,
            other => panic!("{text}: {other:?}"),
        };
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999+01:00", "9999-12-30T22:00:00.001Z"] {
            assert_eq!(rule(text), "must be 9999-12-30T22:00:00Z at the latest", "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "9999-12-31",
            "9999-12-31T23:59:59",
            "9999-13-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
        ] {
            assert!(rule(text).contains("RFC 3339"), "{text}");
        }
        assert_eq!(asked("9999-12-30T22:00:00Z").unwrap().time, LATEST);
    }

    #[test]
    fn only_times_of_rfc_3339_are_taken() {
        for text in [
            "2027-01-01T00:00:00Z",
            "2027-01-01t00:00:00z",
            "2027-01-01T00:00:00.5Z",
            "2027-01-01T00:00:00.123456789+02:00",
            "2027-01-01T00:00:00-00:00",
            "2027-01-01T23:59:60Z",
            "2027-01-01T00:00:00+23:59",
        ] {
            assert!(asked(text).is_ok(), "{text}");
        }
        for text in [
            "2027-01-01T00:00Z",
            "2027-01-01T00Z",
            "2027-01-01T00:00:00,5Z",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00.1234567890Z",
            "2027-01-01T00:00:00+25:00",
            "2027-01-01T00:00:00+24:00",
            "2027-01-01T00:00:00+02:60",
            "2027-01-01T00:00:00+0200",
            "2027-01-01T00:00:00+02",
            "2027-01-01T00:00:00+02:00:00",
            "20270101T000000Z",
            "2027-01-01 00:00:00Z",
            "2027-01-01T00:00:00Z[Europe/Berlin]",
            "2027-01-01T00:00:00+01:00[+01:00]",
            "+002027-01-01T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "2027-01-01T24:00:00Z",
            " 2027-01-01T00:00:00Z",
            "2027-01-01T00:00:00Z ",
            "２０２７-01-01T00:00:00Z",
        ] {
            assert!(asked(text).is_err(), "{text}");
        }
    }
}
