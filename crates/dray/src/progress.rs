//! The progress bar: on standard error, and only if standard error is a terminal.

use std::io::{IsTerminal, stderr};

use dray_client::Progress;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

const STYLE: &str = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

/// A bar that shows the bytes of a transfer.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar without a length yet; hidden if standard error is not a terminal.
    pub(crate) fn new() -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        // Only the result or the error stays on the terminal.
        Self(ProgressBar::new(0).with_style(style).with_finish(ProgressFinish::AndClear))
    }

    /// The bar itself, so that other output does not write over it.
    pub(crate) fn handle(&self) -> ProgressBar {
        self.0.clone()
    }
}

/// A spinner for work of unknown length; hidden if standard error is not a terminal.
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
