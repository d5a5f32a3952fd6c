//! Form uploads (`POST Object`): the policy that a form carries, and the signature over it (AWS S3 API reference,
//! "Browser-Based Uploads Using POST"). The policy says which fields the form may have, and so what it may store.
//!
//! Clients make two kinds of signature, and both are accepted: `SigV4`, and the older HMAC-SHA1, which is boto3's default.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::{
    Credentials, ErrorCode, S3Error,
    payload::lower_hex,
    signing::{ALGORITHM, Scope, SigningKey},
    verify::{CredentialField, check_session_token},
};

/// Fields that the policy does not have to mention: the policy itself, its signature, and the file.
const EXEMPT: [&str; 5] = ["awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"];
const IGNORED: &str = "x-ignore-";

/// A policy: its expiry, and the fields that it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostPolicy {
    expiration: Timestamp,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Equals { field: String, value: String },
    StartsWith { field: String, prefix: String },
    ContentLength { least: u64, most: u64 },
}

impl PostPolicy {
    /// Reads the field `policy`, which is JSON in base64. The error is `InvalidPolicyDocument`.
    pub fn parse(base64: &str) -> Result<Self, S3Error> {
        let json = STANDARD.decode(base64.trim()).map_err(|_| invalid("it is not base64"))?;
        let json: Value = serde_json::from_slice(&json).map_err(|_| invalid("it is not JSON"))?;
        let members = json.as_object().ok_or_else(|| invalid("it is not an object"))?;
        if let Some(name) = members.keys().find(|name| !["expiration", "conditions"].contains(&name.as_str()))
        {
            return Err(invalid(&format!("it has a member {name:?}")));
        }
        let expiration = members.get("expiration").and_then(Value::as_str);
        let expiration = expiration.and_then(moment);
        let expiration =
            expiration.ok_or_else(|| invalid("expiration must be a time, such as 2030-01-31T12:00:00Z"))?;
        let conditions = members.get("conditions").and_then(Value::as_array);
        let conditions = conditions.ok_or_else(|| invalid("conditions must be a list"))?;
        let conditions = conditions.iter().map(Condition::parse).collect::<Result<_, _>>()?;
        Ok(Self { expiration, conditions })
    }

    /// Checks whether the policy allows a form with these fields (names in lower case, with `bucket`). The error is
    /// `AccessDenied`.
    pub fn check(&self, fields: &[(String, String)], now: Timestamp) -> Result<(), S3Error> {
        if now > self.expiration {
            return Err(denied("Policy expired"));
        }
        let value_of = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        for condition in &self.conditions {
            let holds = match condition {
                Condition::Equals { field, value } => value_of(field) == Some(value),
                Condition::StartsWith { field, prefix } => {
                    let value = value_of(field).map_or("", String::as_str);
                    listed(field, value).all(|value| value.starts_with(prefix.as_str()))
                }
                Condition::ContentLength { .. } => true,
            };
            if !holds {
                let field = condition.field().unwrap_or_default();
                return Err(denied(&format!("Policy Condition failed: {field}")));
            }
        }
        let is_covered = |name: &str| self.conditions.iter().any(|condition| condition.field() == Some(name));
        let extra = fields
            .iter()
            .map(|(name, _)| name.as_str())
            .find(|name| !EXEMPT.contains(name) && !name.starts_with(IGNORED) && !is_covered(name));
        match extra {
            Some(name) => Err(denied(&format!("Extra input fields: {name}"))),
            None => Ok(()),
        }
    }

    /// The smallest and the largest size of the file, in bytes.
    pub fn content_length_range(&self) -> (u64, u64) {
        self.conditions.iter().fold((0, u64::MAX), |(least, most), condition| match condition {
            Condition::ContentLength { least: other, most: others } => (least.max(*other), most.min(*others)),
            _ => (least, most),
        })
    }
}

/// The values that a condition on this field is about. `Content-Type` may be a list, and then each of its values must
/// fulfil it (AWS S3 API reference, "POST Policy").
fn listed<'a>(field: &str, value: &'a str) -> impl Iterator<Item = &'a str> {
    let is_list = field == "content-type";
    value
        .split(move |character| is_list && character == ',')
        .map(move |one| if is_list { one.trim() } else { one })
}

/// A time as policies write it: ISO 8601 in GMT, `2030-01-31T12:00:00Z`, with or without a fraction of a second
/// (AWS S3 API reference, "POST Policy"). It accepts no other spelling.
fn moment(text: &str) -> Option<Timestamp> {
    let is_gmt = text.get(10..11) == Some("T") && text.ends_with('Z');
    is_gmt.then(|| text.parse().ok()).flatten()
}

impl Condition {
    fn parse(json: &Value) -> Result<Self, S3Error> {
        let malformed = || {
            invalid(
                "a condition must be {field: value}, [\"eq\" or \"starts-with\", \"$field\", value] or [\"content-length-range\", least, most]",
            )
        };
        if let Some(members) = json.as_object() {
            let mut members = members.iter();
            let (field, value) = members.next().filter(|_| members.len() == 0).ok_or_else(malformed)?;
            let value = value.as_str().ok_or_else(malformed)?.to_owned();
            return Ok(Self::Equals { field: field.to_lowercase(), value });
        }
        let [operator, first, second] = json.as_array().map_or(&[] as &[Value], Vec::as_slice) else {
            return Err(malformed());
        };
        let operator = operator.as_str().ok_or_else(malformed)?.to_lowercase();
        if operator == "content-length-range" {
            let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
            let (least, most) = number(first).zip(number(second)).ok_or_else(malformed)?;
            return Ok(Self::ContentLength { least, most });
        }
        let field = first.as_str().and_then(|field| field.strip_prefix('$')).ok_or_else(malformed)?;
        let (field, value) = (field.to_lowercase(), second.as_str().ok_or_else(malformed)?.to_owned());
        match operator.as_str() {
            "eq" => Ok(Self::Equals { field, value }),
            "starts-with" => Ok(Self::StartsWith { field, prefix: value }),
            _ => Err(malformed()),
        }
    }

    /// The field that the condition is about, in lower case.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Equals { field, .. } | Self::StartsWith { field, .. } => Some(field),
            Self::ContentLength { .. } => None,
        }
    }
}

/// Checks the signature over the field `policy`, and returns the access key id that made it. `field` returns a form's
/// field by its name in lower case.
///
/// # Errors
/// The error to answer the request with; see [`ErrorCode`].
pub fn authenticate_post<'a>(
    field: impl Fn(&str) -> Option<&'a str>,
    region: &str,
    lookup: impl Fn(&str) -> Option<Credentials>,
) -> Result<String, S3Error> {
    let (Some(policy), true) = (field("policy"), field("x-amz-signature").or(field("signature")).is_some())
    else {
        if field("policy").is_none() {
            return Err(S3Error::new(ErrorCode::AccessDenied, "The form has no policy, so nobody signed it"));
        }
        return Err(argument("Bucket POST must contain a field named 'signature' or 'x-amz-signature'"));
    };
    let known = |id: &str| {
        lookup(id).ok_or_else(|| {
            S3Error::new(ErrorCode::InvalidAccessKeyId, "The access key id you provided does not exist")
        })
    };
    let (credentials, is_right) = match (field("x-amz-signature"), field("signature")) {
        (Some(signature), None) => {
            let (id, expected) = version_4(&field, policy, region, &known)?;
            let is_right = lower_hex(signature).is_some_and(|given| bool::from(expected.ct_eq(&given)));
            (id, is_right)
        }
        (None, Some(signature)) => {
            let id = field("awsaccesskeyid")
                .ok_or_else(|| argument("Bucket POST must contain a field named 'AWSAccessKeyId'"))?;
            let credentials = known(id)?;
            let expected = hmac_sha1(&credentials.secret_access_key, policy);
            let is_right = STANDARD.decode(signature).is_ok_and(|given| bool::from(expected.ct_eq(&given)));
            (credentials, is_right)
        }
        _ => return Err(argument("A form must have one signature: 'signature' or 'x-amz-signature'")),
    };
    if !is_right {
        let message = "The signature over the policy does not match: check the secret key";
        return Err(S3Error::new(ErrorCode::SignatureDoesNotMatch, message));
    }
    check_session_token(&credentials, field("x-amz-security-token"))?;
    Ok(credentials.access_key_id)
}

fn version_4<'a>(
    field: &impl Fn(&str) -> Option<&'a str>,
    policy: &str,
    region: &str,
    known: &impl Fn(&str) -> Result<Credentials, S3Error>,
) -> Result<(Credentials, [u8; 32]), S3Error> {
    let needed = |name: &str| {
        field(name).ok_or_else(|| argument(&format!("Bucket POST must contain a field named '{name}'")))
    };
    if needed("x-amz-algorithm")? != ALGORITHM {
        return Err(argument("X-Amz-Algorithm must be AWS4-HMAC-SHA256"));
    }
    let date = needed("x-amz-date")?;
    let credential = CredentialField::parse(needed("x-amz-credential")?)
        .ok_or_else(|| argument("X-Amz-Credential must be <key id>/<yyyymmdd>/<region>/s3/aws4_request"))?;
    credential.check(date, region, ErrorCode::InvalidArgument)?;
    let credentials = known(&credential.access_key_id)?;
    let key = SigningKey::derive(&credentials.secret_access_key, Scope { date: &credential.date, region });
    Ok((credentials, key.sign(policy)))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
fn hmac_sha1(secret: &str, message: &str) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

fn invalid(problem: &str) -> S3Error {
    S3Error::new(ErrorCode::InvalidPolicyDocument, format!("Invalid Policy: {problem}"))
}

fn denied(problem: &str) -> S3Error {
    S3Error::new(ErrorCode::AccessDenied, format!("Invalid according to Policy: {problem}"))
}

fn argument(problem: &str) -> S3Error {
    S3Error::new(ErrorCode::InvalidArgument, problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> Result<PostPolicy, ErrorCode> {
        PostPolicy::parse(&STANDARD.encode(json)).map_err(|error| error.code)
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const GOOD: &str = r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [{"bUcKeT": "b"},
        ["starts-with", "$Key", "user/"], ["EQ", "$acl", "private"], ["content-length-range", 1, "10"]]}"#;

    #[test]
    fn a_policy_allows_the_fields_that_it_names_and_no_others() {
        let (now, late) = ("2029-01-01T00:00:00Z".parse().unwrap(), "2031-01-01T00:00:00Z".parse().unwrap());
        let policy = policy(GOOD).unwrap();
        assert_eq!(policy.content_length_range(), (1, 10));
        let good =
            [("bucket", "b"), ("key", "user/x"), ("acl", "private"), ("policy", ""), ("x-ignore-me", "1")];
        policy.check(&fields(&good), now).unwrap();
        assert!(policy.check(&fields(&good), late).is_err());
        for (at, changed) in
            [(0, ("bucket", "c")), (1, ("key", "x")), (2, ("acl", "public")), (3, ("tagging", ""))]
        {
            let mut bad = good;
            bad[at] = changed;
            let refusal = policy.check(&fields(&bad), now).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::AccessDenied, "{changed:?}");
        }
        assert!(policy.check(&fields(&good[1..]), now).is_err(), "without the bucket");
    }

    #[test]
    fn an_expiration_may_have_a_fraction_of_the_second() {
        let at = |text: &str| policy(&format!(r#"{{"expiration": "{text}", "conditions": []}}"#)).is_ok();
        assert!(at("2030-01-01T00:00:00Z") && at("2030-01-01T00:00:00.000Z"));
    }

    #[test]
    fn a_malformed_policy_is_refused() {
        assert_eq!(PostPolicy::parse("%").unwrap_err().code, ErrorCode::InvalidPolicyDocument);
        for bad in [
            "[]",
            "{}",
            r#"{"conditions": []}"#,
            r#"{"expiration": "2030-01-01T00:00:00Z"}"#,
            r#"{"expiration": "tomorrow", "conditions": []}"#,
            r#"{"expiration": "2030-01-01 00:00:00Z", "conditions": []}"#,
            r#"{"expiration": "2030-01-01T00:00:00+00:00", "conditions": []}"#,
            r#"{"EXPIRATION": "2030-01-01T00:00:00Z", "conditions": []}"#,
            r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [{}]}"#,
            r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [["content-length-range", 0]]}"#,
            r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [["content-length-range", -1, 0]]}"#,
            r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [["ends-with", "$key", "x"]]}"#,
        ] {
            assert_eq!(policy(bad), Err(ErrorCode::InvalidPolicyDocument), "{bad}");
        }
    }
}
