//! Where browsers find stored bytes: on a separate host (`--bytes-url`), on the server's host, or at an external store.

use dray_s3::Endpoint;

use crate::config::{Config, SettingError, public_endpoint};
use crate::objects::Objects;

/// The separate address of stored bytes, if there is one.
pub fn endpoint(config: &Config) -> Result<Option<Endpoint>, SettingError> {
    let refused = |rule: String| SettingError { setting: "--bytes-url", rule };
    let Some(url) = &config.bytes_url else { return Ok(None) };
    if config.s3.is_some() && !config.s3_relay {
        let rule = "is for the embedded store and --s3-relay; clients reach an external store at --s3-public-endpoint";
        return Err(refused(rule.into()));
    }
    let endpoint = public_endpoint(url).ok().filter(|endpoint| endpoint.base_path().is_empty());
    let example = || refused(format!("must be an address such as https://bytes.example.com, not {url:?}"));
    let endpoint = endpoint.ok_or_else(example)?;
    let page = config.public_url.as_deref().and_then(|url| public_endpoint(url).ok());
    if page.is_some_and(|page| page.host("") == endpoint.host("")) {
        return Err(refused(
            "must have another host than --public-url, because that host serves only stored bytes".into(),
        ));
    }
    Ok(Some(endpoint))
}

/// Origins that the page sends parts to and reads downloads from, besides its own; each after a space.
pub(crate) fn page_origins(public_url: Option<&str>, bytes: Option<&Endpoint>, objects: &Objects) -> String {
    let origin = |endpoint: &Endpoint| format!(" {}://{}", endpoint.scheme(), endpoint.host(objects.name()));
    if let Some(endpoint) = objects.public_endpoint().or(bytes) {
        return origin(endpoint);
    }
    let public = public_url.and_then(|url| public_endpoint(url).ok());
    public.map(|endpoint| origin(&endpoint)).unwrap_or_default()
}
