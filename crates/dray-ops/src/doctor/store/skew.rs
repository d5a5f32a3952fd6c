//! How far this machine's clock is from the store's.

use jiff::{SignedDuration, Timestamp};
use reqwest::header;

use super::as_client::{failure_of, text};
use super::{Patient, Step};
use crate::doctor::Finding;

/// S3 refuses signatures whose time differs by more than this.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(15);
const SKEW_WORTH_A_WORD: SignedDuration = SignedDuration::from_mins(1);

impl Patient<'_> {
    /// Sends any request, because every answer has a date.
    pub(super) async fn clock(&mut self) -> Step {
        const CHECK: &str = "clock";
        const WHY: &str = "a store refuses signatures whose time is 15 minutes off";
        let address = self.config.server_url();
        let answer = self.http.get(&address).send().await.map_err(|err| {
            let found = format!("{address} does not answer: {}", failure_of(&err));
            let remedy = "set --s3-endpoint to the address where this machine reaches the store";
            Finding::fail("endpoint", "the server reaches the store there", found, remedy)
        })?;
        let now = self.clock.now();
        let Some(date) = text(&answer, header::DATE).and_then(|date| http_date(&date)) else {
            let found = "the store's answer has no date";
            self.findings.push(Finding::warn(CHECK, WHY, found, "compare the clocks yourself"));
            return Ok(());
        };
        let skew = now.duration_since(date).abs();
        let found = format!("{} s away from the store's clock", skew.as_secs());
        let remedy = "set the clocks of this machine and of the store (timedatectl set-ntp true)";
        if skew >= MAX_SKEW {
            return Err(Finding::fail(CHECK, WHY, found, remedy));
        }
        self.findings.push(if skew >= SKEW_WORTH_A_WORD {
            Finding::warn(CHECK, WHY, found, remedy)
        } else {
            Finding::ok(CHECK, WHY, found)
        });
        Ok(())
    }
}

/// The time in a `Date` header (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_is_read() {
        let date = http_date("Wed, 25 Nov 2026 17:34:43 GMT").map(|date| date.to_string());
        assert_eq!(date.as_deref(), Some("2026-11-25T17:34:43Z"));
        assert_eq!(http_date("yesterday"), None);
    }
}
