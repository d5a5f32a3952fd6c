//! Grants: what a holder may upload, and how much of that is left. A grant is a token that can only start uploads and
//! continue the uploads that it started.

use dray_api::grant::{GrantUpload, GrantUploadState};
use dray_api::limits::{
    MAX_EXACT, MAX_EXTERNAL_ID_CHARS, MAX_FILE_BYTES, MAX_FILE_TYPE_CHARS, MAX_GRANT_FILES, MAX_GRANT_TYPES,
    MAX_METADATA_BYTES, MAX_METADATA_DEPTH,
};
use dray_api::upload::OnConflict;
use dray_api::{GrantId, ItemId, NewGrant, TokenId, Verb};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::item::{Attached, Item, Notes, is_shallow};
use crate::line::check_line;
use crate::rules::FileType;
use crate::upload::{State, Upload};
use crate::{Error, Result, wire_time};

/// What the holder of a grant may upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How many files.
    pub max_files: u32,
    /// The maximum number of bytes of each.
    pub max_file_bytes: Option<u64>,
    /// The maximum number of bytes of all files together.
    pub max_bytes: Option<u64>,
    /// The accepted types; empty means any.
    pub types: Vec<FileType>,
    /// `keep` or `rename`.
    pub on_conflict: OnConflict,
    /// What the application attached to each upload. The grant's own id is in [`Grant::id`].
    pub attached: Attached,
}

/// How much of a grant is used: its finalized uploads, and those under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many uploads were ever begun, also those that were aborted or have expired.
    pub begun: u64,
}

/// How many uploads a grant may begin for each file that it allows. More than one, because uploads fail and are begun again.
const BEGUN_PER_FILE: u64 = 4;
/// How many uploads a grant may begin besides these.
const BEGUN_MORE: u64 = 100;

/// A grant, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its record.
    pub id: GrantId,
    /// The token that created it, or the successor of that token.
    pub token: TokenId,
    /// Where the files go.
    pub folder: Option<ItemId>,
    /// What may be uploaded.
    pub terms: Terms,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Terms {
    /// Reads the terms from a request, except the folder and the expiry.
    pub fn parse(request: &NewGrant) -> Result<Self> {
        if request.verbs.as_deref().is_some_and(|verbs| !verbs.contains(&Verb::Upload)) {
            return Err(Error::field("verbs", "must be [\"upload\"], because a grant can do nothing else"));
        }
        if !matches!(request.on_conflict, OnConflict::Keep | OnConflict::Rename) {
            let rule = "must be keep or rename, because a grant cannot replace files and does not show which names are taken";
            return Err(Error::field("onConflict", rule));
        }
        let max_files = request.max_files.unwrap_or(MAX_GRANT_FILES);
        if !(1..=MAX_GRANT_FILES).contains(&max_files) {
            return Err(Error::field("maxFiles", format!("must be 1 to {MAX_GRANT_FILES}")));
        }
        Ok(Self {
            max_files,
            max_file_bytes: at_most(MAX_FILE_BYTES, "maxFileBytes", request.max_file_bytes)?,
            max_bytes: at_most(MAX_EXACT, "maxBytes", request.max_bytes)?,
            types: parse_types(request.types.as_deref().unwrap_or_default())?,
            on_conflict: request.on_conflict,
            attached: Attached::from(Notes {
                grant: None,
                request: None,
                external_id: request.external_id.as_deref().map(parse_external_id).transpose()?,
                metadata: request.metadata.as_ref().map(write_metadata).transpose()?,
            }),
        })
    }

    /// Checks one announced file.
    pub fn check_file(&self, name: &str, mime_type: &str, size_bytes: u64) -> Result<()> {
        if let Some(limit_bytes) = self.max_file_bytes.filter(|limit| size_bytes > *limit) {
            return Err(Error::FileTooLarge { size_bytes, limit_bytes });
        }
        let is_taken = self.types.is_empty() || self.types.iter().any(|one| one.is_of(name, mime_type));
        if is_taken { Ok(()) } else { Err(Error::FileTypeNotAllowed) }
    }

    /// Checks whether the grant has room for one more file, in addition to what is used already.
    pub fn check_room(&self, used: Used, size_bytes: u64) -> Result<()> {
        if used.files >= u64::from(self.max_files) {
            let left = format!("allows {} files, and as many are finished or under way", self.max_files);
            return Err(Error::GrantUsedUp { left });
        }
        let most = BEGUN_PER_FILE * u64::from(self.max_files) + BEGUN_MORE;
        if used.begun >= most {
            let left =
                format!("allows {most} uploads to be begun, and as many were begun, most of them in vain");
            return Err(Error::GrantUsedUp { left });
        }
        let left_bytes = self.max_bytes.map(|most| most.saturating_sub(used.bytes));
        match left_bytes.filter(|left| size_bytes > *left) {
            Some(left) => {
                let left =
                    format!("has {left} bytes left of all that it allows, and the file has {size_bytes}");
                Err(Error::GrantUsedUp { left })
            }
            None => Ok(()),
        }
    }
}

/// A number of bytes that may not exceed `most`.
pub(crate) fn at_most(most: u64, field: &'static str, bytes: Option<u64>) -> Result<Option<u64>> {
    match bytes {
        Some(bytes) if bytes > most => Err(Error::field(field, format!("must be at most {most}"))),
        bytes => Ok(bytes),
    }
}

fn parse_types(texts: &[String]) -> Result<Vec<FileType>> {
    if texts.len() > MAX_GRANT_TYPES {
        return Err(Error::field("types", format!("must be at most {MAX_GRANT_TYPES}")));
    }
    let parse = |(at, text): (usize, &String)| {
        let field = || format!("types[{at}]");
        if text.chars().count() > MAX_FILE_TYPE_CHARS {
            return Err(Error::field(field(), format!("must be at most {MAX_FILE_TYPE_CHARS} characters")));
        }
        text.parse().map_err(|err: crate::rules::InvalidFileType| Error::field(field(), err.to_string()))
    };
    texts.iter().enumerate().map(parse).collect()
}

fn parse_external_id(text: &str) -> Result<String> {
    check_line("externalId", text, MAX_EXTERNAL_ID_CHARS)?;
    Ok(text.to_owned())
}

fn write_metadata(metadata: &Map<String, Value>) -> Result<String> {
    if !is_shallow(metadata) {
        let rule =
            format!("must be nested at most {MAX_METADATA_DEPTH} levels deep, counting the object itself");
        return Err(Error::field("metadata", rule));
    }
    if !metadata.values().all(is_kept_exactly) {
        let rule = "must not have numbers beyond 64 bits with more than 15 digits, which would be rounded: send them as texts";
        return Err(Error::field("metadata", rule));
    }
    let json = serde_json::to_string(metadata).map_err(Error::internal)?;
    if json.len() <= MAX_METADATA_BYTES {
        return Ok(json);
    }
    let rule = format!("must be at most {MAX_METADATA_BYTES} bytes as JSON without white space");
    Err(Error::field("metadata", rule))
}

/// Whether every number in this value is what was sent. Beyond 64 bits, numbers are read as `f64`, which keeps 15 decimal
/// digits exactly.
fn is_kept_exactly(value: &Value) -> bool {
    const FIRST_TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
    const FIRST_TOO_SMALL: f64 = -9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().is_some_and(|number| {
            let digits =
                format!("{number:e}").split('e').next().unwrap_or_default().matches(char::is_numeric).count();
            (FIRST_TOO_SMALL < number && number < FIRST_TOO_LARGE) || digits <= f64::DIGITS as usize
        }),
        Value::Array(values) => values.iter().all(is_kept_exactly),
        Value::Object(members) => members.values().all(is_kept_exactly),
        _ => true,
    }
}

impl Grant {
    /// Checks that the grant is valid now, as far as its own row shows.
    pub fn check_alive(&self, now: Timestamp) -> Result<()> {
        match self.revoked_at {
            Some(_) => Err(Error::RevokedToken),
            None if now >= self.expires_at => Err(Error::ExpiredToken),
            None => Ok(()),
        }
    }

    /// The grant in the wire format.
    pub fn to_wire(&self, used: Used) -> dray_api::Grant {
        let Terms { max_files, max_file_bytes, max_bytes, types, on_conflict, attached } = &self.terms;
        dray_api::Grant {
            id: self.id,
            token_id: self.token,
            folder_id: self.folder,
            verbs: vec![Verb::Upload],
            max_files: *max_files,
            max_file_bytes: *max_file_bytes,
            max_bytes: *max_bytes,
            types: types.iter().map(ToString::to_string).collect(),
            on_conflict: *on_conflict,
            external_id: attached.external_id.clone(),
            metadata: attached.metadata_to_wire(),
            used_files: used.files,
            used_bytes: used.bytes,
            created_at: wire_time(self.created_at),
            expires_at: wire_time(self.expires_at),
            revoked_at: self.revoked_at.map(wire_time),
        }
    }
}

/// A grant's upload in the wire format, with its item as the caller may see it.
pub fn upload_to_wire(upload: &Upload, item: Option<&Item>) -> GrantUpload {
    let is_finalized = matches!(upload.state, State::Completed { .. });
    GrantUpload {
        upload_id: upload.store_upload_id.clone(),
        file_key: upload.object_key.clone(),
        state: match upload.state {
            State::Opening | State::Open => GrantUploadState::Open,
            State::Completing { .. } => GrantUploadState::Finalizing,
            State::Completed { .. } => GrantUploadState::Finalized,
            State::Aborted => GrantUploadState::Aborted,
            State::Expired => GrantUploadState::Expired,
        },
        file_name: upload.name.clone(),
        file_size: upload.size_bytes,
        mime_type: upload.mime_type.clone(),
        item_id: is_finalized.then_some(upload.item),
        item: item.map(Item::to_wire),
        external_id: upload.attached.external_id.clone(),
        metadata: upload.attached.metadata_to_wire(),
        created_at: wire_time(upload.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(request: &NewGrant) -> Result<Terms> {
        Terms::parse(request)
    }

    fn field(request: &NewGrant) -> String {
        match terms(request) {
            Err(Error::InvalidField { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_grant_that_says_nothing_is_bounded_all_the_same() {
        let terms = terms(&NewGrant::default()).unwrap();
        assert_eq!((terms.max_files, terms.on_conflict), (MAX_GRANT_FILES, OnConflict::Keep));
        assert_eq!(terms.check_file("a", "a/b", u64::MAX), Ok(()), "the server's limit holds");
        let used = Used { files: MAX_GRANT_FILES.into(), bytes: 0, begun: 0 };
        assert!(matches!(terms.check_room(used, 0), Err(Error::GrantUsedUp { .. })));
    }

    /// An object of this many levels; every second one is a list.
    fn nested(levels: usize, innermost: Value) -> Map<String, Value> {
        let wrap = |inner, level| match level % 2 {
            0 => Value::from(vec![inner]),
            _ => Value::from(Map::from_iter([("a".to_owned(), inner)])),
        };
        let outermost = (1..=levels).rev().fold(innermost, wrap);
        outermost.as_object().unwrap().clone()
    }

    #[test]
    fn metadata_that_earlier_versions_accepted_but_is_nested_too_deep_is_left_out_of_answers() {
        let told = |levels| {
            let metadata = nested(levels, Value::from(1));
            let notes =
                Notes { metadata: Some(Value::from(metadata.clone()).to_string()), ..Notes::default() };
            (notes.metadata_to_wire(), metadata)
        };
        let (fitting, metadata) = told(MAX_METADATA_DEPTH);
        assert_eq!(fitting, Some(metadata.clone()));
        assert!(terms(&NewGrant { metadata: Some(metadata), ..NewGrant::default() }).is_ok());
        for levels in [MAX_METADATA_DEPTH + 1, 100, 127] {
            assert_eq!(told(levels).0, None, "{levels}");
        }
    }

    #[test]
    fn what_a_request_cannot_ask_for_is_named() {
        let new = NewGrant::default;
        let long = "x".repeat(MAX_EXTERNAL_ID_CHARS + 1);
        let metadata = Map::from_iter([("a".to_owned(), Value::String("x".repeat(MAX_METADATA_BYTES)))]);
        for (request, named) in [
            (NewGrant { verbs: Some(vec![]), ..new() }, "verbs"),
            (NewGrant { max_files: Some(0), ..new() }, "maxFiles"),
            (NewGrant { max_files: Some(MAX_GRANT_FILES + 1), ..new() }, "maxFiles"),
            (NewGrant { max_bytes: Some(1 << 53), ..new() }, "maxBytes"),
            (NewGrant { max_file_bytes: Some(u64::MAX), ..new() }, "maxFileBytes"),
            (NewGrant { on_conflict: OnConflict::Replace, ..new() }, "onConflict"),
            (NewGrant { on_conflict: OnConflict::Fail, ..new() }, "onConflict"),
            (NewGrant { types: Some(vec![".pdf".into(), "pdf".into()]), ..new() }, "types[1]"),
            (NewGrant { types: Some(vec![".a".into(); MAX_GRANT_TYPES + 1]), ..new() }, "types"),
            (NewGrant { external_id: Some(String::new()), ..new() }, "externalId"),
            (NewGrant { external_id: Some(long), ..new() }, "externalId"),
            (NewGrant { external_id: Some("a\0".into()), ..new() }, "externalId"),
            (NewGrant { metadata: Some(metadata), ..new() }, "metadata"),
            (NewGrant { metadata: Some(nested(MAX_METADATA_DEPTH + 1, Value::Null)), ..new() }, "metadata"),
        ] {
            assert_eq!(field(&request), named);
        }
    }

    #[test]
    fn a_file_has_to_fit_the_terms_and_what_is_left_of_them() {
        let request = NewGrant {
            max_files: Some(2),
            max_file_bytes: Some(10),
            max_bytes: Some(15),
            types: Some(vec!["image/*".into(), ".pdf".into()]),
            ..NewGrant::default()
        };
        let terms = terms(&request).unwrap();
        assert_eq!(terms.check_file("a.PDF", "a/b", 10), Ok(()));
        assert_eq!(terms.check_file("a", "image/png", 0), Ok(()));
        let too_large = Error::FileTooLarge { size_bytes: 11, limit_bytes: 10 };
        assert_eq!(terms.check_file("a.pdf", "a/b", 11), Err(too_large));
        assert_eq!(terms.check_file("a.exe", "a/b", 1), Err(Error::FileTypeNotAllowed));
        let used = |files, bytes| Used { files, bytes, begun: 0 };
        assert_eq!(terms.check_room(used(1, 10), 5), Ok(()));
        assert!(terms.check_room(used(1, 10), 6).is_err() && terms.check_room(used(2, 0), 0).is_err());
        assert!(terms.check_room(used(1, 20), 1).is_err(), "more than all is used");
        assert_eq!(terms.check_room(used(1, 20), 0), Ok(()), "an empty file needs no bytes");
    }
}
