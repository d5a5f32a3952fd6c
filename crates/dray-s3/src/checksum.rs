//! The checksums that S3 knows besides MD5: computing them, and deriving an object's checksum from those of its parts
//! (AWS S3 user guide, "Checking object integrity").

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use crc_fast::CrcAlgorithm;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A checksum algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME; only of whole objects.
    Crc64Nvme,
    /// SHA-1; for multipart objects, only as a checksum of checksums.
    Sha1,
    /// SHA-256; for multipart objects, only as a checksum of checksums.
    Sha256,
}

/// The data that the checksum of a multipart object covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumType {
    /// The bytes of the object.
    FullObject,
    /// The checksums of its parts; written with `-<number of parts>` at the end.
    Composite,
}

impl ChecksumType {
    /// As in `x-amz-checksum-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite].into_iter().find(|known| known.as_str() == name)
    }
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As in `x-amz-checksum-algorithm` and `x-amz-sdk-checksum-algorithm`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, query parameter or trailer that carries the checksum.
    pub const fn header_name(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// The XML element that carries the checksum.
    pub const fn element_name(self) -> &'static str {
        match self {
            Self::Crc32 => "ChecksumCRC32",
            Self::Crc32c => "ChecksumCRC32C",
            Self::Crc64Nvme => "ChecksumCRC64NVME",
            Self::Sha1 => "ChecksumSHA1",
            Self::Sha256 => "ChecksumSHA256",
        }
    }

    /// Length of the checksum.
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The algorithm of this name, in upper or lower case, because SDKs differ.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// The algorithm whose checksum this header carries; the name may be in upper or lower case.
    pub fn from_header_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.header_name().eq_ignore_ascii_case(name))
    }

    /// The algorithm whose checksum this XML element carries.
    pub fn from_element_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.element_name() == name)
    }

    /// Whether a multipart object may have this algorithm's checksum of this type.
    pub const fn allows(self, checksum_type: ChecksumType) -> bool {
        match (self, checksum_type) {
            (Self::Crc32 | Self::Crc32c, _)
            | (Self::Crc64Nvme, ChecksumType::FullObject)
            | (Self::Sha1 | Self::Sha256, ChecksumType::Composite) => true,
            (Self::Crc64Nvme, ChecksumType::Composite)
            | (Self::Sha1 | Self::Sha256, ChecksumType::FullObject) => false,
        }
    }

    /// The checksum type of a multipart object if the client names none.
    pub const fn default_type(self) -> ChecksumType {
        match self {
            Self::Crc64Nvme => ChecksumType::FullObject,
            Self::Crc32 | Self::Crc32c | Self::Sha1 | Self::Sha256 => ChecksumType::Composite,
        }
    }

    const fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

/// A checksum of an object or a part.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: Algorithm,
    /// Big-endian, from the first byte on; zero after `algorithm.size_bytes()`.
    bytes: [u8; 32],
}

impl Checksum {
    /// A checksum from its big-endian bytes; `None` if the algorithm needs another number of bytes.
    pub fn from_bytes(algorithm: Algorithm, given: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        (given.len() == algorithm.size_bytes()).then(|| bytes[..given.len()].copy_from_slice(given))?;
        Some(Self { algorithm, bytes })
    }

    /// Parses the base64 of a header, trailer or element.
    pub fn from_base64(algorithm: Algorithm, text: &str) -> Option<Self> {
        Self::from_bytes(algorithm, &STANDARD.decode(text).ok()?)
    }

    /// The checksum of these bytes.
    pub fn of(algorithm: Algorithm, data: &[u8]) -> Self {
        let mut checksummer = Checksummer::new(algorithm);
        checksummer.update(data);
        checksummer.finish()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes, big-endian.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.size_bytes()]
    }

    /// As in headers and XML.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.as_bytes())
    }

    fn crc_value(&self) -> u64 {
        self.as_bytes().iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn from_crc(algorithm: Algorithm, value: u64) -> Self {
        let mut bytes = [0; 32];
        let size_bytes = algorithm.size_bytes();
        bytes[..size_bytes].copy_from_slice(&value.to_be_bytes()[8 - size_bytes..]);
        Self { algorithm, bytes }
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.algorithm.as_str(), self.to_base64())
    }
}

/// A checksum being computed.
#[derive(Debug, Clone)]
pub struct Checksummer {
    algorithm: Algorithm,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    // Boxed, because the CRC state is large: it contains the keys of its tables.
    Crc(Box<crc_fast::Digest>),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksummer {
    /// A checksummer that has hashed nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        let state = match (algorithm, algorithm.crc()) {
            (_, Some(crc)) => State::Crc(Box::new(crc_fast::Digest::new(crc))),
            (Algorithm::Sha1, None) => State::Sha1(Sha1::new()),
            (_, None) => State::Sha256(Sha256::new()),
        };
        Self { algorithm, state }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Takes in more bytes.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.state {
            State::Crc(digest) => digest.update(data),
            State::Sha1(digest) => digest.update(data),
            State::Sha256(digest) => digest.update(data),
        }
    }

    /// The checksum of all bytes taken in.
    pub fn finish(self) -> Checksum {
        let mut bytes = [0; 32];
        match self.state {
            State::Crc(digest) => return Checksum::from_crc(self.algorithm, digest.finalize()),
            State::Sha1(digest) => bytes[..20].copy_from_slice(&digest.finalize()),
            State::Sha256(digest) => bytes.copy_from_slice(&digest.finalize()),
        }
        Checksum { algorithm: self.algorithm, bytes }
    }
}

/// The checksum of the checksums of an object's parts, in part order. [`composite_text`] writes it.
pub fn composite<'a>(algorithm: Algorithm, parts: impl IntoIterator<Item = &'a Checksum>) -> Checksum {
    let mut checksummer = Checksummer::new(algorithm);
    for part in parts {
        checksummer.update(part.as_bytes());
    }
    checksummer.finish()
}

/// A composite checksum as in headers and XML: base64, a dash, and the number of parts.
pub fn composite_text(checksum: &Checksum, parts: usize) -> String {
    format!("{}-{parts}", checksum.to_base64())
}

/// The full-object checksum, computed from those of the parts and their lengths in bytes, in part order.
/// `None` if the algorithm cannot be combined (SHA), or if a part's checksum is of another algorithm.
pub fn combine<'a>(
    algorithm: Algorithm,
    parts: impl IntoIterator<Item = (&'a Checksum, u64)>,
) -> Option<Checksum> {
    let crc = algorithm.crc()?;
    let mut whole = Checksummer::new(algorithm).finish().crc_value();
    for (part, size_bytes) in parts {
        if part.algorithm != algorithm {
            return None;
        }
        whole = crc_fast::checksum_combine(crc, whole, part.crc_value(), size_bytes);
    }
    Some(Checksum::from_crc(algorithm, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check values of the CRC catalogue, and of FIPS 180 for the SHAs.
    #[test]
    fn published_check_values() {
        let hex_of = |algorithm, data: &[u8]| hex::encode(Checksum::of(algorithm, data).as_bytes());
        assert_eq!(hex_of(Algorithm::Crc32, b"123456789"), "cbf43926");
        assert_eq!(hex_of(Algorithm::Crc32c, b"123456789"), "e3069283");
        assert_eq!(hex_of(Algorithm::Crc64Nvme, b"123456789"), "ae8b14860a799888");
        assert_eq!(hex_of(Algorithm::Sha1, b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(hex_of(Algorithm::Sha256, b"abc").starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn names_are_unique_and_parse_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(&algorithm.as_str().to_lowercase()), Some(algorithm));
            assert_eq!(Algorithm::from_header_name(algorithm.header_name()), Some(algorithm));
            assert_eq!(Algorithm::from_element_name(algorithm.element_name()), Some(algorithm));
            assert!(algorithm.allows(algorithm.default_type()));
        }
        assert_eq!(ChecksumType::parse("COMPOSITE"), Some(ChecksumType::Composite));
    }

    #[test]
    fn base64_of_another_length_is_refused() {
        for algorithm in Algorithm::ALL {
            let checksum = Checksum::of(algorithm, b"x");
            assert_eq!(Checksum::from_base64(algorithm, &checksum.to_base64()), Some(checksum));
            assert_eq!(Checksum::from_base64(algorithm, "AAA="), None);
            assert_eq!(Checksum::from_base64(algorithm, "****"), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn combined_parts_give_the_checksum_of_the_whole(
            parts in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..300), 0..6),
        ) {
            let whole = parts.concat();
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
                let sums: Vec<_> = parts.iter().map(|part| (Checksum::of(algorithm, part), part.len() as u64)).collect();
                let combined = combine(algorithm, sums.iter().map(|(sum, size_bytes)| (sum, *size_bytes)));
                proptest::prop_assert_eq!(combined, Some(Checksum::of(algorithm, &whole)));
            }
        }
    }

    #[test]
    fn what_cannot_combine_does_not() {
        let sha = Checksum::of(Algorithm::Sha256, b"");
        assert_eq!(combine(Algorithm::Sha256, [(&sha, 0)]), None);
        assert_eq!(combine(Algorithm::Crc32, [(&sha, 0)]), None);
    }

    #[test]
    fn composite_is_the_checksum_of_the_raw_checksums() {
        let parts = [Checksum::of(Algorithm::Sha256, b"a"), Checksum::of(Algorithm::Sha256, b"b")];
        let raw = [parts[0].as_bytes(), parts[1].as_bytes()].concat();
        let whole = composite(Algorithm::Sha256, &parts);
        assert_eq!(whole, Checksum::of(Algorithm::Sha256, &raw));
        assert_eq!(composite_text(&whole, 2), format!("{}-2", whole.to_base64()));
    }
}
