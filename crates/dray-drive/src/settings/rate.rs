//! The setting of a rate limit: the number of requests in a time, as people write it.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The maximum number of requests of a rate: far more than a server answers.
const MOST_REQUESTS: u32 = 1_000_000;

/// Whether requests are limited, and to how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Unlimited.
    Off,
    /// Limited to this rate.
    To(Rate),
}

/// A number of requests in a time. All of them may come at once. After that they become available again at an even rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many requests.
    pub requests: NonZeroU32,
    /// In how much time.
    pub window: Duration,
}

/// A text that is not a rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a number a second, minute or hour (1 to {MOST_REQUESTS}), such as 100/s or 6000/m, or `off`"
)]
pub struct InvalidRateLimit;

impl Rate {
    /// This many requests per minute.
    pub const fn per_minute(requests: NonZeroU32) -> Self {
        Self { requests, window: Duration::from_mins(1) }
    }
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (requests, unit) = text.split_once('/').ok_or(InvalidRateLimit)?;
        let requests: NonZeroU32 = requests.parse().map_err(|_| InvalidRateLimit)?;
        let window = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return Err(InvalidRateLimit),
        };
        if requests.get() > MOST_REQUESTS {
            return Err(InvalidRateLimit);
        }
        Ok(Self::To(Rate { requests, window }))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.window.as_secs() {
            1 => "s",
            60 => "m",
            _ => "h",
        };
        write!(f, "{}/{unit}", self.requests)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::To(rate) => rate.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_back_what_it_writes() {
        for text in ["off", "1/s", "100/s", "6000/m", "20000/h", "1000000/s"] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_not_limits() {
        for text in ["", "100", "0/s", "-1/s", "1.5/s", "100/d", "100 / s", "1000001/s", "OFF", "s", "/s"] {
            assert_eq!(text.parse::<RateLimit>(), Err(InvalidRateLimit), "{text}");
        }
    }
}
