//! Checks what a server needs that strangers can reach: TLS, an address of its own, quotas, and metrics that only its operator
//! can read. Everything here works without them, so the findings are warnings.

use std::net::{IpAddr, SocketAddr};

use super::{Addresses, Finding, place};
use dray_db::usage;
use dray_drive::settings::{Config, is_local_url};
use dray_server::data_folder;

const REACH: (&str, &str) =
    ("strangers", "a server that strangers can reach needs more than one for this machine");
const TLS: (&str, &str) =
    ("TLS", "tokens and signed URLs are secrets, and without TLS anybody on the way can read them");
const ADDRESS: (&str, &str) =
    ("public address", "URLs are signed for whatever host a caller names, unless the server knows its own");
const METRICS: (&str, &str) = ("metrics", "anybody who reaches --metrics-listen can read the metrics");
const QUOTAS: (&str, &str) = ("quotas", "a user without a quota can fill the disk");

/// Looks at the settings, and in the database for quotas.
pub(super) async fn examine(config: &Config, at: &Addresses<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> = metrics(at.metrics).await.into_iter().collect();
    let public = config.public_url.as_deref().filter(|url| is_local_url(url) != Some(true));
    if public.is_none() && is_local(at.listen).await {
        let (check, why) = REACH;
        let found = format!("only this machine reaches the server, at {}", at.listen);
        findings.push(Finding::ok(check, why, found));
        return findings;
    }
    findings.push(tls(config, public, is_local(at.listen).await));
    findings.push(address(config));
    findings.extend(quotas(config).await);
    findings
}

fn tls(config: &Config, public: Option<&str>, listens_locally: bool) -> Finding {
    let (check, why) = TLS;
    let remedy = "set --tls-cert and --tls-key, or end TLS in a proxy in front of the server, and begin --public-url with https://";
    match public {
        Some(url) if !is_https(url) => {
            Finding::warn(check, why, format!("--public-url is not https: {url}"), remedy)
        }
        None if config.tls.is_none() && !listens_locally => Finding::warn(
            check,
            why,
            "the server has no certificate, and no --public-url with https:// says that a proxy has one",
            remedy,
        ),
        _ if config.tls.is_some() => Finding::ok(check, why, "the server has a certificate"),
        _ => Finding::ok(check, why, "--public-url is https, so a proxy ends TLS"),
    }
}

fn address(config: &Config) -> Finding {
    let (check, why) = ADDRESS;
    if config.own_hosts().is_empty() {
        let remedy = "set --public-url to the address that people use, and --host to its further names";
        return Finding::warn(check, why, "neither --public-url nor --host is set", remedy);
    }
    Finding::ok(check, why, "URLs are signed only for the hosts of --public-url and --host")
}

/// `None` without a listener for metrics.
async fn metrics(listen: Option<&str>) -> Option<Finding> {
    let ((check, why), listen) = (METRICS, listen?);
    if addresses(listen).await.into_iter().all(is_internal) {
        return Some(Finding::ok(check, why, format!("{listen} is an internal address")));
    }
    let found = format!("{listen} is not an internal address");
    let remedy = "give --metrics-listen an internal address of this machine, such as 127.0.0.1:9090";
    Some(Finding::warn(check, why, found, remedy))
}

/// `None` if there is no drive yet, or its tables are those of another version.
async fn quotas(config: &Config) -> Option<Finding> {
    // Opening an older database would migrate it to this version, and only the server should do that.
    if !place::is_current(config).await {
        return None;
    }
    let db = data_folder::open_database(&config.data, config.database_url.as_ref(), 1).await.ok()?;
    let unlimited = db.read(|c| Ok(usage::users_without_quota(c)?)).await;
    db.close().await;
    let (check, why) = QUOTAS;
    Some(match unlimited.ok()? {
        0 => Finding::ok(check, why, "every user has one, or all users together have one"),
        users => {
            let found = format!("users whom no quota limits: {users}");
            let remedy =
                "dray workspace quota 2TiB for all users together, dray user quota EMAIL 50GiB for one";
            Finding::warn(check, why, found, remedy)
        }
    })
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// Whether only this machine can reach the address.
async fn is_local(listen: &str) -> bool {
    let found = addresses(listen).await;
    !found.is_empty() && found.into_iter().all(|ip| ip.is_loopback())
}

/// What an address to listen on means. None if this machine cannot say.
async fn addresses(listen: &str) -> Vec<IpAddr> {
    tokio::net::lookup_host(listen)
        .await
        .map(|found| found.map(|at: SocketAddr| at.ip()).collect())
        .unwrap_or_default()
}

/// Whether the public Internet has no such addresses (RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598).
fn is_internal(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use dray_drive::settings::{HostName, TlsFiles};

    /// The checks that warn, for these settings.
    async fn warns(config: Config, listen: &str, metrics: Option<&str>) -> Vec<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().to_owned(), ..config };
        let found = examine(&config, &Addresses { page: "", listen, metrics }).await;
        assert!(!found.is_empty() && found.iter().all(|finding| finding.verdict != Verdict::Fail));
        let warnings = found.into_iter().filter(|finding| finding.verdict == Verdict::Warn);
        warnings.map(|finding| finding.check).collect()
    }

    fn at(public_url: &str) -> Config {
        Config { public_url: Some(public_url.to_owned()), ..Config::default() }
    }

    #[tokio::test]
    async fn a_server_that_strangers_reach_without_tls_or_an_address_of_its_own_is_warned_of() {
        let open = "0.0.0.0:8080";
        assert_eq!(warns(Config::default(), "127.0.0.1:8080", None).await, [""; 0]);
        assert_eq!(warns(Config::default(), open, None).await, ["TLS", "public address"]);
        assert_eq!(warns(at("http://drive.example.com"), open, None).await, ["TLS"]);
        assert_eq!(warns(at("http://drive.example.com"), "127.0.0.1:8080", None).await, ["TLS"]);
        assert_eq!(warns(at("https://drive.example.com"), open, None).await, [""; 0]);
        assert_eq!(warns(at("http://localhost:8080"), "127.0.0.1:8080", None).await, [""; 0]);
        let tls = Some(TlsFiles { cert: "c".into(), key: "k".into() });
        let hosts: Vec<HostName> = vec!["drive.example.com".parse().unwrap()];
        assert_eq!(warns(Config { tls, hosts, ..Config::default() }, open, None).await, [""; 0]);
    }

    #[tokio::test]
    async fn metrics_belong_on_an_internal_address() {
        for (listen, warned) in [
            ("127.0.0.1:9090", false),
            ("10.1.2.3:9090", false),
            ("[fd00::1]:9090", false),
            ("0.0.0.0:9090", true),
            ("[::]:9090", true),
            ("203.0.113.7:9090", true),
        ] {
            assert_eq!(
                warns(Config::default(), "127.0.0.1:8080", Some(listen)).await.contains(&"metrics"),
                warned,
                "{listen}"
            );
        }
    }
}
