//! Which parts of an upload to sign, and with which sizes. This file signs nothing.

use dray_api::limits::{MAX_PART_BYTES, MAX_PARTS, MIN_PART_BYTES};
use dray_api::plan::check_part_count;
use dray_api::upload::PresignParts;
use dray_s3::PartNumber;

use super::{check_list_length, part_number, refuse_repeats};
use crate::{Error, Result};

/// The parts to sign, ascending: all of `parts`, or only `part_numbers`. Each has the size that it must have, if
/// `content_lengths` names sizes, in the order in which the client listed the parts.
pub fn parts_to_sign(size_bytes: u64, asked: &PresignParts) -> Result<Vec<(PartNumber, Option<u64>)>> {
    let part_numbers = asked.part_numbers.as_deref();
    let numbers = numbers_to_sign(size_bytes, asked.parts, part_numbers)?;
    let Some(lengths) = asked.content_lengths.as_deref() else {
        return Ok(numbers.into_iter().map(|number| (number, None)).collect());
    };
    if lengths.len() != numbers.len() {
        let rule = format!("must list as many sizes as there are parts to sign: {}", numbers.len());
        return Err(Error::field("contentLengths", rule));
    }
    let most = size_bytes.min(MAX_PART_BYTES);
    if let Some(at) = lengths.iter().position(|length| *length > most) {
        return Err(Error::field(format!("contentLengths[{at}]"), format!("must be at most {most}")));
    }
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    if let Some(listed) = part_numbers {
        order.sort_unstable_by_key(|at| listed[*at]);
    }
    Ok(numbers.into_iter().zip(order).map(|(number, at)| (number, Some(lengths[at]))).collect())
}

/// Checks which parts a client wants of a file that is sent whole: the file is part 1, the only one, with all its bytes.
pub fn whole_to_sign(size_bytes: u64, asked: &PresignParts) -> Result<()> {
    let rule = "must be 1, because this upload is one PUT of the whole file";
    if asked.parts.is_some_and(|parts| parts != 1) {
        return Err(Error::field("parts", rule));
    }
    let parts = parts_to_sign(size_bytes, &PresignParts { parts: Some(1), ..asked.clone() })?;
    match parts.first() {
        Some((_, Some(length))) if *length != size_bytes => {
            let rule = format!("must be {size_bytes}, the announced size of the whole file");
            Err(Error::field("contentLengths[0]", rule))
        }
        _ => Ok(()),
    }
}

/// The part numbers to sign, ascending: all of `parts`, or only `part_numbers`.
fn numbers_to_sign(
    size_bytes: u64,
    parts: Option<u64>,
    part_numbers: Option<&[u64]>,
) -> Result<Vec<PartNumber>> {
    let count = parts.map(|parts| check_part_count(size_bytes, parts)).transpose()?;
    match (count, part_numbers) {
        (None, None) => {
            Err(Error::field("parts", "is required: it says how many parts the file is cut into"))
        }
        (Some(count), None) => (1..=count).map(|n| part_number("parts", u64::from(n))).collect(),
        (count, Some(listed)) => listed_numbers(listed, count.unwrap_or(most_parts(size_bytes))),
    }
}

/// The highest part number that a file of this size can need: every part except the last has at least 5 MiB.
fn most_parts(size_bytes: u64) -> u32 {
    u32::try_from(size_bytes / MIN_PART_BYTES + 1).unwrap_or(MAX_PARTS).min(MAX_PARTS)
}

fn listed_numbers(listed: &[u64], most: u32) -> Result<Vec<PartNumber>> {
    check_list_length("partNumbers", listed.len())?;
    let mut numbers = Vec::with_capacity(listed.len());
    for (at, &number) in listed.iter().enumerate() {
        let field = format!("partNumbers[{at}]");
        if number > u64::from(most) {
            return Err(Error::field(field, format!("must be at most {most}")));
        }
        numbers.push(part_number(field, number)?);
    }
    numbers.sort_unstable();
    refuse_repeats("partNumbers", numbers.iter().copied())?;
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_or_a_list_of_parts_are_signed_in_order() {
        let numbers = |parts, listed: Option<&[u64]>| {
            numbers_to_sign(12 << 20, parts, listed)
                .map(|list| list.iter().map(|n| n.get()).collect::<Vec<_>>())
        };
        assert_eq!(numbers(Some(2), None), Ok(vec![1, 2]));
        assert_eq!(numbers(Some(3), Some(&[3, 1])), Ok(vec![1, 3]));
        assert_eq!(numbers(None, Some(&[3])), Ok(vec![3]));
        for (parts, listed, field) in [
            (None, None, "parts"),
            (Some(2), Some(&[3][..]), "partNumbers[0]"),
            (None, Some(&[1, 0]), "partNumbers[1]"),
            (None, Some(&[4]), "partNumbers[0]"),
            (None, Some(&[2, 1, 2]), "partNumbers"),
            (None, Some(&[]), "partNumbers"),
        ] {
            let Err(Error::InvalidField { field: named, .. }) = numbers(parts, listed) else {
                panic!("{parts:?} {listed:?} must be refused")
            };
            assert_eq!(named, field);
        }
        assert!(matches!(numbers(Some(4), None), Err(Error::ImpossiblePartCount(_))));
    }

    #[test]
    fn a_whole_file_is_part_one_with_all_its_bytes() {
        let check = |parts: Option<u64>, part_numbers: Option<&[u64]>, content_lengths: Option<&[u64]>| {
            let (part_numbers, content_lengths) =
                (part_numbers.map(<[u64]>::to_vec), content_lengths.map(<[u64]>::to_vec));
            let (upload_id, file_key) = (String::new(), String::new());
            let asked = PresignParts { upload_id, file_key, parts, part_numbers, content_lengths };
            // With 8 MiB, the file could also be sent in two parts.
            match whole_to_sign(8 << 20, &asked) {
                Err(Error::InvalidField { field, .. }) => Some(field),
                other => other.map(|()| None).unwrap(),
            }
        };
        for (parts, numbers, lengths) in
            [(None, None, None), (Some(1), None, None), (Some(1), Some(&[1][..]), Some(&[8 << 20][..]))]
        {
            assert_eq!(check(parts, numbers, lengths), None);
        }
        for parts in [0, 2, 10_001, u64::MAX] {
            assert_eq!(check(Some(parts), None, None).as_deref(), Some("parts"));
        }
        for (numbers, field) in [
            (&[][..], "partNumbers"),
            (&[1, 1], "partNumbers"),
            (&[0], "partNumbers[0]"),
            (&[2], "partNumbers[0]"),
        ] {
            assert_eq!(check(None, Some(numbers), None).as_deref(), Some(field));
        }
        for (lengths, field) in
            [(&[][..], "contentLengths"), (&[4], "contentLengths[0]"), (&[1 << 40], "contentLengths[0]")]
        {
            assert_eq!(check(Some(1), None, Some(lengths)).as_deref(), Some(field));
        }
    }
}
