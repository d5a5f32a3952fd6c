//! The embedded store, asked without a socket: `aws-sdk-s3` makes and signs the requests that it would send, and the
//! store's own router answers them.

use std::fmt;

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use axum::Router;
use axum::body::Body;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use http_body::Frame;
use http_body_util::StreamBody;
use sync_wrapper::SyncStream;
use tower::ServiceExt as _;

/// Has `router` answer.
pub(super) fn client(router: Router) -> SharedHttpClient {
    SharedHttpClient::new(InProcess(router))
}

#[derive(Clone)]
struct InProcess(Router);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let router = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = as_received(request)?;
            let answer = match router.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let answer = answer.map(|body| {
                // `ByteStream` may ask once more after the end.
                let frames = SyncStream::new(body.into_data_stream().map_ok(Frame::data).fuse());
                SdkBody::from_body_1_x(StreamBody::new(frames))
            });
            HttpResponse::try_from(answer).map_err(|err| ConnectorError::other(err.into(), None))
        })
    }
}

/// The request as a server would have received it: its host in a header, the rest of the address after the method.
fn as_received(request: HttpRequest) -> Result<http::Request<Body>, ConnectorError> {
    let mut request = request.try_into_http1x().map_err(|err| ConnectorError::user(err.into()))?;
    let uri = std::mem::take(request.uri_mut()).into_parts();
    if let Some(authority) = uri.authority {
        let host =
            HeaderValue::from_str(authority.as_str()).map_err(|err| ConnectorError::user(err.into()))?;
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = Uri::from(uri.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Ok(request.map(Body::new))
}
