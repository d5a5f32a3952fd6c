//! The form of an upload (RFC 7578), read field by field up to the file. All fields have limits; only the file may be
//! long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use dray_s3::{ErrorCode, Query, S3Error};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, header};
use multer::{Field, Multipart};

use crate::{
    body::{form_failure, frames},
    failure::Failure,
    fields::Fields,
};

/// The maximum number of bytes of the names and values of all fields before the file; AWS allows 20 KiB.
const MAX_FIELDS_BYTES: usize = 64 << 10;
/// The maximum number of fields before the file.
const MAX_FIELDS: usize = 100;
/// The maximum number of bytes read until the file begins. The parser buffers the head of a field until it is
/// complete. This is more than the fields need, because the file may begin in the same frame.
const MAX_BYTES_BEFORE_FILE: usize = 1 << 20;

/// A form whose fields before the file were read.
pub(super) struct Form<'a> {
    /// Names in lower case, as policies compare them, and values.
    pub(super) fields: Vec<(String, String)>,
    pub(super) file_name: Option<String>,
    pub(super) file: Field<'a>,
}

impl<'a> Form<'a> {
    /// Reads the fields. `MalformedPOSTRequest` if the body is not a form; `InvalidArgument` if there is no file.
    pub(super) async fn read(
        headers: &HeaderMap,
        body: &'a mut Body,
        idle_timeout: Duration,
    ) -> Result<Self, Failure> {
        let no_query = Query::default();
        let content_type = Fields::new(headers, &no_query).get(header::CONTENT_TYPE.as_str())?;
        let boundary = multer::parse_boundary(content_type.unwrap_or_default());
        let boundary =
            boundary.map_err(|_| malformed("The body of a POST to a bucket must be multipart/form-data"))?;
        let file_began = Arc::new(AtomicBool::new(false));
        let frames = bounded_until(Arc::clone(&file_began), frames(body, idle_timeout));
        let mut multipart = Multipart::new(frames, boundary);
        let (mut fields, mut size_bytes) = (Vec::new(), 0);
        while let Some(mut field) = multipart.next_field().await.map_err(form_failure)? {
            let name = field.name().unwrap_or_default().to_lowercase();
            if name == "file" {
                file_began.store(true, Ordering::Relaxed);
                let file_name = field.file_name().map(str::to_owned);
                return Ok(Self { fields, file_name, file: field });
            }
            let mut value = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(form_failure)? {
                size_bytes += chunk.len();
                if size_bytes + name.len() > MAX_FIELDS_BYTES {
                    return Err(malformed("The fields before the file are too long"));
                }
                value.extend_from_slice(&chunk);
            }
            size_bytes += name.len();
            if fields.len() == MAX_FIELDS || fields.iter().any(|(known, _)| *known == name) {
                return Err(malformed("The form has too many fields, or has a field twice"));
            }
            let value = String::from_utf8(value).map_err(|_| malformed("A field is not UTF-8"))?;
            fields.push((name, value));
        }
        let message = "POST requires exactly one file upload per request";
        Err(Failure::new(ErrorCode::InvalidArgument, message))
    }
}

/// Ends the stream with an error if too much comes before the file.
fn bounded_until<'a>(
    file_began: Arc<AtomicBool>,
    frames: impl Stream<Item = Result<Bytes, S3Error>> + Send + 'a,
) -> impl Stream<Item = Result<Bytes, S3Error>> + Send + 'a {
    let mut size_bytes = 0;
    frames.map(move |frame| {
        let frame = frame?;
        size_bytes += frame.len();
        if size_bytes > MAX_BYTES_BEFORE_FILE && !file_began.load(Ordering::Relaxed) {
            return Err(malformed("The fields before the file are too long").error);
        }
        Ok(frame)
    })
}

fn malformed(message: &'static str) -> Failure {
    Failure::new(ErrorCode::MalformedPOSTRequest, message)
}
