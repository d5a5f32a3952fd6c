//! Credentials as AWS's tools find them: in the environment, a profile, a web identity, a container or an instance.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::tls;
use dray_s3::Credentials;
use jiff::Timestamp;

use super::credentials::{Find, Kept, NoKeys};
use crate::config::SettingError;

/// The chain for a region. It is an error if the chain has nowhere to look.
pub(super) async fn find(region: &str) -> Result<Find, SettingError> {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let chain = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(provider).build_https())
        .region(Region::new(region.to_owned()))
        .load()
        .await;
    let provider = chain.credentials_provider().ok_or(SettingError {
        setting: "--s3-bucket",
        rule: "needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use any other source of AWS's credential chain".into(),
    })?;
    Ok(Arc::new(move || {
        let provider = provider.clone();
        Box::pin(async move {
            let found = provider.provide_credentials().await.map_err(|err| NoKeys(format!("{err:?}")))?;
            Ok(kept(&found))
        })
    }))
}

fn kept(found: &AwsCredentials) -> Kept {
    Kept {
        credentials: Credentials {
            access_key_id: found.access_key_id().to_owned(),
            secret_access_key: found.secret_access_key().to_owned(),
            session_token: found.session_token().map(str::to_owned),
        },
        expires_at: found.expiry().and_then(|end| Timestamp::try_from(end).ok()),
    }
}
