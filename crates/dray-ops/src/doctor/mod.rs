//! The checks of `dray doctor`. It does what a server and its clients do, reports what fails, and removes everything
//! that it made.

mod bytes;
mod exposed;
mod mark;
mod place;
mod proxy;
mod store;
mod time;

use dray_drive::settings::Config;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Ok,
    /// It works, but lacks something that some users need.
    Warn,
    /// It does not work.
    Fail,
}

/// The finding of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check, in a word or two.
    pub check: &'static str,
    /// The result.
    pub verdict: Verdict,
    /// The details of the result.
    pub found: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do: a setting, a command, or a document to apply.
    pub remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, why: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), why, remedy: None }
    }

    fn warn(check: &'static str, why: &'static str, found: impl Into<String>, remedy: &str) -> Self {
        let remedy = Some(remedy.to_owned());
        Self { check, verdict: Verdict::Warn, found: found.into(), why, remedy }
    }

    fn fail(check: &'static str, why: &'static str, found: impl Into<String>, remedy: &str) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(check, why, found, remedy) }
    }
}

/// Where a server is reached, besides what its [`Config`] says.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    /// The origin that the page is served from.
    pub page: &'a str,
    /// The address that the server listens on.
    pub listen: &'a str,
    /// The address that it answers requests for metrics on.
    pub metrics: Option<&'a str>,
}

/// Checks what a server with these settings would use.
pub async fn examine(config: &Config, at: &Addresses<'_>) -> Vec<Finding> {
    let mut findings = place::folder(config);
    findings.extend(place::database(config).await);
    match &config.s3 {
        None => findings.push(place::embedded_store(config)),
        Some(s3) => findings.extend(store::examine(config, s3, at.page).await),
    }
    findings.extend(mark::examine(config).await);
    findings.extend(bytes::examine(config, at.listen).await);
    findings.push(proxy::examine(config, at.listen));
    findings.extend(exposed::examine(config, at).await);
    findings
}
