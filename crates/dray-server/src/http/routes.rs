//! The whole route table, on one page.

use axum::Router;
use axum::routing::{get, post};
use dray_api::BASE_PATH;

use super::{App, error, folders, health, items, page, search, tree, uploads, workspace};

pub(super) fn routes(app: App) -> Router {
    let api = Router::new()
        .route("/drive/files/upload/multipart/start", post(uploads::start))
        .route("/drive/files/upload/multipart/presigned-urls", post(uploads::presigned_urls))
        .route("/drive/files/upload/multipart/finalize", post(uploads::finalize))
        .route("/drive/files/{id}", get(items::get_item))
        .route("/drive/files/{id}/download", get(items::download))
        .route("/drive/folders", post(folders::create))
        .route("/drive/tree", get(tree::list))
        .route("/drive/search", get(search::find))
        .route("/workspace/info", get(workspace::info))
        .route("/workspace/members", get(workspace::members));
    Router::new()
        .nest(BASE_PATH, api)
        .route("/", get(page::index))
        .route("/assets/{*path}", get(page::asset))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(error::route_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}
