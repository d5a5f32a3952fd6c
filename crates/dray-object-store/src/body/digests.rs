//! Everything that is computed from a body as it passes, block by block. This is always the CRC-64 of each block and
//! of the whole. It is also the MD5 if the caller wants it, or else the BLAKE3, from which the part's `ETag` is made.
//! And it is the S3 checksums that the caller wants.

use dray_s3::checksum::{Algorithm, Checksum, Checksummer};
use md5::{Digest, Md5};

use crate::{crc64::Combined, disk::buffer::BLOCK_BYTES, ids::PartDigest};

/// The digests that are wanted besides the CRC-64.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) md5: bool,
    pub(crate) algorithms: Vec<Algorithm>,
}

/// Digests that are being computed.
pub(crate) struct Digests {
    blocks: Vec<u64>,
    /// The block that is not complete yet, and its bytes.
    block: (Combined, usize),
    whole: Combined,
    digest: Hasher,
    checksummers: Vec<Checksummer>,
}

/// MD5 costs some 1.6 ns per byte, BLAKE3 a tenth of that.
enum Hasher {
    Md5(Md5),
    /// 2 KiB of state.
    Blake3(Box<blake3::Hasher>),
}

/// Digests of a whole body.
pub(crate) struct Digested {
    pub(crate) crc64: u64,
    /// The CRC-64 of each block; empty if there is only one block.
    pub(crate) blocks: Vec<u64>,
    /// MD5 if it was wanted, otherwise the first half of the BLAKE3. Half is long enough that nobody finds other
    /// bytes with the same value.
    pub(crate) digest: PartDigest,
    checksums: Vec<Checksum>,
}

impl Digests {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let mut checksummers: Vec<Checksummer> = Vec::new();
        for algorithm in &wanted.algorithms {
            let known = checksummers.iter().any(|known| known.algorithm() == *algorithm);
            if !known && *algorithm != Algorithm::Crc64Nvme {
                checksummers.push(Checksummer::new(*algorithm));
            }
        }
        let digest = if wanted.md5 { Hasher::Md5(Md5::new()) } else { Hasher::Blake3(Box::default()) };
        let block = (Combined::new(), 0);
        Self { blocks: Vec::new(), block, whole: Combined::new(), digest, checksummers }
    }

    /// Adds the next bytes, cut at the ends of blocks of [`BLOCK_BYTES`].
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.block.1));
            self.piece(now);
            bytes = later;
        }
    }

    /// Adds bytes that lie within one block.
    fn piece(&mut self, piece: &[u8]) {
        let crc = crc_fast::crc64_nvme(piece);
        self.whole.push(crc, piece.len() as u64);
        let (block, filled) = &mut self.block;
        block.push(crc, piece.len() as u64);
        *filled += piece.len();
        if *filled == BLOCK_BYTES {
            self.end_block();
        }
        match &mut self.digest {
            Hasher::Md5(md5) => md5.update(piece),
            Hasher::Blake3(blake3) => {
                blake3.update(piece);
            }
        }
        self.checksummers.iter_mut().for_each(|checksummer| checksummer.update(piece));
    }

    fn end_block(&mut self) {
        let (block, _) = std::mem::replace(&mut self.block, (Combined::new(), 0));
        self.blocks.push(block.get());
    }

    pub(crate) fn finish(mut self) -> Digested {
        if self.block.1 > 0 {
            self.end_block();
        }
        if self.blocks.len() <= 1 {
            self.blocks = Vec::new();
        }
        Digested {
            crc64: self.whole.get(),
            blocks: self.blocks,
            digest: match self.digest {
                Hasher::Md5(md5) => PartDigest::Md5(md5.finalize().into()),
                Hasher::Blake3(blake3) => PartDigest::Blake3(first_half(*blake3.finalize().as_bytes())),
            },
            checksums: self.checksummers.into_iter().map(Checksummer::finish).collect(),
        }
    }
}

fn first_half(hash: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| hash[at])
}

impl Digested {
    /// The checksum by this algorithm, if it was wanted; CRC-64/NVME always is.
    pub(crate) fn checksum(&self, algorithm: Algorithm) -> Option<Checksum> {
        if algorithm == Algorithm::Crc64Nvme {
            return Checksum::from_bytes(algorithm, &self.crc64.to_be_bytes());
        }
        self.checksums.iter().copied().find(|checksum| checksum.algorithm() == algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_pieces_are_those_of_the_whole_and_of_its_blocks() {
        let body: Vec<u8> = (0..=255).cycle().take(2 * BLOCK_BYTES + 77).collect();
        let mut digests = Digests::new(&Wanted { md5: true, algorithms: Algorithm::ALL.to_vec() });
        let (first, rest) = body.split_at(4096);
        digests.update(first);
        rest.chunks(BLOCK_BYTES).for_each(|piece| digests.update(piece));
        let digested = digests.finish();
        for algorithm in Algorithm::ALL {
            assert_eq!(digested.checksum(algorithm), Some(Checksum::of(algorithm, &body)));
        }
        assert_eq!(digested.digest, PartDigest::Md5(Md5::digest(&body).into()));
        let blocks: Vec<u64> = body.chunks(BLOCK_BYTES).map(crc_fast::crc64_nvme).collect();
        assert_eq!(digested.blocks, blocks);
    }

    #[test]
    fn a_body_of_one_block_needs_no_list_of_blocks() {
        let mut digests = Digests::new(&Wanted::default());
        digests.update(b"abc");
        let digested = digests.finish();
        assert!(digested.blocks.is_empty());
        assert_eq!(digested.digest, PartDigest::Blake3(first_half(*blake3::hash(b"abc").as_bytes())));
        assert_eq!(digested.crc64, crc_fast::crc64_nvme(b"abc"));
        assert_eq!(digested.checksum(Algorithm::Crc32), None);
    }
}
