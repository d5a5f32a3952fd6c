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
}

/// Why [`authenticate`](crate::authenticate) refused.
pub type AuthError = S3Error;

impl S3Error {
    /// An error with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}
