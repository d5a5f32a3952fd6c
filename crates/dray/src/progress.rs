//! The progress bar: on standard error, and only if standard error is a terminal.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use bytesize::ByteSize;
use dray_client::Progress;
use dray_ops::Told;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use crate::output::Output;

/// After this time, work says what it does and how much there is.
const SAY_AFTER: Duration = Duration::from_secs(5);
/// How often long work says how far it is, if no bar shows it.
const SAY_EVERY: Duration = Duration::from_mins(1);

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

/// A long work on all objects of a drive: a bar on a terminal, and otherwise a line each minute.
pub(crate) struct Work {
    bar: ProgressBar,
    doing: &'static str,
    /// What else people should know if it takes long.
    note: &'static str,
    objects: u64,
    /// Whether it has said what it does.
    is_told: bool,
    said: Duration,
}

impl Work {
    /// Work that begins now.
    pub(crate) fn new(doing: &'static str, note: &'static str) -> Self {
        let bar = if stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: bar.with_style(style), doing, note, objects: 0, is_told: false, said: Duration::ZERO }
    }

    /// Shows progress, and says which objects are missing or damaged.
    pub(crate) fn show(&mut self, told: Told<'_>) {
        match told {
            Told::Plan { objects, bytes } => {
                self.objects = objects;
                self.bar.set_length(bytes);
            }
            Told::Trouble(trouble) => self.say(trouble),
            Told::Progress(copied) => {
                self.bar.set_position(copied.seen_bytes);
                if !self.is_told && self.bar.elapsed() > SAY_AFTER {
                    self.is_told = true;
                    let (objects, bytes) = (self.objects, ByteSize(self.bar.length().unwrap_or(0)));
                    self.say(&format!("{} {objects} objects, {bytes}{}", self.doing, self.note));
                }
                if self.bar.is_hidden() && self.bar.elapsed() > self.said + SAY_EVERY {
                    if self.said.is_zero() {
                        self.say(&format!("{} all objects{}", self.doing, self.note));
                    }
                    self.said = self.bar.elapsed();
                    self.say(&self.far(copied.objects, copied.seen_bytes));
                }
            }
        }
    }

    /// How far it is, and how long the rest takes if it goes on like this.
    fn far(&self, objects: u64, bytes: u64) -> String {
        let (all, length) = (self.objects, self.bar.length().unwrap_or(0));
        let left_secs = u128::from(self.bar.elapsed().as_secs()) * u128::from(length.saturating_sub(bytes))
            / u128::from(bytes.max(1));
        format!(
            "{objects} of {all} objects, {} of {}; about {} min left",
            ByteSize(bytes),
            ByteSize(length),
            left_secs.div_ceil(60)
        )
    }

    fn say(&self, text: &str) {
        self.bar.suspend(|| Output::new(false).note(text));
    }

    /// Removes the bar.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
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
