//! Output to the terminal: results on standard output, everything else on standard error, and neither of them in the
//! middle of a progress bar. Nothing else in this program writes to either (a test checks that), so this file makes
//! all texts safe for a terminal, wherever they come from.

use std::io::{self, Write};

use indicatif::ProgressBar;
use serde::Serialize;

use crate::terminal;

/// Prints a command's results and remarks.
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

    /// Prints a result: one line for people, or `value` as one line of JSON for programs.
    pub(crate) fn result(&self, line: &str, value: &impl Serialize) -> io::Result<()> {
        self.results(&[line], value)
    }

    /// Prints a result that has several lines for people, or none.
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

    /// Prints a remark for people.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }
}

/// Prints lines that this program composed on standard output.
pub(crate) fn print(lines: &str) -> io::Result<()> {
    write(&terminal::lines(lines))
}

/// The only place that writes to standard output.
fn write(safe: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{safe}")?;
    stdout.flush()
}

/// Prints one line that says why a command failed (the libraries' errors name their causes). If the reader of standard
/// output is gone (`| head`), it prints nothing, because that is not a failure.
pub(crate) fn complain(error: &anyhow::Error) {
    let reader_left =
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if !reader_left {
        let text = error.to_string();
        say(&format!("{text}{}", if is_no_tls(&text) { NO_TLS } else { "" }));
    }
}

/// What people should know about an error of a TLS handshake.
const NO_TLS: &str = "; the server does not speak TLS at this address: try http:// instead of https://";

/// Whether a server answered a TLS handshake with something else. Only the text of the TLS library says so.
fn is_no_tls(text: &str) -> bool {
    text.contains("InvalidContentType")
}

/// Prints the parser's message about wrong arguments, which has several lines. An argument may contain a text from a
/// server (as in `dray download "$id"`).
pub(crate) fn complain_of_arguments(text: &str) {
    put(&terminal::lines(text.trim_end()));
}

/// Prints one line, never more.
fn say(text: &str) {
    put(&format!("dray: {}", terminal::remark(text)));
}

/// The only place that writes to standard error.
fn put(safe: &str) {
    // Without standard error, there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{safe}");
}
