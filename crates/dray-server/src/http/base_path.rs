//! Serves below a path of a host, `https://host/drive`. A proxy passes requests on unchanged, and this file removes
//! the prefix, so that nothing else needs to know it. Everything is also available without the prefix, for callers
//! that reach the server directly, such as load balancers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;
use dray_object_store::SentPath;

/// The prefix of every public path, such as `/drive`; may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BasePath(Arc<str>);

impl BasePath {
    /// A base path from a path without a slash at its end.
    pub(crate) fn new(path: &str) -> Self {
        Self(path.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest of an address below this path; `None` if it is not below it.
    fn strip(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(&*self.0)?;
        if !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let path = if rest.is_empty() { "/" } else { rest };
        let path_and_query = match uri.query() {
            Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
            None => PathAndQuery::try_from(path),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path_and_query.ok()?);
        Uri::from_parts(parts).ok()
    }
}

/// Removes the prefix. The store still gets the original path, because signatures cover it.
pub(super) async fn take_off(State(base): State<BasePath>, mut request: Request, next: Next) -> Response {
    if let Some(uri) = base.strip(request.uri()) {
        let sent = SentPath(request.uri().path().to_owned());
        request.extensions_mut().insert(sent);
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_removed_as_whole_segments_only_and_nothing_else_changes() {
        let base = BasePath::new("/drive");
        let strip = |uri: &str| base.strip(&uri.parse().unwrap()).map(|uri| uri.to_string());
        for (sent, meant) in [
            ("/drive/dray/files/a%2Fb?partNumber=1&x=%2F", "/dray/files/a%2Fb?partNumber=1&x=%2F"),
            ("/drive/", "/"),
            ("/drive", "/"),
            ("/drive?a", "/?a"),
            ("/drive/drive", "/drive"),
            ("https://host/drive/l/x", "https://host/l/x"),
        ] {
            assert_eq!(strip(sent).as_deref(), Some(meant), "{sent}");
        }
        for other in ["/driver", "/healthz", "/", "/Drive/x"] {
            assert_eq!(strip(other), None, "{other}");
        }
    }
}
