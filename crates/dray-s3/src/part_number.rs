//! The number of a part: 1 to 10,000 (AWS S3 user guide, "Multipart upload limits").

use std::{fmt, num::NonZeroU16, str::FromStr};

/// The largest part number, and so the maximum number of parts of an upload.
pub const MAX_PART_NUMBER: u16 = 10_000;

/// A part number, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(NonZeroU16);

/// The number is outside 1 to 10,000, or is not a decimal integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Part number must be an integer between 1 and 10000, inclusive")]
pub struct PartNumberError;

impl PartNumber {
    /// Part 1.
    pub const FIRST: Self = Self(NonZeroU16::MIN);

    /// The number itself.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Every part number of an upload of `count` parts, ascending; at most 10,000.
    pub fn first(count: u16) -> impl ExactSizeIterator<Item = Self> {
        let count = count.min(MAX_PART_NUMBER);
        (0..count).map(|index| Self(NonZeroU16::MIN.saturating_add(index)))
    }
}

impl TryFrom<u64> for PartNumber {
    type Error = PartNumberError;

    fn try_from(number: u64) -> Result<Self, PartNumberError> {
        u16::try_from(number)
            .ok()
            .filter(|number| *number <= MAX_PART_NUMBER)
            .and_then(NonZeroU16::new)
            .map(Self)
            .ok_or(PartNumberError)
    }
}

impl TryFrom<i64> for PartNumber {
    type Error = PartNumberError;

    fn try_from(number: i64) -> Result<Self, PartNumberError> {
        u64::try_from(number).map_err(|_| PartNumberError)?.try_into()
    }
}

/// Decimal digits only: no sign, no space.
impl FromStr for PartNumber {
    type Err = PartNumberError;

    fn from_str(text: &str) -> Result<Self, PartNumberError> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PartNumberError);
        }
        text.parse::<u64>().map_err(|_| PartNumberError)?.try_into()
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_1_to_10000_are_part_numbers() {
        for good in [1_u64, 2, 10_000] {
            assert_eq!(u64::from(PartNumber::try_from(good).unwrap().get()), good);
        }
        for bad in [0_u64, 10_001, 65_537, 1 << 31, 1 << 63] {
            assert_eq!(PartNumber::try_from(bad), Err(PartNumberError), "{bad}");
        }
        for bad in [-1_i64, i64::MIN, 0, 10_001] {
            assert_eq!(PartNumber::try_from(bad), Err(PartNumberError), "{bad}");
        }
    }

    #[test]
    fn text_must_be_decimal_digits() {
        assert_eq!("10000".parse::<PartNumber>().unwrap().to_string(), "10000");
        for bad in ["", "+1", "-1", " 1", "1.5", "0x1", "99999999999999999999"] {
            assert_eq!(bad.parse::<PartNumber>(), Err(PartNumberError), "{bad:?}");
        }
    }

    #[test]
    fn first_counts_from_one_and_stops_at_the_limit() {
        let all: Vec<u16> = PartNumber::first(3).map(PartNumber::get).collect();
        assert_eq!(all, [1, 2, 3]);
        assert_eq!(PartNumber::first(u16::MAX).last().map(PartNumber::get), Some(10_000));
    }
}
