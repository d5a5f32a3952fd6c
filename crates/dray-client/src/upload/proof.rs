//! Proofs that the store has the file's bytes: the checksum of the whole file, and the hashes that stores give as the
//! `ETag`s of parts.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};
use dray_api::upload::Checksum;
use md5::Digest as _;

use crate::blocking::blocking;
use crate::error::Error;

/// How many bytes are read at once.
const READ_BYTES: u64 = 1024 * 1024;
/// Hexadecimal digits of an MD5, and of the half of a BLAKE3.
const DIGITS: usize = 32;

/// How a part of the file compares with a stored part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same bytes.
    Same,
    /// Other bytes.
    Other,
    /// Other bytes, if the store's `ETag`s are MD5s. They look like MD5s, but those of encrypted parts are none.
    OtherIfMd5,
    /// The `ETag` is no hash that is known here.
    Unknown,
}

/// The hash that an `ETag` is.
enum Hash {
    Md5(md5::Md5, u128),
    /// The embedded store's: the first half of a BLAKE3, and `-1`.
    Blake3(Box<blake3::Hasher>, u128),
    Unknown,
}

pub(super) fn digest() -> Digest {
    Digest::new(CrcAlgorithm::Crc64Nvme)
}

pub(super) fn crc64_of(bytes: &[u8]) -> u64 {
    crc_fast::crc64_nvme(bytes)
}

/// The CRC of consecutive ranges, from the CRC and the length of each.
pub(super) fn joined(ranges: impl Iterator<Item = (u64, u64)>) -> u64 {
    let join = |whole, (crc64, len)| checksum_combine(CrcAlgorithm::Crc64Nvme, whole, crc64, len);
    ranges.fold(crc64_of(&[]), join)
}

pub(super) fn checksum(crc64: u64) -> Checksum {
    Checksum { crc64nvme: STANDARD.encode(crc64.to_be_bytes()) }
}

/// Reads `len` bytes of the file at `offset`. Returns their CRC, and how they compare with a stored part with this `ETag`.
pub(super) async fn compare(
    path: &Path,
    file: &Arc<File>,
    (offset, len): (u64, u64),
    e_tag: &str,
) -> Result<(u64, Likeness), Error> {
    let (path, file, mut hash) = (path.to_owned(), Arc::clone(file), Hash::of(e_tag));
    blocking(move || {
        let (mut digest, mut buffer) = (digest(), Vec::new());
        let mut at = 0;
        while at < len {
            let wanted = usize::try_from(READ_BYTES.min(len - at)).unwrap_or_default();
            buffer.resize(wanted, 0);
            file.read_exact_at(&mut buffer, offset + at).map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => Error::ChangedWhileUploading { path: path.clone() },
                _ => Error::io(&path)(error),
            })?;
            digest.update(&buffer);
            hash.update(&buffer);
            at += READ_BYTES;
        }
        Ok((digest.finalize(), hash.compare()))
    })
    .await
}

impl Hash {
    fn of(e_tag: &str) -> Self {
        let text = e_tag.trim_matches('"');
        let hex = text.strip_suffix("-1").unwrap_or(text);
        let is_hex = hex.len() == DIGITS && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        match u128::from_str_radix(hex, 16) {
            Ok(value) if is_hex && hex == text => Self::Md5(md5::Md5::new(), value),
            Ok(value) if is_hex => Self::Blake3(Box::default(), value),
            _ => Self::Unknown,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(md5, _) => md5.update(bytes),
            Self::Blake3(blake3, _) => {
                blake3.update(bytes);
            }
            Self::Unknown => {}
        }
    }

    fn compare(self) -> Likeness {
        let (is_same, other) = match self {
            Self::Md5(md5, wanted) => {
                (u128::from_be_bytes(md5.finalize().into()) == wanted, Likeness::OtherIfMd5)
            }
            Self::Blake3(blake3, wanted) => {
                let half = blake3.finalize().as_bytes().first_chunk().copied().map(u128::from_be_bytes);
                (half == Some(wanted), Likeness::Other)
            }
            Self::Unknown => return Likeness::Unknown,
        };
        if is_same { Likeness::Same } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_joined_ranges_is_that_of_all_bytes() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
        for cut in [1, 7, 4096, 99_999, 100_000, 200_000] {
            let ranges = bytes.chunks(cut).map(|range| (crc64_of(range), range.len() as u64));
            assert_eq!(joined(ranges), crc64_of(&bytes), "{cut}");
        }
        assert_eq!(joined(std::iter::empty()), 0);
    }

    #[tokio::test]
    async fn a_part_is_compared_by_the_hash_that_its_e_tag_is() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"..abc..", 0).unwrap();
        let file = Arc::new(file);
        for (e_tag, offset, likeness) in [
            ("\"900150983cd24fb0d6963f7d28e17f72\"", 2, Likeness::Same),
            ("900150983CD24FB0D6963F7D28E17F72", 2, Likeness::Same),
            ("\"900150983cd24fb0d6963f7d28e17f72\"", 1, Likeness::OtherIfMd5),
            ("\"6437b3ac38465133ffb63b75273a8db5-1\"", 2, Likeness::Same),
            ("\"6437b3ac38465133ffb63b75273a8db5-1\"", 1, Likeness::Other),
            ("\"900150983cd24fb0d6963f7d28e17f72-2\"", 2, Likeness::Unknown),
            ("\"+00150983cd24fb0d6963f7d28e17f72\"", 2, Likeness::Unknown),
            ("\"\"", 2, Likeness::Unknown),
        ] {
            let compared = compare(Path::new("a"), &file, (offset, 3), e_tag).await.unwrap();
            let bytes = &b"..abc.."[usize::try_from(offset).unwrap()..][..3];
            assert_eq!(compared, (crc64_of(bytes), likeness), "{e_tag} {offset}");
        }
        let beyond = compare(Path::new("a"), &file, (5, 3), "").await;
        assert!(matches!(beyond, Err(Error::ChangedWhileUploading { .. })), "{beyond:?}");
    }
}
