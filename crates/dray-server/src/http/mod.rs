//! HTTP: extract, call a service, render. Statuses are named in `error.rs` and nowhere else.

mod auth;
mod error;
mod extract;
mod folders;
mod health;
mod items;
mod layers;
mod links;
mod page;
mod participants;
mod presigned;
mod routes;
mod search;
mod tokens;
mod trash;
mod tree;
mod uploads;
mod workspace;

use axum::Router;
use axum::http::HeaderValue;

use crate::service::Service;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) service: Service,
    /// The address in signed URLs, if it is set; else the one that the caller used.
    pub(crate) public_url: Option<std::sync::Arc<str>>,
}

/// The whole service: the API, and the embedded store, if it is used, for requests that are S3's.
pub(crate) fn router(
    app: App,
    store: Option<Router>,
    bucket: &'static str,
    origins: &[HeaderValue],
) -> Router {
    layers::around(routes::routes(app), store, bucket, origins)
}
