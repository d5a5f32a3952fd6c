//! The layers that every request passes through: the choice between the two services, the request id, the log line,
//! the time limit, and the headers that browsers need.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::Scheme;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tokio::time::Instant;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument as _, Span, field};

use super::admission::Admitted;
use super::destination::{Destination, Sorter};
use super::error::{self, Error};
use super::extract::Arrival;
use super::forwarded::{Believed, UnknownProxy};
use super::metrics::Count;
use super::rate_limit::{self, RateLimits};
use super::shown_path::shown_path;
use super::trace::{self, Traced};
use super::{App, Around, admission, base_path, compression, conditional, creating, one_host, routes};
use crate::db::fair::on_behalf_of;
use crate::metrics::Metrics;
use crate::random;

/// How long an API request may take. A finalize that takes longer continues without its caller.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CORS_MAX_AGE: Duration = Duration::from_hours(1);
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What happens to every request before a route is asked.
struct Gate {
    believed: Believed,
    store: Option<Store>,
    counts: Option<Arc<Metrics>>,
    traces: bool,
}

/// The embedded store or the relay, and how to recognise its requests.
struct Store {
    served: Router,
    sorter: Sorter,
}

/// Adds the layers. The router clones everything that is in a layer for each request, and once more for each layer around it,
/// and each `from_fn` keeps its request in an allocation of its own. So there is one layer, with two functions.
pub(super) fn around(routes: Router, app: &App, around: Around<'_>) -> Router {
    let Around { front, bucket, origins, proxies, traces, metrics } = around;
    let store = front.map(|front| {
        let served = front.router();
        let (hosts, bytes) = (app.hosts.clone(), app.bytes.as_ref());
        Store { served, sorter: Sorter::new(front, bucket, hosts, bytes, app.public_url.as_deref()) }
    });
    let believed =
        Believed { proxies: proxies.into(), hosts: app.hosts.clone(), unknown: UnknownProxy::default() };
    let gate = Gate { believed, store, counts: metrics.is_on().then(|| metrics.clone()), traces };
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(Arc::new(gate), enter))
        .layer(cors(origins))
        .layer(CatchPanicLayer::custom(panicked))
        .map_request(compression::disregard_impossible)
        .layer(compression::layer())
        .layer(from_fn_with_state(app.rate_limits.clone(), limited));
    let wrapped = routes.layer(layers);
    if app.base_path.is_root() {
        return wrapped;
    }
    // This layer is around the router and not in it, because the router needs the path without the prefix to choose a route.
    let layer = from_fn_with_state(app.base_path.clone(), base_path::take_off);
    Router::new().fallback_service(wrapped).layer(layer)
}

/// Checks a request's host, believes what trusted proxies say, and gives the request to the service that it is for.
async fn enter(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    if let Some(refused) = one_host::refusal(&request) {
        return refused;
    }
    gate.believed.apply(&mut request);
    let store = gate.store.as_ref().and_then(|store| match store.sorter.sort(&request) {
        Destination::Store(place) => Some((store, place)),
        Destination::Drive => None,
    });
    let count = gate.counts.as_ref().map(|metrics| Count::begin(metrics, &request, store.is_some()));
    let response = match store {
        Some((store, place)) => {
            request.extensions_mut().insert(place);
            if store.sorter.is_over_tls(&request) {
                request.extensions_mut().insert(Scheme::HTTPS);
            }
            let answer = store.served.clone().oneshot(admission::for_store(request)).await;
            answer.unwrap_or_else(|never| match never {})
        }
        None => guarded(match admitted(&mut request, gate.traces).await {
            Ok((admitted, seen)) => {
                let answer = next.run(request).instrument(seen.span.clone());
                let answer = on_behalf_of(admitted.party(), answer).await;
                admitted.held(seen.end(answer))
            }
            Err(refusal) => refusal.into_response(),
        }),
    };
    if let Some(count) = count {
        count.end(response.status());
    }
    response
}

async fn admitted(request: &mut Request, traces: bool) -> Result<(Admitted, Seen), Error> {
    let admitted = admission::of_api(request).await?;
    Ok((admitted, Seen::begin(request, traces)?))
}

/// Answers a request of the API within its rate limits and its time.
async fn limited(State(limits): State<RateLimits>, mut request: Request, next: Next) -> Response {
    let (admitted, counted) = limits.count(&mut request);
    let mut response = match admitted {
        Ok(()) => {
            let (makes_another, arrival) = (makes_another(&request), Arrival::default());
            request.extensions_mut().insert(arrival.clone());
            match tokio::time::timeout(REQUEST_TIMEOUT, conditional::answer(request, next)).await {
                Ok(response) => response,
                Err(_) if arrival.is_under_way() => Error::BodyStalled.into_response(),
                Err(_) => Error::Timeout { makes_another }.into_response(),
            }
        }
        Err(refusal) => refusal.into_response(),
    };
    if let Some(counted) = counted {
        counted.tell(response.headers_mut());
    }
    response
}

/// Tells browsers to take an answer as what it says it is, because answers repeat texts of callers. An answer that does not say
/// how it may be kept is an error, or the answer to a change, which may have a secret: no cache keeps it.
fn guarded(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// Whether the same request, sent again, would create a second thing.
fn makes_another(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| routes::creating(path.as_str()));
    request.method() == Method::POST
        && route.is_some()
        && !request.headers().contains_key(creating::IDEMPOTENCY_KEY)
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::Panicked.into_response()
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let allowed =
        if origins.is_empty() { AllowOrigin::any() } else { AllowOrigin::list(origins.iter().cloned()) };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            creating::IDEMPOTENCY_KEY,
        ])
        .expose_headers([
            REQUEST_ID,
            header::ETAG,
            header::RETRY_AFTER,
            creating::REPLAYED,
            rate_limit::LIMIT,
            rate_limit::REMAINING,
            rate_limit::RESET,
        ])
        .max_age(CORS_MAX_AGE)
}

/// The id, the span and the time of a request, whose end is logged. Successes are logged only at level `debug`, because a log
/// line costs as much as some requests. The log has only the path of the address, without segments that may be secret,
/// because a query may contain a signature.
struct Seen {
    id: String,
    span: Span,
    started: Instant,
    is_traced: bool,
}

impl Seen {
    fn begin(request: &Request, is_traced: bool) -> Result<Self, Error> {
        let id = random::bytes::<8>().map(hex::encode).map_err(|_| Error::Panicked)?;
        let traced = Traced::of(request, is_traced);
        let span = tracing::info_span!(
            "request",
            otel.name = traced.as_ref().map(Traced::name),
            otel.kind = traced.as_ref().map(|_| "server"),
            %id,
            method = %request.method(),
            path = %shown_path(request.uri().path()),
            workspace = field::Empty,
            user = field::Empty,
            upload = field::Empty,
        );
        if let Some(traced) = &traced {
            traced.begin(&span);
        }
        Ok(Self { id, span, started: Instant::now(), is_traced })
    }

    /// The answer, with the request's id.
    fn end(self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::try_from(self.id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        let took_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let status = response.status();
        self.span.in_scope(|| {
            if error::is_logged(status) {
                tracing::info!(status = status.as_u16(), took_ms, "refused");
            } else {
                tracing::debug!(status = status.as_u16(), took_ms, "answered");
            }
        });
        if self.is_traced {
            trace::end(&self.span, status);
        }
        response
    }
}
