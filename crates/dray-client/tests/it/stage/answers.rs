//! Answers of the drive and of the store, and answers that no peer should give.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use futures_util::{StreamExt, stream};
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::ID;

pub(super) fn an_item(name: &str, kind: &str, size: Option<u64>) -> Json<Value> {
    Json(json!({
        "id": ID, "name": name, "type": kind, "owner": ID, "fileSize": size,
        "createdAt": "2026-01-31T12:00:00.000Z", "updatedAt": "2026-01-31T12:00:00.000Z",
    }))
}

/// The `ETag` that S3 gives to a part.
pub(crate) fn md5_tag(bytes: &[u8]) -> String {
    format!("\"{:032x}\"", u128::from_be_bytes(Md5::digest(bytes).into()))
}

pub(super) fn endless() -> Body {
    Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 8192]))))
}

pub(super) async fn never_ends(Path(path): Path<String>) -> Response {
    if let Some(bytes) = path.strip_prefix("slow-") {
        return slowly(bytes.parse().unwrap());
    }
    if path == "busy" {
        return busy(20);
    }
    let status = if path == "refused" { StatusCode::FORBIDDEN } else { StatusCode::OK };
    (status, endless()).into_response()
}

/// An answer of 512 KiB that comes `bytes` a second.
pub(super) fn slowly(bytes: usize) -> Response {
    let padding = " ".repeat(512 * 1024).into_bytes();
    let said = json!({ "_id": ID, "name": "slow", "slug": "slow", "description": "", "seats": 1, "createdAt": "", "updatedAt": "" }).to_string();
    let pieces: Vec<_> = padding.chunks(bytes).map(Bytes::copy_from_slice).chain([said.into()]).collect();
    let paced = stream::iter(pieces).then(async |piece| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(piece)
    });
    Body::from_stream(Box::pin(paced)).into_response()
}

pub(super) fn busy(secs: u64) -> Response {
    ([(header::RETRY_AFTER, secs.to_string())], refuse(503, "SlowDown")).into_response()
}

pub(super) fn refuse(status: u16, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code><Message>On purpose.</Message></Error>");
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

pub(super) fn broken(bytes: Vec<u8>) -> Body {
    let sent = stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))])
        .map(|chunk| chunk.map_err(std::io::Error::other));
    let broken = stream::once(async {
        // Lets the bytes leave first, because an error drops what is still in the connection's buffer.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("on purpose"))
    });
    Body::from_stream(sent.chain(broken))
}

/// An answer that breaks off before its first byte.
pub(super) fn no_answer() -> Response {
    Response::builder().header(header::CONTENT_LENGTH, 100).body(broken(Vec::new())).unwrap()
}
