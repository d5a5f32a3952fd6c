//! Decides when a transfer to the store has stalled. All transfers of an uploader share the line to the store. This file
//! sends nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long a transfer may make no progress or, after its last byte, wait for an answer. The time in which the line
/// carries the bytes that are buffered on this machine comes on top.
const LONGEST_STALL: Duration = Duration::from_mins(2);
/// The bytes of one transfer that may be buffered on this machine, in the HTTP library and in the kernel. The client
/// counts them as moved, but does not see when they leave.
const MAX_BUFFERED_BYTES: u64 = 4 * 1024 * 1024;
/// The speed of the line, in bytes per second, until the store's answers show a higher one.
const SLOWEST_BYTES_PER_SEC: u64 = 16 * 1024;

/// The line to the store.
#[derive(Default)]
pub(super) struct Line {
    /// When the first transfer began.
    since: OnceLock<Instant>,
    /// Bytes of the transfers that the store has answered with success.
    answered_bytes: AtomicU64,
    /// Bytes of the transfers under way that may be buffered.
    buffered_bytes: AtomicU64,
}

/// A transfer under way.
struct UnderWay<'a> {
    line: &'a Line,
    buffered_bytes: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.line.buffered_bytes.fetch_sub(self.buffered_bytes, Ordering::Relaxed);
    }
}

impl Line {
    /// Runs a transfer of `len` bytes. Returns `None` if it stalls. `moved` counts the bytes that its connection has taken.
    pub(super) async fn watch<T, E>(
        &self,
        len: u64,
        moved: &AtomicU64,
        transfer: impl Future<Output = Result<T, E>>,
    ) -> Option<Result<T, E>> {
        self.since.get_or_init(Instant::now);
        let buffered_bytes = len.min(MAX_BUFFERED_BYTES);
        self.buffered_bytes.fetch_add(buffered_bytes, Ordering::Relaxed);
        let _under_way = UnderWay { line: self, buffered_bytes };
        let result = tokio::select! {
            result = transfer => result,
            () = self.stalled(moved) => return None,
        };
        if result.is_ok() {
            self.answered_bytes.fetch_add(len, Ordering::Relaxed);
        }
        Some(result)
    }

    /// Returns once `moved` has not changed for too long.
    async fn stalled(&self, moved: &AtomicU64) {
        loop {
            let before = moved.load(Ordering::Relaxed);
            tokio::time::sleep(self.longest_stall()).await;
            if moved.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }

    fn longest_stall(&self) -> Duration {
        let elapsed_secs = self.since.get().map_or(0, |since| since.elapsed().as_secs()).max(1);
        let seen = self.answered_bytes.load(Ordering::Relaxed) / elapsed_secs;
        let buffered = self.buffered_bytes.load(Ordering::Relaxed);
        LONGEST_STALL + Duration::from_secs(buffered / seen.max(SLOWEST_BYTES_PER_SEC))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    async fn never() -> Result<(), Infallible> {
        std::future::pending().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_that_stands_still_ends_after_two_minutes_and_the_time_that_its_bytes_may_take() {
        let (line, moved) = (Line::default(), AtomicU64::new(0));
        for (bytes, secs) in [(0, 120), (MIB, 120 + 64), (100 * MIB, 120 + 256)] {
            let began = Instant::now();
            assert!(line.watch(bytes, &moved, never()).await.is_none());
            assert_eq!(began.elapsed().as_secs(), secs, "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn transfers_that_share_a_slow_line_wait_for_each_other() {
        let (line, moved) = (Line::default(), AtomicU64::new(0));
        let began = Instant::now();
        let all = (0..16).map(|_| line.watch(8 * MIB, &moved, never()));
        assert!(futures_util::future::join_all(all).await.iter().all(Option::is_none));
        assert_eq!(began.elapsed().as_secs(), 120 + 16 * 256);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_has_been_fast_is_given_up_soon() {
        let (line, moved) = (Line::default(), AtomicU64::new(0));
        let quick = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok::<_, Infallible>(())
        };
        assert!(line.watch(100 * MIB, &moved, quick).await.is_some());
        let began = Instant::now();
        assert!(line.watch(100 * MIB, &moved, never()).await.is_none());
        assert_eq!(began.elapsed().as_secs(), 120);
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_that_moves_may_take_for_ever() {
        let (line, moved) = (Line::default(), AtomicU64::new(0));
        let slow = async {
            for _ in 0..1000 {
                tokio::time::sleep(Duration::from_secs(100)).await;
                moved.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(())
        };
        assert!(line.watch(MIB, &moved, slow).await.is_some());
    }
}
