//! An object store in memory, with the multipart semantics of S3. It does every call at once and completely.
//! `network.rs` decides which calls and answers are late, lost or wrong.

use std::collections::{BTreeMap, BTreeSet};

use dray_s3::PartNumber;
use dray_s3::xml::{
    CompleteMultipartUpload, CompleteMultipartUploadResult, InitiateMultipartUploadResult,
    ListMultipartUploadsResult, ListPartsResult, ListedPart, ListedUpload,
};
use jiff::Timestamp;

use crate::drive::parts::Crc64;

/// The least size of a part that is not the last.
const LEAST_PART_BYTES: u64 = 5 << 20;
/// Parts on one page of a list: few, so that lists have several pages.
const PAGE: usize = 2;

/// A call to the store.
#[derive(Debug, Clone)]
pub(super) enum Call {
    HeadBucket,
    Create {
        key: String,
        token: String,
    },
    ListParts {
        key: String,
        id: String,
        after: u16,
    },
    Complete {
        key: String,
        id: String,
        body: Vec<u8>,
    },
    Abort {
        key: String,
        id: String,
    },
    ListUploads {
        prefix: String,
    },
    Head {
        key: String,
    },
    Get {
        key: String,
    },
    Put {
        key: String,
        token: String,
    },
    /// Makes `key` of `from`, if that still has this ETag.
    Copy {
        key: String,
        from: String,
        etag: String,
        token: String,
    },
    Delete {
        key: String,
    },
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) size_bytes: u64,
    token: String,
    etag: String,
}

impl Object {
    /// An object of [`content`].
    fn new(size_bytes: u64, token: String) -> Self {
        Self { size_bytes, token, etag: format!("\"e{size_bytes}\"") }
    }

    /// The headers of an answer that describes it.
    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("content-length", self.size_bytes.to_string()),
            ("etag", self.etag.clone()),
            ("x-amz-meta-dray-upload", self.token.clone()),
            ("x-amz-checksum-type", "FULL_OBJECT".to_owned()),
            ("x-amz-checksum-crc64nvme", crc64(self.size_bytes)),
        ]
    }
}

/// An upload that is not complete.
#[derive(Debug, Clone)]
struct Multipart {
    key: String,
    token: String,
    parts: BTreeMap<u16, (String, u64)>,
    /// Whether a Complete is under way.
    is_completing: bool,
}

/// The content of the one bucket.
#[derive(Default)]
pub(super) struct Store {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, Multipart>,
    made: u64,
    /// Whether the store forgets an upload at the moment when its Complete begins.
    pub(super) forgets_at_once: bool,
    /// Uploads whose Abort the store always refuses.
    pub(super) unabortable: BTreeSet<String>,
}

pub(super) fn error(status: u16, code: &str) -> Said {
    let body = format!("<Error><Code>{code}</Code><Message>simulated</Message></Error>");
    Said { status, headers: Vec::new(), body: body.into_bytes() }
}

fn done(body: String) -> Said {
    Said { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn no_such_upload() -> Said {
    error(404, "NoSuchUpload")
}

/// The CRC-64/NVME of [`content`], as S3 and the API write it.
pub(super) fn crc64(size_bytes: u64) -> String {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    digest.update(&content(size_bytes));
    Crc64::of(digest.finalize()).as_str().to_owned()
}

/// The bytes of an object of this size.
pub(super) fn content(size_bytes: u64) -> Vec<u8> {
    vec![7; usize::try_from(size_bytes.min(1 << 10)).unwrap()]
}

impl Store {
    /// Does the call, except for a Complete, which has separate functions for its begin and its end.
    pub(super) fn answer(&mut self, call: &Call) -> Said {
        match call {
            Call::HeadBucket => done(String::new()),
            Call::Create { key, token } => self.create(key, token),
            Call::ListParts { key, id, after } => self.list_parts(key, id, *after),
            Call::Complete { key, id, body } => match self.begin_complete(key, id, body) {
                Ok(()) => self.end_complete(id),
                Err(said) => said,
            },
            Call::Abort { key, id } => self.abort(key, id),
            Call::ListUploads { prefix } => self.list_uploads(prefix),
            Call::Head { key } => self.objects.get(key).map_or_else(
                || error(404, "NoSuchKey"),
                |object| Said { status: 200, headers: object.headers(), body: Vec::new() },
            ),
            Call::Get { key } => self.objects.get(key).map_or_else(
                || error(404, "NoSuchKey"),
                |object| Said { status: 200, headers: object.headers(), body: content(object.size_bytes) },
            ),
            Call::Put { key, token } => {
                self.objects.insert(key.clone(), Object::new(0, token.clone()));
                done(String::new())
            }
            Call::Copy { key, from, etag, token } => self.copy(key, from, etag, token),
            Call::Delete { key } => {
                self.objects.remove(key);
                Said { status: 204, ..Said::default() }
            }
        }
    }

    fn create(&mut self, key: &str, token: &str) -> Said {
        self.made += 1;
        let id = format!("u{}", self.made);
        let (key, token) = (key.to_owned(), token.to_owned());
        let answer = InitiateMultipartUploadResult { bucket: "b", key: &key, upload_id: &id }.to_xml();
        self.uploads.insert(id, Multipart { key, token, parts: BTreeMap::new(), is_completing: false });
        done(answer)
    }

    /// A client's own PUT of a part. Returns its ETag.
    pub(super) fn put_part(&mut self, id: &str, number: u16, size_bytes: u64) -> Option<String> {
        let upload = self.known(id)?;
        let etag = format!("e{number}-{size_bytes}");
        upload.parts.insert(number, (etag.clone(), size_bytes));
        Some(etag)
    }

    /// A client's own PUT of a whole file. Returns whether the store took it.
    pub(super) fn put_whole(&mut self, key: &str, token: &str, size_bytes: u64, may_overwrite: bool) -> bool {
        let is_taken = !may_overwrite && self.objects.contains_key(key);
        if !is_taken {
            self.objects.insert(key.to_owned(), Object::new(size_bytes, token.to_owned()));
        }
        !is_taken
    }

    fn copy(&mut self, key: &str, from: &str, etag: &str, token: &str) -> Said {
        let Some(source) = self.objects.get(from) else { return error(404, "NoSuchKey") };
        if source.etag.trim_matches('"') != etag {
            return error(412, "PreconditionFailed");
        }
        let object = Object { token: token.to_owned(), ..source.clone() };
        let body = format!("<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>", object.etag);
        self.objects.insert(key.to_owned(), object);
        done(body)
    }

    fn known(&mut self, id: &str) -> Option<&mut Multipart> {
        let forgets = self.forgets_at_once;
        self.uploads.get_mut(id).filter(|upload| !(forgets && upload.is_completing))
    }

    fn list_parts(&mut self, key: &str, id: &str, after: u16) -> Said {
        let Some(upload) = self.known(id) else { return no_such_upload() };
        let rest = || upload.parts.range(after + 1..);
        let parts = rest().take(PAGE).map(|(number, (etag, size_bytes))| ListedPart {
            part_number: PartNumber::try_from(u64::from(*number)).unwrap(),
            last_modified: Timestamp::UNIX_EPOCH,
            etag,
            size_bytes: *size_bytes,
            checksum: None,
        });
        let page = ListPartsResult {
            bucket: "b",
            key,
            upload_id: id,
            owner: "o",
            part_number_marker: after.into(),
            max_parts: 2,
            is_truncated: rest().count() > PAGE,
            checksum: None,
            parts: parts.collect(),
        };
        done(page.to_xml())
    }

    /// The first half of a Complete: it checks the parts, and keeps others from completing the upload meanwhile.
    pub(super) fn begin_complete(&mut self, key: &str, id: &str, body: &[u8]) -> Result<(), Said> {
        let Ok(wanted) = CompleteMultipartUpload::parse(body) else { return Err(error(400, "MalformedXML")) };
        let Some(upload) = self.known(id).filter(|upload| upload.key == key) else {
            return Err(no_such_upload());
        };
        if upload.is_completing {
            return Err(error(409, "OperationAborted"));
        }
        let mut kept = BTreeMap::new();
        for part in &wanted.parts {
            let number = part.part_number.get();
            let Some((etag, size)) = upload.parts.get(&number).filter(|(etag, _)| *etag == part.etag) else {
                return Err(error(400, "InvalidPart"));
            };
            kept.insert(number, (etag.clone(), *size));
        }
        let last = kept.keys().last().copied();
        if kept.iter().any(|(number, (_, size))| *size < LEAST_PART_BYTES && Some(*number) != last) {
            return Err(error(400, "EntityTooSmall"));
        }
        (upload.parts, upload.is_completing) = (kept, true);
        Ok(())
    }

    /// The second half: from here on the object exists, and the upload does not.
    pub(super) fn end_complete(&mut self, id: &str) -> Said {
        let Some(upload) = self.uploads.remove(id) else { return no_such_upload() };
        let size_bytes = upload.parts.values().map(|(_, size)| size).sum();
        let key = upload.key;
        let answer = CompleteMultipartUploadResult {
            location: "l",
            bucket: "b",
            key: &key,
            etag: "e",
            checksum: None,
        }
        .to_xml();
        self.objects.insert(key, Object::new(size_bytes, upload.token));
        done(answer)
    }

    /// The other outcome of a Complete: nothing was done, and the upload is unchanged.
    pub(super) fn fail_complete(&mut self, id: &str) {
        if let Some(upload) = self.uploads.get_mut(id) {
            upload.is_completing = false;
        }
    }

    fn abort(&mut self, key: &str, id: &str) -> Said {
        if self.unabortable.contains(id) {
            return error(403, "AccessDenied");
        }
        if self.known(id).is_none_or(|upload| upload.key != key) {
            return no_such_upload();
        }
        self.uploads.remove(id);
        Said { status: 204, ..Said::default() }
    }

    fn list_uploads(&mut self, prefix: &str) -> Said {
        let forgets = self.forgets_at_once;
        let is_listed =
            |upload: &Multipart| upload.key.starts_with(prefix) && !(forgets && upload.is_completing);
        let uploads = self.uploads.iter().filter(|(_, upload)| is_listed(upload)).map(|(id, upload)| {
            ListedUpload { key: &upload.key, upload_id: id, initiated: Timestamp::UNIX_EPOCH, checksum: None }
        });
        let list = ListMultipartUploadsResult {
            bucket: "b",
            prefix,
            max_uploads: 1000,
            owner: "o",
            uploads: uploads.collect(),
            ..ListMultipartUploadsResult::default()
        };
        done(list.to_xml())
    }

    /// The object under a key.
    pub(super) fn object(&self, key: &str) -> Option<&Object> {
        self.objects.get(key)
    }

    /// Keys of all objects.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.objects.keys()
    }

    /// Ids and keys of all uploads that are neither complete nor aborted.
    pub(super) fn begun(&self) -> impl Iterator<Item = (&String, &String)> {
        self.uploads.iter().map(|(id, upload)| (id, &upload.key))
    }

    /// What distinguishes states: which uploads there are, and which objects.
    pub(super) fn outline(&self) -> (Vec<(usize, bool)>, usize) {
        (
            self.uploads.values().map(|upload| (upload.parts.len(), upload.is_completing)).collect(),
            self.objects.len(),
        )
    }
}
