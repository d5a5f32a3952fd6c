//! Adds `If-None-Match`, `ETag` and the answer 304 to the OpenAPI document, for every read that `conditional.rs` tags.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use super::error::NOT_MODIFIED;

const ABOUT: &str = "The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body.";

/// Adds the header to a read, and to its successful answer in JSON, if it has one, the header that a repeat may name.
pub(super) fn add(operation: &mut Operation) {
    let answers = operation.responses.responses.values_mut();
    let mut tagged = answers.filter_map(|answer| match answer {
        RefOr::T(answer) if answer.content.contains_key("application/json") => Some(answer),
        _ => None,
    });
    let Some(answer) = tagged.next() else { return };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let tag = HeaderBuilder::new()
        .schema(Some(text()))
        .description(Some("A weak tag of this answer, unless it is longer than 1 MiB."))
        .build();
    answer.headers.insert("ETag".to_owned(), tag.clone().into());
    let unchanged =
        ResponseBuilder::new().description("The caller has this answer already.").header("ETag", tag).build();
    operation.responses.responses.insert(NOT_MODIFIED.as_u16().to_string(), unchanged.into());
    let parameter = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some(ABOUT))
        .required(Required::False)
        .schema(Some(text()))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
}
