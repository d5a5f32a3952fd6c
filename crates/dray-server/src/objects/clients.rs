//! The clients of the store: how long and how often they ask, and with which credentials.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::SharedHttpClient;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls;

use super::answers;
use super::keys::Keys;
use crate::config::SettingError;

/// How often a call is asked in all.
pub(super) const ATTEMPTS: u32 = 3;
/// Before it is asked again.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A call and its repeats: whoever waits for a store that is down shall hear of it within two seconds.
const CALL_TIMEOUT: Duration = Duration::from_millis(1400);
/// A store may take long to complete an upload of many parts (AWS: minutes), so this is only a bound.
const COMPLETE_TIMEOUT: Duration = Duration::from_mins(10);

/// One client, in what its calls wait for. Building another a call would cost more than many calls do.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) usual: Client,
    /// Asks once, and leaves it to its caller to ask again.
    pub(super) once: Client,
    /// Waits for answers that may take long.
    pub(super) patient: Client,
}

impl Clients {
    pub(super) fn new(usual: aws_sdk_s3::config::Builder) -> Self {
        let once = usual.clone().retry_config(RetryConfig::disabled());
        let patient = usual.clone().timeout_config(timeouts(COMPLETE_TIMEOUT));
        let [usual, once, patient] = [usual, once, patient].map(|config| Client::from_conf(config.build()));
        Self { usual, once, patient }
    }
}

/// The credentials that AWS's chain finds.
pub(super) async fn credentials_chain(region: &str) -> Result<SharedCredentialsProvider, SettingError> {
    let chain = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https())
        .region(Region::new(region.to_owned()))
        .load()
        .await;
    chain.credentials_provider().ok_or(SettingError {
        setting: "--s3-bucket",
        rule: "needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or any other way of AWS's chain".into(),
    })
}

/// What every client has in common.
pub(super) fn sdk_config(keys: &Keys, region: &str, path_style: bool) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(https())
        .region(Region::new(region.to_owned()))
        .credentials_provider(keys.provider())
        .force_path_style(path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
        .timeout_config(timeouts(CALL_TIMEOUT))
}

fn timeouts(operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(operation).build()
}

fn https() -> SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    answers::corrected(aws_smithy_http_client::Builder::new().tls_provider(provider).build_https())
}
