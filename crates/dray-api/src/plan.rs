//! How a file is cut into parts: what Dray recommends, and what S3 accepts.
//!
//! All parts are equal except the last, because some stores (R2) require it.

use crate::limits::{MAX_FILE_BYTES, MAX_PART_BYTES, MAX_PARTS, MIB, MIN_PART_BYTES};

/// The smallest part size that Dray recommends. It is large enough that the cost of a request does not matter. It is
/// small enough that a retry is cheap and many parts can be sent at once.
pub const RECOMMENDED_PART_BYTES: u64 = 16 * MIB;

/// A cut of a file into equal parts, the last of which may be smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartPlan {
    file_bytes: u64,
    part_bytes: u64,
}

/// The error for a number of parts that S3's limits rule out for a file. It says which numbers work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{parts} parts cannot carry {file_bytes} bytes: use {least} to {most} parts (each part except the last has at least 5 MiB, and none has more than 5 GiB)"
)]
pub struct ImpossiblePartCount {
    /// The requested number.
    pub parts: u64,
    /// The file's size.
    pub file_bytes: u64,
    /// The least number of parts that works.
    pub least: u32,
    /// The greatest number of parts that works.
    pub most: u32,
}

impl PartPlan {
    /// The cut that Dray recommends for a file of `file_bytes`. A size over [`MAX_FILE_BYTES`] counts as that limit.
    pub fn recommended(file_bytes: u64) -> Self {
        let file_bytes = file_bytes.min(MAX_FILE_BYTES);
        let least = file_bytes.div_ceil(u64::from(MAX_PARTS));
        Self { file_bytes, part_bytes: least.div_ceil(MIB).saturating_mul(MIB).max(RECOMMENDED_PART_BYTES) }
    }

    /// Bytes of every part but the last.
    pub fn part_bytes(&self) -> u64 {
        self.part_bytes
    }

    /// How many parts; an empty file has one, empty.
    pub fn parts(&self) -> u32 {
        let parts = self.file_bytes.div_ceil(self.part_bytes).max(1);
        u32::try_from(parts).unwrap_or(MAX_PARTS)
    }

    /// Where part `part_number` (from 1) starts, and how many bytes it has. `None` after the last part.
    pub fn part(&self, part_number: u32) -> Option<(u64, u64)> {
        let index = u64::from(part_number.checked_sub(1)?);
        if part_number > self.parts() {
            return None;
        }
        let offset = index * self.part_bytes;
        Some((offset, self.part_bytes.min(self.file_bytes - offset)))
    }
}

/// Checks that a file of `file_bytes` can be cut into `parts` parts that S3 accepts.
pub fn check_part_count(file_bytes: u64, parts: u64) -> Result<u32, ImpossiblePartCount> {
    let least = u32::try_from(file_bytes.div_ceil(MAX_PART_BYTES).max(1)).unwrap_or(MAX_PARTS);
    let full_parts = file_bytes / MIN_PART_BYTES;
    let most = u32::try_from(full_parts + 1).unwrap_or(MAX_PARTS).min(MAX_PARTS);
    match u32::try_from(parts) {
        Ok(count) if (least..=most).contains(&count) => Ok(count),
        _ => Err(ImpossiblePartCount { parts, file_bytes, least, most }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_file_is_one_empty_part() {
        let plan = PartPlan::recommended(0);
        assert_eq!((plan.parts(), plan.part(1), plan.part(2), plan.part(0)), (1, Some((0, 0)), None, None));
        assert_eq!(check_part_count(0, 1), Ok(1));
    }

    #[test]
    fn the_largest_file_fits_in_ten_thousand_parts() {
        let plan = PartPlan::recommended(MAX_FILE_BYTES);
        assert_eq!(plan.part_bytes(), 525 * MIB);
        assert_eq!(plan.parts(), 9_987);
    }

    #[test]
    fn an_impossible_count_names_the_possible_ones() {
        let err = check_part_count(12 * MIB, 5).unwrap_err();
        assert_eq!((err.least, err.most), (1, 3));
        assert_eq!(check_part_count(12 * MIB, 3), Ok(3));
        assert_eq!(check_part_count(10 * MIB, 3), Ok(3), "the last part may be empty");
        assert_eq!(check_part_count(MAX_PART_BYTES + 1, 1).unwrap_err().least, 2);
        assert!(check_part_count(1, 0).is_err());
        assert!(check_part_count(MAX_FILE_BYTES, u64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn a_recommended_plan_covers_the_file_with_parts_that_s3_takes(size in 0..=MAX_FILE_BYTES) {
            let plan = PartPlan::recommended(size);
            prop_assert_eq!(check_part_count(size, u64::from(plan.parts())), Ok(plan.parts()));
            let (last_offset, last_bytes) = plan.part(plan.parts()).unwrap();
            prop_assert_eq!(last_offset + last_bytes, size);
            prop_assert!(plan.part_bytes() >= MIN_PART_BYTES && plan.part_bytes() <= MAX_PART_BYTES);
        }
    }
}
