//! The trailers after the last chunk: names, values, and what their signature covers.

use sha2::{Digest, Sha256};

use super::MAX_TRAILERS;
use crate::{ErrorCode, S3Error, payload::lower_hex};

const SIGNATURE: &str = "x-amz-trailer-signature";

/// The trailers of a body, in the order sent, without their signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers(Vec<(String, String)>);

impl Trailers {
    /// The value of a trailer; its name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every name (in lower case) and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn add(&mut self, line: &[u8], allowed: bool) -> Result<(), S3Error> {
        if !allowed {
            return Err(malformed("This body has trailers that its x-amz-content-sha256 does not announce"));
        }
        let line = std::str::from_utf8(line).ok().filter(|line| line.is_ascii());
        let (name, value) = line
            .and_then(|line| line.split_once(':'))
            .ok_or_else(|| malformed("A trailer must be name:value in ASCII"))?;
        let name = name.to_ascii_lowercase();
        if !is_name(&name) {
            return Err(malformed("A trailer's name is not a valid header name"));
        }
        if self.0.len() == MAX_TRAILERS || self.get(&name).is_some() {
            return Err(malformed("There are too many trailers, or one of them occurs twice"));
        }
        self.0.push((name, value.trim().to_owned()));
        Ok(())
    }

    /// Removes the signature. It must be the last trailer, because it does not cover anything after it.
    pub(super) fn take_signature(&mut self) -> Option<[u8; 32]> {
        let signature = self.0.last().filter(|(name, _)| name == SIGNATURE)?;
        let signature = lower_hex(&signature.1)?;
        self.0.pop();
        Some(signature)
    }

    /// SHA-256 of the trailers, each as `name:value\n`.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (name, value) in self.iter() {
            hash.update(format!("{name}:{value}\n"));
        }
        hash.finalize().into()
    }
}

/// Whether this is the name of a header, in lower case: a token of RFC 9110, section 5.6.2. (`http::HeaderName` takes `"` too.)
fn is_name(name: &str) -> bool {
    let is_of_token =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_of_token)
}

pub(super) fn malformed(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::MalformedTrailerError, message)
}
