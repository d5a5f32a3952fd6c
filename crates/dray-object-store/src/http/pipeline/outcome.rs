//! The answer to a pipeline: as JSON, what became of each request in it.

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use http::{HeaderValue, header};
use serde::Serialize;
use tokio::task::JoinError;

use crate::failure::Failure;

/// More than the XML of any error.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// What was answered to one request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    e_tag: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// The XML of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Outcome {
    pub(super) async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let body = to_bytes(body, MAX_ERROR_BYTES).await.unwrap_or_default();
        Self {
            status: head.status.as_u16(),
            e_tag: text(header::ETAG).map(str::to_owned),
            retry_after: text(header::RETRY_AFTER).and_then(|secs| secs.parse().ok()),
            body: (!body.is_empty()).then(|| String::from_utf8_lossy(&body).into_owned()),
        }
    }

    fn bare(status: u16, body: Option<String>) -> Self {
        Self { status, e_tag: None, retry_after: None, body }
    }
}

/// What was answered so far, by the requests' positions.
#[derive(Default)]
pub(super) struct Outcomes(Vec<(usize, Outcome)>);

#[derive(Serialize)]
struct Answer {
    answers: Vec<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

/// Why the rest was not read.
#[derive(Serialize)]
struct Stopped {
    code: &'static str,
    message: String,
}

impl Outcomes {
    /// Notes a request that has ended. One that panicked has no outcome of its own.
    pub(super) fn note(&mut self, done: Result<(usize, Outcome), JoinError>) {
        self.0.extend(done);
    }

    /// A request that was refused before anything looked at its signature.
    pub(super) fn refuse(&mut self, at: usize, failure: Failure) {
        let error = failure.error;
        let document = dray_s3::xml::Error {
            code: error.code,
            message: &error.message,
            region: None,
            resource: "",
            request_id: "",
        };
        self.0.push((at, Outcome::bare(error.code.status().as_u16(), Some(document.to_xml()))));
    }

    /// The answer to a pipeline of which this many requests were read.
    pub(super) fn answer(self, count: usize, stopped: Option<Failure>) -> Response {
        let mut answers: Vec<Outcome> = (0..count).map(|_| Outcome::bare(500, None)).collect();
        for (at, outcome) in self.0 {
            answers[at] = outcome;
        }
        let stopped = stopped.map(|Failure { error, .. }| Stopped {
            code: error.code.as_str(),
            message: error.message.into_owned(),
        });
        let json = serde_json::to_vec(&Answer { answers, stopped }).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
