//! The CPU time of the measured server, as the kernel counts it (proc(5)).

use anyhow::Context;

/// The unit of `/proc/PID/stat`: Linux shows 100 per second to programs on every machine that Dray runs on.
const TICKS_PER_SEC: f64 = 100.0;

/// User and system time of a process so far, in seconds.
pub(crate) fn cpu_secs(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything; `utime` and `stime` are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(')').context("no process name in /proc/PID/stat")?;
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SEC)
}
