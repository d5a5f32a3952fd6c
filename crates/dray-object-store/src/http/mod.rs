//! S3 over HTTP: parse → authenticate → authorise → act, always in that order. Each operation or family has one file.

mod access;
mod acl;
mod answer;
mod attributes;
mod buckets;
mod complete;
mod condition_table;
mod conditions;
mod control_body;
mod copy;
mod cors;
mod delete;
mod exchange;
mod get_object;
mod list_objects;
mod list_uploads;
mod location;
mod op;
pub mod pipeline;
mod place;
mod post_object;
mod put_object;
pub(crate) mod range;
mod stored_headers;
mod subresources;
mod tags;
mod upload_part;
mod uploads;

use std::cell::OnceCell;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use dray_s3::{
    Authenticated, Credentials, ErrorCode, InvalidEncoding, Payload, Query, RequestHead, authenticate,
};
use http::{Method, request::Parts};
use jiff::Timestamp;

use self::access::{Access, Caller};
pub(crate) use self::{
    access::Door,
    condition_table::check_relayed,
    copy::is_asked as is_copy,
    cors::preflight,
    exchange::Exchange,
    op::{Operation, Target},
    stored_headers::apply_overrides,
};
pub use self::{
    exchange::refuse,
    place::{BucketIn, SentPath},
};
use crate::{
    ObjectStore,
    body::{Announced, Frames},
    clock,
    failure::{Failure, not_implemented},
    fields::Fields,
    keys::{KeyKind, Known},
    transfers::{Direction, Of, Transfer},
};

impl ObjectStore {
    /// All routes, path style: `/`, `/{bucket}`, `/{bucket}/{key}`. The signature covers the path on the wire. So
    /// mount the router where nothing strips paths: with `fallback_service` or `route_service`. A refused request leaves
    /// the rest of its body unread. The server that owns the socket decides what happens to it.
    pub fn router(&self) -> Router {
        router(self.clone(), Door::Outside)
    }

    /// The same routes for requests from this process, which may do everything: they are signed with the server's
    /// key. No socket may lead to this router.
    pub fn own_router(&self) -> Router {
        router(self.clone(), Door::Inside)
    }
}

/// An authenticated request without its body.
struct Call {
    store: ObjectStore,
    head: Parts,
    query: Query,
    target: Target,
    payload: Payload,
    caller: Caller,
    now: Timestamp,
}

impl Call {
    /// Refuses what the caller may not do to this bucket.
    fn check(&self, access: Access, bucket: &str) -> Result<(), Failure> {
        self.caller.check(access, bucket, self.store.bucket())
    }

    /// Refuses a request that expects another owner of its bucket, or of the bucket that it copies from (AWS S3 user guide,
    /// "Verifying bucket ownership with bucket owner condition").
    fn check_owner(&self) -> Result<(), Failure> {
        let fields = self.fields();
        for name in ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"] {
            if fields.get(name)?.is_some_and(|expected| expected != self.store.owner()) {
                let message = format!("{name} does not name the owner of this store's buckets");
                return Err(Failure::new(ErrorCode::AccessDenied, message));
            }
        }
        Ok(())
    }

    fn fields(&self) -> Fields<'_> {
        Fields::new(&self.head.headers, &self.query)
    }

    /// Whether the request is a signed URL, which its signer may have given to anybody.
    fn is_presigned(&self) -> bool {
        has_signature(&self.query)
    }

    /// Whether the request is by a URL that the server signed. Anybody may hold it, and may add headers to its request.
    fn is_url_of_server(&self) -> bool {
        self.is_presigned() && self.caller.is_server()
    }

    /// Begins a transfer for the sender of this request.
    fn begin(&self, direction: Direction, of: Of) -> Result<Transfer, Failure> {
        self.store.transfers_under_way().begin(direction, &self.head.extensions, of)
    }

    /// The object that the path names.
    fn object(&self) -> Of {
        Of::Object(self.target.bucket.clone(), self.target.key.clone())
    }

    /// Milliseconds since 1970, the unit of stored times.
    fn now_ms(&self) -> i64 {
        self.now.as_millisecond()
    }
}

/// Every route of the store. It needs the path as it is on the wire, because the signature covers it. So mount the
/// router where nothing strips or rewrites paths (as a fallback, or with `route_service`).
pub(crate) fn router(store: ObjectStore, door: Door) -> Router {
    Router::new().fallback(handle).with_state((store, door))
}

/// Whether a request's body goes to the disk as it arrives. Other bodies are XML, and gathered in memory.
pub fn is_streamed(method: &Method, uri: &http::Uri, headers: &http::HeaderMap) -> bool {
    let has_query = uri.query().is_some_and(|query| !query.is_empty());
    *method == Method::PUT
        || post_object::is_form(method, headers, has_query)
        || pipeline::is_one(method, uri)
}

async fn handle(State((store, door)): State<(ObjectStore, Door)>, request: Request) -> Response {
    let (head, mut body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let exchange = Exchange::begin(&head, &query);
    let outcome = if head.method == Method::OPTIONS {
        preflight(store.cors_origins(), &head)
    } else {
        serve(store.clone(), door, head, query, &mut body).await
    };
    exchange.end(store.cors_origins(), store.transfers_under_way(), outcome)
}

fn has_signature(query: &Query) -> bool {
    query.get("X-Amz-Signature").is_some()
}

async fn serve(
    store: ObjectStore,
    door: Door,
    head: Parts,
    query: Result<Query, InvalidEncoding>,
    body: &mut Body,
) -> Result<Response, Failure> {
    let query = readable(query)?;
    let is_copy = is_copy(&head.headers, &query)?;
    let now = clock::now();
    if post_object::is_form(&head.method, &head.headers, query.iter().next().is_some()) {
        return Box::pin(post_object::post(store, door, head, now, body)).await;
    }
    let (caller, payload) = check_signature(&store, door, &head, &query, now)?;
    caller.check_key()?;
    // Only after authentication, so that strangers learn nothing of what is in a bucket. A bucket's name is no secret:
    // whether a request is for the drive or for the store depends on which buckets exist.
    let target = place::target(&store, &head, caller)?;
    let operation = Operation::parse(&head.method, &target, &query, is_copy)?;

    let call = Call { store, head, query, target, payload, caller, now };
    call.check(operation.access(), &call.target.bucket)?;
    call.check_owner()?;
    condition_table::check(operation, &call.fields())?;
    pipeline::check(&call.head, operation, call.is_presigned())?;
    act(operation, &call, body).await
}

/// The parameters of a request, or the error that refuses it.
pub(crate) fn readable(query: Result<Query, InvalidEncoding>) -> Result<Query, Failure> {
    let invalid = |_| Failure::new(ErrorCode::InvalidURI, "The query is not valid percent-encoded UTF-8");
    query.map_err(invalid)
}

/// Who signed the request, and what proves its body.
fn check_signature(
    store: &ObjectStore,
    door: Door,
    head: &Parts,
    query: &Query,
    now: Timestamp,
) -> Result<(Caller, Payload), Failure> {
    let signer = Signer::new(store, now);
    let authenticated = authenticate_head(head, query, store.region(), now, |id| signer.find(id))?;
    Ok((signer.caller(authenticated.presigned, door)?, authenticated.payload))
}

/// Checks the signature of a request as it was sent. `find` looks up keys.
pub(crate) fn authenticate_head(
    head: &Parts,
    query: &Query,
    region: &str,
    now: Timestamp,
    find: impl Fn(&str) -> Option<Credentials>,
) -> Result<Authenticated, Failure> {
    let mut headers = std::borrow::Cow::Borrowed(&head.headers);
    if !headers.contains_key(http::header::HOST)
        && let Some(host) = head.uri.authority().and_then(|host| host.as_str().parse().ok())
    {
        headers.to_mut().insert(http::header::HOST, host);
    }
    let request =
        RequestHead { method: &head.method, path: place::sent_path(head), query, headers: &headers };
    Ok(authenticate(&request, region, now, find)?)
}

/// Looks up the key that a signature names, and remembers its owner.
struct Signer<'a> {
    store: &'a ObjectStore,
    now: Timestamp,
    found: OnceCell<(KeyKind, bool)>,
}

impl<'a> Signer<'a> {
    fn new(store: &'a ObjectStore, now: Timestamp) -> Self {
        Self { store, now, found: OnceCell::new() }
    }

    fn find(&self, id: &str) -> Option<Credentials> {
        let Known { credentials, kind, is_former } = self.store.keys().find(id, self.now.as_millisecond())?;
        // A request has one key id, so this runs once.
        let _ = self.found.set((kind, is_former));
        Some(credentials)
    }

    fn caller(&self, is_presigned: bool, door: Door) -> Result<Caller, Failure> {
        let found = self.found.get().ok_or_else(|| Failure::internal("no signer was found"))?;
        Ok(Caller { kind: found.0, is_former: found.1, is_presigned, door })
    }
}

/// The futures of operations that move bytes are boxed, because all others would else be as large.
async fn act(operation: Operation, call: &Call, body: &mut Body) -> Result<Response, Failure> {
    match operation {
        Operation::AbortMultipartUpload => uploads::abort(call).await,
        Operation::CompleteMultipartUpload => complete::complete(call, body).await,
        Operation::CopyObject => Box::pin(copy::copy(call)).await,
        Operation::CreateBucket => buckets::create(call, body).await,
        Operation::CreateMultipartUpload => uploads::create(call).await,
        Operation::DeleteBucket => buckets::delete(call).await,
        Operation::DeleteObject => delete::one(call).await,
        Operation::DeleteObjectTagging => tags::delete(call).await,
        Operation::DeleteObjects => delete::many(call, body).await,
        Operation::GetAcl => acl::get(call).await,
        Operation::GetBucketConfiguration(name) => subresources::get_configuration(call, name).await,
        Operation::GetBucketLocation => buckets::location(call).await,
        Operation::GetObject => Box::pin(get_object::get(call)).await,
        Operation::GetObjectAttributes => attributes::get(call).await,
        Operation::GetObjectTagging => tags::get(call).await,
        Operation::HeadBucket => buckets::head(call).await,
        Operation::HeadObject => get_object::head(call).await,
        Operation::ListBuckets => buckets::list(call).await,
        Operation::ListMultipartUploads => list_uploads::list(call).await,
        Operation::ListObjectVersions => list_objects::versions(call).await,
        Operation::ListObjects => list_objects::version_1(call).await,
        Operation::ListObjectsV2 => list_objects::version_2(call).await,
        Operation::ListParts => uploads::list_parts(call).await,
        Operation::Pipeline => Box::pin(carry(call, body)).await,
        Operation::PostObject => Err(Failure::new(
            ErrorCode::PreconditionFailed,
            "Bucket POST must be of the enclosure-type multipart/form-data",
        )),
        Operation::PutAcl => acl::put(call, body).await,
        Operation::PutObject => Box::pin(put_object::put(call, body)).await,
        Operation::PutObjectTagging => tags::put(call, body).await,
        Operation::UploadPart => Box::pin(upload_part::put(call, body)).await,
        Operation::UploadPartCopy => Box::pin(copy::copy_part(call)).await,
    }
}

/// Answers the requests in a pipeline like requests from the same socket. Only the server signs addresses of pipelines.
async fn carry(call: &Call, body: &mut Body) -> Result<Response, Failure> {
    if !call.is_url_of_server() {
        return Err(not_implemented("pipelines, except by a URL that the server has signed"));
    }
    let _transfer = call.begin(Direction::Up, call.object())?;
    pipeline::check_size(&Announced::read(&call.fields(), call.payload.clone())?)?;
    let frames = Frames::new(body, call.store.idle_timeout());
    let dispatch = dispatch(call.store.clone(), call.caller.door);
    Ok(pipeline::carry(&call.head, frames, call.store.transfers_under_way(), dispatch).await)
}

/// It is a function of its own, because [`handle`] would else contain itself.
fn dispatch(store: ObjectStore, door: Door) -> pipeline::Dispatch {
    Box::new(move |request| Box::pin(handle(State((store.clone(), door)), request)))
}
