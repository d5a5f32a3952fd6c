//! Answers of stores that name the root of their XML otherwise than AWS does, as `aws-sdk-s3` wants them. It refuses
//! any other name; most S3 clients do not look at it, so that some stores never noticed.

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use http::Method;
use http_body_util::BodyExt as _;

/// Puts the right names into the answers that `client` gets.
pub(super) fn corrected(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Corrected(client))
}

#[derive(Debug)]
struct Corrected<T>(T);

impl HttpClient for Corrected<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Corrected(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Corrected<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let root = root_of_answer(request.method(), request.uri());
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            match (answer.await?, root) {
                (answer, Some(root)) if answer.status().is_success() => correct(answer, root).await,
                (answer, _) => Ok(answer),
            }
        })
    }
}

/// The name of the root of an answer that says something of multipart uploads; the parameters tell which.
fn root_of_answer(method: &str, uri: &str) -> Option<&'static str> {
    let (_, query) = uri.split_once('?')?;
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match (method == Method::POST, method == Method::GET) {
        (true, _) if has("uploads") => Some("InitiateMultipartUploadResult"),
        (true, _) if has("uploadId") => Some("CompleteMultipartUploadResult"),
        (_, true) if has("uploads") => Some("ListMultipartUploadsResult"),
        (_, true) if has("uploadId") => Some("ListPartsResult"),
        _ => None,
    }
}

async fn correct(mut answer: HttpResponse, root: &str) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let xml = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    let renamed = std::str::from_utf8(&xml).ok().and_then(|text| rename_root(text, root));
    *answer.body_mut() = renamed.map_or_else(|| SdkBody::from(xml), SdkBody::from);
    // Which it may not be any more.
    answer.headers_mut().remove("content-length");
    Ok(answer)
}

/// The document with another name of its root; `None` if it has the right one, tells of an error, or is not one that
/// is understood.
fn rename_root(xml: &str, name: &str) -> Option<String> {
    let start =
        xml.match_indices('<').map(|(at, _)| at + 1).find(|at| !xml[*at..].starts_with(['?', '!']))?;
    let is_end_of_name = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let old = &xml[start..start + xml[start..].find(is_end_of_name)?];
    let rest = &xml[start + old.len()..];
    let end = rest.rfind("</")? + 2;
    if old == name || old == "Error" || !rest[end..].starts_with(old) {
        return None;
    }
    Some([&xml[..start], name, &rest[..end], name, &rest[end + old.len()..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_gets_the_name_that_it_should_have() {
        let rename = |xml: &str| rename_root(xml, "Right");
        assert_eq!(
            rename("<?xml version=\"1.0\"?>\n<Wrong xmlns=\"a\"><A>1</A></Wrong>\n").as_deref(),
            Some("<?xml version=\"1.0\"?>\n<Right xmlns=\"a\"><A>1</A></Right>\n")
        );
        assert_eq!(rename("<Wrong></Wrong>").as_deref(), Some("<Right></Right>"));
        for untouched in
            ["<Right><A/></Right>", "<Error><Code>A</Code></Error>", "<Wrong>", "<Wrong/>", "", "no", "<"]
        {
            assert_eq!(rename(untouched), None, "{untouched}");
        }
    }

    #[test]
    fn the_parameters_of_a_request_tell_what_it_asks() {
        for (method, uri, root) in [
            ("POST", "http://s/b/k?uploads", Some("InitiateMultipartUploadResult")),
            ("POST", "http://s/b/k?x-id=a&uploadId=1", Some("CompleteMultipartUploadResult")),
            ("GET", "http://s/b/k?x-id=ListParts&uploadId=1", Some("ListPartsResult")),
            ("GET", "http://s/b?uploads=&prefix=a", Some("ListMultipartUploadsResult")),
            ("GET", "http://s/b/uploads", None),
            ("DELETE", "http://s/b/k?uploadId=1", None),
        ] {
            assert_eq!(root_of_answer(method, uri), root, "{method} {uri}");
        }
    }
}
