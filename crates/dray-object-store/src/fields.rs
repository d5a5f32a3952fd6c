//! Headers of a request, and the `x-amz-` headers that a presigner moved into the query. Some SDKs move every header
//! they can (AWS SDK for JavaScript, `getSignedUrl`). Both forms are signed and mean the same.
//!
//! Every header that decides something is read here. So one rule holds for all: a header on several lines is a list
//! ([`Fields::list`]) or refused, and a value that cannot be read is refused. It never counts as absent.

use std::borrow::Cow;

use dray_s3::Query;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::{Failure, invalid_argument};

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

    /// The value of a header (its name in lower case), trimmed. `InvalidArgument` if it is given more than once or is
    /// not visible ASCII.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        match self.line(name)? {
            Some(value) => readable(name, value).map(Some),
            None => Ok(self.moved(name)),
        }
    }

    /// The value of a header that is a list. The values of several lines are joined by commas (RFC 9110, 5.3).
    /// `InvalidArgument` if one is not visible ASCII.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Cow<'a, str>>, Failure> {
        let mut lines = self.headers.get_all(name).iter();
        let Some(first) = lines.next() else { return Ok(self.moved(name).map(Cow::Borrowed)) };
        let mut list = Cow::Borrowed(readable(name, first)?);
        for line in lines {
            let line = readable(name, line)?;
            list.to_mut().extend([", ", line]);
        }
        Ok(Some(list))
    }

    /// The bytes of a header that is stored as it was sent. `InvalidArgument` if it is given more than once.
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<Cow<'a, [u8]>>, Failure> {
        Ok(self.line(name)?.map(|value| Cow::Borrowed(value.as_bytes())))
    }

    /// The bytes of a header that is a list and is stored as it was sent.
    pub(crate) fn list_bytes(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let mut list = Cow::Borrowed(lines.next()?);
        for line in lines {
            list.to_mut().extend([b", ", line].concat());
        }
        Some(list)
    }

    /// Whether the request has this header.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name) || self.moved(name).is_some()
    }

    /// The names of the headers in lower case, and those of the query, which may be headers that a presigner moved there.
    pub(crate) fn names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let headers = self.headers.keys().map(|name| Cow::Borrowed(name.as_str()));
        headers.chain(self.query.iter().map(|(name, _)| Cow::Owned(name.to_ascii_lowercase())))
    }

    /// The names of the headers that begin with one of these prefixes, in lower case; also those that a presigner moved into
    /// the query.
    pub(crate) fn names_with(&self, prefixes: &'a [&str]) -> impl Iterator<Item = Cow<'a, str>> {
        let headers = self.headers.keys().map(HeaderName::as_str);
        let headers = headers.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        let has = |name: &str, prefix: &str| {
            prefix.starts_with("x-amz-")
                && name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let moved = self.query.iter().map(|(name, _)| name);
        let moved = moved.filter(move |name| prefixes.iter().any(|prefix| has(name, prefix)));
        headers.map(Cow::Borrowed).chain(moved.map(|name| Cow::Owned(name.to_ascii_lowercase())))
    }

    /// Every header whose name has this prefix, with its name in lower case and its value as bytes.
    pub(crate) fn starting_with(&self, prefix: &'static str) -> impl Iterator<Item = (String, &'a [u8])> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes()));
        let query = self.query.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes()));
        headers.chain(query).filter(move |(name, _)| name.starts_with(prefix))
    }

    /// The one line of a header.
    fn line(&self, name: &str) -> Result<Option<&'a HeaderValue>, Failure> {
        let mut lines = self.headers.get_all(name).iter();
        let first = lines.next();
        if lines.next().is_some() {
            return Err(invalid_argument(format!("The header {name} is given more than once")));
        }
        Ok(first)
    }

    /// The value of an `x-amz-` header in the query.
    fn moved(&self, name: &str) -> Option<&'a str> {
        let is_it = |(known, _): &(&str, &str)| known.eq_ignore_ascii_case(name);
        name.starts_with("x-amz-").then(|| self.query.iter().find(is_it)).flatten().map(|(_, value)| value)
    }
}

fn readable<'a>(name: &str, value: &'a HeaderValue) -> Result<&'a str, Failure> {
    let unreadable = |_| invalid_argument(format!("The header {name} is not visible ASCII"));
    value.to_str().map(str::trim).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use dray_s3::ErrorCode;

    use super::*;

    #[test]
    fn a_header_on_several_lines_is_a_list_or_refused_and_an_unreadable_one_is_never_absent() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("a", &b" 1 "[..]), ("b", b"1"), ("b", b"1"), ("c", b"1"), ("c", b"2 "), ("d", b"\xfc")]
        {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        let query = Query::parse("X-Amz-Moved=m&a=q").unwrap();
        let fields = Fields::new(&headers, &query);
        let get = |name| fields.get(name).map_err(|failure| failure.error.code);
        let list = |name| fields.list(name).map_err(|failure| failure.error.code);
        assert_eq!((get("a"), list("a")), (Ok(Some("1")), Ok(Some("1".into()))));
        assert_eq!((get("b"), list("b")), (Err(ErrorCode::InvalidArgument), Ok(Some("1, 1".into()))));
        assert_eq!((get("c"), list("c")), (Err(ErrorCode::InvalidArgument), Ok(Some("1, 2".into()))));
        assert_eq!((get("d"), list("d")), (Err(ErrorCode::InvalidArgument), Err(ErrorCode::InvalidArgument)));
        assert_eq!((get("e"), list("e")), (Ok(None), Ok(None)));
        assert_eq!((get("x-amz-moved"), list("x-amz-moved")), (Ok(Some("m")), Ok(Some("m".into()))));
        assert_eq!(fields.bytes("d").unwrap().unwrap(), &b"\xfc"[..]);
        assert!(fields.bytes("b").is_err());
        assert_eq!(fields.list_bytes("c").unwrap(), &b"1, 2 "[..]);
        assert!(fields.has("d") && fields.has("x-amz-moved") && !fields.has("e"));
    }
}
