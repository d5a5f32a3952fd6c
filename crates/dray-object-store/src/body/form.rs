//! The file of a form (RFC 7578) as its bytes arrive, and the errors of a form that cannot be read.

use bytes::Bytes;
use dray_s3::{ErrorCode, S3Error};
use multer::Field;

use crate::failure::Failure;

/// The next bytes of the file, never empty; `None` at its end.
pub(super) async fn next_chunk(file: &mut Field<'_>) -> Result<Option<Bytes>, Failure> {
    loop {
        match file.chunk().await.map_err(form_failure)? {
            Some(chunk) if chunk.is_empty() => {}
            chunk => return Ok(chunk),
        }
    }
}

/// The error of a form that ends early or is malformed.
pub(crate) fn form_failure(error: multer::Error) -> Failure {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<S3Error>() {
            Ok(error) => Failure::from(*error),
            Err(error) => Failure::internal(error),
        },
        error => malformed_because(&error),
    }
}

fn malformed_because(error: &multer::Error) -> Failure {
    Failure::new(ErrorCode::MalformedPOSTRequest, format!("The form is not well-formed: {error}"))
}
