//! How strangers share what they may use up together: places for unfinished uploads, and bytes of a quota.

/// What is left for strangers, and how much of it the visitor's network and file request use. Amounts are uploads or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// What is left for all strangers.
    pub(super) left: u64,
    /// What the visitor's network uses.
    pub(super) of_network: u64,
    /// What the visitor's file request uses.
    pub(super) of_request: u64,
}

impl Share {
    /// Whether the visitor may take so much more. A network that has nothing may take all that is left, so that there is always
    /// room for one file. Otherwise a network leaves at least as much as it has, and a request a third of what it has.
    pub(super) fn admits(self, amount: u64) -> bool {
        let Some(left) = self.left.checked_sub(amount) else { return false };
        let (network, request) =
            (self.of_network.saturating_add(amount), self.of_request.saturating_add(amount));
        self.of_network == 0 || (network <= left && request <= left.saturating_mul(3))
    }

    /// Counts what the visitor has taken.
    pub(super) fn take(&mut self, amount: u64) {
        self.left = self.left.saturating_sub(amount);
        self.of_network = self.of_network.saturating_add(amount);
        self.of_request = self.of_request.saturating_add(amount);
    }
}

/// A number of bytes of a quota, rounded down by at most 6 %: somebody who may only upload cannot find out by trying how much is
/// free.
pub(super) fn coarse(bytes: u64) -> u64 {
    const KEPT_BITS: u32 = 5;
    let dropped = (u64::BITS - bytes.leading_zeros()).saturating_sub(KEPT_BITS);
    bytes >> dropped << dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many uploads each of these networks may begin, one network after the other, at one request.
    fn taken(most: u64, networks: usize) -> Vec<u64> {
        let mut share = Share { left: most, of_network: 0, of_request: 0 };
        let of_one = |_| {
            share.of_network = 0;
            while share.admits(1) {
                share.take(1);
            }
            share.of_network
        };
        (0..networks).map(of_one).collect()
    }

    #[test]
    fn a_network_leaves_as_much_as_it_has_and_the_next_one_always_finds_a_place() {
        assert_eq!(taken(10, 6), [5, 2, 1, 1, 1, 0]);
        assert_eq!(taken(500, 3), [250, 125, 1]);
        assert_eq!(taken(1, 2), [1, 0]);
    }

    #[test]
    fn one_request_leaves_room_for_the_others_and_one_file_may_be_as_large_as_all_that_is_left() {
        let full = Share { left: 125, of_network: 10, of_request: 375 };
        assert!(!full.admits(1) && Share { of_request: 10, ..full }.admits(1));
        let first = Share { left: 100, of_network: 0, of_request: 0 };
        assert!(first.admits(100) && !first.admits(101));
    }

    #[test]
    fn numbers_of_bytes_are_rounded_down_by_at_most_6_percent() {
        for bytes in [0, 1, 31, 32, 33, 777, 1000, 123_456_789, u64::MAX] {
            let rounded = coarse(bytes);
            assert!(rounded <= bytes && bytes - rounded <= bytes / 16, "{bytes} {rounded}");
        }
        assert_eq!(coarse(1023), 992);
        assert_eq!(coarse(993), 992);
    }
}
