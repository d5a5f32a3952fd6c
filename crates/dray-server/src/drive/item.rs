//! Items of the drive: names, MIME types and what an item is.

use std::fmt::Write as _;

use dray_api::limits::{MAX_MIME_TYPE_BYTES, MAX_NAME_CHARS};
use dray_api::{ItemId, ItemType, UserId, WorkspaceId};
use jiff::Timestamp;

use super::{Error, Result, wire_time};

/// A name that a file or folder can have: 1 to 255 characters, one path segment on every operating system's
/// terms, and nothing that shows a person another name than it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemName(String);

impl ItemName {
    /// Checks a name; `field` is what the wire calls it.
    pub(crate) fn parse(field: &'static str, name: String) -> Result<Self> {
        match broken_rule(&name) {
            Some(rule) => Err(Error::InvalidName { field, rule }),
            None => Ok(Self(name)),
        }
    }

    /// The name as given.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

fn broken_rule(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("must not be empty or blank")
    } else if name.chars().count() > MAX_NAME_CHARS {
        Some("must be at most 255 characters")
    } else if name == "." || name == ".." {
        Some("must not be \".\" or \"..\"")
    } else if name.contains(['/', '\\']) {
        Some("must not contain a slash or a backslash")
    } else if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Some("must not contain control characters or line breaks")
    } else if name.chars().any(is_bidi_control) {
        Some("must not contain characters that change the direction of text")
    } else {
        None
    }
}

/// Unicode's `Bidi_Control` (UAX 9): they can make `exe.fdp` read as `pdf.exe`.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What comes after the last dot is an extension if it is no longer than this, the dot included.
const MAX_EXTENSION_BYTES: usize = 16;

/// Most bytes of a sort key: an index entry of Postgres is at most a third of a page. Names that are the same so
/// far are sorted by their ids.
const MAX_KEY_BYTES: usize = 1000;

/// What names are sorted by, byte by byte: without regard to case, and numbers in them by their value
/// ("file 2" before "file 10").
pub(crate) fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 4);
    let mut rest = name;
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
    // Names that differ in nothing else are in one order all the same.
    key.push('\u{1}');
    key.push_str(name);
    key.truncate(key.floor_char_boundary(MAX_KEY_BYTES));
    key
}

/// A longer number is a greater one: its length (at most 255, as a name's) goes first, behind a digit so that
/// numbers stand where digits do.
fn push_number(key: &mut String, digits: &str) {
    let number = digits.trim_start_matches('0');
    // Writing to a text does not fail.
    let _ = write!(key, "0{:02x}{number}", number.len());
}

/// A name like this one with a number before its extension: "report (2).pdf". What is over the longest name is left
/// out of the middle.
pub(crate) fn numbered_name(name: &str, number: u64) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= MAX_EXTENSION_BYTES => name.split_at(dot),
        _ => (name, ""),
    };
    let suffix = format!(" ({number}){extension}");
    let room = MAX_NAME_CHARS.saturating_sub(suffix.chars().count());
    stem.chars().take(room).chain(suffix.chars()).collect()
}

/// A MIME type (RFC 9110, 8.3.1): `type/subtype` and perhaps parameters, in visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MimeType(String);

impl MimeType {
    /// What a browser calls bytes that it knows nothing about.
    pub(crate) const UNKNOWN: &'static str = "application/octet-stream";

    /// Checks a MIME type. An empty one, as browsers give for endings they do not know, is
    /// [`MimeType::UNKNOWN`].
    pub(crate) fn parse(mime_type: String) -> Result<Self> {
        if mime_type.is_empty() {
            return Ok(Self(Self::UNKNOWN.to_owned()));
        }
        let essence = mime_type.split(';').next().unwrap_or_default().trim_end();
        let is_well_formed = mime_type.len() <= MAX_MIME_TYPE_BYTES
            && mime_type.bytes().all(|b| (b' '..=b'~').contains(&b))
            && essence.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub));
        if is_well_formed {
            Ok(Self(mime_type))
        } else {
            Err(Error::field("mimeType", "must be a MIME type such as \"application/pdf\""))
        }
    }

    /// The type as given.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// An item as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its id.
    pub(crate) id: ItemId,
    /// The workspace it is in; items never leave it.
    pub(crate) workspace: WorkspaceId,
    /// The folder it is in; `None` at the root.
    pub(crate) parent: Option<ItemId>,
    /// The user who owns it.
    pub(crate) owner: UserId,
    /// Its name.
    pub(crate) name: String,
    /// File or folder, and what only files have.
    pub(crate) content: Content,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Other items.
    Folder,
    /// Bytes.
    File {
        /// MIME type.
        mime_type: String,
        /// How many bytes.
        size_bytes: u64,
        /// Where the store has them.
        object_key: String,
    },
}

impl Item {
    /// How many bytes it has itself; a folder has none.
    pub(crate) fn size_bytes(&self) -> u64 {
        match self.content {
            Content::Folder => 0,
            Content::File { size_bytes, .. } => size_bytes,
        }
    }

    /// Where the store has its bytes; a folder has none.
    pub(crate) fn object_key(&self) -> Option<&str> {
        match &self.content {
            Content::Folder => None,
            Content::File { object_key, .. } => Some(object_key),
        }
    }

    /// Whether it is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.content == Content::Folder
    }

    /// The item as the wire has it.
    pub(crate) fn to_wire(&self) -> dray_api::Item {
        let (kind, mime_type, file_size) = match &self.content {
            Content::Folder => (ItemType::Folder, None, None),
            Content::File { mime_type, size_bytes, .. } => {
                (ItemType::File, Some(mime_type.clone()), Some(*size_bytes))
            }
        };
        dray_api::Item {
            id: self.id,
            name: self.name.clone(),
            kind,
            owner: self.owner,
            parent_id: self.parent,
            mime_type,
            file_size,
            role: None,
            created_at: wire_time(self.created_at),
            updated_at: wire_time(self.updated_at),
        }
    }
}

/// What the keys of all objects begin with.
pub(crate) const OBJECT_PREFIX: &str = "files/";

/// The key that an item's bytes have in the store: made of ids, never of a name.
pub(crate) fn object_key(workspace: WorkspaceId, item: ItemId) -> String {
    format!("{OBJECT_PREFIX}{workspace}/{item}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<ItemName> {
        ItemName::parse("fileName", text.to_owned())
    }

    #[test]
    fn ordinary_and_odd_names_are_kept_exactly() {
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
        ] {
            assert_eq!(name(text).unwrap().into_string(), text);
        }
        assert!(name(&"é".repeat(255)).is_ok());
    }

    #[test]
    fn names_that_deceive_or_break_are_refused_with_the_rule() {
        for text in [
            "",
            "  ",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\0b",
            "a\r\nb",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{202e}fdp.exe",
            "a\u{2028}b",
        ] {
            assert!(matches!(name(text), Err(Error::InvalidName { field: "fileName", .. })), "{text:?}");
        }
        assert!(name(&"é".repeat(256)).is_err());
    }

    #[test]
    fn a_number_goes_before_the_extension() {
        assert_eq!(numbered_name("report.pdf", 2), "report (2).pdf");
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
    fn a_mime_type_is_checked_and_an_empty_one_is_unknown_bytes() {
        let parse = |text: &str| MimeType::parse(text.to_owned());
        assert_eq!(parse("").unwrap().into_string(), "application/octet-stream");
        for text in ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml"] {
            assert_eq!(parse(text).unwrap().into_string(), text);
        }
        for text in ["pdf", "a/", "/b", "a/b\r\nX: y", "a b/c", "a/b/c", "é/b"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&format!("a/{}", "b".repeat(300))).is_err());
    }
}
