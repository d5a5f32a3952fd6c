//! The secrets of personal access tokens, `cp_pat_…`, and of grants, `cp_grant_…`. After the prefix come 30 random
//! base62 characters (178 bits) and a 6-character base62 CRC32 of everything before it. The CRC32 lets the server
//! refuse a mistyped or invented one without a query. Only the SHA-256 is ever stored.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

const TOKEN_PREFIX: &str = "cp_pat_";
const GRANT_PREFIX: &str = "cp_grant_";
const INTEGRATION_KEY_PREFIX: &str = "cp_key_";
const RANDOM_CHARS: usize = 30;
const CHECK_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token's secret text. `Debug` hides it; only [`AccessToken::reveal`] returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

/// What the database stores of a token: its SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl AccessToken {
    /// Makes a token from random bytes. It calls `random` until it has 30 bytes below 248 (4 × 62), so that every
    /// character is equally likely.
    pub fn generate(random: impl FnMut() -> Result<[u8; 32]>) -> Result<Self> {
        Self::with_prefix(TOKEN_PREFIX, random)
    }

    /// Makes a grant in the same way.
    pub fn generate_grant(random: impl FnMut() -> Result<[u8; 32]>) -> Result<Self> {
        Self::with_prefix(GRANT_PREFIX, random)
    }

    fn with_prefix(prefix: &str, mut random: impl FnMut() -> Result<[u8; 32]>) -> Result<Self> {
        let end = prefix.len() + RANDOM_CHARS;
        let mut text = String::with_capacity(end + CHECK_CHARS);
        text.push_str(prefix);
        while text.len() < end {
            let room = end - text.len();
            let fair = random()?.into_iter().filter(|b| *b < 248).take(room);
            text.extend(fair.map(|b| char::from(ALPHABET[usize::from(b % 62)])));
        }
        text.push_str(&check(&text));
        Ok(Self(text))
    }

    /// Reads a token that a caller sent.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with(INTEGRATION_KEY_PREFIX) {
            return Err(Error::WrongTokenKind);
        }
        let prefix = if text.starts_with(GRANT_PREFIX) { GRANT_PREFIX } else { TOKEN_PREFIX };
        let is_well_formed = text.is_ascii()
            && text.starts_with(prefix)
            && text.len() == prefix.len() + RANDOM_CHARS + CHECK_CHARS
            && text[text.len() - CHECK_CHARS..] == check(&text[..text.len() - CHECK_CHARS]);
        if is_well_formed { Ok(Self(text.to_owned())) } else { Err(Error::InvalidToken) }
    }

    /// The secret text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash for the database.
    pub fn hash(&self) -> TokenHash {
        TokenHash(hex::encode(Sha256::digest(&self.0)))
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

impl TokenHash {
    /// Hexadecimal, 64 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// CRC32 (ISO-HDLC) in base62, most significant first, padded to six characters.
fn check(text: &str) -> String {
    let mut rest = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, text.as_bytes());
    let mut chars = [b'0'; CHECK_CHARS];
    for place in chars.iter_mut().rev() {
        *place = ALPHABET[usize::try_from(rest % 62).unwrap_or_default()];
        rest /= 62;
    }
    chars.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> AccessToken {
        AccessToken::generate(|| Ok(std::array::from_fn(|i| u8::try_from(i * 8).unwrap()))).unwrap()
    }

    #[test]
    fn a_token_has_the_documented_form_and_reads_back() {
        let token = token();
        assert_eq!(token.reveal().len(), 7 + 30 + 6);
        assert_eq!(AccessToken::parse(token.reveal()), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        assert_eq!(token.hash().as_str().len(), 64);
    }

    #[test]
    fn a_grant_has_a_prefix_of_its_own_which_its_check_covers() {
        let grant = AccessToken::generate_grant(|| Ok([7; 32])).unwrap();
        assert!(grant.reveal().starts_with("cp_grant_") && grant.reveal().len() == 9 + 30 + 6);
        assert_eq!(AccessToken::parse(grant.reveal()), Ok(grant.clone()));
        let as_token = grant.reveal().replace("cp_grant_", "cp_pat_");
        assert_eq!(AccessToken::parse(&as_token), Err(Error::InvalidToken));
    }

    #[test]
    fn bytes_that_would_make_some_characters_likelier_are_not_used() {
        let mut calls = 0;
        let token = AccessToken::generate(|| {
            calls += 1;
            Ok(if calls == 1 { [255; 32] } else { [0; 32] })
        })
        .unwrap();
        assert!(token.reveal().starts_with(&format!("cp_pat_{}", "0".repeat(30))));
        assert_eq!(calls, 2);
    }

    #[test]
    fn one_wrong_character_anywhere_is_an_invalid_token() {
        let text = token().reveal().to_owned();
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(AccessToken::parse(&wrong), Err(Error::InvalidToken), "{at}");
        }
        assert_eq!(AccessToken::parse(""), Err(Error::InvalidToken));
        assert_eq!(AccessToken::parse("cp_pat_é"), Err(Error::InvalidToken));
    }

    #[test]
    fn an_integration_key_has_an_error_of_its_own() {
        assert_eq!(AccessToken::parse("cp_key_whatever"), Err(Error::WrongTokenKind));
    }
}
