//! Times in flags.

use std::time::Duration;

/// The longest time that a flag takes: ten years. Nothing in Dray needs a longer one, and a moment that far away still has
/// a year of four digits.
const MOST: Duration = Duration::from_hours(24 * 3650);

/// Parses a time, such as `30s` or `7d`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let time =
        humantime::parse_duration(text).map_err(|_| "must be a time such as 30s, 12h or 7d".to_owned())?;
    if time > MOST { Err("must be at most 3650d".to_owned()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_at_most_ten_years() {
        assert_eq!(parse("7d"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(parse("3650d"), Ok(MOST));
        assert_eq!(parse("3651d"), Err("must be at most 3650d".to_owned()));
        assert!(parse("3000000d").is_err());
        for text in ["", "soon", "30", "1 parsec", "-1h", "99999999999999999999999s"] {
            assert_eq!(parse(text), Err("must be a time such as 30s, 12h or 7d".to_owned()), "{text}");
        }
    }
}
