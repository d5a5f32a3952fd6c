//! Credentials of the environment's variables alone, in builds without AWS's chain (feature `aws-chain`).

use std::env::var;
use std::future::ready;
use std::sync::Arc;

use dray_s3::Credentials;

use super::credentials::{Find, Kept};
use crate::config::SettingError;

/// The credentials in the variables. They do not expire.
#[expect(clippy::disallowed_methods, reason = "AWS's variables, which its chain reads in other builds")]
pub(super) async fn find(_region: &str) -> Result<Find, SettingError> {
    let set = |name| var(name).ok().filter(|value| !value.is_empty());
    let (Some(access_key_id), Some(secret_access_key)) =
        (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY"))
    else {
        return Err(SettingError {
            setting: "--s3-bucket",
            rule: "needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: this quick build knows no other source of AWS's credential chain; \
                   `make dist` makes one that does"
                .into(),
        });
    };
    let credentials =
        Credentials { access_key_id, secret_access_key, session_token: set("AWS_SESSION_TOKEN") };
    Ok(Arc::new(move || Box::pin(ready(Ok(Kept { credentials: credentials.clone(), expires_at: None })))))
}
