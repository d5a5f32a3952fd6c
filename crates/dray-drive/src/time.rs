//! The format of times in answers. It does not read a clock.

use jiff::Timestamp;

/// A time in the wire format: RFC 3339 in UTC with milliseconds.
pub fn wire_time(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_milliseconds_even_when_they_are_zero() {
        let time: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(wire_time(time), "2026-01-31T12:00:00.000Z");
    }
}
