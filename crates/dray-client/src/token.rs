//! The access token: a secret that no `Debug` output and no error may show.

use std::fmt;
use std::str::FromStr;

use reqwest::header::HeaderValue;

/// A personal access token.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// A text that cannot be a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is one word of visible ASCII characters, as `dray token create` prints it")]
pub struct InvalidToken;

impl FromStr for Token {
    type Err = InvalidToken;

    /// Parses the token as the server printed it. White space around it, such as a file's last newline, is dropped.
    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| InvalidToken)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// The `Authorization` header (RFC 6750, 2.1).
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_a_token() {
        let token: Token = "cp_pat_secret\n".parse().unwrap();
        assert!(!format!("{token:?} {:?}", token.authorization()).contains("secret"));
    }

    #[test]
    fn a_text_that_cannot_be_a_header_value_is_not_a_token() {
        for text in ["", " \n", "a b", "a\nb", "é"] {
            assert_eq!(text.parse::<Token>().err(), Some(InvalidToken), "{text:?}");
        }
    }
}
