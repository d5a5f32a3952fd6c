//! The OpenAPI document: the handlers' annotations, an example for every body, and every error that a route can
//! return, by status.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dray_api::ErrorCode as Code;
use dray_api::{BASE_PATH, ErrorBody};
use serde_json::{Value, json};
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ComponentsBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, OpenApiBuilder, Ref, RefOr, Server};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::App;
use super::error::{self, Error};
use super::idempotency;
use super::not_modified;
use super::routes;
use crate::drive;
use crate::drive::access::Scope;

/// An example for each type of a request's or an answer's body, by its name.
const EXAMPLES: &str = include_str!("examples.json");

/// The text before the routes on the page.
const ABOUT: &str = "\
A self-hosted drive whose uploads go straight to S3: start an upload, get one signed URL for each part, `PUT` the parts \
to the object store, finalize.

Every error has the same body. Its `code` is for programs and never changes. Its `message` is \
for people, and names the field and the limit. Every answer has the header `x-request-id`. The server's log has \
the same id. Besides the errors that the routes list, an unknown address answers 404 `route_not_found`, and \
a method that a route does not have answers 405 `method_not_allowed`.";

/// The tags of the routes, and their descriptions.
const TAGS: [(&str, &str); 9] = [
    (
        "Uploads",
        "The three calls of an upload (the client sends the parts to the store between the second and the third), and the calls that resume \
         or abort one.",
    ),
    (
        "Grants",
        "Upload-only tokens for visitors of an application: the seven calls of an upload accept a grant as bearer token.",
    ),
    ("Drive", "Files and folders, and how to find them."),
    ("Trash", "Items that were removed and can still be restored."),
    ("Sharing", "Who has which role on an item, and links that anyone may follow."),
    (
        "File requests",
        "Addresses where people without an account put files into a folder: managed with a token, and answered under `/r/` without one.",
    ),
    ("Workspace", "The token's workspace, its members, and how much the caller stores."),
    ("Tokens", "The caller's own access tokens."),
    ("Server", "The state of the server; no token is needed."),
];

/// The name of the security scheme for tokens.
const TOKEN: &str = "token";

/// Any route can return these.
const ALWAYS: &[Code] = &[Code::Internal, Code::Timeout];
/// A route that needs a token can return these.
const WITH_TOKEN: &[Code] = &[
    Code::MissingToken,
    Code::InvalidToken,
    Code::ExpiredToken,
    Code::RevokedToken,
    Code::WrongTokenKind,
    Code::MissingScope,
    Code::RateLimited,
    Code::DatabaseUnreachable,
];
/// A route with a path or query parameter can return this; so can one that needs the caller's `Host`.
const WITH_PARAMETERS: &[Code] = &[Code::InvalidParameter];
/// A route that reads a body can return these.
const WITH_BODY: &[Code] =
    &[Code::InvalidJson, Code::InvalidField, Code::BodyTooLarge, Code::UnsupportedMediaType];
/// A route that changes something can return this.
const WRITING: &[Code] = &[Code::NoSpace];

/// What the document knows about a route.
pub(super) struct RouteDocs {
    /// The types of its bodies, by name.
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
    /// Its annotation: one path with one operation.
    pub(super) paths: Paths,
    /// The scope that its token needs. `None` means any scope for a route below the API's path, and no token for any
    /// other route.
    pub(super) scope: Option<Scope>,
    /// Whether it accepts an `Idempotency-Key`.
    pub(super) takes_key: bool,
    /// The errors that it can return, besides those of all routes of its kind.
    pub(super) codes: &'static [Code],
}

/// This document
///
/// OpenAPI 3.1, made from the routes and types of this server.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenApi", tag = "Server", security(()),
    responses((status = OK, description = "The document.", body = Object, example = json!({ "openapi": "3.1.0" }))),
)]
pub(super) async fn json(State(app): State<App>) -> Result<Response, Error> {
    static JSON: LazyLock<serde_json::Result<Bytes>> =
        LazyLock::new(|| Ok(serde_json::to_vec(&document()?)?.into()));
    let mut json = JSON.as_ref().map_err(drive::Error::internal)?.clone();
    if !app.base_path.is_root() {
        let mut document: Value = serde_json::from_slice(&json).map_err(drive::Error::internal)?;
        document["servers"] = json!([{ "url": app.base_path.as_str() }]);
        json = serde_json::to_vec(&document).map_err(drive::Error::internal)?.into();
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, json).into_response())
}

fn document() -> serde_json::Result<OpenApi> {
    let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES)?;
    let mut schemas = vec![(ErrorBody::name().into(), ErrorBody::schema())];
    ErrorBody::schemas(&mut schemas);
    let mut paths = Paths::new();
    for (base, routes) in [(BASE_PATH, routes::api()), ("", routes::server())] {
        for docs in routes.into_iter().filter_map(|route| route.docs) {
            schemas.extend(docs.schemas);
            for (path, mut item) in docs.paths.paths {
                for (operation, writes) in operations(&mut item) {
                    add_examples(operation, &examples);
                    if docs.takes_key {
                        idempotency::add(operation);
                    }
                    let wants_token = base == BASE_PATH;
                    let refusals = codes(operation, wants_token, writes, docs.codes);
                    if !writes {
                        not_modified::add(operation);
                    }
                    add_refusals(operation, &refusals)?;
                    match docs.scope {
                        Some(scope) => add_scope(operation, scope),
                        None if wants_token => operation.security = Some(any_token()),
                        None => {}
                    }
                }
                let mut whole = Paths::new();
                whole.paths.insert(format!("{base}{path}"), item);
                paths.merge(whole);
            }
        }
    }
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(TOKEN, bearer())
        .security_scheme("linkPassword", basic());
    Ok(OpenApiBuilder::new()
        .info(about())
        .servers(Some([Server::new("/")]))
        .tags(Some(TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build())))
        .security(Some(any_token()))
        .components(Some(components.build()))
        .paths(paths)
        .build())
}

fn about() -> InfoBuilder {
    InfoBuilder::new()
        .title("Dray")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()))
}

/// Any token, whatever its scopes.
fn any_token() -> Vec<SecurityRequirement> {
    vec![SecurityRequirement::new(TOKEN, [""; 0])]
}

fn bearer() -> SecurityScheme {
    let about = "\
        A personal access token, `cp_pat_…`, which belongs to a user in a workspace. Its scopes say what it may do: \
        `access_drive`: everything; `drive_read`: read and download; `drive_upload`: upload and create folders. \
        Each route names the scope that it needs. A token can be confined to a folder and what is below it.";
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("cp_pat_…")
            .description(Some(about))
            .build(),
    )
}

fn basic() -> SecurityScheme {
    let about = "The password of a public link, if it has one, with any user name.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(about)).build())
}

/// The operations of a path, and whether each changes something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let writing = [post, put, patch, delete].into_iter().flatten().map(|operation| (operation, true));
    get.iter_mut().map(|operation| (operation, false)).chain(writing)
}

/// Gives each body of a known type the example of that type, unless the annotation has one.
fn add_examples(operation: &mut Operation, examples: &BTreeMap<String, Value>) {
    let request =
        operation.request_body.iter_mut().filter_map(inline).flat_map(|body| body.content.values_mut());
    let answers = operation.responses.responses.values_mut().filter_map(inline);
    let answers = answers.flat_map(|answer| answer.content.values_mut());
    for content in request.chain(answers).filter_map(inline) {
        if let Content { example: example @ None, schema: Some(RefOr::Ref(schema)), .. } = content {
            let name = schema.ref_location.rsplit('/').next().unwrap_or_default();
            *example = examples.get(name).cloned();
        }
    }
}

/// Says which scope the token needs, for programs and for people.
fn add_scope(operation: &mut Operation, scope: Scope) {
    let scope = scope.as_str();
    operation.security = Some(vec![SecurityRequirement::new(TOKEN, [scope])]);
    let or_all = if scope == Scope::AccessDrive.as_str() { "" } else { " (or `access_drive`)" };
    let about = operation.description.get_or_insert_default();
    about.push_str(&["\n\nScope: `", scope, "`", or_all, "."].concat());
}

fn inline<T>(part: &mut RefOr<T>) -> Option<&mut T> {
    match part {
        RefOr::T(part) => Some(part),
        RefOr::Ref(_) => None,
    }
}

/// The errors that an operation can return: its own codes, and those of all operations of its kind.
fn codes(operation: &Operation, token: bool, writes: bool, own: &[Code]) -> Vec<Code> {
    let shared = [
        (true, ALWAYS),
        (token, WITH_TOKEN),
        (operation.parameters.is_some(), WITH_PARAMETERS),
        (operation.request_body.is_some(), WITH_BODY),
        (writes, WRITING),
        (idempotency::takes_key(operation), idempotency::WITH_KEY),
    ];
    let given =
        |code: &Code| own.contains(code) || shared.iter().any(|(has, codes)| *has && codes.contains(code));
    Code::ALL.iter().copied().filter(given).collect()
}

/// Adds one answer for each status, with all its codes.
fn add_refusals(operation: &mut Operation, codes: &[Code]) -> serde_json::Result<()> {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes {
        by_status.entry(error::status(*code).as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        operation.responses.responses.insert(status.to_string(), refusal(status, &codes)?.into());
    }
    Ok(())
}

fn refusal(status: u16, codes: &[Code]) -> serde_json::Result<utoipa::openapi::Response> {
    let list: Vec<_> =
        codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), meaning(*code))).collect();
    let these = ObjectBuilder::new()
        .property("statusCode", ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([status])))
        .property(
            "code",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(codes.iter().map(|code| code.as_str()))),
        );
    let schema = AllOfBuilder::new().item(Ref::from_schema_name(ErrorBody::name())).item(these).build();
    let bodies: Vec<_> = codes.iter().map(|code| error::body(*code, meaning(*code).to_owned())).collect();
    let mut content = ContentBuilder::new().schema(Some(Schema::AllOf(schema)));
    for body in &bodies {
        let example = ExampleBuilder::new().value(Some(serde_json::to_value(body)?));
        content = content.examples_from_iter([(body.code.as_str(), example)]);
    }
    let mut answer =
        ResponseBuilder::new().description(list.join("\n")).content("application/json", content.build());
    if bodies.iter().any(|body| body.retry_after.is_some()) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let about = "How many seconds to wait before asking again.";
        answer = answer.header(
            "Retry-After",
            HeaderBuilder::new().schema(Some(seconds)).description(Some(about)).build(),
        );
    }
    Ok(answer.build())
}

/// The meaning of a code, without the status that its description begins with.
fn meaning(code: Code) -> &'static str {
    code.description().split_once(": ").map_or(code.description(), |(_, meaning)| meaning)
}
