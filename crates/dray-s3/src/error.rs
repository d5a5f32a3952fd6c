//! The answer to a refused request: a code, and a message for people.

use std::borrow::Cow;

use crate::ErrorCode;

/// Why the store refused a request: the S3 error code, and a message that says what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct S3Error {
    /// The code that a client checks. It also determines the HTTP status.
    pub code: ErrorCode,
    /// A message for people. It never contains a secret, a signature or a token.
    pub message: Cow<'static, str>,
    /// The store's region, if the request was signed for another: a client can sign again for this one.
    pub region: Option<String>,
}

/// Why [`authenticate`](crate::authenticate) refused a request.
pub type AuthError = S3Error;

impl S3Error {
    /// An error with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), region: None }
    }

    /// The same error, with the region that the request should have been signed for.
    #[must_use]
    pub fn expecting_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }
}
