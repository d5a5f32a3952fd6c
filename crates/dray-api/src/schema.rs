//! Schemas of an OpenAPI document that cannot be derived: texts with rules of their own, and types that are
//! written in another form than they are read.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::item::BothSpellings;
use crate::limits::{MAX_ETAG_BYTES, MAX_PART_BYTES, MAX_PARTS};
use crate::upload::{PresignedPart, PresignedParts, UploadedPart};
use crate::written::{GivenRole, PartBytes, PartNumber, TokenScope};
use crate::{
    ErrorCode, GrantId, Item, ItemId, LinkId, ListSort, RequestId, SearchSort, SortOrder, TokenId, UserId,
    WorkspaceId,
};

macro_rules! schemas {
    ($($type:ty => $schema:expr;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {}
    )*};
}

schemas! {
    ItemId => id("A file or a folder.");
    UserId => id("A user.");
    WorkspaceId => id("A workspace.");
    TokenId => id("An access token's record.");
    GrantId => id("A grant's record.");
    RequestId => id("A file request's record.");
    LinkId => id("A public link's record.");
    ErrorCode => choice("What went wrong, for programs. The texts never change.", ErrorCode::ALL.iter().map(|code| code.as_str()));
    SearchSort => choice("What to sort by.", texts(SearchSort::ALL)).default(Some("updatedAt".into()));
    ListSort => choice("What to sort by. Folders always come first.", texts(ListSort::ALL)).default(Some("name".into()));
    SortOrder => choice("The direction in which to sort.", texts(SortOrder::ALL));
    TokenScope => choice("What a token may do.", ["access_drive", "drive_read", "drive_upload"].into_iter());
    GivenRole => choice("A role that can be given.", ["viewer", "member", "admin"].into_iter());
    PartNumber => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MAX_PARTS));
    PartBytes => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(MAX_PART_BYTES));
    UploadedPart => AnyOfBuilder::new()
        .description(Some("A part that the store has, in this API's spelling, in S3's, or in both if they say the same."))
        .item(uploaded_part("partNumber", "eTag"))
        .item(uploaded_part("PartNumber", "ETag"));
}

fn id(about: &str) -> ObjectBuilder {
    text(about).pattern(Some("^[0-9a-fA-F]{24}$")).examples(["65ba5c80c3f1a2b4d5e6f708"])
}

fn choice(about: &str, texts: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    text(about).enum_values(Some(texts))
}

fn texts<T>(choices: &[(&'static str, T)]) -> impl Iterator<Item = &'static str> {
    choices.iter().map(|(text, _)| *text)
}

fn uploaded_part(number: &str, etag: &str) -> Object {
    let bare = format!("[!#-%'-;=?-~]{{1,{MAX_ETAG_BYTES}}}");
    ObjectBuilder::new()
        .property(
            number,
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some("The part's number."))
                .minimum(Some(1))
                .maximum(Some(MAX_PARTS)),
        )
        .property(
            etag,
            text("The store's `ETag`, with or without its double quotes. Absent or null means the `ETag` that the store has.")
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .pattern(Some(format!("^(\"{bare}\"|{bare})$"))),
        )
        .required(number)
        .build()
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

/// Gives a type the schema of another type: the form in which it is written.
macro_rules! written_as {
    ($($type:ty => $written:ty;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                <$written>::schema()
            }
        }

        impl ToSchema for $type {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                <$written>::schemas(schemas);
            }
        }
    )*};
}

written_as! {
    Item => BothSpellings<'_>;
    PresignedParts => WrittenParts;
    PresignedPart => WrittenPart;
}

/// The signed addresses of an upload's parts, in part order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct WrittenParts {
    /// Where to `PUT` each part's bytes.
    urls: Vec<String>,
    /// The same addresses, with the numbers of their parts.
    parts: Vec<PresignedPart>,
    /// The headers that the one `PUT` must have, for an upload that `batch/start` began.
    #[schema(nullable = false)]
    headers: Option<std::collections::BTreeMap<String, String>>,
    /// When the addresses expire: RFC 3339 in UTC with milliseconds.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A signed S3 `UploadPart`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct WrittenPart {
    /// The part's number, from 1.
    #[schema(rename = "PartNumber", minimum = 1, maximum = 10_000)]
    number_as_in_s3: u32,
    /// The same as `PartNumber`.
    #[schema(minimum = 1, maximum = 10_000)]
    part_number: u32,
    /// Where to `PUT` its bytes.
    #[schema(format = "uri")]
    signed_url: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::limits::{
        MAX_EXTERNAL_ID_CHARS, MAX_FILE_BYTES, MAX_GRANT_FILES, MAX_GRANT_TYPES, MAX_KEY_BYTES,
        MAX_MIME_TYPE_BYTES, MAX_NAME_CHARS, MAX_PASSWORD_CHARS, MAX_TOKEN_NAME_CHARS, MAX_TREE_ITEMS,
    };
    use crate::upload::{FinalizeUpload, PresignParts, StartUpload, UploadKey};
    use crate::{ItemChange, NewFolder, NewGrant, NewLink, NewToken, Tree};

    fn property<T: PartialSchema>(name: &str) -> Value {
        serde_json::to_value(T::schema()).unwrap()["properties"][name].clone()
    }

    #[test]
    fn a_schemas_limits_are_those_of_the_wire() {
        assert_eq!(property::<StartUpload>("fileName")["maxLength"], json!(MAX_NAME_CHARS));
        assert_eq!(property::<StartUpload>("fileSize")["maximum"], json!(MAX_FILE_BYTES));
        assert_eq!(property::<StartUpload>("mimeType")["maxLength"], json!(MAX_MIME_TYPE_BYTES));
        assert_eq!(property::<NewFolder>("name")["maxLength"], json!(MAX_NAME_CHARS));
        assert_eq!(property::<PresignParts>("uploadId")["maxLength"], json!(MAX_KEY_BYTES));
        assert_eq!(property::<PresignParts>("fileKey")["maxLength"], json!(MAX_KEY_BYTES));
        assert_eq!(property::<PresignParts>("parts")["maximum"], json!(MAX_PARTS));
        assert_eq!(property::<PresignParts>("partNumbers")["maxItems"], json!(MAX_PARTS));
        assert_eq!(property::<FinalizeUpload>("parts")["maxItems"], json!(MAX_PARTS));
        assert_eq!(property::<PresignParts>("contentLengths")["maxItems"], json!(MAX_PARTS));
        assert_eq!(property::<UploadKey>("uploadId")["maxLength"], json!(MAX_KEY_BYTES));
        assert_eq!(property::<UploadKey>("fileKey")["maxLength"], json!(MAX_KEY_BYTES));
        assert_eq!(property::<ItemChange>("name")["maxLength"], json!(MAX_NAME_CHARS));
        assert_eq!(property::<NewLink>("password")["maxLength"], json!(MAX_PASSWORD_CHARS));
        assert_eq!(property::<NewToken>("name")["maxLength"], json!(MAX_TOKEN_NAME_CHARS));
        assert_eq!(property::<NewGrant>("maxFiles")["maximum"], json!(MAX_GRANT_FILES));
        assert_eq!(property::<NewGrant>("types")["maxItems"], json!(MAX_GRANT_TYPES));
        assert_eq!(property::<NewGrant>("externalId")["maxLength"], json!(MAX_EXTERNAL_ID_CHARS));
        assert_eq!(property::<Tree>("totalItems")["maximum"], json!(MAX_TREE_ITEMS));
    }

    #[test]
    fn an_item_is_described_as_it_is_written() {
        let file: Item = serde_json::from_value(json!({
            "id": "000000010101010101010101", "name": "a", "type": "file", "owner": "000000020202020202020202",
            "parentId": "000000030303030303030303", "mimeType": "a/b", "fileSize": 1, "role": "owner", "grantId": "000000040404040404040404", "requestId": "000000040404040404040404",
            "externalId": "e", "metadata": {}, "createdAt": "",
            "updatedAt": ""
        }))
        .unwrap();
        let schema = serde_json::to_value(Item::schema()).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&schema["properties"]), keys(&serde_json::to_value(file).unwrap()));
    }
}
