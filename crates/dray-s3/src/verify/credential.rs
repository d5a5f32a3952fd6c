//! The credential of a signature: `AKID/20130524/us-east-1/s3/aws4_request`.

use crate::signing::string_to_sign::{SERVICE, TERMINATOR};
use crate::{ErrorCode, S3Error};

/// A credential whose scope is for S3. Its date and region are not compared yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CredentialField {
    pub(crate) access_key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
}

impl CredentialField {
    /// Parses from the right, because an access key id may contain a slash.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.rsplitn(5, '/');
        let (terminator, service) = (fields.next()?, fields.next()?);
        let (region, date, access_key_id) = (fields.next()?, fields.next()?, fields.next()?);
        let well_formed = terminator == TERMINATOR && service == SERVICE && !access_key_id.is_empty();
        well_formed.then(|| Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
        })
    }

    /// Refuses, with this code, a scope whose date is not the request's or whose region is not the store's. It checks
    /// the region first and names the right one in the error, so that the client can sign again.
    pub(crate) fn check(&self, amz_date: &str, region: &str, code: ErrorCode) -> Result<(), S3Error> {
        if self.region != region {
            let message = format!("The region '{}' is wrong; expecting '{region}'", self.region);
            return Err(S3Error::new(code, message).expecting_region(region));
        }
        if amz_date.get(..8) != Some(&self.date) {
            let message = "The date of the credential scope is not the date of the request";
            return Err(S3Error::new(code, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_split_from_the_right() {
        let parsed = CredentialField::parse("a/b/20130524/us-east-1/s3/aws4_request").unwrap();
        assert_eq!((parsed.access_key_id.as_str(), parsed.region.as_str()), ("a/b", "us-east-1"));
    }

    #[test]
    fn other_services_and_missing_fields_are_refused() {
        for bad in ["", "a/20130524/r/s3", "a/20130524/r/iam/aws4_request", "/20130524/r/s3/aws4_request"] {
            assert_eq!(CredentialField::parse(bad), None, "{bad}");
        }
    }
}
