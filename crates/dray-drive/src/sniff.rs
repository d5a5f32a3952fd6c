//! Compares the type of a file, as its first bytes show it, with the announced type. The crate `infer` knows the
//! signatures. This file decides which types count as the same: one container has many names, and text can be of any
//! type.

use crate::item::MimeType;
use crate::rules::{FileType, UploadRules, essence};
use crate::{Error, Result};

/// How many bytes are read from the beginning of a file.
pub const SNIFFED_BYTES: u64 = 8 << 10;
/// A PDF may have this much before its header (ISO 32000-1, Annex H, note 13).
const BEFORE_PDF: usize = 1024;

/// MIME types that are several names of one format or one container, so that a signature cannot distinguish them. The names are
/// without `x-`.
const FAMILIES: &[&[&str]] = &[
    &["image/jpeg", "image/jpg", "image/pjpeg"],
    &["image/bmp", "image/ms-bmp"],
    &["image/vnd.microsoft.icon", "image/icon", "image/ico"],
    &["image/heif", "image/heic", "image/heif-sequence", "image/heic-sequence"],
    &["image/tiff", "image/canon-cr2", "image/adobe-dng", "image/nikon-nef", "image/sony-arw", "image/dng"],
    &[
        "video/mp4",
        "video/m4v",
        "video/quicktime",
        "video/3gpp",
        "video/3gpp2",
        "audio/mp4",
        "audio/m4a",
        "audio/3gpp",
        "audio/aac",
        "application/mp4",
    ],
    &["video/webm", "audio/webm", "video/matroska", "audio/matroska"],
    &["audio/ogg", "audio/opus", "video/ogg", "application/ogg", "audio/vorbis"],
    &["audio/wav", "audio/wave", "audio/vnd.wave"],
    &["audio/mpeg", "audio/mp3", "audio/mpeg3"],
    &["audio/flac"],
    &["audio/midi", "audio/mid"],
    &["audio/aiff", "audio/aif"],
    &["video/msvideo", "video/avi", "video/vnd.avi"],
    &["video/ms-wmv", "video/ms-asf", "audio/ms-wma", "application/vnd.ms-asf"],
    &["video/mpeg", "video/mp2t", "video/vnd.dlna.mpeg-tts"],
    &[
        "application/gzip",
        "application/gzip-compressed",
        "application/gtar",
        "application/compressed-tar",
        "application/tgz",
    ],
    &["application/bzip2", "application/bzip", "application/bzip-compressed-tar"],
    &["application/rar", "application/vnd.rar", "application/rar-compressed"],
    &["application/pdf"],
    &[
        "application/vnd.microsoft.portable-executable",
        "application/msdownload",
        "application/dosexec",
        "application/msdos-program",
    ],
    &[
        "application/executable",
        "application/elf",
        "application/sharedlib",
        "application/pie-executable",
        "application/object",
    ],
    &["application/font-woff", "font/woff", "font/woff2", "application/font-woff2"],
    &[
        "application/font-sfnt",
        "font/ttf",
        "font/otf",
        "font/sfnt",
        "application/font-ttf",
        "application/font-opentype",
    ],
];
/// Formats inside a ZIP archive, besides those whose name shows it (`…+zip`, `vnd.openxmlformats-…`, `vnd.oasis.…`).
const ZIPPED: &[&str] = &[
    "application/zip",
    "application/zip-compressed",
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/xpinstall",
    "image/openraster",
    "application/vnd.google-earth.kmz",
    "application/vnd.comicbook+zip",
    "application/cbz",
    "application/vnd.sketch",
    "application/vnd.apple.pages",
    "application/vnd.apple.numbers",
    "application/vnd.apple.keynote",
];
/// Formats inside an OLE compound file.
const COMPOUND: &[&str] = &[
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/ole-storage",
    "application/vnd.ms-outlook",
    "application/msi",
    "application/ms-installer",
    "application/vnd.visio",
    "application/vnd.ms-works",
];
/// Formats that always begin with a known signature: a file without the signature does not have the format.
const FIRM: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/avif",
    "image/heif",
    "image/tiff",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "video/mp4",
    "video/webm",
    "audio/flac",
    "audio/wav",
    "audio/ogg",
];

/// The family of text, and those of containers that many formats use.
const TEXT: &str = "text";
const ZIP: &str = "application/zip";
const OLE: &str = "application/ole-storage";
const GZIP: &str = "application/gzip";

/// The type that the first bytes of a file show, if they show one.
fn found(head: &[u8]) -> Option<&'static str> {
    let known = infer::get(head).map(|found| found.mime_type());
    let is_pdf = || {
        let start = &head[..head.len().min(BEFORE_PDF)];
        start.windows(5).any(|window| window == b"%PDF-")
    };
    // What looks like text may be any kind of text, or a format whose name does not say that it is text.
    known.filter(|known| family(known) != TEXT).or_else(|| is_pdf().then_some("application/pdf"))
}

/// The family of this MIME type (an [`essence`]): a signature cannot distinguish its members.
fn family(mime_type: &str) -> String {
    let name = mime_type.replacen("/x-", "/", 1);
    if name.starts_with("text/") || is_text(&name) {
        return TEXT.to_owned();
    }
    let is_office = name.contains("vnd.openxmlformats-") || name.contains("vnd.oasis.opendocument");
    if name.ends_with("+zip") || is_office || name.contains(".macroenabled.") || ZIPPED.contains(&&*name) {
        return ZIP.to_owned();
    }
    if COMPOUND.contains(&&*name) {
        return OLE.to_owned();
    }
    let known = FAMILIES.iter().find(|names| names.contains(&&*name));
    known.map_or(name, |names| names[0].to_owned())
}

/// Whether an `application` or `image` type is text. A signature says little about text.
fn is_text(name: &str) -> bool {
    let kinds = [
        "xml",
        "json",
        "javascript",
        "ecmascript",
        "yaml",
        "toml",
        "sh",
        "shellscript",
        "perl",
        "php",
        "python",
        "sql",
    ];
    name.ends_with("+xml")
        || name.ends_with("+json")
        || name
            .strip_prefix("application/")
            .is_some_and(|kind| kinds.contains(&kind) || kind.contains("script"))
        || matches!(name, "message/rfc822" | "application/mbox" | "application/rtf")
}

/// Whether a MIME type is an `application` type that is unknown here, so that the bytes prove nothing about it.
fn is_unheard_of(mime_type: &str, family: &str) -> bool {
    let is_known = [TEXT, ZIP, OLE].contains(&family) || FAMILIES.iter().any(|names| names[0] == family);
    mime_type.starts_with("application/") && !is_known && !infer::is_mime_supported(mime_type)
}

/// Whether the bytes may have this MIME type.
fn agrees(mime_type: &str, found: Option<&str>) -> bool {
    let announced = family(mime_type);
    match found.map(family) {
        Some(found) if announced == found => true,
        // An unknown type may be a format of its own that uses a container.
        Some(found) => [ZIP, OLE, GZIP].contains(&&*found) && is_unheard_of(mime_type, &announced),
        None => !FIRM.iter().any(|firm| announced == family(firm)),
    }
}

/// Refuses a file whose bytes do not have its announced type. If the server or the grant (`types`) limits types, the
/// bytes must also match the end of the name, and must not be of a blocked type. `head` is the file's first
/// [`SNIFFED_BYTES`], or the whole file if it is shorter.
pub fn check(rules: &UploadRules, types: &[FileType], file: (&str, &str), head: &[u8]) -> Result<()> {
    if head.is_empty() {
        return Ok(());
    }
    let ((name, mime_type), found) = (file, found(head));
    let announced = essence(mime_type);
    let is_unknown = announced == MimeType::UNKNOWN;
    let mismatch = |announced: &str| {
        let found = found.unwrap_or("of an unknown type").to_owned();
        Err(Error::FileTypeMismatch { announced: announced.to_owned(), found })
    };
    if !is_unknown && !agrees(&announced, found) {
        return mismatch(&announced);
    }
    // If types are limited, the file may have been admitted because of the end of its name.
    let is_limited = !(types.is_empty() && rules.allowed_types.is_empty() && rules.blocked_types.is_empty());
    let by_name = mime_guess::from_path(name).first_raw().filter(|_| is_limited);
    if let Some(by_name) = by_name.filter(|by_name| !agrees(by_name, found)) {
        return mismatch(by_name);
    }
    let is_blocked = |found| rules.blocked_types.iter().any(|one| one.is_of(name, found));
    if found.is_some_and(is_blocked) { Err(Error::FileTypeNotAllowed) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const PDF: &[u8] = b"%PDF-1.7\n";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const ZIPPED_BYTES: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0";
    const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

    fn checked(types: &[&str], name: &str, mime_type: &str, head: &[u8]) -> Result<()> {
        let types: Vec<FileType> = types.iter().map(|text| text.parse().unwrap()).collect();
        check(&UploadRules::default(), &types, (name, mime_type), head)
    }

    #[test]
    fn a_file_is_taken_for_what_its_bytes_are_under_any_of_their_names() {
        for (mime_type, head) in [
            ("image/png", PNG),
            ("image/x-png", PNG),
            ("Image/JPEG; q=1", JPEG),
            ("image/jpg", JPEG),
            ("application/pdf", PDF),
            ("application/pdf", b"\n\n%PDF-1.4"),
            ("application/x-msdownload", EXE),
            ("application/zip", ZIPPED_BYTES),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIPPED_BYTES),
            ("application/epub+zip", ZIPPED_BYTES),
            ("application/java-archive", ZIPPED_BYTES),
            ("video/mp4", MP4),
            ("audio/mp4", MP4),
            ("video/quicktime", MP4),
            ("text/plain", b"hello"),
            ("text/markdown", b"<!-- a comment --> # title"),
            ("image/svg+xml", b"<?xml version=\"1.0\"?><svg/>"),
            ("image/svg+xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
            ("application/javascript", b"#!/usr/bin/env node\n"),
            ("application/octet-stream", EXE),
            ("application/x-made-up", b"whatever"),
            ("application/x-made-up", ZIPPED_BYTES),
            ("application/vnd.made-up", b"<?xml version=\"1.0\"?><made/>"),
            ("image/png", b""),
        ] {
            assert_eq!(checked(&[], "a", mime_type, head), Ok(()), "{mime_type} {head:?}");
        }
    }

    #[test]
    fn a_type_by_another_name_is_refused() {
        for (mime_type, head) in [
            ("image/png", JPEG),
            ("image/png", PDF),
            ("image/png", EXE),
            ("image/jpeg", ELF),
            ("image/png", b"only text"),
            ("application/pdf", b"only text"),
            ("application/pdf", ZIPPED_BYTES),
            ("text/plain", EXE),
            ("text/csv", ZIPPED_BYTES),
            ("video/mp4", PNG),
            ("image/png", MP4),
            ("application/zip", b"PX\x03\x04"),
            ("application/x-made-up", EXE),
            ("image/svg+xml", PNG),
            ("image/png", b"<?xml version=\"1.0\"?><svg/>"),
        ] {
            let refused = checked(&[], "a", mime_type, head);
            assert!(matches!(refused, Err(Error::FileTypeMismatch { .. })), "{mime_type}: {refused:?}");
        }
    }

    #[test]
    fn the_end_of_a_name_is_held_against_the_bytes_where_types_are_limited() {
        let unknown = MimeType::UNKNOWN;
        assert_eq!(checked(&[], "a.png", unknown, EXE), Ok(()), "nobody asked");
        assert_eq!(checked(&[".png"], "a.png", unknown, PNG), Ok(()));
        assert!(checked(&[".png"], "a.png", unknown, EXE).is_err());
        assert!(checked(&[".pdf"], "a.pdf", "application/x-msdownload", EXE).is_err());
        assert_eq!(checked(&[".xyzzy"], "a.xyzzy", unknown, EXE), Ok(()), "nobody knows what that is");
    }

    #[test]
    fn what_the_server_blocks_is_blocked_by_what_it_is() {
        let blocked = vec!["application/vnd.microsoft.portable-executable".parse().unwrap()];
        let rules = UploadRules { blocked_types: blocked, ..UploadRules::default() };
        assert_eq!(check(&rules, &[], ("a", MimeType::UNKNOWN), EXE), Err(Error::FileTypeNotAllowed));
        assert_eq!(check(&rules, &[], ("a", MimeType::UNKNOWN), PNG), Ok(()));
    }
}
