//! Combines CRC-64/NVME values of consecutive byte ranges. `crc-fast` computes the CRC of bytes, but its
//! `checksum_combine` squares a 64 × 64 bit matrix for every bit of the length (tens of µs). That is too slow for
//! an object of 10,000 parts, so this file multiplies the polynomials itself (about 0.1 µs).

/// The reflected generator polynomial of CRC-64/NVME (catalogue entry `CRC-64/NVME`).
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
/// The polynomial 1, reflected.
const ONE: u64 = 1 << 63;
/// `POWERS[k]` is x^(2^k) modulo the generator; enough for lengths of 2^63 bytes.
const POWERS: [u64; 67] = powers();

/// The product of two reflected polynomials modulo the generator.
const fn multiply(a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    let mut bit = ONE;
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        b = if b & 1 == 1 { (b >> 1) ^ POLYNOMIAL } else { b >> 1 };
        bit >>= 1;
    }
    product
}

const fn powers() -> [u64; 67] {
    let mut table = [ONE >> 1; 67];
    let mut k = 1;
    while k < table.len() {
        table[k] = multiply(table[k - 1], table[k - 1]);
        k += 1;
    }
    table
}

/// x^(8 · `length_bytes`): the factor by which appending that many bytes multiplies a CRC.
fn shift(length_bytes: u64) -> u64 {
    (0..64)
        .filter(|bit| length_bytes >> bit & 1 == 1)
        .fold(ONE, |product, bit| multiply(POWERS[bit + 3], product))
}

/// The CRC of everything pushed so far, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Combined {
    crc: u64,
    /// The last length and its shift, because parts and blocks mostly have the same length.
    last: (u64, u64),
}

impl Combined {
    pub(crate) const fn new() -> Self {
        Self { crc: 0, last: (0, ONE) }
    }

    /// Appends `length_bytes` bytes whose own CRC is `crc`.
    pub(crate) fn push(&mut self, crc: u64, length_bytes: u64) {
        if self.last.0 != length_bytes {
            self.last = (length_bytes, shift(length_bytes));
        }
        self.crc = multiply(self.last.1, self.crc) ^ crc;
    }

    pub(crate) const fn get(self) -> u64 {
        self.crc
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_combination_is_what_crc_fast_combines() {
        let (first, second) = (0x1234_5678_9abc_def0, 0xfedc_ba98_7654_3210);
        for length in [1, 255, 256 << 10, 8 << 20, (5 << 30) - 3, 5 << 40] {
            let mut ours = Combined::new();
            ours.push(first, 77);
            ours.push(second, length);
            let theirs = crc_fast::checksum_combine(crc_fast::CrcAlgorithm::Crc64Nvme, first, second, length);
            assert_eq!(ours.get(), theirs, "{length}");
        }
    }

    proptest! {
        #[test]
        fn pieces_combine_to_the_crc_of_the_whole(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)) {
            let mut combined = Combined::new();
            for piece in &pieces {
                combined.push(crc_fast::crc64_nvme(piece), piece.len() as u64);
            }
            prop_assert_eq!(combined.get(), crc_fast::crc64_nvme(&pieces.concat()));
        }
    }
}
