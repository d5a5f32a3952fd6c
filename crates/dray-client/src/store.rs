//! The object store's answers to requests over signed URLs: success, or S3's error document.

use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use crate::error::{Error, StoreError};
use crate::{bounded, retry_after};

/// S3's error document (AWS reference, "REST error responses").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    code: String,
    #[serde(default)]
    message: String,
}

/// Reads a refusal.
pub(crate) async fn refusal(response: Response) -> StoreError {
    let (status, retry_after) = (response.status(), retry_after::of(response.headers()));
    let document = bounded::beginning(response).await;
    StoreError { retry_after, ..error_of(status, &String::from_utf8_lossy(&document)) }
}

fn error_of(status: StatusCode, text: &str) -> StoreError {
    let (code, message) = match quick_xml::de::from_str::<Document>(text) {
        Ok(document) => (Some(document.code), document.message),
        Err(_) => (None, status.canonical_reason().unwrap_or_default().to_owned()),
    };
    StoreError { status: status.as_u16(), code, message, retry_after: None }
}

/// The signed URL, and the name of its host for people (without its query, which is a secret). A server that the client
/// reaches over `https` must not make it send bytes and signatures over `http`.
pub(crate) fn parse_signed_url(server: &Url, url: &str) -> Result<(Url, String), Error> {
    let parsed: Url = url.parse().map_err(|_| Error::InvalidUrl { url: "a signed address".to_owned() })?;
    if server.scheme() == "https" && parsed.scheme() != "https" {
        return Err(Error::ClearTextStore { store: parsed.origin().ascii_serialization() });
    }
    let peer = format!("the object store at {}", parsed.origin().ascii_serialization());
    Ok((parsed, peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_behind_tls_must_not_send_parts_in_clear_text() {
        let server = |url: &str| url.parse::<Url>().unwrap();
        let signed = "http://drive.example.com/dray/key?X-Amz-Signature=secret";
        let error = parse_signed_url(&server("https://drive.example.com"), signed).unwrap_err().to_string();
        assert!(error.contains("--public-url") && !error.contains("secret"), "{error}");
        assert!(parse_signed_url(&server("http://127.0.0.1:8080"), signed).is_ok());
        let safe = signed.replace("http:", "https:");
        assert!(parse_signed_url(&server("https://drive.example.com"), &safe).is_ok());
    }

    #[test]
    fn an_s3_error_document_is_read() {
        let text = "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>Old.</Message><RequestId>1</RequestId></Error>";
        let error = error_of(StatusCode::BAD_REQUEST, text);
        assert_eq!(error.to_string(), "400 ExpiredToken, Old.");
    }

    #[test]
    fn an_answer_without_a_document_keeps_its_status() {
        let error = error_of(StatusCode::BAD_GATEWAY, "<html>sorry</html>");
        assert_eq!((error.status, error.code), (502, None));
    }

    #[test]
    fn a_peer_is_named_without_the_signature() {
        let (_, peer) =
            parse_signed_url(&"http://store:9".parse().unwrap(), "http://store:9/b/k?X-Amz-Signature=secret")
                .unwrap();
        assert_eq!(peer, "the object store at http://store:9");
    }
}
