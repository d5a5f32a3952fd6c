//! What all requests and answers share, in the store and the relay: the request id, S3's form of errors, headers for
//! browsers, and headers that keep stored bytes from doing harm. It does not know what a request asks for.

use axum::response::Response;
use dray_s3::{ErrorCode, InvalidEncoding, Query};
use http::{HeaderValue, Method, header, request::Parts};

use super::{answer, cors, has_signature};
use crate::{
    CorsOrigins, clock,
    failure::{Failure, invalid_request},
    transfers::Transfers,
};

/// Refuses a request of S3 before anything decided which bucket it is for: `InvalidRequest` with this message.
pub fn refuse<B>(request: &http::Request<B>, message: String) -> Response {
    let request_id = request_id();
    let is_head = request.method() == Method::HEAD;
    let mut response = answer::failure(invalid_request(message), request.uri().path(), &request_id, is_head);
    answer::add_common_headers(response.headers_mut(), &request_id);
    response
}

fn request_id() -> String {
    hex::encode_upper(clock::random::<8>())
}

/// The values of a request that its answer needs.
pub(crate) struct Exchange {
    request_id: String,
    origin: Option<HeaderValue>,
    path: String,
    is_head: bool,
    is_presigned: bool,
}

impl Exchange {
    pub(crate) fn begin(head: &Parts, query: &Result<Query, InvalidEncoding>) -> Self {
        Self {
            request_id: request_id(),
            origin: head.headers.get(header::ORIGIN).cloned(),
            path: head.uri.path().to_owned(),
            is_head: head.method == Method::HEAD,
            is_presigned: query.as_ref().is_ok_and(has_signature),
        }
    }

    /// The answer to send.
    pub(crate) fn end(
        self,
        cors: &CorsOrigins,
        transfers: &Transfers,
        outcome: Result<Response, Failure>,
    ) -> Response {
        let mut response = outcome.unwrap_or_else(|failure| {
            if failure.error.code == ErrorCode::RequestTimeout {
                transfers.too_slow();
            }
            answer::failure(failure, &self.path, &self.request_id, self.is_head)
        });
        answer::add_common_headers(response.headers_mut(), &self.request_id);
        if self.is_presigned {
            answer::keep_private(response.headers_mut());
        }
        cors::add_headers(cors, self.origin.as_ref(), response.headers_mut());
        response
    }
}
