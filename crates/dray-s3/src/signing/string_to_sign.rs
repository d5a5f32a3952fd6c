//! Stage 2: the string to sign (AWS S3 API reference, "Task 2: Create a String to Sign").

use std::fmt;

use super::ALGORITHM;

/// The service name of a credential scope.
pub(crate) const SERVICE: &str = "s3";
/// The end of a credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// A credential scope: `20130524/us-east-1/s3/aws4_request`.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// `yyyymmdd`
    pub(crate) date: &'a str,
    pub(crate) region: &'a str,
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{SERVICE}/{TERMINATOR}", self.date, self.region)
    }
}

/// The string to sign of a request whose canonical form hashes to `canonical_hash` (hex).
pub(crate) fn string_to_sign(amz_date: &str, scope: Scope<'_>, canonical_hash: &str) -> String {
    format!("{ALGORITHM}\n{amz_date}\n{scope}\n{canonical_hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_object_example_of_the_s3_reference() {
        let hash = "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972";
        let text = string_to_sign("20130524T000000Z", Scope { date: "20130524", region: "us-east-1" }, hash);
        let published = "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
                         7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972";
        assert_eq!(text, published);
    }
}
