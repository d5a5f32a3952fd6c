//! Reports how long statements take, for metrics.

use std::time::{Duration, Instant};

use metrics::Histogram;

/// Measures how long something takes that happens often. Without a histogram, it does not read the clock.
#[derive(Clone, Default)]
pub struct Timer(Option<Histogram>);

impl Timer {
    /// Records into this histogram, if there is one.
    pub fn new(histogram: Option<Histogram>) -> Self {
        Self(histogram)
    }

    /// Measures until the returned value is dropped. This includes work that fails or is cancelled.
    pub fn start(&self) -> Timing {
        Timing(self.0.clone().map(|histogram| (histogram, Instant::now())))
    }

    /// Records a duration that was measured elsewhere.
    pub fn record(&self, took: Duration) {
        if let Some(histogram) = &self.0 {
            histogram.record(took);
        }
    }
}

/// Work that is being timed.
#[must_use = "the time ends when this is dropped"]
pub struct Timing(Option<(Histogram, Instant)>);

impl Drop for Timing {
    fn drop(&mut self) {
        if let Some((histogram, started)) = &self.0 {
            histogram.record(started.elapsed());
        }
    }
}
