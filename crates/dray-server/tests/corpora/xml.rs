//! Checks that XML which was read and written again reads the same, and that any text survives in a key, an id or a message.

use dray_s3::xml::{
    CompleteMultipartUpload, CreateBucketConfiguration, Delete, DeleteObject, EncodingType, Error,
    ErrorAnswer, ListBucketResultV2, ListMultipartUploadsResult, ListPartsResult, ListedObject, ListedPart,
    ListedUpload, Listing, ObjectsPage, PartsPage, Tagging, UploadsPage, read_etag, read_upload_id,
};
use dray_s3::{ErrorCode, PartNumber};
use jiff::Timestamp;

/// The maximum memory to read a document, in bytes. The smallest element is `<a/>`, and a row of a page has some texts.
fn most_bytes(document: &[u8]) -> usize {
    (64 << 10) + 64 * document.len()
}

pub(crate) fn check(input: &[u8]) {
    crate::within(most_bytes(input), || read_everything(input));
    if let Ok(text) = str::from_utf8(input) {
        texts_survive(text);
    }
}

fn read_everything(body: &[u8]) {
    if let Ok(complete) = CompleteMultipartUpload::parse(body) {
        assert!(complete.parts.windows(2).all(|pair| pair[0].part_number < pair[1].part_number));
        assert_eq!(CompleteMultipartUpload::parse(complete.to_xml().as_bytes()), Ok(complete));
    }
    if let Ok(tagging) = Tagging::parse(body) {
        assert_eq!(Tagging::parse(tagging.to_xml().as_bytes()), Ok(tagging));
    }
    if let Ok(delete) = Delete::parse(body) {
        assert_eq!(Delete::parse(written(&delete).as_bytes()), Ok(delete));
    }
    let _ = CreateBucketConfiguration::parse(body);
    let _ = ErrorAnswer::parse(body);
    let _ = (read_upload_id(body), read_etag(body));
    let _ = (PartsPage::parse(body), UploadsPage::parse(body), ObjectsPage::parse(body));
}

/// The body of the request, as a client writes it.
fn written(delete: &Delete) -> String {
    let one = |object: &DeleteObject| {
        let size = object.size_bytes.map(|size| size.to_string());
        let fields = [
            ("Key", Some(&object.key)),
            ("VersionId", object.version_id.as_ref()),
            ("ETag", object.etag.as_ref()),
            ("Size", size.as_ref()),
            ("LastModifiedTime", object.last_modified.as_ref()),
        ];
        let field = |(name, text): (&str, Option<&String>)| {
            text.map(|text| format!("<{name}>{}</{name}>", escaped(text))).unwrap_or_default()
        };
        format!("<Object>{}</Object>", fields.map(field).concat())
    };
    let objects: String = delete.objects.iter().map(one).collect();
    format!("<Delete>{objects}<Quiet>{}</Quiet></Delete>", delete.quiet)
}

/// Writes every character as a reference, except letters and digits.
fn escaped(text: &str) -> String {
    let one = |char: char| {
        if char.is_ascii_alphanumeric() { char.to_string() } else { format!("&#{};", u32::from(char)) }
    };
    text.chars().map(one).collect()
}

/// Puts a text into keys, ids, an `ETag` and a message, and reads it again.
fn texts_survive(text: &str) {
    // XML cannot express NUL.
    if text.is_empty() || text.contains('\0') {
        return;
    }
    let moment = Timestamp::UNIX_EPOCH;
    let object = ListedObject {
        key: text,
        last_modified: moment,
        etag: "e",
        size_bytes: u64::MAX,
        checksum: None,
        owner: Some(text),
    };
    let listing = Listing {
        bucket: "b",
        prefix: text,
        delimiter: Some(text),
        max_keys: 1,
        objects: vec![object],
        common_prefixes: vec![text],
        encoding_type: EncodingType::None,
    };
    let objects = ListBucketResultV2 { listing, next_continuation_token: Some(text), ..Default::default() };
    let read = ObjectsPage::parse(objects.to_xml().as_bytes()).unwrap();
    assert_eq!((read.objects[0].key.as_str(), read.next_token.as_deref()), (text, Some(text)));

    let upload = ListedUpload { key: text, upload_id: text, initiated: moment, checksum: None };
    let uploads = ListMultipartUploadsResult {
        next_marker: Some((text, text)),
        uploads: vec![upload],
        ..Default::default()
    };
    let read = UploadsPage::parse(uploads.to_xml().as_bytes()).unwrap();
    assert_eq!((read.uploads[0].key.as_str(), read.uploads[0].upload_id.as_str()), (text, text));
    assert_eq!(read.next_marker, Some((text.to_owned(), text.to_owned())));
    parts_and_errors_survive(text);
}

fn parts_and_errors_survive(text: &str) {
    let part = ListedPart {
        part_number: PartNumber::FIRST,
        last_modified: Timestamp::UNIX_EPOCH,
        etag: text,
        size_bytes: 1,
        checksum: None,
    };
    let parts = ListPartsResult {
        bucket: "b",
        key: text,
        upload_id: text,
        owner: text,
        part_number_marker: 0,
        max_parts: 1,
        is_truncated: false,
        checksum: None,
        parts: vec![part],
    };
    let read = PartsPage::parse(parts.to_xml().as_bytes()).unwrap();
    assert_eq!(read.parts[0].etag, format!("\"{text}\""));

    let code = ErrorCode::NoSuchKey;
    let error = Error { code, message: text, region: Some(text), resource: text, request_id: text };
    let document = error.to_xml();
    // The client does not read a longer one.
    if document.len() <= dray_s3::xml::MAX_ERROR_BYTES {
        let read = ErrorAnswer::parse(document.as_bytes()).unwrap();
        assert_eq!((read.code.as_str(), read.message.as_str()), (code.as_str(), text));
    }
}
