//! The ids that the store makes: sets of parts, part rows, part files, upload ids and part `ETag`s.
//! None of them comes from a caller's key or header, so no caller can turn one into another path.

use std::fmt;

use dray_s3::PartNumber;

/// The parts of one upload, and of the object that it becomes. An id is never used again while anything refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(pub(crate) i64);

/// Bits of a part row's id that hold the part number. The other bits are the set, so that the parts of a set lie
/// side by side and in order in the table's B-tree.
const NUMBER_BITS: u32 = 14;

impl SetId {
    /// The row ids of all parts of the set, `first..=last`.
    pub(crate) const fn part_ids(self) -> (i64, i64) {
        (self.0 << NUMBER_BITS, (self.0 << NUMBER_BITS) | ((1 << NUMBER_BITS) - 1))
    }

    /// The row id of one part; number 0 is the position before all parts.
    pub(crate) fn part_id(self, number: u16) -> i64 {
        (self.0 << NUMBER_BITS) | i64::from(number)
    }
}

/// The set and the number in a part row's id.
pub(crate) fn split_part_id(id: i64) -> (SetId, u16) {
    let number = u16::try_from(id & ((1 << NUMBER_BITS) - 1)).unwrap_or_default();
    (SetId(id >> NUMBER_BITS), number)
}

/// The name of a part file: its row's id and a random tag, so that a part and its replacement have different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PartFileId {
    pub(crate) part_id: i64,
    pub(crate) tag: u64,
}

impl PartFileId {
    /// The fan-out folder (two hex digits) and the file name in it.
    pub(crate) fn path(self) -> String {
        format!("{:02x}/{:x}-{:016x}", self.tag & 0xff, self.part_id, self.tag)
    }

    /// The id in a file name (without its folder); `None` for a name that the store never makes.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (part_id, tag) = name.split_once('-')?;
        let id =
            Self { part_id: i64::from_str_radix(part_id, 16).ok()?, tag: u64::from_str_radix(tag, 16).ok()? };
        (id.path().get(3..) == Some(name)).then_some(id)
    }
}

/// A multipart upload id: the set, so that a lookup is one step, and 128 random bits, so that it cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UploadId {
    pub(crate) set: SetId,
    pub(crate) token: [u8; 16],
}

impl UploadId {
    /// The id in this text, if it is well-formed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 24] = hex::decode(text).ok()?.try_into().ok()?;
        let (set, token) = bytes.split_at(8);
        let set = i64::from_be_bytes(set.try_into().ok()?);
        let id = Self { set: SetId(set), token: token.try_into().ok()? };
        (id.to_string() == text).then_some(id)
    }
}

/// 48 hexadecimal digits. Ids sort in the order in which the uploads were created.
impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}", self.set.0, hex::encode(self.token))
    }
}

/// The digest that a part's `ETag` is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartDigest {
    /// Half of the BLAKE3 of the part's bytes. For a copied part, it is the BLAKE3 of the place of these bytes in the
    /// source. The same bytes sent twice have the same `ETag`, so a late duplicate of a part cannot spoil a Complete
    /// that lists the other copy. And nobody who has the part's URL can store other bytes with the same `ETag`. With
    /// a CRC, that would be possible.
    Blake3([u8; 16]),
    /// The MD5 of its bytes, as on AWS.
    Md5([u8; 16]),
}

impl PartDigest {
    /// The part's `ETag`, without quotes. The dash after a BLAKE3 says, like the dash in S3's own multipart `ETag`s,
    /// that it is not an MD5. Clients that compare MD5s look for the dash.
    pub(crate) fn etag(self) -> String {
        match self {
            Self::Blake3(half) => format!("{}-1", hex::encode(half)),
            Self::Md5(md5) => hex::encode(md5),
        }
    }

    /// The MD5 of the part's bytes, if it is known.
    pub(crate) fn md5(self) -> Option<[u8; 16]> {
        match self {
            Self::Blake3(_) => None,
            Self::Md5(md5) => Some(md5),
        }
    }
}

/// The part number of a stored part, which is always valid.
pub(crate) fn part_number(number: u16) -> PartNumber {
    PartNumber::try_from(u64::from(number)).unwrap_or(PartNumber::FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_id_splits_into_its_set_and_number() {
        for (set, number) in [(1, 1), (7, 10_000), ((1 << 48) - 1, 9_999)] {
            assert_eq!(split_part_id(SetId(set).part_id(number)), (SetId(set), number));
        }
        let (first, last) = SetId(3).part_ids();
        assert!(
            first < SetId(3).part_id(1) && SetId(3).part_id(10_000) < last && last < SetId(4).part_ids().0
        );
    }

    #[test]
    fn only_names_that_the_store_writes_parse() {
        let id = PartFileId { part_id: SetId(9).part_id(3), tag: 0xab };
        assert_eq!(id.path(), "ab/24003-00000000000000ab");
        assert_eq!(PartFileId::parse("24003-00000000000000ab"), Some(id));
        for name in
            ["", "24003", "24003-ab", "+24003-00000000000000ab", "24003-00000000000000AB", "x-y", ".tmp"]
        {
            assert_eq!(PartFileId::parse(name), None, "{name}");
        }
    }

    #[test]
    fn an_upload_id_parses_back_and_nothing_else_does() {
        let id = UploadId { set: SetId(258), token: *b"0123456789abcdef" };
        assert_eq!(id.to_string(), "000000000000010230313233343536373839616263646566");
        assert_eq!(UploadId::parse(&id.to_string()), Some(id));
        for text in ["", "zz", "0000000000000102", &id.to_string().to_uppercase(), &format!("{id}0")] {
            assert!(UploadId::parse(text).is_none() || text == id.to_string(), "{text}");
        }
    }
}
