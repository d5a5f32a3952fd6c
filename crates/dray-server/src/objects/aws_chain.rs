//! Credentials as AWS's tools find them: in the environment, a profile, a web identity, a container or an instance.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::tls;
use dray_api::with_causes;
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
            let found = provider.provide_credentials().await.map_err(|err| no_keys(&err))?;
            Ok(kept(&found))
        })
    }))
}

/// The chain lists what it tried on lines of their own.
fn no_keys(err: &dyn std::error::Error) -> NoKeys {
    NoKeys(with_causes(err).replace(":\n  ", ": ").replace("\n  ", ", "))
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

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;

    use super::*;

    #[test]
    fn missing_credentials_are_told_with_their_causes_on_one_line_and_what_to_set() {
        let tried = "none found. Attempted:\n  Environment: not set\n  Profile: none";
        let said = no_keys(&CredentialsError::not_loaded(tried)).to_string();
        assert!(said.contains("Attempted: Environment: not set, Profile: none"), "{said}");
        assert!(said.contains("set AWS_ACCESS_KEY_ID") && !said.contains(['{', '\n']), "{said}");
    }
}
