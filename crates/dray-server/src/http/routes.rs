//! The whole route table, on one page.

use axum::Router;
use axum::routing::{delete, get, post, put};
use dray_api::BASE_PATH;

use super::{
    App, error, folders, health, items, links, page, participants, search, tokens, trash, tree, uploads,
    workspace,
};

pub(super) fn routes(app: App) -> Router {
    let api = Router::new()
        .route("/drive/files/upload/multipart/start", post(uploads::start))
        .route("/drive/files/upload/multipart/presigned-urls", post(uploads::presigned_urls))
        .route("/drive/files/upload/multipart/finalize", post(uploads::finalize))
        .route("/drive/files/upload/multipart/parts", post(uploads::parts))
        .route("/drive/files/upload/multipart/abort", post(uploads::abort))
        .route("/drive/uploads", get(uploads::list))
        .route("/drive/files/{id}", get(items::get_item).patch(items::change).delete(items::trash))
        .route("/drive/files/{id}/ancestors", get(items::ancestors))
        .route("/drive/files/{id}/restore", post(trash::restore))
        .route("/drive/files/{id}/participants", get(participants::list))
        .route("/drive/files/{id}/participants/{userId}", put(participants::put).delete(participants::remove))
        .route("/drive/files/{id}/links", get(links::list).post(links::create))
        .route("/drive/files/{id}/links/{linkId}", delete(links::revoke))
        .route("/drive/files/{id}/download", get(items::download))
        .route("/drive/folders", post(folders::create))
        .route("/drive/folders/{id}/children", get(folders::children))
        .route("/drive/shared", get(folders::shared))
        .route("/drive/trash", get(trash::list).delete(trash::empty))
        .route("/drive/trash/{id}", delete(trash::purge))
        .route("/drive/usage", get(workspace::usage))
        .route("/drive/tree", get(tree::list))
        .route("/drive/search", get(search::find))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::revoke))
        .route("/workspace/info", get(workspace::info))
        .route("/workspace/members", get(workspace::members));
    Router::new()
        .nest(BASE_PATH, api)
        .route("/", get(page::index))
        .route("/assets/{*path}", get(page::asset))
        .route("/l/{slug}", get(links::follow))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(error::route_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}
