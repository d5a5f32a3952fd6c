//! Compares the type of a file, judged by its first bytes, with the announced type. `signature` finds types, `text` finds text,
//! and `families` says which types count as the same; `program` judges names of programs. This file decides.

mod families;
mod program;
mod signature;
#[cfg(test)]
mod tests;
mod text;

use self::families::{DER, GZIP, OLE, TEXT, ZIP, family};
use self::text::Text;
use crate::extension::Extension;
use crate::item::MimeType;
use crate::rules::{FileType, UploadRules, essence};
use crate::{Error, Result};

/// How many bytes are read from the beginning of a file.
pub const SNIFFED_BYTES: u64 = 8 << 10;
/// A shorter file is not long enough to be text that looks like another format.
const SHORTEST_DISGUISE: usize = 9;
/// Formats that are printable themselves, so that they are found in text, too.
const PRINTABLE: &[&str] = &[families::PDF, families::POSTSCRIPT, DER, families::ARCHIVE];
/// Containers of formats that are unknown here.
const CONTAINERS: &[&str] = &[ZIP, OLE, GZIP, DER, "application/xz", "application/zstd", "application/bzip2"];
/// Formats that hold one compressed file of any type.
const COMPRESSED: &[&str] = &[
    GZIP,
    "application/bzip2",
    "application/xz",
    "application/zstd",
    "application/lzip",
    "application/compress",
    "application/lz4",
];

/// What the first bytes of a file show.
struct Shown<'a> {
    head: &'a [u8],
    found: Option<&'static str>,
    text: Text,
    is_markup: bool,
}

impl<'a> Shown<'a> {
    fn by(head: &'a [u8]) -> Self {
        let text = Text::of(head);
        let found = signature::found(head);
        // A signature of a few printable bytes proves nothing in a text.
        let is_proof = |found: &&str| {
            let is_disguise = text.is_plain() && head.len() >= SHORTEST_DISGUISE;
            !is_disguise || (PRINTABLE.contains(&&*family(found)) && !begins_otherwise(found, head))
        };
        let found = found.filter(is_proof);
        Self { head, found, is_markup: found.is_none() && text::is_markup(head), text }
    }

    /// Whether the bytes may have this type.
    fn agree(&self, mime_type: &str) -> bool {
        let announced = family(mime_type);
        if announced == TEXT {
            return self.agree_as_text(mime_type);
        }
        let is_disguise = self.text.is_plain() && self.head.len() >= SHORTEST_DISGUISE;
        if is_disguise && !families::may_be_text(mime_type) {
            return false;
        }
        let is_unheard_of = families::is_unheard_of(mime_type);
        let Some(found) = self.found else {
            return !families::is_firm(mime_type) && (is_unheard_of || !self.is_markup);
        };
        let kind = family(found);
        announced == kind
            || families::is_contained(mime_type, &kind)
            || (is_unheard_of && CONTAINERS.contains(&&*kind))
            || (signature::is_weak(found, self.head) && !families::is_firm(mime_type))
    }

    fn agree_as_text(&self, mime_type: &str) -> bool {
        match &self.text {
            Text::Plain(text) => families::plain(mime_type) != "image/svg+xml" || text::may_be_svg(text),
            Text::No => self.found.is_none(),
        }
    }

    /// Whether the file is a compressed text, as its file extension says. Many clients announce the type of the text.
    fn is_compressed_as_named(&self, announced: &str, by_name: Option<&str>) -> bool {
        let of_name = by_name.map(family);
        let is_compressed = |kind: String| COMPRESSED.contains(&&*kind) && of_name == Some(kind);
        family(announced) == TEXT && self.found.map(family).is_some_and(is_compressed)
    }
}

/// Whether a text only mentions the signature of a PDF, which may stand anywhere near the beginning.
fn begins_otherwise(found: &str, head: &[u8]) -> bool {
    found == families::PDF && !head.trim_ascii_start().starts_with(b"%PDF")
}

/// Whether a file that is announced as one type may have a name of the other. Its bytes agree with both.
fn fit(extension: &Extension, by_name: &str, announced: &str) -> bool {
    let other = |mime_type: &str| families::other_type(extension, mime_type).map(family);
    let (named, said) = (family(by_name), family(announced));
    let is_loose = |mime_type: &str| families::is_media(mime_type) && !families::is_firm(mime_type);
    named == said
        || other(by_name).as_ref() == Some(&said)
        || other(announced).as_ref() == Some(&named)
        || families::is_contained(by_name, &said)
        || families::is_contained(announced, &named)
        || [by_name, announced].into_iter().any(families::is_unheard_of)
        || (named != TEXT && said != TEXT && is_loose(by_name) && is_loose(announced))
        || (said == TEXT && families::may_be_text(by_name))
}

/// Refuses a file whose bytes do not have its announced type. If the server or the grant (`types`) limits types, the end of
/// the name must also match the bytes and the announced type (a name that systems run or mount fits no announced picture or
/// document), and the bytes must not be of a blocked type. `head` is the
/// file's first [`SNIFFED_BYTES`], or the whole file if it is shorter.
pub fn check(rules: &UploadRules, types: &[FileType], file: (&str, &str), head: &[u8]) -> Result<()> {
    if head.is_empty() {
        return Ok(());
    }
    let ((name, mime_type), shown) = (file, Shown::by(head));
    let announced = Some(essence(mime_type)).filter(|announced| announced != MimeType::UNKNOWN);
    let extension = Extension::of(name);
    let by_name = extension.mime_type().filter(|by_name| *by_name != MimeType::UNKNOWN);
    let is_limited = !(types.is_empty() && rules.allowed_types.is_empty() && rules.blocked_types.is_empty());
    let is_allowed = |other: &str| {
        let allow = |types: &[FileType]| types.is_empty() || types.iter().any(|one| one.is_of(name, other));
        allow(types)
            && allow(&rules.allowed_types)
            && !rules.blocked_types.iter().any(|one| one.is_of(name, other))
    };
    let is_it = |mime_type: &str| {
        let other = families::other_type(&extension, mime_type);
        shown.agree(mime_type) || other.is_some_and(|other| shown.agree(other) && is_allowed(other))
    };
    let mismatch = |announced: &str| {
        let nothing = if shown.text.is_plain() { "text" } else { "of an unknown type" };
        let found = shown.found.unwrap_or(nothing).to_owned();
        Err(Error::FileTypeMismatch { announced: announced.to_owned(), found })
    };
    if let Some(announced) = &announced
        && !is_it(announced)
        && (is_limited || !shown.is_compressed_as_named(announced, by_name))
    {
        return mismatch(announced);
    }
    // If types are limited, the file may have been admitted because of its file extension.
    if let Some(by_name) = by_name.filter(|_| is_limited)
        && !(is_it(by_name) && announced.as_ref().is_none_or(|announced| fit(&extension, by_name, announced)))
    {
        return mismatch(by_name);
    }
    if let Some(announced) = announced.as_ref().filter(|_| is_limited)
        && !program::may_be_named(&extension, announced)
    {
        return Err(Error::FileTypeNotAllowed);
    }
    let is_blocked = |found| rules.blocked_types.iter().any(|one| one.is_of(name, found));
    if shown.found.is_some_and(is_blocked) { Err(Error::FileTypeNotAllowed) } else { Ok(()) }
}
