//! The retry policy, in one place: which failures are tried again, how often, and after how long a wait.

use std::time::Duration;

use dray_api::ErrorCode;

use crate::error::{Error, StoreError};

/// Tries of one request, including the first. With [`backoff`] they take 12 to 25 seconds. That is long enough to
/// wait for a server that restarts, and short enough to report a dead server while the user still watches.
pub(crate) const MAX_TRIES: u32 = 8;

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// The longest `Retry-After` that a call waits for. A longer one is reported instead.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// The effect of repeating a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing: the second answer is the same as the first.
    Safe,
    /// Nothing. But an upload that the server is finalizing cannot be aborted, and the caller must hear that at once.
    Abort,
    /// It may create a second thing, or fail because of what the first request did. The request is repeated only if
    /// the server cannot have begun it.
    MakesAnother,
}

/// Whether a finalize that failed with `error` may still have its item: nothing was heard, or the server is at work.
pub(crate) fn is_undecided(error: &Error) -> bool {
    match error {
        Error::Network { .. } | Error::AnswerTooLong { .. } | Error::NotDray { .. } => true,
        Error::Api { status, body } => *status == 429 || *status >= 500 || is_finalizing(body.code),
        _ => false,
    }
}

/// Whether the code says that the server is finalizing an upload, or has made its item.
pub(crate) fn is_finalizing(code: ErrorCode) -> bool {
    use ErrorCode as Code;
    matches!(code, Code::AlreadyFinalized | Code::FinalizeInProgress | Code::FinalizePending)
}

/// Whether (and after how long a wait) a call that failed for the `tries`-th time is tried again.
pub(crate) fn wait_before_retry(error: &Error, tries: u32, repeat: Repeat, random: u32) -> Option<Duration> {
    if tries >= MAX_TRIES {
        return None;
    }
    let is_safe = repeat != Repeat::MakesAnother;
    let secs = |asked: Option<u64>| Duration::from_secs(asked.unwrap_or(0));
    let asked = match error {
        Error::Api { body, .. } if repeat == Repeat::Abort && is_finalizing(body.code) => return None,
        Error::Network { never_sent, .. } if *never_sent || is_safe => Duration::ZERO,
        // The server refused it before it began anything.
        Error::Api { status: 429, body } => secs(body.retry_after),
        Error::Api { status: 502..=504, body } if is_safe => secs(body.retry_after),
        // The first try is still under way, and its answer will be this one's too.
        Error::Api { body, .. } if body.code == ErrorCode::IdempotencyKeyInUse => secs(body.retry_after),
        // A proxy answers for a server that restarts, or that gets too many requests.
        Error::NotDray { status: 429, retry_after, .. } => secs(*retry_after),
        Error::NotDray { status: 502..=504, retry_after, .. } if is_safe => secs(*retry_after),
        Error::Store { error, .. } if is_transient(error) => secs(error.retry_after),
        _ => return None,
    };
    (asked <= LONGEST_RETRY_AFTER).then(|| asked.max(backoff(tries, random)))
}

/// Whether a store's error may go away by itself (S3's error list: 5xx, `SlowDown`, `RequestTimeout`).
fn is_transient(error: &StoreError) -> bool {
    matches!(error.status, 429 | 500..=599)
        || matches!(error.code.as_deref(), Some("RequestTimeout" | "SlowDown" | "OperationAborted"))
}

/// Whether a new URL may cure a store's error: the URL expired (403), or the
/// credentials that signed it did (400 `ExpiredToken`).
pub(crate) fn wants_new_url(error: &StoreError) -> bool {
    error.status == 403 || (error.status == 400 && error.code.as_deref() == Some("ExpiredToken"))
}

/// Exponential. Half of it is random, so that clients that failed together do not return together.
pub(crate) fn backoff(tries: u32, random: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(LONGEST_WAIT);
    let half = doubled / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// A key for one thing to create: 128 random bits. `None` if the system gives no random bytes.
pub(crate) fn new_key() -> Option<String> {
    let (high, low) = (getrandom::u64().ok()?, getrandom::u64().ok()?);
    Some(format!("{high:016x}{low:016x}"))
}

/// Random bits for [`wait_before_retry`]. Without them there is no jitter, and clients may return together.
pub(crate) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use dray_api::{ErrorBody, ErrorCode};
    use proptest::prelude::*;

    use super::*;

    fn api(status: u16, retry_after: Option<u64>) -> Error {
        let body = ErrorBody {
            status_code: status,
            error: String::new(),
            code: ErrorCode::Unknown,
            message: String::new(),
            retry_after,
        };
        Error::Api { status, body: Box::new(body) }
    }

    fn network(never_sent: bool) -> Error {
        Error::Network { peer: String::new(), cause: String::new(), never_sent }
    }

    fn store(status: u16, code: &str) -> StoreError {
        StoreError { status, code: Some(code.into()), message: String::new(), retry_after: None }
    }

    #[test]
    fn a_request_that_may_create_another_thing_is_repeated_only_if_the_server_did_not_begin() {
        let retried = |error: &Error, repeat| wait_before_retry(error, 1, repeat, 0).is_some();
        for (error, safe, makes_another) in [
            (network(true), true, true),
            (network(false), true, false),
            (api(429, None), true, true),
            (api(502, None), true, false),
            (api(503, None), true, false),
            (api(504, None), true, false),
            (api(500, None), false, false),
            (api(507, None), false, false),
            (api(400, None), false, false),
            (api(409, None), false, false),
        ] {
            assert_eq!(retried(&error, Repeat::Safe), safe, "{error:?}");
            assert_eq!(retried(&error, Repeat::MakesAnother), makes_another, "{error:?}");
        }
    }

    #[test]
    fn a_request_that_is_still_under_way_is_waited_for() {
        let mut error = api(409, Some(1));
        if let Error::Api { body, .. } = &mut error {
            body.code = ErrorCode::IdempotencyKeyInUse;
        }
        assert_eq!(wait_before_retry(&error, 1, Repeat::Safe, 0), Some(Duration::from_secs(1)));
    }

    #[test]
    fn each_thing_has_its_own_key() {
        let (first, second) = (new_key().unwrap(), new_key().unwrap());
        assert!(first != second && first.len() == 32);
    }

    #[test]
    fn retry_after_is_obeyed_unless_it_is_too_long_for_a_person() {
        let wait = |secs| wait_before_retry(&api(429, Some(secs)), 1, Repeat::Safe, 0);
        assert_eq!(wait(7), Some(Duration::from_secs(7)));
        assert_eq!(wait(61), None);
        for secs in [7, 61, u64::MAX] {
            let asked = Some(secs);
            let slow_down = StoreError { retry_after: asked, ..store(503, "SlowDown") };
            let errors = [
                Error::Store { during: String::new(), error: slow_down },
                Error::NotDray { server: String::new(), status: 503, retry_after: asked },
                Error::NotDray { server: String::new(), status: 429, retry_after: asked },
            ];
            for error in errors {
                let waited = wait_before_retry(&error, 1, Repeat::Safe, 0);
                assert_eq!(waited, (secs == 7).then_some(Duration::from_secs(7)), "{error:?}");
            }
        }
    }

    #[test]
    fn tries_are_bounded() {
        assert!(wait_before_retry(&network(true), MAX_TRIES - 1, Repeat::Safe, 0).is_some());
        assert_eq!(wait_before_retry(&network(true), MAX_TRIES, Repeat::Safe, 0), None);
    }

    #[test]
    fn an_expired_url_needs_a_new_one() {
        assert!(wants_new_url(&store(403, "AccessDenied")));
        assert!(wants_new_url(&store(400, "ExpiredToken")));
        assert!(!wants_new_url(&store(400, "EntityTooLarge")));
        assert!(!wants_new_url(&store(404, "NoSuchUpload")));
    }

    proptest! {
        #[test]
        fn a_wait_is_between_half_and_all_of_the_doubled_one(tries in 1..100_u32, random: u32) {
            let most = (250_u64 << (tries - 1).min(16)).min(8_000);
            let wait = u64::try_from(backoff(tries, random).as_millis()).unwrap();
            prop_assert!((most / 2..=most).contains(&wait), "{} {}", wait, most);
        }
    }
}
