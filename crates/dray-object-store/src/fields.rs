//! Headers of a request, and the `x-amz-` headers that a presigner moved into the query. Some SDKs move every header
//! they can (AWS SDK for JavaScript, `getSignedUrl`). Both forms are signed and mean the same.

use dray_s3::Query;
use http::HeaderMap;

/// The headers that an operation reads.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    headers: &'a HeaderMap,
    query: &'a Query,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(headers: &'a HeaderMap, query: &'a Query) -> Self {
        Self { headers, query }
    }

    /// The value of a header (its name in lower case), trimmed; `None` if it is not visible ASCII.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        if let Some(value) = self.headers.get(name) {
            return value.to_str().ok().map(str::trim);
        }
        let moved = |(known, _): &(&str, &str)| known.eq_ignore_ascii_case(name);
        name.starts_with("x-amz-").then(|| self.query.iter().find(moved)).flatten().map(|(_, value)| value)
    }

    /// Every header whose name has this prefix, with its name in lower case and its value as bytes.
    pub(crate) fn starting_with(&self, prefix: &'static str) -> impl Iterator<Item = (String, &'a [u8])> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes()));
        let query = self.query.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes()));
        headers.chain(query).filter(move |(name, _)| name.starts_with(prefix))
    }
}
