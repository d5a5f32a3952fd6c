//! What the terminal gets: results on standard output, everything else on standard error, neither of them
//! into the middle of a progress bar.

use std::io::{self, Write};

use indicatif::ProgressBar;
use serde::Serialize;

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

    /// A result: `text` for people, or `value` for programs (one line).
    pub(crate) fn result(&self, text: &str, value: &impl Serialize) -> io::Result<()> {
        let line = if self.json { serde_json::to_string(value)? } else { text.to_owned() };
        self.bar.suspend(|| print(&line))
    }

    /// A remark for people.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }
}

/// Lines on standard output.
pub(crate) fn print(lines: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{lines}")?;
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

/// Never more than one line, whatever names and messages came from elsewhere.
fn say(text: &str) {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Without standard error there is nowhere left to say so.
    let _ = writeln!(io::stderr().lock(), "dray: {line}");
}
