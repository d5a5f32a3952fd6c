//! The whole route table on one page. The router, the OpenAPI document and the tests all use it.
//!
//! To add a route:
//! 1. Write its handler, with a doc comment (the first paragraph is the document's summary, the rest its
//!    description) and `#[utoipa::path(…)]`, which says the parameters and the answer.
//! 2. Add its line below: the method, the scope (the handler's extractor asks for it), the path, the handler, and the
//!    error codes that the route can return *beyond* those that all routes of its kind share (`openapi::codes`:
//!    tokens, parameters, bodies, a full disk…). A POST also says what a second, equal request does. `POST(once)`
//!    creates another thing, so its handler takes `Creating`, which reads the `Idempotency-Key`. `POST(same)` creates
//!    nothing more. A test checks that table and handlers agree.
//! 3. If a body has a new type, add an example of it to `examples.json`.

use std::sync::LazyLock;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get};
use dray_api::BASE_PATH;
use dray_api::ErrorCode as Code;
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes as documented;

use super::{
    App, batch, error, folders, grants, health, items, links, openapi, page, participants, requests, search,
    tokens, trash, tree, uploads, workspace,
};
use crate::drive::access::Scope;

/// A route: its handler, and what the OpenAPI document says about it.
pub(super) struct Route {
    method: Method,
    /// What a second, equal request does, if the method does not say so.
    repeat: Option<Repeat>,
    /// The path below [`BASE_PATH`] for a route of the API; otherwise the whole path.
    path: &'static str,
    handler: MethodRouter<App>,
    /// `None` means that the route is not in the OpenAPI document.
    pub(super) docs: Option<openapi::RouteDocs>,
}

/// What a second, equal POST does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "as the table spells them")]
enum Repeat {
    /// Creates another thing, unless both requests have the same `Idempotency-Key`.
    once,
    /// Creates nothing more.
    same,
}

macro_rules! routes {
    ($($method:ident $(($repeat:ident))? $($scope:ident)? $path:literal $handler:path [$($code:ident),*];)*) => {
        vec![$(Route::new(
            Method::$method,
            [$(Repeat::$repeat)?].first().copied(),
            [$(Scope::$scope)?].first().copied(),
            $path,
            documented!($handler),
            &[$(Code::$code),*],
        )),*]
    };
}

/// Routes under [`BASE_PATH`]. All need a token: with the named scope or with `access_drive`, or with any scope if
/// none is named.
#[rustfmt::skip] // Keeps each route on few lines.
pub(super) fn api() -> Vec<Route> {
    routes! {
        POST(once) DriveUpload "/drive/files/upload/multipart/start" uploads::start
            [InvalidName, FileTooLarge, FileTypeNotAllowed, NotAFolder, ConfinedToken, RoleTooLow, NotFound,
             UploadExpired, StoreUnreachable, StoreLacks, TooManyUploads, GrantUsedUp, UploadFolderClosed, QuotaExceeded,
             RequestPassword, RequestNotFound, RequestFull, RequestClosed];
        POST(same) DriveUpload "/drive/files/upload/multipart/presigned-urls" uploads::presigned_urls
            [InvalidParameter, ImpossiblePartCount, UploadNotFound, AlreadyFinalized, UploadAborted, UploadExpired,
             StoreUnreachable, RequestNotFound, RequestClosed];
        POST(same) DriveUpload "/drive/files/upload/multipart/parts" uploads::parts
            [UploadNotFound, UploadAborted, UploadExpired, StoreUnreachable, StoreLacks, FinalizePending, RequestNotFound,
             RequestClosed];
        POST(same) DriveUpload "/drive/files/upload/multipart/finalize" uploads::finalize
            [InvalidPart, PartTooSmall, SizeMismatch, ChecksumMismatch, ChecksumUnproven, FileTypeMismatch,
             FileTypeNotAllowed, UploadNotFound,
             NotFound, FinalizedDifferently, FinalizeInProgress, NameTaken, UploadFolderClosed, UploadAborted,
             UploadExpired, ItemGone, StoreUnreachable, StoreLacks, FinalizePending, RequestNotFound, RequestClosed];
        POST(same) DriveUpload "/drive/files/upload/multipart/abort" uploads::abort
            [UploadNotFound, AlreadyFinalized, FinalizeInProgress, RequestNotFound, RequestClosed];
        POST(once) DriveUpload "/drive/files/upload/batch/start" batch::start
            [NotAFolder, ConfinedToken, RoleTooLow, NotFound, StoreUnreachable, RequestNotFound, RequestClosed];
        POST(same) DriveUpload "/drive/files/upload/batch/finalize" batch::finalize [RequestNotFound, RequestClosed];
        GET DriveUpload "/drive/uploads" uploads::list [ConfinedToken];

        POST(once) DriveUpload "/drive/grants" grants::create [NotAFolder, ConfinedToken, RoleTooLow, NotFound];
        GET DriveUpload "/drive/grants" grants::list [];
        GET DriveUpload "/drive/grants/{id}" grants::get [GrantNotFound];
        DELETE DriveUpload "/drive/grants/{id}" grants::revoke [GrantNotFound];
        GET DriveUpload "/drive/grants/{id}/uploads" grants::uploads [GrantNotFound];

        GET DriveRead "/drive/files/{id}" items::get_item [NotFound];
        PATCH AccessDrive "/drive/files/{id}" items::change
            [InvalidName, FileTypeNotAllowed, NotAFolder, TooDeep, ConfinedToken, RoleTooLow, NotFound, IntoItself];
        GET DriveRead "/drive/files/{id}/ancestors" items::ancestors [NotFound];
        GET DriveRead "/drive/files/{id}/download" items::download [NotAFile, NotFound, StoreUnreachable];
        POST(once) DriveUpload "/drive/folders" folders::create
            [InvalidName, NotAFolder, TooDeep, ConfinedToken, RoleTooLow, NotFound];
        GET DriveRead "/drive/folders/{id}/children" folders::children [NotAFolder, NotFound];
        GET DriveRead "/drive/tree" tree::list [NotAFolder, NotFound];
        GET DriveRead "/drive/search" search::find [];

        DELETE AccessDrive "/drive/files/{id}" items::trash [RoleTooLow, NotFound];
        POST(same) AccessDrive "/drive/files/{id}/restore" trash::restore [ConfinedToken, NotFound];
        DELETE AccessDrive "/drive/trash/{id}" trash::purge [ConfinedToken, RoleTooLow, NotFound];
        GET DriveRead "/drive/trash" trash::list [ConfinedToken];
        DELETE AccessDrive "/drive/trash" trash::empty [InvalidParameter, ConfinedToken];

        GET DriveRead "/drive/shared" folders::shared [ConfinedToken];
        GET DriveRead "/drive/files/{id}/participants" participants::list [NotFound];
        PUT AccessDrive "/drive/files/{id}/participants/{userId}" participants::put
            [RoleTooLow, NotFound, UserNotFound, OwnerIsFixed];
        DELETE AccessDrive "/drive/files/{id}/participants/{userId}" participants::remove
            [RoleTooLow, NotFound, ParticipantNotFound, OwnerIsFixed];
        GET AccessDrive "/drive/files/{id}/links" links::list [NotAFile, RoleTooLow, NotFound];
        POST(once) AccessDrive "/drive/files/{id}/links" links::create [NotAFile, RoleTooLow, NotFound, Busy];
        DELETE AccessDrive "/drive/files/{id}/links/{linkId}" links::revoke
            [NotAFile, RoleTooLow, NotFound, LinkNotFound];

        POST(once) AccessDrive "/drive/requests" requests::create
            [InvalidParameter, NotAFolder, TooDeep, RoleTooLow, NotFound, Busy];
        GET AccessDrive "/drive/requests" requests::list [NotAFolder, ConfinedToken, RoleTooLow, NotFound];
        GET AccessDrive "/drive/requests/{id}" requests::get [RoleTooLow, RequestNotFound];
        PATCH AccessDrive "/drive/requests/{id}" requests::change
            [RoleTooLow, RequestOfOthers, RequestNotFound, Busy];
        DELETE AccessDrive "/drive/requests/{id}" requests::delete [RoleTooLow, RequestNotFound];
        GET AccessDrive "/drive/requests/{id}/submissions" requests::submissions [RoleTooLow, RequestNotFound];

        GET DriveRead "/search" search::workspace [NoSearchTypes];
        GET DriveRead "/workspace/info" workspace::info [NotFound];
        GET DriveRead "/workspace/members" workspace::members [];
        GET DriveRead "/drive/usage" workspace::usage [ConfinedToken, NotFound];
        GET AccessDrive "/tokens" tokens::list [ConfinedToken];
        POST(once) AccessDrive "/tokens" tokens::create [NotAFolder, ConfinedToken, NotFound];
        POST(once) "/tokens/rotate" tokens::rotate [TokenRotated];
        DELETE AccessDrive "/tokens/{id}" tokens::revoke [ConfinedToken, TokenNotFound, TokenRotated];
    }
}

/// Routes at the root of the host. They need no token.
pub(super) fn server() -> Vec<Route> {
    routes! {
        GET "/l/{slug}" links::follow
            [LinkPassword, LinkNotFound, RateLimited, Busy, StoreUnreachable, DatabaseUnreachable, NoSpace];
        POST(same) "/r/{slug}/open" requests::open
            [RequestPassword, RequestNotFound, RequestClosed, RateLimited, Busy, DatabaseUnreachable];
        POST(same) "/r/{slug}/submitters" requests::add_submitter
            [RequestPassword, RequestNotFound, RequestFull, RequestClosed, RateLimited, Busy, DatabaseUnreachable];
        GET "/r/{slug}/uploads" requests::sent
            [MissingToken, InvalidToken, ExpiredToken, RevokedToken, WrongTokenKind, RequestNotFound, RateLimited,
             DatabaseUnreachable];
        GET "/public/v1/health" health::published [];
        GET "/healthz" health::alive [];
        GET "/readyz" health::ready [StoreUnreachable, DatabaseUnreachable];
        GET "/openapi.json" openapi::json [];
    }
}

/// What browsers load. It is not part of the API, so it is not in the OpenAPI document.
fn pages() -> Vec<Route> {
    vec![
        Route::page("/", page::index),
        Route::page("/r/{slug}", page::request),
        Route::page("/docs", page::docs),
        Route::page("/assets/{*path}", page::asset),
        Route::page("/kit/{*path}", page::kit),
    ]
}

/// Every route, with its whole path.
pub(super) fn table() -> Vec<(Method, String)> {
    let api = api().into_iter().map(|route| (route.method, format!("{BASE_PATH}{}", route.path)));
    let others = server().into_iter().chain(pages());
    api.chain(others.map(|route| (route.method, route.path.to_owned()))).collect()
}

/// Routes that create another thing with every request, unless the request repeats an `Idempotency-Key`.
pub(super) fn creating_table() -> &'static [(Method, String)] {
    static CREATING: LazyLock<Vec<(Method, String)>> = LazyLock::new(|| {
        let creating = api().into_iter().filter(|route| route.repeat == Some(Repeat::once));
        creating.map(|route| (route.method, format!("{BASE_PATH}{}", route.path))).collect()
    });
    &CREATING
}

/// The route with this path that creates something, if there is one. All of them are POST.
pub(super) fn creating(path: &str) -> Option<&'static str> {
    creating_table().iter().map(|(_, creating)| creating.as_str()).find(|creating| *creating == path)
}

pub(super) fn router(app: App) -> Router {
    let add = |router: Router<App>, route: Route| router.route(route.path, route.handler);
    let api = api().into_iter().fold(Router::new(), add);
    server()
        .into_iter()
        .chain(pages())
        .fold(Router::new().nest(BASE_PATH, api), add)
        .fallback(error::route_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}

impl Route {
    fn new(
        method: Method,
        repeat: Option<Repeat>,
        scope: Option<Scope>,
        path: &'static str,
        (schemas, paths, handler): UtoipaMethodRouter<App>,
        codes: &'static [Code],
    ) -> Self {
        let takes_key = repeat == Some(Repeat::once);
        let docs = openapi::RouteDocs { schemas, paths, scope, takes_key, codes };
        Self { method, repeat, path, handler, docs: Some(docs) }
    }

    fn page<T: 'static>(path: &'static str, handler: impl Handler<T, App>) -> Self {
        Self { method: Method::GET, repeat: None, path, handler: get(handler), docs: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_post_says_what_a_second_one_does_and_nothing_else_makes_two() {
        for route in api().into_iter().chain(server()) {
            assert_eq!(
                route.repeat.is_some(),
                route.method == Method::POST,
                "{} {}",
                route.method,
                route.path
            );
        }
    }
}
