//! `PostObject`: an upload from the form of a web page. Its policy says which fields the form may have, and so which
//! object it creates. Somebody who may write has signed the policy. Nothing else authorises the request.

mod form;

use axum::{body::Body, response::Response};
use dray_s3::{
    ErrorCode, MAX_KEY_BYTES, Payload, PostPolicy, Query, authenticate_post, encode_component, xml,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use jiff::Timestamp;

use self::form::Form;
use super::{
    Call, Signer,
    access::Door,
    answer,
    condition_table::{self, is_condition},
    conditions::WriteCondition,
    location::location,
    op::{Operation, Target},
    place,
    put_object::{self, Described},
    stored_headers, tags,
};
use crate::{
    ObjectStore,
    body::{self, Announced, Wanted},
    failure::{Failure, invalid_argument, not_implemented},
    fields::Fields,
    meta::{objects::Object, uploads::ChecksumChoice},
    transfers::Direction,
};

/// Fields that stand for a header: each is beside its header, and often has the same name.
const HEADERS: [(&str, &str); 8] = [
    ("acl", "x-amz-acl"),
    ("cache-control", "cache-control"),
    ("content-disposition", "content-disposition"),
    ("content-encoding", "content-encoding"),
    ("content-language", "content-language"),
    ("content-md5", "content-md5"),
    ("content-type", "content-type"),
    ("expires", "expires"),
];

/// Whether the request is a form. The signature of a form is in its body, not in its head.
pub(super) fn is_form(method: &Method, headers: &HeaderMap, has_query: bool) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    *method == Method::POST
        && !headers.contains_key(header::AUTHORIZATION)
        && !has_query
        && content_type.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"multipart/form-data"))
}

/// A form uploaded to a bucket, checked against its policy.
pub(super) async fn post(
    store: ObjectStore,
    door: Door,
    head: Parts,
    now: Timestamp,
    body: &mut Body,
) -> Result<Response, Failure> {
    let query = Query::default();
    let length = Fields::new(&head.headers, &query).get(header::CONTENT_LENGTH.as_str())?;
    let length: u64 = length.and_then(|length| length.parse().ok()).ok_or_else(|| {
        Failure::new(ErrorCode::MissingContentLength, "You must provide the Content-Length HTTP header")
    })?;
    let mut form = Form::read(&head.headers, body, store.idle_timeout()).await?;
    name_file(&mut form);
    let field = |name: &str| value_of(&form.fields, name);
    let signer = Signer::new(&store, now);
    authenticate_post(field, store.region(), |id| signer.find(id))?;
    // The server itself signs no forms. If a form is signed with its key, a tool got the key from an earlier version.
    let caller = signer.caller(false, door)?;
    caller.check_key()?;
    let target = place::target(&store, &head, caller)?;
    let operation = Operation::parse(&head.method, &target, &Query::default(), false)?;
    if operation != Operation::PostObject {
        return Err(not_implemented("a form that is not sent to a bucket"));
    }
    let bucket = target.bucket;
    caller.check(operation.access(), &bucket, store.bucket())?;
    condition_table::check(operation, &Fields::new(&head.headers, &query))?;
    let policy = PostPolicy::parse(field("policy").unwrap_or_default())?;
    let key = key(&form)?;
    // The form goes to the bucket of the address, even if the form has a field of that name.
    let others = form.fields.iter().filter(|(name, _)| name != "bucket").cloned();
    let checked: Vec<_> = others.chain([("bucket".to_owned(), bucket.clone())]).collect();
    policy.check(&checked, now)?;

    let head = as_put(head, &form.fields)?;
    let target = Target { bucket, key };
    let (query, payload) = (Query::default(), Payload::Unsigned);
    let call = Call { store, head, query, target, payload, caller, now };
    condition_table::check(Operation::PutObject, &call.fields())?;
    let (least, most) = policy.content_length_range();
    let object = store_file(&call, &mut form, (least, most), length).await?;
    Ok(respond(&call, &form.fields, &object))
}

/// Receives the file, and stores the object.
async fn store_file(
    call: &Call,
    form: &mut Form<'_>,
    (least, most): (u64, u64),
    length: u64,
) -> Result<Object, Failure> {
    let _transfer = call.begin(Direction::Up, call.object())?;
    call.store.check_space()?;
    let announced = Announced::of_form(&call.fields(), length.min(most))?;
    call.store.check_object_size(announced.size_bytes)?;
    let tags = match value_of(&form.fields, "tagging") {
        Some(xml) => tags::of_xml(xml)?,
        None => tags::NONE.to_owned(),
    };
    let headers = stored_headers::collect(&call.fields())?;
    let condition = WriteCondition::read(&call.fields())?;
    put_object::check_early(call, condition.clone()).await?;
    let described = Described { set: call.store.meta().new_set(), headers, tags, condition };
    let algorithm = announced.algorithm().unwrap_or(ChecksumChoice::DEFAULT.algorithm);
    let wanted = Wanted { md5: true, algorithms: vec![algorithm] };
    let file = described.file();
    let received = body::receive_form(call.store.disk(), file, &mut form.file, &announced, wanted).await?;
    if received.size_bytes < least {
        let size = received.size_bytes;
        let message = format!("Your proposed upload has {size} bytes; the policy requires at least {least}");
        return Err(Failure::new(ErrorCode::EntityTooSmall, message));
    }
    put_object::store(call, received, algorithm, described).await
}

/// Replaces `${filename}` in the key with the file's own name. The policy is checked against the resulting key.
fn name_file(form: &mut Form<'_>) {
    let name = form.file_name.as_deref().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if let Some((_, key)) = form.fields.iter_mut().find(|(field, _)| field == "key") {
        *key = key.replace("${filename}", name);
    }
}

fn key(form: &Form<'_>) -> Result<String, Failure> {
    let key = value_of(&form.fields, "key").filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| invalid_argument("Bucket POST must contain a field named 'key'"))?;
    if key.len() > MAX_KEY_BYTES {
        let message = format!("Your key is too long: {} bytes of at most {MAX_KEY_BYTES}", key.len());
        return Err(Failure::new(ErrorCode::KeyTooLongError, message));
    }
    Ok(key.to_owned())
}

/// The head of the `PutObject` that does the same as the form.
fn as_put(mut head: Parts, fields: &[(String, String)]) -> Result<Parts, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let known = HEADERS.iter().find(|(field, _)| field == name).map(|(_, header)| *header);
        let own = ["x-amz-meta-", "x-amz-checksum-", "x-amz-storage-class", "x-amz-server-side-encryption"];
        let is_own = is_condition(name) || own.iter().any(|prefix| name.starts_with(prefix));
        let own = is_own.then_some(name.as_str());
        let Some(name) = known.or(own) else { continue };
        let invalid = || invalid_argument(format!("The field {name} cannot be a header"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        headers.insert(header, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?);
    }
    headers.extend(head.headers.remove(header::HOST).map(|host| (header::HOST, host)));
    head.headers = headers;
    Ok(head)
}

/// The answer that the form asks for: a redirect, or 200, 201 or 204.
fn respond(call: &Call, fields: &[(String, String)], object: &Object) -> Response {
    let (bucket, key) = (&call.target.bucket, &call.target.key);
    let redirect = value_of(fields, "success_action_redirect").or(value_of(fields, "redirect"));
    let redirect = redirect.and_then(|url| redirect_to(url, bucket, key, &object.etag));
    let location = location(&call.head, Some(key));
    let mut response = match (redirect, value_of(fields, "success_action_status")) {
        (Some(url), _) => {
            let mut response = answer::empty(StatusCode::SEE_OTHER);
            response.headers_mut().insert(header::LOCATION, url);
            return response;
        }
        (None, Some("200")) => answer::empty(StatusCode::OK),
        (None, Some("201")) => {
            let document = xml::PostResponse { location: &location, bucket, key, etag: &object.etag };
            let mut response = answer::xml(document.to_xml());
            *response.status_mut() = StatusCode::CREATED;
            response
        }
        (None, _) => answer::empty(StatusCode::NO_CONTENT),
    };
    let headers = response.headers_mut();
    headers.extend(answer::quoted(&object.etag).map(|etag| (header::ETAG, etag)));
    answer::set(headers, header::LOCATION, &location);
    stored_headers::not_encrypted(&call.fields(), headers);
    response
}

/// The address of the page that the form asks for. `None` if it cannot be read: then the form counts as without it (AWS S3 API
/// reference, `PostObject`, `success_action_redirect`).
fn redirect_to(url: &str, bucket: &str, key: &str, etag: &str) -> Option<HeaderValue> {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let is_url = is_web && url.parse::<http::Uri>().is_ok();
    let mark = if url.contains('?') { '&' } else { '?' };
    let etag = format!("\"{etag}\"");
    let [bucket, key, etag] = [bucket, key, &etag].map(|text| encode_component(text).into_owned());
    let url = format!("{url}{mark}bucket={bucket}&key={key}&etag={etag}{fragment}");
    HeaderValue::from_str(&url).ok().filter(|_| is_url)
}

fn value_of<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_has_an_address_or_is_none() {
        let to = |url| redirect_to(url, "b", "k/ü", "e");
        for (url, expected) in [
            ("http://ok.test/", "http://ok.test/?bucket=b&key=k%2F%C3%BC&etag=%22e%22"),
            ("https://ok.test/?a=b#c", "https://ok.test/?a=b&bucket=b&key=k%2F%C3%BC&etag=%22e%22#c"),
        ] {
            assert_eq!(to(url).unwrap(), expected);
        }
        for url in [
            "",
            "ok.test",
            "ftp://ok.test/",
            "http://",
            "http://x/\r\nSet-Cookie: a=b",
            "http://x/\x01",
            "http://x/a b",
            "http://x/#\n",
        ] {
            assert_eq!(to(url), None, "{url:?}");
        }
    }

    #[test]
    fn a_forms_conditions_are_those_of_a_put() {
        let judged = |name: &str| {
            let (head, ()) = http::Request::new(()).into_parts();
            let head = as_put(head, &[(name.to_owned(), "*".to_owned())]).unwrap();
            let check =
                condition_table::check(Operation::PutObject, &Fields::new(&head.headers, &Query::default()));
            (head.headers.len(), check.is_ok())
        };
        for (name, expected) in [
            ("if-none-match", (1, true)),
            ("if-match", (1, true)),
            ("if-unmodified-since", (1, false)),
            ("x-amz-if-match-size", (1, false)),
            ("x-ignore-this", (0, true)),
        ] {
            assert_eq!(judged(name), expected, "{name}");
        }
    }
}
