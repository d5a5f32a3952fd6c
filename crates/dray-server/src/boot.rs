//! How long the machine has been running, as its kernel says: `clock_gettime(2)`, and `/proc/sys/kernel/random/boot_id` (proc(5)).

use std::fs::read_to_string;

use dray_db::quiet::Boot;
use rustix::time::{ClockId, clock_gettime};

use crate::config::Clock;

/// `None` where the kernel does not say. `steady`: a clock that never jumps, if there is one beside the machine's.
pub(crate) fn now(steady: Option<&Clock>) -> Option<Boot> {
    if let Some(clock) = steady {
        let passed_ms = clock.now().as_millisecond();
        return Some(Boot { id: "steady".into(), passed_ms, awake_ms: passed_ms });
    }
    let id = read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
    // The clock of leases, too, goes by this one.
    let awake_ms = millis(ClockId::Monotonic)?;
    Some(Boot { id, passed_ms: millis(ClockId::Boottime)?, awake_ms })
}

fn millis(clock: ClockId) -> Option<i64> {
    let time = clock_gettime(clock);
    time.tv_sec.checked_mul(1_000)?.checked_add(time.tv_nsec / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_how_long_it_runs() {
        let (first, second) = (now(None).unwrap(), now(None).unwrap());
        assert_eq!(first.id, second.id);
        for passed in [second.passed_ms - first.passed_ms, second.awake_ms - first.awake_ms] {
            assert!((0..60_000).contains(&passed), "{first:?} {second:?}");
        }
        assert!(first.passed_ms >= first.awake_ms && first.awake_ms > 0, "{first:?}");
    }
}
