//! The credentials that sign requests and URLs. Either the caller supplies them, or the server finds and renews them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dray_s3::Credentials;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::drive::Error;

/// The server renews credentials that are valid for less than this, so that signed URLs do not expire too soon.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// How long to wait for newer credentials while the present ones are valid. A call has little more time than that.
const PATIENCE: Duration = Duration::from_millis(500);

/// Looks for credentials.
pub(super) type Find = Arc<dyn Fn() -> BoxFuture<'static, Result<Kept, NoKeys>> + Send + Sync>;

/// Returns the credentials to sign with now, which never expire.
pub type Current = Arc<dyn Fn() -> Credentials + Send + Sync>;

/// Where credentials come from.
#[derive(Clone)]
pub(super) enum Keys {
    /// Supplied by the store's owner.
    Current(Current),
    /// Found, and looked for again before they expire.
    Found(Found),
}

/// A way to find credentials, and those that it found last.
#[derive(Clone)]
pub(super) struct Found {
    find: Find,
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

    pub(super) fn found_by(find: Find) -> Self {
        Self::Found(Found { find, kept: Arc::default(), looking: Arc::default() })
    }

    /// Credentials that are valid now and, if possible, for some time.
    pub(super) async fn get(&self, now: Timestamp) -> Result<Kept, NoKeys> {
        match self {
            Self::Current(current) => Ok(Kept { credentials: current(), expires_at: None }),
            Self::Found(found) => found.get(now).await,
        }
    }
}

impl Found {
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
        // The present credentials stay in use until they expire, even if newer ones cannot be found.
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
        let (find, kept) = (Arc::clone(&self.find), Arc::clone(&self.kept));
        let task = tokio::spawn(async move {
            let _looking = looking;
            let found = find().await?;
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
#[error(
    "no credentials were found for the object store ({0}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine or container a role"
)]
pub(super) struct NoKeys(pub(super) String);

impl From<NoKeys> for Error {
    fn from(err: NoKeys) -> Self {
        Self::StoreUnreachable { detail: err.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::FutureExt as _;

    use super::*;

    fn at(mins: i64) -> Timestamp {
        Timestamp::from_second(mins * 60).unwrap()
    }

    /// Credentials that are called `key`, good until so many minutes from the beginning of time.
    fn good_until(key: &str, mins: i64) -> Kept {
        let credentials = Credentials {
            access_key_id: key.to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        };
        Kept { credentials, expires_at: Some(at(mins)) }
    }

    #[tokio::test]
    async fn credentials_are_kept_renewed_before_they_expire_and_used_until_they_do() {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        // Other credentials each time; the third time fails.
        let keys = Keys::found_by(Arc::new(move || {
            let asked = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let found = good_until(&format!("key{asked}"), i64::from(asked) * 20);
            ready(if asked == 3 { Err(NoKeys("gone".into())) } else { Ok(found) }).boxed()
        }));
        let key = async |mins| Ok::<_, NoKeys>(keys.get(at(mins)).await?.credentials.access_key_id);
        assert_eq!(key(0).await.unwrap(), "key1");
        assert_eq!(key(9).await.unwrap(), "key1");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "kept");
        assert_eq!(key(10).await.unwrap(), "key2", "renewed ten minutes before the end");
        assert_eq!(key(35).await.unwrap(), "key2", "nothing new is to be had");
        assert_eq!(key(40).await.unwrap(), "key4");
    }

    #[tokio::test]
    async fn while_credentials_are_valid_nobody_waits_for_a_hanging_provider() {
        let asked = AtomicU32::new(0);
        let keys = Keys::found_by(Arc::new(move || match asked.fetch_add(1, Ordering::SeqCst) {
            0 => ready(Ok(good_until("key", 20))).boxed(),
            _ => pending().boxed(),
        }));
        for mins in [0, 15, 19] {
            let kept = tokio::time::timeout(PATIENCE * 4, keys.get(at(mins))).await.unwrap().unwrap();
            assert_eq!(kept.credentials.access_key_id, "key");
        }
        assert!(tokio::time::timeout(PATIENCE, keys.get(at(20))).await.is_err(), "there are none");
    }
}
