//! Requests that create something and may be sent again: every repeat gets the answer of the first request
//! (draft-ietf-httpapi-idempotency-key-header-07). The transaction that creates the thing also stores the answer, so
//! one never exists without the other. A refusal is not stored, so the corrected request may use the same key.

use dray_api::UploadRowId;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Service;
use crate::db::Conn;
use crate::db::idempotency::{self, Kept, Key};
use crate::drive::access::Caller;
use crate::drive::{Error, Result};

/// How long a key is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How many keys of one token the sweeper keeps: the latest ones.
const MOST_OF_A_TOKEN: usize = 10_000;
/// How many keys one transaction removes.
const AT_ONCE: usize = 5_000;

/// What identifies a request, if it has a key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Once(Option<Keyed>);

#[derive(Debug, Clone)]
struct Keyed {
    route: &'static str,
    key: String,
    fingerprint: String,
}

/// What a request created, or what an earlier request with the same key created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made<T> {
    /// The answer.
    pub(crate) answer: T,
    /// Whether an earlier request created it.
    pub(crate) is_repeat: bool,
}

impl<T> Made<T> {
    pub(super) fn now(answer: T) -> Self {
        Self { answer, is_repeat: false }
    }

    pub(super) fn before(answer: T) -> Self {
        Self { answer, is_repeat: true }
    }
}

impl Once {
    /// A request to `route` with `key`. `fingerprint` identifies its method, path and body.
    pub(crate) fn keyed(route: &'static str, key: String, fingerprint: String) -> Self {
        Self(Some(Keyed { route, key, fingerprint }))
    }

    /// The answer of the first request with this key. If there was none, the result of `make`, which this stores
    /// under the key.
    pub(super) fn make<T: Serialize + DeserializeOwned>(
        &self,
        c: &Conn,
        caller: &Caller,
        now: Timestamp,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Made<T>> {
        if let Some(answer) = self.answered(c, caller, now)? {
            return Ok(Made::before(answer));
        }
        let answer = make()?;
        self.keep_answer(c, caller, now, &answer)?;
        Ok(Made::now(answer))
    }

    /// The answer of the first request with this key, if there was one.
    pub(super) fn answered<T: DeserializeOwned>(
        &self,
        c: &Conn,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<T>> {
        let answer = self.kept(c, caller, now)?.and_then(|kept| kept.answer);
        answer.map(|json| serde_json::from_str(&json).map_err(Error::internal)).transpose()
    }

    /// Stores what a request that creates several things has created so far.
    pub(super) fn keep_answer<T: Serialize>(
        &self,
        c: &Conn,
        caller: &Caller,
        now: Timestamp,
        answer: &T,
    ) -> Result<()> {
        self.keep(c, caller, now, || {
            let answer = serde_json::to_string(answer).map_err(Error::internal)?;
            Ok((Some(answer), None))
        })
    }

    /// The upload that the first request with this key started, if there was one.
    pub(super) fn begun(&self, c: &Conn, caller: &Caller, now: Timestamp) -> Result<Option<UploadRowId>> {
        Ok(self.kept(c, caller, now)?.and_then(|kept| kept.upload))
    }

    /// Stores that a request started an upload. The upload's own row says how far the start has come.
    pub(super) fn keep_upload(
        &self,
        c: &Conn,
        caller: &Caller,
        id: UploadRowId,
        now: Timestamp,
    ) -> Result<()> {
        self.keep(c, caller, now, || Ok((None, Some(id))))
    }

    fn kept(&self, c: &Conn, caller: &Caller, now: Timestamp) -> Result<Option<Kept>> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        let since = now.checked_sub(KEPT_FOR).map_err(Error::internal)?;
        let kept = idempotency::take(c, keyed.key(caller)?, since)?;
        match &kept {
            Some(kept) if kept.fingerprint != keyed.fingerprint => Err(Error::KeyReused),
            _ => Ok(kept),
        }
    }

    fn keep(
        &self,
        c: &Conn,
        caller: &Caller,
        now: Timestamp,
        made: impl FnOnce() -> Result<(Option<String>, Option<UploadRowId>)>,
    ) -> Result<()> {
        let Some(keyed) = &self.0 else { return Ok(()) };
        let (answer, upload) = made()?;
        let kept = Kept { fingerprint: keyed.fingerprint.clone(), answer, upload };
        Ok(idempotency::keep(c, keyed.key(caller)?, caller, &kept, now)?)
    }
}

impl Keyed {
    /// Keys belong to a token, because another token may not be allowed to see this one's answers.
    fn key(&self, caller: &Caller) -> Result<Key<'_>> {
        let token = caller.token.ok_or_else(|| Error::internal("a key without a token"))?;
        Ok(Key { token, route: self.route, text: &self.key })
    }
}

impl Service {
    /// Removes keys that are old, and the oldest keys of users who have too many.
    pub(super) async fn sweep_keys(&self, now: Timestamp) -> Result<()> {
        let before = now.checked_sub(KEPT_FOR).map_err(Error::internal)?;
        let forget = move |c: &Conn<'_>| Ok(idempotency::forget_old(c, before, AT_ONCE)?);
        while self.db.write_freeing(forget).await? == AT_ONCE as u64 {}
        let over = self.db.read_long(|c| Ok(idempotency::over(c, MOST_OF_A_TOKEN)?)).await?;
        for (token, since) in over {
            self.db.write_freeing(move |c| Ok(idempotency::forget_of(c, token, since)?)).await?;
        }
        Ok(())
    }
}
