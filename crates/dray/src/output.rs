//! What the terminal gets: results on standard output, everything else on standard error, neither of them
//! into the middle of a progress bar. Nothing else in this program writes to either (a test sees to that), so all of it
//! is made safe here, whoever it comes from.

use std::io::{self, Write};

use indicatif::ProgressBar;
use serde::Serialize;

use crate::terminal;

/// Where a command's results and remarks go.
pub(crate) struct Output {
    json: bool,
    bar: ProgressBar,
}

impl Output {
    /// Without a progress bar.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, bar: ProgressBar::hidden() }
    }

    /// Around `bar`.
    pub(crate) fn around(bar: ProgressBar, json: bool) -> Self {
        Self { json, bar }
    }

    /// A result: one line for people, or `value` for programs (one line too).
    pub(crate) fn result(&self, line: &str, value: &impl Serialize) -> io::Result<()> {
        self.results(&[line], value)
    }

    /// A result that is several lines for people, or none.
    pub(crate) fn results(&self, lines: &[impl AsRef<str>], value: &impl Serialize) -> io::Result<()> {
        let text = if self.json {
            terminal::json(&serde_json::to_string(value)?).into_owned()
        } else if lines.is_empty() {
            return Ok(());
        } else {
            lines.iter().map(|line| terminal::line(line.as_ref())).collect::<Vec<_>>().join("\n")
        };
        self.bar.suspend(|| write(&text))
    }

    /// A remark for people.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }
}

/// Lines of this program's own making on standard output.
pub(crate) fn print(lines: &str) -> io::Result<()> {
    write(&terminal::lines(lines))
}

/// Standard output is written here alone.
fn write(safe: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{safe}")?;
    stdout.flush()
}

/// The one line that says why a command failed (the libraries' errors name their causes). A reader of standard output that went away (`| head`) is no
/// failure worth a word.
pub(crate) fn complain(error: &anyhow::Error) {
    let reader_left =
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if !reader_left {
        say(&error.to_string());
    }
}

/// What is wrong with the arguments, several lines of it, as their parser says it. They may hold what a server sent (as
/// in `dray download "$id"`).
pub(crate) fn complain_of_arguments(text: &str) {
    put(&terminal::lines(text.trim_end()));
}

/// Never more than one line.
fn say(text: &str) {
    put(&format!("dray: {}", terminal::remark(text)));
}

/// Standard error is written here alone.
fn put(safe: &str) {
    // Without standard error there is nowhere left to say so.
    let _ = writeln!(io::stderr().lock(), "{safe}");
}
