//! The progress bar: on standard error, and only when that is a terminal.

use std::io::{IsTerminal, stderr};

use dray_client::Progress;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

const STYLE: &str = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

/// Bytes of a transfer, drawn.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar of no length yet; hidden where nobody would see it.
    pub(crate) fn new() -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        // What is left on the terminal is the result, or the complaint.
        Self(ProgressBar::new(0).with_style(style).with_finish(ProgressFinish::AndClear))
    }

    /// The bar itself, for output to keep clear of it.
    pub(crate) fn handle(&self) -> ProgressBar {
        self.0.clone()
    }
}

/// Says that something is going on whose end is not known; hidden where nobody would see it.
pub(crate) fn spinner() -> ProgressBar {
    if stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}

impl Progress for Bar {
    fn expect(&self, bytes: u64) {
        self.0.inc_length(bytes);
    }

    fn moved(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    fn undone(&self, bytes: u64) {
        self.0.dec(bytes);
    }
}
