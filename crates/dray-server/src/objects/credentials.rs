//! The credentials that sign requests and URLs: either from their owner, or found by AWS's chain
//! (environment, profile, web identity, container, instance) and renewed.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use dray_s3::Credentials;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::config::SettingError;
use crate::drive::Error;

/// Credentials are renewed when they are valid for less than this, so that URLs live for some time.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// How long to wait for newer credentials while there are valid ones. A call has little more time than that.
const PATIENCE: Duration = Duration::from_millis(500);

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

/// Returns the credentials to sign with now, which never expire.
pub type Current = Arc<dyn Fn() -> Credentials + Send + Sync>;

/// Where credentials come from.
#[derive(Clone)]
pub(super) enum Keys {
    /// From their owner.
    Current(Current),
    /// From AWS's chain.
    Chain(Chain),
}

/// AWS's chain, and the credentials that it found last.
#[derive(Clone)]
pub(super) struct Chain {
    provider: SharedCredentialsProvider,
    kept: Arc<RwLock<Option<Kept>>>,
    /// Held by whoever looks for new credentials, one at a time.
    looking: Arc<Mutex<()>>,
}

/// Credentials, and their expiry if they have one.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) credentials: Credentials,
    pub(super) expires_at: Option<Timestamp>,
}

impl Keys {
    pub(super) fn fixed(credentials: &Credentials) -> Self {
        let credentials = credentials.clone();
        Self::Current(Arc::new(move || credentials.clone()))
    }

    pub(super) fn of_chain(provider: SharedCredentialsProvider) -> Self {
        Self::Chain(Chain { provider, kept: Arc::default(), looking: Arc::default() })
    }

    /// Credentials that are valid now and, if possible, for some time.
    pub(super) async fn get(&self, now: Timestamp) -> Result<Kept, NoKeys> {
        match self {
            Self::Current(current) => Ok(Kept { credentials: current(), expires_at: None }),
            Self::Chain(chain) => chain.get(now).await,
        }
    }
}

impl Chain {
    async fn get(&self, now: Timestamp) -> Result<Kept, NoKeys> {
        let kept = self.kept();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_good_for(RENEW_BEFORE, now)) {
            return Ok(kept.clone());
        }
        let Some(kept) = kept.filter(|kept| kept.is_good_for(SignedDuration::ZERO, now)) else {
            let looking = Arc::clone(&self.looking).lock_owned().await;
            return match self.kept().filter(|kept| kept.is_good_for(SignedDuration::ZERO, now)) {
                // Another call has found new ones meanwhile.
                Some(kept) => Ok(kept),
                None => self.look(looking).await,
            };
        };
        // The present ones are used until they expire, whether newer ones can be found or not.
        let Ok(looking) = Arc::clone(&self.looking).try_lock_owned() else { return Ok(kept) };
        match tokio::time::timeout(PATIENCE, self.look(looking)).await {
            Ok(Ok(newer)) => Ok(newer),
            _ => Ok(kept),
        }
    }

    fn kept(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks for credentials and keeps them, even if its caller goes away meanwhile.
    async fn look(&self, looking: OwnedMutexGuard<()>) -> Result<Kept, NoKeys> {
        let (provider, kept) = (self.provider.clone(), Arc::clone(&self.kept));
        let task = tokio::spawn(async move {
            let _looking = looking;
            let found = provider.provide_credentials().await.map_err(|err| NoKeys(format!("{err:?}")))?;
            let found = Kept::from(&found);
            *kept.write().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
            Ok(found)
        });
        task.await.map_err(|err| NoKeys(err.to_string()))?
    }
}

impl Kept {
    fn is_good_for(&self, time: SignedDuration, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end.duration_since(now) > time)
    }
}

/// No credentials were found.
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
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::SystemTime;

    use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError, future};

    use super::*;

    /// Returns other credentials each time, valid for 20 minutes from the beginning; fails the third time.
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
    async fn credentials_are_kept_renewed_before_they_expire_and_used_until_they_do() {
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

    /// Answers once, with credentials that are valid for 20 minutes from the beginning, and never again.
    #[derive(Debug, Default)]
    struct Hanging(AtomicU32);

    impl ProvideCredentials for Hanging {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            if self.0.fetch_add(1, Ordering::SeqCst) > 0 {
                return future::ProvideCredentials::new(std::future::pending());
            }
            let end = SystemTime::UNIX_EPOCH + Duration::from_mins(20);
            let found = AwsCredentials::new("key", "secret", None, Some(end), "test");
            future::ProvideCredentials::ready(Ok(found))
        }
    }

    #[tokio::test]
    async fn while_credentials_are_valid_nobody_waits_for_a_hanging_provider() {
        let keys = Keys::of_chain(SharedCredentialsProvider::new(Hanging::default()));
        let at = |mins: i64| Timestamp::from_second(mins * 60).unwrap();
        for mins in [0, 15, 19] {
            let kept = tokio::time::timeout(PATIENCE * 4, keys.get(at(mins))).await.unwrap().unwrap();
            assert_eq!(kept.credentials.access_key_id, "key");
        }
        assert!(tokio::time::timeout(PATIENCE, keys.get(at(20))).await.is_err(), "there are none");
    }
}
