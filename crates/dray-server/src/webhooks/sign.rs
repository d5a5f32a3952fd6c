//! The signature of a call (Standard Webhooks, "Signature scheme"): HMAC-SHA-256 of id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use super::WebhookSecret;
use crate::drive::{Error, Result};

/// The value of `webhook-signature`.
pub(super) fn signature(secret: &WebhookSecret, id: &str, at: Timestamp, body: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).map_err(Error::internal)?;
    mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_equals_the_published_example() {
        // The example of the reference libraries' tests (github.com/standard-webhooks/standard-webhooks).
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
