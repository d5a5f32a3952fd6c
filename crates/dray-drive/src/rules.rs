//! The rules of a server about uploads: how large files may be, of which types, and how long an upload may take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dray_api::limits::MAX_FILE_BYTES;
use jiff::{SignedDuration, Timestamp};

use crate::extension::Extension;
use crate::{Error, Result};

/// The shortest [`UploadRules::idle_life`]. It gives a client that lost its connection time to return.
pub const LEAST_IDLE_LIFE: Duration = Duration::from_mins(10);

/// The default of [`UploadRules::max_open_uploads`]. It is far more than clients have at once. It is small enough
/// that the bytes that each upload may store beyond the quota (see the store's allowances) do not add up to much.
pub const MAX_OPEN_UPLOADS: u32 = 1000;

/// A later expiry is written only if it gains at least one part in this many of the idle life. So signing rarely writes.
const EXPIRY_STEPS: u32 = 24;

/// Which uploads a server accepts, and how long it waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRules {
    /// How long an upload lives after the last time that somebody signed or listed parts of it.
    pub idle_life: Duration,
    /// How long an upload lives at most.
    pub whole_life: Duration,
    /// The maximum number of bytes of a file.
    pub max_file_bytes: u64,
    /// The maximum number of unfinished uploads that one user may have in a workspace.
    pub max_open_uploads: u32,
    /// Files must be of one of these types; empty means any type.
    pub allowed_types: Vec<FileType>,
    /// Files of these types are refused.
    pub blocked_types: Vec<FileType>,
    /// Whether finalize looks at the first bytes of a file, and refuses a file that does not have its announced type.
    pub verify_types: bool,
}

impl Default for UploadRules {
    fn default() -> Self {
        Self {
            idle_life: Duration::from_hours(24),
            whole_life: Duration::from_hours(7 * 24),
            max_file_bytes: MAX_FILE_BYTES,
            max_open_uploads: MAX_OPEN_UPLOADS,
            allowed_types: Vec::new(),
            blocked_types: Vec::new(),
            verify_types: false,
        }
    }
}

impl UploadRules {
    /// When an upload that is used now expires.
    pub fn expiry(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        after(now, self.idle_life).min(after(created_at, self.whole_life))
    }

    /// How much later a new expiry must be before it is written.
    pub fn expiry_step(&self) -> Duration {
        self.idle_life / EXPIRY_STEPS
    }

    /// Checks an announced size.
    pub fn check_size(&self, size_bytes: u64) -> Result<()> {
        if size_bytes <= self.max_file_bytes {
            Ok(())
        } else {
            Err(Error::FileTooLarge { size_bytes, limit_bytes: self.max_file_bytes })
        }
    }

    /// Checks the announced type of a file: its MIME type and its file extension.
    pub fn check_type(&self, name: &str, mime_type: &str) -> Result<()> {
        let matches = |types: &[FileType]| types.iter().any(|file_type| file_type.is_of(name, mime_type));
        let is_taken = self.allowed_types.is_empty() || matches(&self.allowed_types);
        if is_taken && !matches(&self.blocked_types) { Ok(()) } else { Err(Error::FileTypeNotAllowed) }
    }
}

fn after(time: Timestamp, life: Duration) -> Timestamp {
    let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX);
    time.checked_add(life).unwrap_or(Timestamp::MAX)
}

/// A MIME type without its parameters, which follow a semicolon (RFC 6838), in lower case.
pub fn essence(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// A type of files, as an operator names it: `image/png`, `image/*`, or a file extension such as `.exe`. Upper and
/// lower case count as the same. It looks at names and announced types, not at content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileType(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Names that end with this, including the dot.
    Extension(String),
    /// MIME types that begin with this, up to the slash.
    Group(String),
    /// One MIME type.
    Mime(String),
}

/// A text that does not name a type of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a MIME type (image/png), a group of them (image/*), or a file extension (.exe)")]
pub struct InvalidFileType;

impl FileType {
    /// Whether a file of this name and MIME type is of this type.
    pub fn is_of(&self, name: &str, mime_type: &str) -> bool {
        let mime_type = essence(mime_type);
        match &self.0 {
            Kind::Extension(end) => Extension::of(name).is(end),
            Kind::Group(start) => mime_type.starts_with(start),
            Kind::Mime(whole) => mime_type == *whole,
        }
    }
}

impl FromStr for FileType {
    type Err = InvalidFileType;

    fn from_str(text: &str) -> Result<Self, InvalidFileType> {
        let text = text.trim().to_lowercase();
        let is_odd = |c: char| matches!(c, '/' | '*' | ';') || c.is_whitespace() || c.is_control();
        let is_plain = |part: &str| !part.is_empty() && !part.contains(is_odd);
        if let Some(end) = text.strip_prefix('.') {
            return if is_plain(end) { Ok(Self(Kind::Extension(text))) } else { Err(InvalidFileType) };
        }
        match text.split_once('/') {
            Some((group, "*")) if is_plain(group) => Ok(Self(Kind::Group(format!("{group}/")))),
            Some((group, name)) if is_plain(group) && is_plain(name) => Ok(Self(Kind::Mime(text))),
            _ => Err(InvalidFileType),
        }
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Group(start) => write!(f, "{start}*"),
            Kind::Extension(text) | Kind::Mime(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    #[test]
    fn an_upload_lives_a_day_from_its_last_use_and_a_week_in_total() {
        let (rules, day) = (UploadRules::default(), 24 * 3600);
        assert_eq!(rules.expiry(at(0), at(10)), at(day + 10));
        assert_eq!(rules.expiry(at(0), at(6 * day + 10)), at(7 * day));
        let short = UploadRules { whole_life: Duration::from_hours(2), ..rules };
        assert_eq!(short.expiry(at(0), at(0)), at(2 * 3600), "the whole life bounds the first day too");
    }

    #[test]
    fn types_are_matched_by_mime_type_group_and_end_of_name() {
        for (file_type, name, mime_type, is_of) in [
            ("image/png", "a", "image/png", true),
            ("image/png", "a", "Image/PNG; x=y", true),
            ("image/png", "a.png", "image/jpeg", false),
            ("image/*", "a", "image/jpeg", true),
            ("image/*", "a", "imagex/jpeg", false),
            (".EXE", "setup.exe", "a/b", true),
            (".exe", "SETUP.EXE", "a/b", true),
            (".exe", "setup.exe. ", "a/b", true),
            (".exe", "setup.exe\u{200b}", "a/b", true),
            (".exe", "exe", "a/b", false),
            (".tar.gz", "a.tar.gz", "a/b", true),
            (".tar.gz", "a.gz", "a/b", false),
        ] {
            let parsed: FileType = file_type.parse().unwrap();
            assert_eq!(parsed.is_of(name, mime_type), is_of, "{file_type} {name} {mime_type}");
        }
    }

    #[test]
    fn a_text_that_does_not_name_a_type_is_refused() {
        for text in [
            "",
            ".",
            "exe",
            "*/*",
            "image/",
            "/png",
            "image/p*",
            "a/b/c",
            "image /png",
            ". x",
            ".\0",
            ".a\tb",
        ] {
            assert_eq!(text.parse::<FileType>(), Err(InvalidFileType), "{text:?}");
        }
        for text in ["image/*", ".tar.gz", "application/x-msdownload"] {
            assert_eq!(text.parse::<FileType>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_file_is_accepted_if_its_type_is_allowed_and_not_blocked() {
        let types = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let rules = UploadRules {
            allowed_types: types(&["image/*", ".pdf"]),
            blocked_types: types(&["image/svg+xml"]),
            ..UploadRules::default()
        };
        assert_eq!(rules.check_type("a", "image/png"), Ok(()));
        assert_eq!(rules.check_type("a.pdf", "a/b"), Ok(()));
        assert_eq!(rules.check_type("a.svg", "image/svg+xml"), Err(Error::FileTypeNotAllowed));
        assert_eq!(rules.check_type("a.txt", "text/plain"), Err(Error::FileTypeNotAllowed));
    }
}
