//! Adds `Idempotency-Key` to the OpenAPI document, for every route that the table says creates something.

use dray_api::ErrorCode as Code;
use dray_api::limits::MAX_KEY_CHARS;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

const NAME: &str = "Idempotency-Key";
const REPLAYED: &str = "Idempotency-Replayed";
const ABOUT: &str = "\
A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request \
that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are \
shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token.";

/// A bare text of visible characters, or a string of RFC 8941 that is not empty.
const PATTERN: &str = r#"^([!#-+\--~]+|"([ !#-\[\]-~]|\\["\\])+")$"#;

/// The errors that a route with a key can return.
pub(super) const WITH_KEY: &[Code] = &[Code::IdempotencyKeyReused, Code::IdempotencyKeyInUse];

/// Adds the header to a request, and adds to its answer the header that marks a repeat.
pub(super) fn add(operation: &mut Operation) {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(MAX_KEY_CHARS))
        .pattern(Some(PATTERN));
    let parameter = ParameterBuilder::new()
        .name(NAME)
        .parameter_in(ParameterIn::Header)
        .description(Some(ABOUT))
        .required(Required::False)
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
    for answer in operation.responses.responses.values_mut() {
        if let RefOr::T(answer) = answer {
            let about = "`true` if an earlier request with the same key created what is returned.";
            let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"]));
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build();
            answer.headers.insert(REPLAYED.to_owned(), header.into());
        }
    }
}

/// Whether the operation has the header.
pub(super) fn takes_key(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == NAME))
}
