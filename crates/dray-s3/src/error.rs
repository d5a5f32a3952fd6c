//! What a refused request is answered with: a code and a message for people.

use std::borrow::Cow;

use crate::ErrorCode;

/// Why a request was refused: the S3 error code and what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct S3Error {
    /// What a client matches on; it also fixes the HTTP status.
    pub code: ErrorCode,
    /// For people. Never holds a secret, a signature or a token.
    pub message: Cow<'static, str>,
    /// The store's region, if the request was signed for another: a client can sign again for this one.
    pub region: Option<String>,
}

/// Why [`authenticate`](crate::authenticate) refused.
pub type AuthError = S3Error;

impl S3Error {
    /// An error with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), region: None }
    }

    /// The same error, which names the region that the request should have been signed for.
    #[must_use]
    pub fn expecting_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }
}
