//! Names of items: which are allowed, when two count as one, and how they are sorted.

use std::borrow::Cow;
use std::fmt::Write as _;

use dray_api::limits::MAX_NAME_CHARS;
use dray_api::text::nfc;

use crate::extension::visible;
use crate::{Error, Result, line};

/// Increase this number whenever [`name_key`] or the words of `search.rs` change. The next server that starts then
/// updates all items that were written before.
pub const NAME_RULES: i64 = 1;

/// A name that a file or folder can have. It has 1 to 255 characters, is one path segment on every operating system,
/// and has no characters that make a person read another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName(String);

impl ItemName {
    /// Checks a name; `field` is what the wire calls it.
    pub fn parse(field: &'static str, name: String) -> Result<Self> {
        match broken_rule(&name) {
            Some(rule) => Err(Error::InvalidName { field, rule }),
            None => Ok(Self(name)),
        }
    }

    /// The name as given.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn broken_rule(name: &str) -> Option<Cow<'static, str>> {
    let rule = if name.trim().is_empty() {
        "must not be empty or blank"
    } else if name.chars().count() > MAX_NAME_CHARS {
        "must be at most 255 characters"
    } else if name == "." || name == ".." {
        "must not be \".\" or \"..\""
    } else if name.contains(['/', '\\']) {
        "must not contain a slash or a backslash"
    } else {
        return line::broken_rule(name);
    };
    Some(rule.into())
}

/// The text after the last dot is an extension if it has at most this length, the dot included.
const MAX_EXTENSION_BYTES: usize = 16;

/// The maximum number of bytes of a sort key: an index entry of Postgres is at most a third of a page.
const MAX_KEY_BYTES: usize = 1000;

/// Hexadecimal digits of the hash that ends a key which would be longer.
const HASH_DIGITS: usize = 32;

/// The value by which names are sorted and compared, byte by byte. Upper and lower case count as the same, and
/// numbers are sorted by their value ("file 2" before "file 10"). Two names have the same key if and only if they are
/// equal in normalization form C.
pub fn name_key(name: &str) -> String {
    let name = nfc(name);
    let mut key = String::with_capacity(2 * name.len() + 4);
    let mut rest = &*name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            push_number(&mut key, &rest[..digits]);
            rest = &rest[digits..];
        } else {
            key.extend(first.to_lowercase());
            rest = &rest[first.len_utf8()..];
        }
    }
    // The exact name comes last, so that names that differ in nothing else still have an order.
    key.push('\u{1}');
    key.push_str(&name);
    if key.len() > MAX_KEY_BYTES {
        // The name no longer fits. No name has U+0001, so no other key ends like this one.
        key.truncate(key.floor_char_boundary(MAX_KEY_BYTES - HASH_DIGITS - 1));
        key.push('\u{1}');
        key.push_str(&blake3::hash(name.as_bytes()).to_hex()[..HASH_DIGITS]);
    }
    key
}

/// Writes a number so that numbers sort by value. A longer number is greater, so its length (at most 255, like a
/// name's) comes first. Before that comes a digit, so that numbers sort where digits do.
fn push_number(key: &mut String, digits: &str) {
    let number = digits.trim_start_matches('0');
    // Writing to a `String` cannot fail.
    let _ = write!(key, "0{:02x}{number}", number.len());
}

/// This name with a number before its extension: "report (2).pdf". If the result would be too long, characters before
/// the number are left out.
pub fn numbered_name(name: &str, number: u64) -> String {
    let (stem, extension) = match visible(name).rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= MAX_EXTENSION_BYTES => name.split_at(dot),
        _ => (name, ""),
    };
    let suffix = format!(" ({number}){extension}");
    let room = MAX_NAME_CHARS.saturating_sub(suffix.chars().count());
    stem.chars().take(room).chain(suffix.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Result<ItemName> {
        ItemName::parse("fileName", text.to_owned())
    }

    #[test]
    fn ordinary_and_odd_names_stay_unchanged() {
        for text in [
            "report.pdf",
            "ünïcode 文件 🙂.txt",
            "..a",
            "a..",
            " leading",
            "%2e%2e",
            "a\"b'c;d",
            "con",
            "-rf",
            "Cafe\u{301}",
            "\u{200E}IMG-20260131-WA0001.jpg",
            "\u{200F}חשבון\u{200E} 1.pdf",
            "\u{61C}تقرير.pdf",
            "👨\u{200D}👩\u{200D}👧.png",
            "می\u{200C}خواهم.txt",
            "❤\u{FE0F}",
        ] {
            assert_eq!(name(text).unwrap().into_string(), text);
        }
        assert!(name(&"é".repeat(255)).is_ok());
    }

    #[test]
    fn names_that_deceive_or_break_are_refused_with_the_rule() {
        for text in
            ["", "  ", ".", "..", "a/b", "a\\b", "a\0b", "a\r\nb", "a\u{7f}", "a\u{85}b", "a\u{2028}b"]
        {
            assert!(matches!(name(text), Err(Error::InvalidName { field: "fileName", .. })), "{text:?}");
        }
        assert!(name(&"é".repeat(256)).is_err());
    }

    #[test]
    fn a_character_that_changes_the_direction_of_text_is_named() {
        for (text, named) in [
            ("a\u{202e}fdp.exe", "U+202E RIGHT-TO-LEFT OVERRIDE"),
            ("\u{2066}a\u{2069}", "U+2066 LEFT-TO-RIGHT ISOLATE"),
            ("a\u{202a}", "U+202A LEFT-TO-RIGHT EMBEDDING"),
            ("a\u{206f}", "U+206F NOMINAL DIGIT SHAPES"),
        ] {
            let error = name(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn a_name_of_only_invisible_characters_is_refused() {
        for text in [
            "\u{200b}",
            "\u{3164}",
            "\u{2800} ",
            "\u{200e}\u{200f}",
            "\u{ad}",
            "\u{e0041}\u{34f}",
            "\u{fe0f}\u{3000}",
        ] {
            let error = name(text).unwrap_err().to_string();
            assert!(error.contains("can be seen"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered_name("report.pdf", 2), "report (2).pdf");
        assert_eq!(numbered_name("report.pdf.\u{200b}", 2), "report (2).pdf.\u{200b}");
        assert_eq!(numbered_name("README", 3), "README (3)");
        assert_eq!(numbered_name(".profile", 2), ".profile (2)");
        assert_eq!(numbered_name("a. What came of it all", 2), "a. What came of it all (2)");
        let long = format!("{}.pdf", "é".repeat(251));
        let numbered = numbered_name(&long, 10);
        assert_eq!(numbered.chars().count(), 255);
        assert!(numbered.ends_with("é (10).pdf") && name(&numbered).is_ok());
    }

    #[test]
    fn names_are_sorted_as_people_do() {
        let mut names = [
            "b", "B", "file 10", "File 2", "file 2b", "file", "file 007", "10", "9", "Ä", "a", "file 1.9",
            "_",
        ];
        names.sort_by_key(|name| name_key(name));
        let sorted = [
            "9", "10", "_", "a", "B", "b", "file", "file 1.9", "File 2", "file 2b", "file 007", "file 10",
            "Ä",
        ];
        assert_eq!(names, sorted);
        assert!(name_key(&"9".repeat(255)) > name_key(&"8".repeat(255)));
        assert!(name_key(&"🙂".repeat(255)).len() <= MAX_KEY_BYTES);
    }

    #[test]
    fn two_keys_are_equal_only_for_equal_names_however_long() {
        assert_eq!(name_key("Café 2"), name_key("Cafe\u{301} 2"));
        for (one, other) in [("Café", "Cafe"), ("a", "A"), ("a1", "a01"), ("a", "a\u{200f}")] {
            assert_ne!(name_key(one), name_key(other));
        }
        let long = "🙂".repeat(254);
        assert_ne!(name_key(&format!("{long}a")), name_key(&format!("{long}b")));
        assert_eq!(name_key(&format!("{long}é")), name_key(&format!("{long}e\u{301}")));
    }

    proptest! {
        #[test]
        fn a_key_fits_and_tells_names_apart(one in "[^\u{1}]{1,255}", other in "[^\u{1}]{1,255}") {
            prop_assert!(name_key(&one).len() <= MAX_KEY_BYTES);
            prop_assert_eq!(name_key(&one) == name_key(&other), nfc(&one) == nfc(&other));
        }
    }
}
