//! The stages of a Signature Version 4, one file each: the canonical request, the string to sign, the key.
//! Signing and verifying share these stages. They know no HTTP types and do not decide what is allowed.

pub(crate) mod canonical;
pub(crate) mod key;
pub(crate) mod string_to_sign;
pub(crate) mod timestamp;

pub(crate) use canonical::CanonicalRequest;
pub(crate) use key::SigningKey;
pub(crate) use string_to_sign::{Scope, string_to_sign};

/// The only algorithm that Dray signs with and accepts.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Stands for the hash of a body that is not signed.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Hex of the SHA-256 of an empty body.
pub(crate) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[cfg(test)]
pub(crate) mod example {
    //! The account, bucket and time of the examples in the AWS S3 API reference.

    use crate::Credentials;

    pub(crate) fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        }
    }

    pub(crate) fn now() -> jiff::Timestamp {
        "2013-05-24T00:00:00Z".parse().unwrap()
    }
}
