//! `dray doctor`: prints the findings of the checks.

use dray_ops::doctor::{Addresses, Finding, Verdict, examine};
use serde_json::json;

use super::serve;
use crate::args::Doctor;
use crate::exit::Exit;
use crate::output::Output;

pub(super) async fn doctor(args: Doctor) -> anyhow::Result<Exit> {
    let output = Output::new(args.json);
    let page = page(args.serve.public_url.as_deref(), &args.serve.listen);
    let (listen, metrics) = (args.serve.listen.clone(), args.serve.metrics_listen.clone());
    let at = Addresses { page: &page, listen: &listen, metrics: metrics.as_deref() };
    let findings = examine(&serve::config(args.serve, false), &at).await;
    for finding in &findings {
        output.results(&text(finding), &value(finding))?;
    }
    let has_failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if has_failed { Exit::Error } else { Exit::Ok })
}

/// The origin of the page.
fn page(public_url: Option<&str>, listen: &str) -> String {
    public_url.map_or_else(|| format!("http://{listen}"), |url| url.trim_end_matches('/').to_owned())
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    }
}

/// One line for each finding, and more lines if there is something to do.
fn text(finding: &Finding) -> Vec<String> {
    let Finding { check, verdict, found, why, remedy } = finding;
    let mut lines = vec![format!("{:<5} {check}: {}", word(*verdict), one_line(found))];
    if let Some(remedy) = remedy {
        lines.push(format!("      why: {}", one_line(why)));
        // A remedy may have several lines.
        lines.extend(format!("      do:  {remedy}").lines().map(str::to_owned));
    }
    lines
}

fn value(finding: &Finding) -> serde_json::Value {
    let Finding { check, verdict, found, why, remedy } = finding;
    json!({ "check": check, "verdict": word(*verdict).to_lowercase(), "found": found, "why": why, "remedy": remedy })
}

/// Puts a text on one line: a store's message can be anything.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
