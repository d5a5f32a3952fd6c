//! How long the machine has been running, as its kernel says: `/proc/uptime` and `/proc/sys/kernel/random/boot_id` (proc(5)).

use std::fs::read_to_string;

use dray_db::quiet::Boot;

use crate::config::Clock;

/// `None` where the kernel does not say. `steady`: a clock that never jumps, if there is one beside the machine's.
pub(crate) fn now(steady: Option<&Clock>) -> Option<Boot> {
    if let Some(clock) = steady {
        return Some(Boot { id: "steady".into(), passed_ms: clock.now().as_millisecond() });
    }
    let id = read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
    Some(Boot { id, passed_ms: millis(&read_to_string("/proc/uptime").ok()?)? })
}

/// `uptime`: seconds since the boot, with two decimals, and another number.
fn millis(uptime: &str) -> Option<i64> {
    let (seconds, hundredths) = uptime.split_whitespace().next()?.split_once('.')?;
    let hundredths: i64 = hundredths.get(..2)?.parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(hundredths * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_how_long_it_runs() {
        assert_eq!(millis("12345.67 4567.89\n"), Some(12_345_670));
        assert_eq!(["", "12", "x.00", "1.x"].map(millis), [None; 4]);
        let (first, second) = (now(None).unwrap(), now(None).unwrap());
        assert_eq!(first.id, second.id);
        assert!((0..60_000).contains(&(second.passed_ms - first.passed_ms)), "{first:?} {second:?}");
    }
}
