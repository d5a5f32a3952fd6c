//! Percent-encoding as S3 signs it: every character except `A-Z a-z 0-9 - . _ ~` becomes `%XX`, in upper case (AWS S3
//! API reference, "Signature Calculations": `UriEncode`). It normalises neither `//` nor `..`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};

const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &COMPONENT.remove(b'/');

/// A `%` that is not followed by two hexadecimal digits, or bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid percent-encoded UTF-8")]
pub struct InvalidEncoding;

/// Encodes one component of a URI (a query name or value); `/` is encoded too.
pub fn encode_component(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, COMPONENT).into()
}

/// Encodes an object key or path; `/` stays.
pub fn encode_path(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PATH).into()
}

/// Decodes a raw path to the text it stands for; `+` is a plus sign here.
pub fn decode_path(raw: &str) -> Result<Cow<'_, str>, InvalidEncoding> {
    check_escapes(raw)?;
    percent_decode_str(raw).decode_utf8().map_err(|_| InvalidEncoding)
}

/// Decodes a raw query name or value; `+` is a space (WHATWG URL, "application/x-www-form-urlencoded").
pub(crate) fn decode_component(raw: &str) -> Result<String, InvalidEncoding> {
    decode_path(&raw.replace('+', " ")).map(Cow::into_owned)
}

/// The canonical spelling of a raw path: decoded, then encoded again, so that each path has one spelling.
pub(crate) fn canonical_path(raw: &str) -> Result<String, InvalidEncoding> {
    check_escapes(raw)?;
    let decoded: Cow<'_, [u8]> = percent_decode_str(raw).into();
    Ok(percent_encode(&decoded, PATH).to_string())
}

fn check_escapes(raw: &str) -> Result<(), InvalidEncoding> {
    let valid = raw.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    valid.then_some(()).ok_or(InvalidEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_stay_and_all_else_is_encoded() {
        assert_eq!(encode_component("aZ09-._~ /+é"), "aZ09-._~%20%2F%2B%C3%A9");
        assert_eq!(encode_path("a b//../ü"), "a%20b//../%C3%BC");
    }

    #[test]
    fn canonical_path_has_one_spelling_and_normalises_nothing() {
        assert_eq!(canonical_path("/b/%61%2f%7e%c3%a9").unwrap(), "/b/a/~%C3%A9");
        assert_eq!(canonical_path("/b//../x+y").unwrap(), "/b//../x%2By");
        assert_eq!(canonical_path("/b/%FF").unwrap(), "/b/%FF");
    }

    #[test]
    fn broken_escapes_are_refused() {
        for bad in ["%", "%4", "%zz", "a%2", "%%41", "%4é"] {
            assert_eq!(canonical_path(bad), Err(InvalidEncoding), "{bad}");
            assert_eq!(decode_path(bad), Err(InvalidEncoding), "{bad}");
        }
        assert_eq!(decode_path("%ff"), Err(InvalidEncoding));
    }
}
