//! How long the machine has been running, as its kernel says: `/proc/uptime` and `/proc/sys/kernel/random/boot_id` (proc(5)).

use std::fs::read_to_string;

use dray_db::quiet::Boot;

/// `None` where the kernel does not say.
pub(crate) fn now() -> Option<Boot> {
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
        let (first, second) = (now().unwrap(), now().unwrap());
        assert_eq!(first.id, second.id);
        assert!((0..60_000).contains(&(second.passed_ms - first.passed_ms)), "{first:?} {second:?}");
    }
}
