//! The OpenAPI descriptions of what `extract.rs` reads from paths and queries.

use dray_api::{GrantId, ItemId, LinkId, RequestId, TokenId, UserId};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema};

use super::extract::{PathFolder, PathId, PathIds};

/// An id in a path: the parameter's name, and what the id belongs to.
pub(crate) trait NamedInPath {
    const NAME: &'static str;
    const ABOUT: &'static str;
}

impl NamedInPath for ItemId {
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "The item's id.";
}

impl NamedInPath for TokenId {
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "The id of the token's record.";
}

impl NamedInPath for GrantId {
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "The id of the grant's record.";
}

impl NamedInPath for RequestId {
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "The request's id.";
}

impl NamedInPath for UserId {
    const NAME: &'static str = "userId";
    const ABOUT: &'static str = "The user's id.";
}

impl NamedInPath for LinkId {
    const NAME: &'static str = "linkId";
    const ABOUT: &'static str = "The link's id.";
}

impl<T: NamedInPath + PartialSchema> IntoParams for PathId<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path(T::NAME, T::ABOUT, T::schema())]
    }
}

impl<T: NamedInPath + PartialSchema> IntoParams for PathIds<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![in_path(ItemId::NAME, ItemId::ABOUT, ItemId::schema()), in_path(T::NAME, T::ABOUT, T::schema())]
    }
}

impl IntoParams for PathFolder {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^([0-9a-fA-F]{24}|root)$"))
            .examples(["root"]);
        vec![in_path("id", "The folder's id, or `root`.", schema.into())]
    }
}

fn in_path(name: &str, about: &str, schema: RefOr<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .description(Some(about))
        .required(Required::True)
        .schema(Some(schema))
        .build()
}

/// The parameters of a page, for the document: the cursor, and the limit that
/// [`super::extract::Parameters::page_limit`] reads.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct Paging {
    /// The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
    /// answer is the first page.
    #[param(max_length = 4096)]
    cursor: Option<String>,
    /// The maximum number of items of this page; 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}
