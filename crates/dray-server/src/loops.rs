//! The periodic work of a server, beside its requests. Each loop runs until it is aborted.

use std::sync::Arc;
use std::time::Duration;

use crate::drive::report::Report;
use crate::http::RateLimits;
use crate::metrics::Metrics;
use crate::service::Service;

/// How often the server sweeps.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// If another server sweeps when there is something to remove: how long until the next try. It may sweep what was there before.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How many uploads one sweep handles.
const SWEEP_LIMIT: u32 = 1000;
/// How often the rate limits forget idle keys, and the metrics add up measured times.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Sweeps once a minute, and whenever there is something to remove.
pub(crate) async fn sweep_for_ever(service: Service, metrics: Arc<Metrics>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    let (mut is_wanted, mut is_refused) = (false, false);
    loop {
        tokio::select! {
            // By now, the other server has swept as well.
            _ = ticks.tick() => is_wanted = false,
            () = service.sweep_is_wanted() => is_wanted = true,
            () = tokio::time::sleep(AGAIN_AFTER), if is_wanted && is_refused => {}
        }
        let swept = service.sweep(SWEEP_LIMIT).await;
        is_refused = matches!(swept, Ok(None));
        match swept.map(Option::unwrap_or_default) {
            Ok(report) if report == Report::default() => {}
            Ok(report) => {
                metrics.swept(&report);
                let Report {
                    finalized,
                    reopened,
                    expired,
                    oversized,
                    trash_expired,
                    removed,
                    objects_removed,
                } = report;
                tracing::info!(
                    finalized,
                    reopened,
                    expired,
                    oversized,
                    trash_expired,
                    removed,
                    objects_removed,
                    "swept"
                );
            }
            Err(err) => {
                metrics.sweep_failures.increment(1);
                tracing::warn!(%err, "the sweep failed");
            }
        }
    }
}

/// Keeps the memory that requests leave behind from growing.
pub(crate) async fn tidy_for_ever(rate_limits: RateLimits, metrics: Arc<Metrics>) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    loop {
        ticks.tick().await;
        rate_limits.forget_idle();
        metrics.add_up();
    }
}
