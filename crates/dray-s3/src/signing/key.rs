//! Stage 3: the signing key and the signature (AWS S3 API reference, "Task 3: Calculate Signature").

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::string_to_sign::{SERVICE, Scope, TERMINATOR};

pub(crate) type HmacSha256 = Hmac<Sha256>;

/// A key that signs for one day, region and service.
#[derive(Clone)]
pub(crate) struct SigningKey(HmacSha256);

impl SigningKey {
    /// The key for S3 of this secret and scope.
    pub(crate) fn derive(secret_access_key: &str, scope: Scope<'_>) -> Self {
        Self::derive_for(secret_access_key, scope, SERVICE)
    }

    fn derive_for(secret_access_key: &str, scope: Scope<'_>, service: &str) -> Self {
        let seed = keyed(format!("AWS4{secret_access_key}").as_bytes());
        let steps = [scope.date, scope.region, service, TERMINATOR];
        Self(steps.iter().fold(seed, |key, step| keyed(&mac(key, step.as_bytes()))))
    }

    /// The signature of a string to sign, as bytes.
    pub(crate) fn sign(&self, string_to_sign: &str) -> [u8; 32] {
        mac(self.0.clone(), string_to_sign.as_bytes())
    }

    /// The keyed state before any message byte.
    pub(crate) fn state(&self) -> HmacSha256 {
        self.0.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("a key of any length")
}

fn mac(mut state: HmacSha256, message: &[u8]) -> [u8; 32] {
    state.update(message);
    state.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// The signing key does not keep the derived bytes, so the test compares the HMACs that both make of a message.
    #[test]
    fn derived_key_example_of_the_iam_guide() {
        let scope = Scope { date: "20150830", region: "us-east-1" };
        let key = SigningKey::derive_for(SECRET, scope, "iam");
        let published =
            hex::decode("c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9").unwrap();
        assert_eq!(key.sign("message"), mac(keyed(&published), b"message"));
    }

    #[test]
    fn signature_example_of_the_iam_guide() {
        let scope = Scope { date: "20150830", region: "us-east-1" };
        let text = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                    f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        let signature = SigningKey::derive_for(SECRET, scope, "iam").sign(text);
        assert_eq!(
            hex::encode(signature),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn debug_shows_no_key() {
        let scope = Scope { date: "20150830", region: "us-east-1" };
        assert_eq!(format!("{:?}", SigningKey::derive(SECRET, scope)), "SigningKey([redacted])");
    }
}
