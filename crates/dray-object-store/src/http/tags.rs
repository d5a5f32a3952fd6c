//! Tags of objects. They are stored as JSON, `[["name","value"],…]`.

use axum::{body::Body, response::Response};
use dray_s3::{
    ErrorCode, Query,
    xml::{MAX_TAGGING_BODY_BYTES, Tagging},
};
use http::StatusCode;

use super::{
    Call, answer,
    control_body::{self, Checksums},
};
use crate::{
    failure::{Failure, invalid_argument, no_such_key},
    fields::Fields,
    meta::{buckets, objects},
};

/// The maximum number of tags of an object, and the longest names and values in characters (AWS S3 user guide,
/// "Object tagging").
const MAX_TAGS: usize = 10;
const MAX_NAME_CHARS: usize = 128;
const MAX_VALUE_CHARS: usize = 256;

/// The beginning of names that S3 keeps for itself (AWS S3 user guide, "Object tagging").
const SYSTEM: &str = "aws:";

/// No tags, as stored.
pub(super) const NONE: &str = "[]";

pub(super) async fn get(call: &Call) -> Result<Response, Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let find = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        Ok(objects::find(db, bucket, &key)?.ok_or_else(no_such_key)?.tags)
    });
    Ok(answer::xml(Tagging { tags: parse(&find.await?)? }.to_xml()))
}

pub(super) async fn put(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    let body = control_body::read(call, body, MAX_TAGGING_BODY_BYTES, Checksums::OfBody).await?;
    let tags = checked(&Tagging::parse(&body)?.tags)?;
    replace(call, tags, StatusCode::OK).await
}

pub(super) async fn delete(call: &Call) -> Result<Response, Failure> {
    replace(call, NONE.to_owned(), StatusCode::NO_CONTENT).await
}

async fn replace(call: &Call, tags: String, status: StatusCode) -> Result<Response, Failure> {
    let (bucket, key) = (call.target.bucket.clone(), call.target.key.clone());
    let replace = call.store.meta().write(move |db| {
        let bucket = buckets::find(db, &bucket)?;
        objects::set_tags(db, bucket, &key, &tags)?.then_some(()).ok_or_else(no_such_key)
    });
    replace.await?;
    Ok(answer::empty(status))
}

/// The JSON of the tags in `x-amz-tagging`: a query string.
pub(super) fn of_header(fields: &Fields<'_>) -> Result<String, Failure> {
    let Some(text) = fields.get("x-amz-tagging")? else {
        return Ok(NONE.to_owned());
    };
    let invalid = || {
        invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name \
             duplicates.",
        )
    };
    let query = Query::parse(text).map_err(|_| invalid())?;
    let tags: Vec<_> = query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if query.duplicate().is_some() || tags.iter().any(|(name, _)| name.is_empty()) {
        return Err(invalid());
    }
    checked(&tags)
}

/// The JSON of the tags in a form's field `tagging`: the XML of a `PutObjectTagging`.
pub(super) fn of_xml(text: &str) -> Result<String, Failure> {
    checked(&Tagging::parse(text.as_bytes())?.tags)
}

/// How many tags this JSON holds.
pub(super) fn count(json: &str) -> Result<usize, Failure> {
    if json == NONE { Ok(0) } else { Ok(parse(json)?.len()) }
}

/// The tags in this JSON, sorted by name. S3 returns them in this order, whatever order they were sent in.
fn parse(json: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut tags: Vec<(String, String)> = serde_json::from_str(json).map_err(Failure::internal)?;
    tags.sort_unstable();
    Ok(tags)
}

/// Whether tags may have this character (AWS S3 user guide, "Object tagging"): letters, numbers and spaces of any script,
/// and some marks.
fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "+-=._:/@".contains(character)
}

fn checked(tags: &[(String, String)]) -> Result<String, Failure> {
    let invalid = |message: &'static str| Failure::new(ErrorCode::InvalidTag, message);
    if tags.len() > MAX_TAGS {
        return Err(Failure::new(ErrorCode::InvalidTag, "Object tags cannot be greater than 10"));
    }
    for (at, (name, value)) in tags.iter().enumerate() {
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || !name.chars().all(is_allowed) {
            return Err(invalid("The TagKey you have provided is invalid"));
        }
        if name.get(..SYSTEM.len()).is_some_and(|start| start.eq_ignore_ascii_case(SYSTEM)) {
            return Err(invalid("Tags whose names begin with aws: belong to S3"));
        }
        if value.chars().count() > MAX_VALUE_CHARS || !value.chars().all(is_allowed) {
            return Err(invalid("The TagValue you have provided is invalid"));
        }
        if tags[..at].iter().any(|(known, _)| known == name) {
            return Err(invalid("Cannot provide multiple Tags with the same key"));
        }
    }
    serde_json::to_string(tags).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_returned_sorted_by_name_however_they_were_given_or_stored() {
        let tags = [("b".to_owned(), "1".to_owned()), ("a".to_owned(), String::new())];
        let stored = checked(&tags).unwrap();
        let answered = parse(&stored).unwrap();
        assert_eq!(answered.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
