//! How long things take, for whoever counts.

use std::time::{Duration, Instant};

use metrics::Histogram;

/// Times something that happens often; does not look at the clock if nobody counts.
#[derive(Clone, Default)]
pub struct Timer(Option<Histogram>);

impl Timer {
    /// Counts into this; nothing if nobody counts.
    pub fn new(histogram: Option<Histogram>) -> Self {
        Self(histogram)
    }

    /// Times until what this answers is dropped, so also what fails or is given up.
    pub fn start(&self) -> Timing {
        Timing(self.0.clone().map(|histogram| (histogram, Instant::now())))
    }

    /// Counts a time that somebody else measured.
    pub fn record(&self, took: Duration) {
        if let Some(histogram) = &self.0 {
            histogram.record(took);
        }
    }
}

/// Something that is being timed.
#[must_use = "the time ends when this is dropped"]
pub struct Timing(Option<(Histogram, Instant)>);

impl Drop for Timing {
    fn drop(&mut self) {
        if let Some((histogram, started)) = &self.0 {
            histogram.record(started.elapsed());
        }
    }
}
