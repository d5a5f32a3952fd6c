//! The settings of an external object store.

use dray_s3::{AddressingStyle, Credentials, Endpoint, EndpointError, is_region};

use super::SettingError;

/// A bucket of an external object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// Where this server reaches the store; `None` means AWS.
    pub endpoint: Option<String>,
    /// Where clients reach the store, if that differs: URLs are signed for this host.
    pub public_endpoint: Option<String>,
    /// The bucket, which must exist.
    pub bucket: String,
    /// Its region, as in signatures.
    pub region: String,
    /// `http://host/bucket/key` rather than `http://bucket.host/key`.
    pub path_style: bool,
    /// `None` means that the server finds them as AWS's tools do (environment, profile, web identity, container, instance).
    pub credentials: Option<Credentials>,
}

/// The longest name of a bucket, in bytes: S3's limit for buckets made before March 2018.
const MAX_BUCKET_BYTES: usize = 255;

impl S3Config {
    /// Checks what can be checked without asking the store. (Ceph has buckets such as `tenant:bucket`.)
    pub fn check(&self) -> Result<(), SettingError> {
        let refused = |setting, rule: &str| Err(SettingError { setting, rule: rule.to_owned() });
        let in_bucket = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
        if !(1..=MAX_BUCKET_BYTES).contains(&self.bucket.len()) || !self.bucket.bytes().all(in_bucket) {
            return refused(
                "--s3-bucket",
                "must be the name of a bucket, or not set (then files are in the data folder)",
            );
        }
        if !is_region(&self.region) {
            return refused("--s3-region", "must be a region such as eu-central-1");
        }
        self.server_endpoint().map(drop)
    }

    /// The address at which this server reaches the store.
    pub fn server_url(&self) -> String {
        let Self { endpoint, region, .. } = self;
        // The regions of China are a separate partition (AWS General Reference, "Amazon S3 endpoints").
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.{domain}"))
    }

    /// Where this server reaches the store. The bucket is in the path if it cannot be in the host (because the host is
    /// an address, or because the bucket has a dot and no certificate covers it), whatever clients do.
    pub fn server_endpoint(&self) -> Result<Endpoint, SettingError> {
        let (setting, url) = self.server_setting();
        let has_no_certificate = url.starts_with("https") && self.bucket.contains('.');
        if !self.path_style && !has_no_certificate {
            match Endpoint::parse(&url, AddressingStyle::Virtual) {
                Err(EndpointError::VirtualNeedsHostName) => {}
                endpoint => return endpoint.map_err(|err| self.unusable(setting, err)),
            }
        }
        Endpoint::parse(&url, AddressingStyle::Path).map_err(|err| self.unusable(setting, err))
    }

    /// Where clients reach the store.
    pub fn public_endpoint(&self) -> Result<Endpoint, SettingError> {
        let style = if self.path_style { AddressingStyle::Path } else { AddressingStyle::Virtual };
        let (setting, url) = match &self.public_endpoint {
            Some(url) => ("--s3-public-endpoint", url.clone()),
            None => self.server_setting(),
        };
        Endpoint::parse(&url, style).map_err(|err| self.unusable(setting, err))
    }

    fn server_setting(&self) -> (&'static str, String) {
        let setting = if self.endpoint.is_some() { "--s3-endpoint" } else { "--s3-region" };
        (setting, self.server_url())
    }

    fn unusable(&self, setting: &'static str, err: EndpointError) -> SettingError {
        let style = if self.path_style {
            ""
        } else {
            "; with --s3-path-style the bucket needs no host name of its own"
        };
        SettingError { setting, rule: format!("cannot be used: {err}{style}") }
    }
}
