//! The settings of webhooks: which addresses are called, and the secret that signs the calls.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// The least and the most bytes of a secret (Standard Webhooks, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const SECRET_PREFIX: &str = "whsec_";
/// How long an address may be: it is part of a key in the database (Postgres: a third of a page).
const MAX_URL_CHARS: usize = 2_000;

/// Where to post events.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Every event is posted to each of these addresses; an address that is here twice counts once.
    pub urls: Vec<WebhookUrl>,
    /// Signs the calls.
    pub secret: WebhookSecret,
    /// Whether addresses that are not public may be called. Otherwise they are refused, because a person who may set
    /// an address could use the server to reach services that only this machine's network should reach.
    pub allow_private: bool,
}

/// A setting that cannot be used. The text is the end of a sentence that starts with the setting's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhook {
    /// An address that cannot be called.
    #[error(
        "must be an http or https address without a user or a fragment, of at most 2,000 characters, such as https://example.com/hook (write a comma in it as %2C)"
    )]
    Url,
    /// A text that is not a secret.
    #[error(
        "must be whsec_ and 24 to 64 bytes in base64: make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    Secret,
}

/// An address that events are posted to. `Debug` shows only its host, because the rest may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The address, which may be a secret.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address as text, which may be a secret.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The part of the address that may be logged.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl FromStr for WebhookUrl {
    type Err = InvalidWebhook;

    fn from_str(text: &str) -> Result<Self, InvalidWebhook> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidWebhook::Url)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        let is_called = matches!(url.scheme(), "http" | "https") && url.has_host();
        if is_called && !has_user && url.fragment().is_none() && url.as_str().len() <= MAX_URL_CHARS {
            Ok(Self(url))
        } else {
            Err(InvalidWebhook::Url)
        }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}…)", self.host())
    }
}

/// The secret that signs calls, `whsec_…`. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// The bytes that sign calls.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for WebhookSecret {
    type Err = InvalidWebhook;

    fn from_str(text: &str) -> Result<Self, InvalidWebhook> {
        let encoded = text.trim().strip_prefix(SECRET_PREFIX).ok_or(InvalidWebhook::Secret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidWebhook::Secret)?;
        if SECRET_BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidWebhook::Secret) }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_called_are_refused() {
        for text in
            ["", "example.com", "ftp://a.b", "https://u:p@a.b/", "https://a.b/#c", "file:///etc/passwd"]
        {
            assert_eq!(text.parse::<WebhookUrl>(), Err(InvalidWebhook::Url), "{text}");
        }
        let of_length =
            |length: usize| format!("https://a.b/{}", "c".repeat(length - 12)).parse::<WebhookUrl>();
        assert!(of_length(2_000).is_ok() && of_length(2_001).is_err());
        let url: WebhookUrl = "https://hooks.example.com/T0/secret?x=y".parse().unwrap();
        assert_eq!(format!("{url:?}"), "WebhookUrl(hooks.example.com…)", "the rest may be a secret");
    }

    #[test]
    fn a_secret_has_the_form_of_standard_webhooks() {
        let secret =
            |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes])).parse::<WebhookSecret>();
        assert_eq!(secret(24).unwrap().bytes(), [7; 24]);
        assert!(secret(64).is_ok());
        assert_eq!(secret(23), Err(InvalidWebhook::Secret));
        assert_eq!(secret(65), Err(InvalidWebhook::Secret));
        assert_eq!("plain".parse::<WebhookSecret>(), Err(InvalidWebhook::Secret));
        assert_eq!(format!("{:?}", secret(24).unwrap()), "WebhookSecret(…)");
    }
}
