//! Checks all settings before anything is opened. Each error names the flag to change.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use dray_api::limits::MAX_FILE_BYTES;
use dray_s3::Endpoint;

use crate::config::{self, BUCKET, Config, OwnHosts, PROXY_SHARES, S3Config, SettingError, public_endpoint};
use crate::drive::rules::{LEAST_IDLE_LIFE, UploadRules};
use crate::http::{BasePath, route_table};
use crate::{Error, bytes_host, tls};

/// What settings mean that other programs see.
pub(crate) struct Checked {
    pub(crate) origins: Vec<HeaderValue>,
    pub(crate) public_url: Option<(String, BasePath)>,
    /// Where stored bytes are, if they have an address of their own.
    pub(crate) bytes: Option<Endpoint>,
    /// Where clients reach an external store.
    pub(crate) clients_endpoint: Option<Endpoint>,
}

/// Checks everything that can be checked without opening a file, a database or a store.
pub(crate) fn checked(config: &Config) -> Result<Checked, SettingError> {
    upload_rules(&config.uploads)?;
    download_ttl_secs(config.download_ttl)?;
    url_ttl_secs(config.url_ttl, &config.uploads)?;
    config.s3.as_ref().map_or(Ok(()), S3Config::check)?;
    Ok(Checked {
        origins: origins(&config.allow_origins)?,
        public_url: config.public_url.as_deref().map(public_url).transpose()?,
        bytes: bytes_host::endpoint(config)?,
        clients_endpoint: config.clients_endpoint()?,
    })
}

/// Checks all settings, and reads the files for TLS, but opens neither the data folder nor a database or store. Call this
/// before you create anything, such as the first token.
pub async fn check_settings(config: &Config) -> Result<(), Error> {
    checked(config)?;
    match &config.tls {
        Some(files) => tls::check(files).await,
        None => Ok(()),
    }
}

/// The allowed origins, in the form of headers.
fn origins(allowed: &[String]) -> Result<Vec<HeaderValue>, SettingError> {
    let rule = |origin: &String| SettingError {
        setting: "--allow-origin",
        rule: format!("must be an origin such as https://app.example.com, not {origin:?}"),
    };
    allowed
        .iter()
        .map(|origin| {
            let uri: Uri = origin.parse().map_err(|_| rule(origin))?;
            let is_origin = uri.scheme().is_some() && uri.authority().is_some() && !origin.ends_with('/');
            if !is_origin || uri.path().len() > 1 {
                return Err(rule(origin));
            }
            HeaderValue::from_str(origin).map_err(|_| rule(origin))
        })
        .collect()
}

/// The hosts that are the server's own. The server accepts a host that a trusted proxy names only if it is one of
/// these. If there are none, the log says so.
pub(crate) fn own_hosts(config: &Config) -> Arc<OwnHosts> {
    let hosts = config.own_hosts();
    if hosts.is_empty() && !config.trusted_proxies.is_empty() {
        tracing::warn!("{}", config::UNNAMED);
    }
    Arc::new(hosts)
}

/// The address without a slash at its end, and its path.
fn public_url(url: &str) -> Result<(String, BasePath), SettingError> {
    match public_endpoint(url) {
        Ok(endpoint) if endpoint.base_path().split('/').any(|part| part == "..") || is_taken(&endpoint) => {
            Err(SettingError {
                setting: "--public-url",
                rule: format!("must have another path: {} is one of Dray's own", endpoint.base_path()),
            })
        }
        Ok(endpoint) => Ok((url.trim_end_matches('/').to_owned(), BasePath::new(endpoint.base_path()))),
        Err(_) => Err(SettingError {
            setting: "--public-url",
            rule: format!("must be an address such as https://drive.example.com, not {url:?}"),
        }),
    }
}

/// Whether an address that is served without the prefix could be mistaken for one below the prefix.
fn is_taken(endpoint: &Endpoint) -> bool {
    let first = endpoint.base_path().split('/').nth(1).unwrap_or_default();
    let own = route_table();
    let mut own = own.iter().filter_map(|(_, path)| path.split('/').nth(1)).filter(|part| !part.is_empty());
    first == BUCKET || own.any(|part| part == first)
}

/// Refuses rules of uploads that contradict each other.
fn upload_rules(rules: &UploadRules) -> Result<(), SettingError> {
    let least = LEAST_IDLE_LIFE;
    if rules.idle_life < least {
        let rule = format!("must be at least {}, because people lose their connection", plain(least));
        return Err(SettingError { setting: "--upload-life", rule });
    }
    if rules.whole_life < rules.idle_life {
        let rule = "must be at least --upload-life".into();
        return Err(SettingError { setting: "--upload-max-life", rule });
    }
    if rules.max_open_uploads == 0 {
        return Err(SettingError { setting: "--max-open-uploads", rule: "must be at least 1".into() });
    }
    if rules.max_file_bytes > MAX_FILE_BYTES {
        let most = MAX_FILE_BYTES >> 40;
        let rule = format!("must be at most {most}TiB, which is the largest file that S3 accepts");
        return Err(SettingError { setting: "--max-file-size", rule });
    }
    Ok(())
}

/// S3 accepts signed URLs that are valid for at most seven days (AWS Signature Version 4, "Authenticating requests: using
/// query parameters").
pub(crate) fn download_ttl_secs(ttl: Duration) -> Result<u32, SettingError> {
    let allowed = Duration::from_mins(1)..=Duration::from_hours(7 * 24);
    u32::try_from(ttl.as_secs()).ok().filter(|_| allowed.contains(&ttl)).ok_or_else(|| SettingError {
        setting: "--download-ttl",
        rule: "must be 1m to 7d, which is the longest that S3 accepts".into(),
    })
}

/// An upload must expire later than the URLs that were signed for it, even if its new expiry could not be written.
pub(crate) fn url_ttl_secs(ttl: Duration, rules: &UploadRules) -> Result<u32, SettingError> {
    let longest = rules.idle_life.saturating_sub(rules.expiry_step());
    let allowed = Duration::from_secs(1)..=longest;
    u32::try_from(ttl.as_secs()).ok().filter(|_| allowed.contains(&ttl)).ok_or_else(|| SettingError {
        setting: "--url-ttl",
        rule: format!(
            "must be 1s to {}, because an upload expires --upload-life after its parts were last signed",
            plain(longest)
        ),
    })
}

/// A time as flags take it, in whole seconds: `23h`, `1h 30m`.
fn plain(time: Duration) -> String {
    let mut left = time.as_secs();
    let mut parts = Vec::new();
    for (unit, secs) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        let count = left / secs;
        left %= secs;
        if count > 0 || (secs == 1 && parts.is_empty()) {
            parts.push(format!("{count}{unit}"));
        }
    }
    parts.join(" ")
}

/// Logs a warning if the settings show signs of a proxy that is not trusted.
pub(crate) fn warn_of_unknown_proxy(config: &Config, listener: IpAddr) {
    if let Some(sign) = config.sign_of_unknown_proxy(listener.is_loopback()) {
        tracing::warn!(
            sign,
            "the server seems to be behind a proxy that --trust-proxy does not name: {PROXY_SHARES}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_time_is_told_as_flags_take_it() {
        for (secs, shown) in [(82_800, "23h"), (5400, "1h 30m"), (86_400, "1d"), (61, "1m 1s"), (0, "0s")] {
            assert_eq!(plain(Duration::from_secs(secs)), shown);
        }
        let refused =
            url_ttl_secs(Duration::from_hours(48), &UploadRules::default()).unwrap_err().to_string();
        assert!(refused.starts_with("--url-ttl must be 1s to 23h, "), "{refused}");
    }
}
