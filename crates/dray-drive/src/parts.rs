//! The parts of an upload: which of them to sign (`signed`), which a finalize lists or leaves to the store, and how many bytes
//! they must have together.

mod signed;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dray_api::limits::{MAX_ETAG_BYTES, MAX_PARTS, MIN_PART_BYTES};
use dray_api::upload::{Checksum, StoredPart, UploadedPart};
use dray_s3::PartNumber;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};
pub use signed::{parts_to_sign, whole_to_sign};

/// The parts that a finalize lists, as a SHA-256 in hexadecimal. Two finalizes are the same if their digests are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(pub String);

fn part_number(field: impl Into<String>, number: u64) -> Result<PartNumber> {
    PartNumber::try_from(number)
        .map_err(|_| Error::field(field, format!("must be a whole number from 1 to {MAX_PARTS}")))
}

fn check_list_length(field: &str, length: usize) -> Result<()> {
    if (1..=MAX_PARTS as usize).contains(&length) {
        Ok(())
    } else {
        Err(Error::field(field, format!("must list 1 to {MAX_PARTS} parts, not {length}")))
    }
}

fn refuse_repeats(field: &str, ascending: impl Iterator<Item = PartNumber>) -> Result<()> {
    let mut last = None;
    for number in ascending {
        if last.replace(number) == Some(number) {
            return Err(Error::field(field, format!("must not list part {number} twice")));
        }
    }
    Ok(())
}

/// A CRC-64/NVME of a whole file, in base64 as S3 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crc64(String);

impl Crc64 {
    /// Checks a client's checksum.
    pub fn parse(checksum: Checksum) -> Result<Self> {
        let is_well_formed = STANDARD.decode(&checksum.crc64nvme).is_ok_and(|bytes| bytes.len() == 8);
        let rule = "must be the 8 bytes of a CRC-64/NVME in base64";
        if is_well_formed {
            Ok(Self(checksum.crc64nvme))
        } else {
            Err(Error::field("checksum.crc64nvme", rule))
        }
    }

    /// The checksum that was computed.
    pub fn of(crc: u64) -> Self {
        Self(STANDARD.encode(crc.to_be_bytes()))
    }

    /// The checksum from the database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// In base64.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parts that a finalize asks for: those that it lists, or those that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedParts {
    /// All with their `ETag`s.
    Exactly(PartList),
    /// These numbers. Where the `ETag` is missing, the store's own counts.
    Numbers(Vec<(PartNumber, Option<String>)>),
    /// All parts that the store has.
    All,
}

impl WantedParts {
    /// Checks the list of a client, in any order.
    pub fn parse(listed: Option<Vec<UploadedPart>>) -> Result<Self> {
        let Some(listed) = listed else { return Ok(Self::All) };
        check_list_length("parts", listed.len())?;
        let mut parts = Vec::with_capacity(listed.len());
        for (at, part) in listed.into_iter().enumerate() {
            let number = part_number(format!("parts[{at}].partNumber"), part.part_number)?;
            parts.push((number, part.e_tag.map(|etag| parse_etag(at, &etag)).transpose()?));
        }
        parts.sort_unstable_by_key(|(number, _)| *number);
        refuse_repeats("parts", parts.iter().map(|(number, _)| *number))?;
        let exact: Option<Vec<_>> =
            parts.iter().map(|(number, etag)| Some((*number, etag.clone()?))).collect();
        Ok(exact.map_or(Self::Numbers(parts), |exact| Self::Exactly(PartList(exact))))
    }

    /// The digest of the parts, if it is known without asking the store.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Exactly(parts) => Some(parts.digest()),
            Self::Numbers(_) | Self::All => None,
        }
    }

    /// The parts, chosen from those that the store has.
    pub fn resolve(&self, stored: Vec<StoredPart>) -> Result<PartList> {
        match self {
            Self::Exactly(parts) => Ok(parts.clone()),
            Self::All if stored.is_empty() => Err(Error::NothingStored),
            Self::All => PartList::of_stored(stored),
            Self::Numbers(wanted) => {
                let stored = distinct(stored);
                let given = wanted.iter().map(|(number, given)| {
                    let etag = given.clone().map_or_else(|| the_only(&stored, *number), Ok)?;
                    Ok((*number, etag))
                });
                given.collect::<Result<_>>().map(PartList)
            }
        }
    }
}

/// The parts in ascending order, each once. Some stores keep several under one number (`SeaweedFS`: the former bytes of a part
/// that was sent again, and an empty part for a PUT that broke off). Of those, the same bytes count once, and empty parts do
/// not count. Parts with different bytes stay, because only the client knows which of them it means.
pub fn distinct(mut stored: Vec<StoredPart>) -> Vec<StoredPart> {
    stored.sort_by(|one, other| {
        let order = |part: &StoredPart| (part.part_number, part.size == 0);
        order(one).cmp(&order(other)).then_with(|| one.e_tag.cmp(&other.e_tag))
    });
    stored.dedup_by(|part, kept| {
        part.part_number == kept.part_number && (part.size == 0 || part.e_tag == kept.e_tag)
    });
    stored
}

/// The parts of which the store has exactly one, from a list that is `distinct`.
pub fn unambiguous(stored: &[StoredPart]) -> Vec<StoredPart> {
    let runs = stored.chunk_by(|one, next| one.part_number == next.part_number);
    runs.filter(|run| run.len() == 1).flatten().cloned().collect()
}

/// The `ETag` of a part that a client names only by its number, from a list that is `distinct`.
fn the_only(stored: &[StoredPart], number: PartNumber) -> Result<String> {
    let wanted = u64::from(number.get());
    let from = stored.partition_point(|part| part.part_number < wanted);
    let found = stored[from..].iter().take_while(|part| part.part_number == wanted);
    let detail = match found.collect::<Vec<_>>()[..] {
        [] => format!("It has no part {number}."),
        [part] => return parse_etag(from, &part.e_tag),
        [..] => format!("It has part {number} several times, with different bytes, and needs its ETag."),
    };
    Err(Error::InvalidPart { detail })
}

/// The parts of a finalize: ascending, none twice, each with an `ETag` that can be a header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartList(Vec<(PartNumber, String)>);

impl PartList {
    /// No parts, for an object that is put in one request.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// All parts that the store has, in whatever order it listed them.
    pub fn of_stored(stored: Vec<StoredPart>) -> Result<Self> {
        let stored = distinct(stored);
        let numbered = stored.iter().enumerate().map(|(at, part)| {
            let number = part_number(format!("stored[{at}]"), part.part_number)?;
            Ok((number, the_only(&stored, number)?))
        });
        numbered.collect::<Result<_>>().map(Self)
    }

    /// Number and `ETag` (without quotes), ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartNumber, &str)> {
        self.0.iter().map(|(number, etag)| (*number, etag.as_str()))
    }

    /// Compares the list with the parts that the store has: every listed part is there, none but the last is smaller
    /// than S3 allows, and together they have `size_bytes`.
    pub fn check_stored(&self, stored: &[StoredPart], size_bytes: u64) -> Result<()> {
        let last = self.0.last().map(|(number, _)| *number);
        let (mut sum, mut has_small) = (0_u64, false);
        let exact = stored.iter().map(|part| ((part.part_number, bare(&part.e_tag)), part));
        let exact: HashMap<_, _> = exact.collect();
        for (number, etag) in self.iter() {
            let wanted = u64::from(number.get());
            let part = exact.get(&(wanted, etag)).ok_or_else(|| not_stored(stored, wanted))?;
            has_small |= part.size < MIN_PART_BYTES && Some(number) != last;
            sum = sum.saturating_add(part.size);
        }
        if has_small {
            return Err(Error::PartTooSmall);
        }
        if sum == size_bytes {
            return Ok(());
        }
        let detail = format!("the listed parts have {sum} bytes.");
        Err(Error::SizeMismatch { announced_bytes: size_bytes, detail })
    }

    /// Two lists have the same digest if and only if they list the same parts.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        for (number, etag) in &self.0 {
            hash.update(number.get().to_be_bytes());
            hash.update((etag.len() as u64).to_be_bytes());
            hash.update(etag);
        }
        Digest(hex::encode(hash.finalize()))
    }
}

/// The store does not have this part, or has it under other `ETag`s.
fn not_stored(stored: &[StoredPart], number: u64) -> Error {
    let there = stored.iter().filter(|part| part.part_number == number);
    let detail = match there.map(|part| part.e_tag.as_str()).collect::<Vec<_>>()[..] {
        [] => format!("It has no part {number}."),
        ref there => format!("It has part {number} with the ETag {}.", there.join(" and ")),
    };
    Error::InvalidPart { detail }
}

fn bare(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(etag)
}

fn parse_etag(at: usize, etag: &str) -> Result<String> {
    let bare = bare(etag);
    let is_well_formed = (1..=MAX_ETAG_BYTES).contains(&bare.len())
        && bare.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>&".contains(&b));
    if is_well_formed {
        Ok(bare.to_owned())
    } else {
        Err(Error::field(format!("parts[{at}].eTag"), "must be the ETag from the store's answer to the part"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part_number: u64, e_tag: &str) -> UploadedPart {
        UploadedPart { part_number, e_tag: Some(e_tag.into()) }
    }

    fn exactly(list: Vec<UploadedPart>) -> PartList {
        match WantedParts::parse(Some(list)) {
            Ok(WantedParts::Exactly(parts)) => parts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_store_supplies_whatever_a_finalize_leaves_out() {
        let stored = || {
            let part = |part_number, e_tag: &str| StoredPart { part_number, size: 1, e_tag: e_tag.into() };
            vec![part(3, "c"), part(1, "a"), part(2, "b")]
        };
        let resolve = |listed: Option<Vec<UploadedPart>>| {
            let parts = WantedParts::parse(listed).unwrap().resolve(stored())?;
            Ok(parts.iter().map(|(n, e)| format!("{n}{e}")).collect::<Vec<_>>().join(" "))
        };
        let unknown = |part_number| UploadedPart { part_number, e_tag: None };
        assert_eq!(resolve(None), Ok("1a 2b 3c".into()));
        assert_eq!(resolve(Some(vec![unknown(3), part(1, "other")])), Ok("1other 3c".into()));
        let missing = resolve(Some(vec![unknown(1), unknown(4)]));
        assert_eq!(missing, Err(Error::InvalidPart { detail: "It has no part 4.".into() }));
        assert!(WantedParts::All.resolve(Vec::new()).is_err());
    }

    #[test]
    fn a_store_may_list_a_part_several_times() {
        const MIN: u64 = MIN_PART_BYTES;
        let entry = |part_number, size, e_tag: &str| StoredPart { part_number, size, e_tag: e_tag.into() };
        let empty = |number| entry(number, 0, "\"d41d8\"");
        let (whole, last) = (entry(1, MIN, "\"a\""), entry(2, 7, "\"b\""));
        // What a broken PUT has left, before and behind the part, and a part that was sent again.
        let broken = distinct(vec![empty(1), whole.clone(), empty(1), last.clone(), whole.clone()]);
        assert_eq!(broken, [whole.clone(), last.clone()]);
        let all = WantedParts::All.resolve(broken.clone()).unwrap();
        assert_eq!(all, exactly(vec![part(1, "a"), part(2, "b")]));
        assert_eq!(all.check_stored(&broken, MIN + 7), Ok(()));
        // Other bytes under the same number count if the client names them.
        let changed = distinct(vec![entry(1, MIN + 1, "\"x\""), whole, last.clone(), empty(3)]);
        for (etag, size_bytes) in [("a", MIN + 7), ("x", MIN + 8)] {
            let named = exactly(vec![part(1, etag), part(2, "b")]);
            assert_eq!(named.check_stored(&changed, size_bytes), Ok(()));
        }
        let refusal = exactly(vec![part(1, "y")]).check_stored(&changed, MIN);
        let detail = "It has part 1 with the ETag \"a\" and \"x\".".into();
        assert_eq!(refusal, Err(Error::InvalidPart { detail }));
        for wanted in [None, Some(vec![UploadedPart { part_number: 1, e_tag: None }])] {
            let refusal = WantedParts::parse(wanted).unwrap().resolve(changed.clone());
            assert!(
                matches!(refusal, Err(Error::InvalidPart { detail }) if detail.contains("several times"))
            );
        }
        assert_eq!(unambiguous(&changed), [last, empty(3)], "an empty part that is alone is a part");
    }

    #[test]
    fn a_list_of_parts_is_compared_with_what_the_store_has() {
        const MIN: u64 = MIN_PART_BYTES;
        let stored = |sizes: &[u64]| {
            let part = |(at, size): (usize, &u64)| StoredPart {
                part_number: at as u64 + 1,
                size: *size,
                e_tag: format!("\"e{}\"", at + 1),
            };
            sizes.iter().enumerate().map(part).collect::<Vec<_>>()
        };
        let check = |listed: &[(u64, &str)], sizes: &[u64], size_bytes| {
            let listed = listed.iter().map(|(number, etag)| part(*number, etag)).collect();
            exactly(listed).check_stored(&stored(sizes), size_bytes).err()
        };
        assert_eq!(check(&[(1, "e1"), (2, "e2")], &[MIN, 7], MIN + 7), None);
        assert_eq!(
            check(&[(1, "e1"), (3, "e3")], &[MIN, 7, 8], MIN + 8),
            None,
            "parts that are not listed do not count"
        );
        assert_eq!(check(&[(1, "e1"), (2, "e2")], &[MIN - 1, 7], MIN + 6), Some(Error::PartTooSmall));
        assert!(matches!(check(&[(1, "e1"), (2, "e2")], &[MIN], MIN), Some(Error::InvalidPart { .. })));
        assert!(matches!(check(&[(1, "other")], &[MIN], MIN), Some(Error::InvalidPart { .. })));
        for size_bytes in [MIN + 6, MIN + 8, 0, u64::MAX] {
            let refusal = check(&[(1, "e1"), (2, "e2")], &[MIN, 7], size_bytes);
            assert!(matches!(refusal, Some(Error::SizeMismatch { .. })), "{size_bytes}");
        }
    }

    #[test]
    fn a_checksum_is_eight_bytes_in_base64() {
        let parse = |text: &str| Crc64::parse(Checksum { crc64nvme: text.into() });
        assert_eq!(parse("AAAAAAAAAAE=").unwrap().as_str(), "AAAAAAAAAAE=");
        for text in ["", "AAAA", "AAAAAAAAAAA", "AAAAAAAAAAAA", "not base64!!"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_list_may_come_in_any_order_and_with_or_without_quotes() {
        let one = exactly(vec![part(2, "\"b\""), part(1, "a")]);
        let other = exactly(vec![part(1, "\"a\""), part(2, "b")]);
        assert_eq!(one, other);
        assert_eq!(one.digest(), other.digest());
        assert_eq!(one.iter().map(|(n, e)| (n.get(), e)).collect::<Vec<_>>(), [(1, "a"), (2, "b")]);
        let third = exactly(vec![part(1, "ab"), part(2, "c")]);
        let fourth = exactly(vec![part(1, "a"), part(2, "bc")]);
        assert_ne!(third.digest(), fourth.digest());
    }

    #[test]
    fn an_error_about_a_part_list_names_the_place() {
        let long = "e".repeat(MAX_ETAG_BYTES + 1);
        for (list, field) in [
            (vec![], "parts"),
            (vec![part(1, "a"), part(1, "b")], "parts"),
            (vec![part(1, "a"), part(0, "b")], "parts[1].partNumber"),
            (vec![part(1 << 63, "a")], "parts[0].partNumber"),
            (vec![part(1, "")], "parts[0].eTag"),
            (vec![part(1, "\"\"")], "parts[0].eTag"),
            (vec![part(1, "a\"b")], "parts[0].eTag"),
            (vec![part(1, "a\r\nb")], "parts[0].eTag"),
            (vec![part(1, &long)], "parts[0].eTag"),
            ((0..10_001).map(|n| part(n, "a")).collect(), "parts"),
        ] {
            let Err(Error::InvalidField { field: named, .. }) = WantedParts::parse(Some(list)) else {
                panic!("{field}")
            };
            assert_eq!(named, field);
        }
    }
}
