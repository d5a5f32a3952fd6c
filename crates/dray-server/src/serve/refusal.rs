//! The answer to an address with too many connections, before it sends anything: an error of the API, whose status S3 clients
//! understand too. This file does not decide who is refused.

use tokio::net::TcpStream;

use crate::random;

const BODY: &str = concat!(
    r#"{"statusCode":503,"error":"Service Unavailable","code":"busy","#,
    r#""message":"This address has too many connections open. Close some, or try again.","retryAfter":1}"#
);

/// Sends the reason why a connection is closed, if the socket accepts it at once.
pub(super) fn send(stream: &TcpStream, is_tls: bool, any_origin: bool) {
    if is_tls {
        return;
    }
    let id = random::bytes::<8>().map(hex::encode).unwrap_or_default();
    tracing::debug!(%id, "a connection was refused, because its address has too many");
    // A client that does not get this answer sees that the connection is closed.
    let _ = stream.try_write(answer(&id, any_origin).as_bytes());
}

/// The whole answer. If only some origins may read answers, nobody knows yet whether the client's is one of them.
fn answer(id: &str, any_origin: bool) -> String {
    let for_pages =
        "access-control-allow-origin: *\r\naccess-control-expose-headers: x-request-id,retry-after\r\n";
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\nx-request-id: {id}\r\n{}\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        if any_origin { for_pages } else { "" },
        BODY.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_a_connection_is_an_error_of_the_api_that_pages_can_read() {
        for (any_origin, origins) in [(true, 1), (false, 0)] {
            let answer = answer("0123", any_origin);
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("\r\ncontent-length: {}", body.len())), "{head}");
            assert!(head.contains("\r\nx-request-id: 0123\r\n"), "{head}");
            assert_eq!(head.matches("access-control-allow-origin: *").count(), origins, "{head}");
            let body: dray_api::ErrorBody = serde_json::from_str(body).unwrap();
            assert_eq!((body.status_code, body.error.as_str()), (503, "Service Unavailable"));
            assert_eq!((body.code, body.retry_after), (dray_api::ErrorCode::Busy, Some(1)));
        }
    }
}
