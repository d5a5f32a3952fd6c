//! The query string of a request. It is parsed once, so the store reads exactly what the signature covers.

use crate::encoding::{InvalidEncoding, decode_component};

/// The decoded parameters of a query string, in the order sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a raw query string (without the `?`). A name without `=` has an empty value.
    pub fn parse(raw: &str) -> Result<Self, InvalidEncoding> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode_component(name)?, decode_component(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The value of the first parameter of this name (case-sensitive).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether a parameter of this name is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every name and value, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A name that occurs more than once, if any.
    pub fn duplicate(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_once() {
        let query = Query::parse("uploads&prefix=a+b%2Bc&x=1=2&&y=").unwrap();
        let pairs: Vec<_> = query.iter().collect();
        assert_eq!(pairs, [("uploads", ""), ("prefix", "a b+c"), ("x", "1=2"), ("y", "")]);
        assert_eq!(query.get("prefix"), Some("a b+c"));
        assert!(query.contains("uploads") && !query.contains("Uploads"));
    }

    #[test]
    fn a_name_given_twice_is_found_however_it_is_spelled() {
        assert_eq!(Query::parse("a=1&b=2&%61=3").unwrap().duplicate(), Some("a"));
        assert_eq!(Query::parse("a=1&b=2").unwrap().duplicate(), None);
    }
}
