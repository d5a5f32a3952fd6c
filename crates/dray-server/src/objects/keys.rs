//! The credentials that requests and URLs are signed with: fixed ones, or those that AWS's chain finds (environment,
//! profile, web identity, container, instance) and renews.

use std::sync::{PoisonError, RwLock};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use dray_s3::Credentials;
use jiff::{SignedDuration, Timestamp};

use crate::config::SettingError;
use crate::drive::Error;

/// Credentials are renewed when they are good for less than this, so that URLs live for some time.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// The credentials that AWS's chain finds.
pub(super) async fn credentials_chain(region: &str) -> Result<SharedCredentialsProvider, SettingError> {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let chain = aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(provider).build_https())
        .region(Region::new(region.to_owned()))
        .load()
        .await;
    chain.credentials_provider().ok_or(SettingError {
        setting: "--s3-bucket",
        rule: "needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or any other way of AWS's chain".into(),
    })
}

/// Where credentials come from, and those that were found last.
pub(super) struct Keys {
    /// `None`: those that are kept have no end.
    provider: Option<SharedCredentialsProvider>,
    kept: RwLock<Option<Kept>>,
}

/// Credentials, and when they end if they do.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) credentials: Credentials,
    pub(super) expires_at: Option<Timestamp>,
}

impl Keys {
    pub(super) fn fixed(credentials: &Credentials) -> Self {
        let kept = Kept { credentials: credentials.clone(), expires_at: None };
        Self { provider: None, kept: RwLock::new(Some(kept)) }
    }

    pub(super) fn of_chain(provider: SharedCredentialsProvider) -> Self {
        Self { provider: Some(provider), kept: RwLock::default() }
    }

    /// Credentials that are good now and, if they can be had, for some time.
    pub(super) async fn get(&self, now: Timestamp) -> Result<Kept, NoKeys> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        let left = |kept: &Kept| kept.expires_at.map(|end| end.duration_since(now));
        if let Some(kept) = kept.as_ref().filter(|kept| left(kept).is_none_or(|left| left > RENEW_BEFORE)) {
            return Ok(kept.clone());
        }
        let found = match &self.provider {
            Some(provider) => provider.provide_credentials().await.map_err(|err| format!("{err:?}")),
            None => Err("none were given".to_owned()),
        };
        match found {
            Ok(found) => {
                let found = Kept::from(&found);
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
                Ok(found)
            }
            // Those that there are serve until they end.
            Err(err) => {
                kept.filter(|kept| left(kept).is_some_and(|left| left.is_positive())).ok_or(NoKeys(err))
            }
        }
    }
}

/// No credentials are to be had.
#[derive(Debug, thiserror::Error)]
#[error("no credentials: {0}")]
pub(super) struct NoKeys(String);

impl From<NoKeys> for Error {
    fn from(err: NoKeys) -> Self {
        Self::StoreUnreachable { detail: err.to_string() }
    }
}

impl From<&AwsCredentials> for Kept {
    fn from(found: &AwsCredentials) -> Self {
        Self {
            credentials: Credentials {
                access_key_id: found.access_key_id().to_owned(),
                secret_access_key: found.secret_access_key().to_owned(),
                session_token: found.session_token().map(str::to_owned),
            },
            expires_at: found.expiry().and_then(|end| Timestamp::try_from(end).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, SystemTime};

    use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};

    use super::*;

    /// Answers other credentials each time, good for 20 minutes from the beginning of time; fails the third time.
    #[derive(Debug, Default)]
    struct Rotating(Arc<AtomicU32>);

    impl ProvideCredentials for Rotating {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let asked = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            let end = SystemTime::UNIX_EPOCH + Duration::from_mins(20 * u64::from(asked));
            let found = AwsCredentials::new(format!("key{asked}"), "secret", None, Some(end), "test");
            let found = if asked == 3 { Err(CredentialsError::not_loaded("gone")) } else { Ok(found) };
            future::ProvideCredentials::ready(found)
        }
    }

    #[tokio::test]
    async fn credentials_are_kept_renewed_before_they_end_and_used_until_they_do() {
        let asked = Arc::new(AtomicU32::new(0));
        let keys = Keys::of_chain(SharedCredentialsProvider::new(Rotating(Arc::clone(&asked))));
        let at = |mins: i64| Timestamp::from_second(mins * 60).unwrap();
        let key = async |mins| Ok::<_, NoKeys>(keys.get(at(mins)).await?.credentials.access_key_id);
        assert_eq!(key(0).await.unwrap(), "key1");
        assert_eq!(key(9).await.unwrap(), "key1");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "kept");
        assert_eq!(key(10).await.unwrap(), "key2", "renewed ten minutes before the end");
        assert_eq!(key(35).await.unwrap(), "key2", "nothing new is to be had");
        assert_eq!(key(40).await.unwrap(), "key4");
    }
}
