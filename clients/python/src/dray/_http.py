"""The HTTP client: connections, time limits, the token, and reading answers of the API. It knows no routes."""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from datetime import datetime, UTC
from typing import Generic, TypeVar
from urllib.parse import quote

import httpx

from ._retry import Patience, persist
from ._token import TokenAuth, TokenSource, hide_signatures_in_logs
from ._version import __version__
from ._wire import Mismatch, decode, encode
from .errors import ApiError, ConfigurationError, DrayError, NetworkError, NotDrayError, api_error_class

T = TypeVar("T")

CONNECT_SECS = 10.0
CALL_SECS = 75.0
"""How long the server may take to answer a call (its own limit is shorter), with the time on top in which a slow line carries
the call's bytes."""
CALL_BYTES_PER_SEC = 4 << 10
"""The speed that every line has. A peer that answers a call more slowly is cut off."""
STALL_SECS = 120.0
"""How long a transfer may stand still or, after its last byte, wait for an answer, with the time on top in which a slow line
carries what is buffered here."""
MAX_BUFFERED_BYTES = 1 << 20
"""The bytes of one transfer that a slow line leaves in the buffers of this machine. They count as sent, but nobody sees when they leave."""
PUT_BYTES_PER_SEC = 16 << 10
"""The slowest line for which transfers wait."""
MAX_ANSWER_BYTES = 16 << 20
"""The maximum number of bytes of an answer of the API. The longest is a page of 1,000 items with the longest names."""
MAX_REFUSAL_BYTES = 64 << 10
"""The maximum number of bytes that are read of an error of the API or of the store."""


@dataclass(frozen=True)
class Route(Generic[T]):
    """An operation of the API."""

    method: str
    path: str
    answer: type[T]
    repeatable: bool
    """Whether sending it again changes nothing more and gets the same answer."""
    takes_key: bool
    """Whether it accepts an `Idempotency-Key`, which makes it repeatable."""


class Http:
    """One drive, over one pool of connections."""

    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        parallel: int = 1,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
    ) -> None:
        self.url = _server(url)
        self.parallel = parallel
        """How many transfers may share the line to the store."""
        self.has_answered = False
        """Whether anything at this address has ever answered. This client does not wait for an address that never did."""
        self._auth = TokenAuth(token)
        hide_signatures_in_logs()
        self.client = httpx.AsyncClient(
            verify=verify,
            proxy=proxy,
            # A redirect would send the token, or a part's bytes, to an address that nobody named.
            follow_redirects=False,
            timeout=_timeout(STALL_SECS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            headers={"User-Agent": f"dray-python/{__version__}"},
        )

    @property
    def peer(self) -> str:
        """The server, for error messages."""
        return f"the server at {origin_of(self.url)}"

    async def call(
        self,
        route: Route[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        body: object = None,
        key: str | None = None,
        patience: Patience = Patience(),
    ) -> T:
        """Asks the API as often as the policy allows. A request that creates something has one key in all tries."""
        if route.takes_key:
            key = key or uuid.uuid4().hex
        address, json_body = self._address(route, path or {}, query or {}), encode(body)
        # A refusal is an answer, too: from then on, the whole patience counts.
        return await persist(
            lambda: self.once(route, address, json_body, key),
            lambda: patience if self.has_answered else Patience(says=patience.says),
            repeatable=route.repeatable or route.takes_key,
        )

    async def once(self, route: Route[T], address: str, body: object = None, key: str | None = None) -> T:
        """Asks the API once."""
        headers = {"Accept": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        # Reading has a time limit too, because a peer may send very slowly.
        try:
            async with asyncio.timeout(CALL_SECS) as limit:

                def moved(count: int) -> None:
                    limit.reschedule((limit.when() or 0.0) + count / CALL_BYTES_PER_SEC)

                def build() -> httpx.Request:
                    request = self.client.build_request(route.method, address, headers=headers, json=body)
                    moved(int(request.headers.get("Content-Length", 0)))
                    return request

                async with self.sent(build, self.peer, auth=self._auth) as response:
                    self.has_answered = True
                    return self._read(route, response, await bounded(response, MAX_ANSWER_BYTES, self.peer, moved))
        except TimeoutError:
            raise NetworkError(_unanswered(self.peer, "no answer in time")) from None

    def put_timeout(self, size: int) -> httpx.Timeout:
        """The time limits of sending `size` bytes. They are for each step, and not for the whole."""
        buffered = self.parallel * min(size, MAX_BUFFERED_BYTES)
        return _timeout(STALL_SECS + buffered / PUT_BYTES_PER_SEC)

    @asynccontextmanager
    async def sent(
        self, build: Callable[[], httpx.Request], peer: str, *, auth: httpx.Auth | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The answer; its body is not read yet. A failure of the network is a `NetworkError`.

        No variable has the request: tools that report errors also report variables, and its address may be a secret.
        """
        try:
            if self.client.is_closed:
                raise ConfigurationError("The client is closed.")
            response = await self.client.send(build(), stream=True, auth=auth)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            # Without the cause, because its traceback has the request with the token or the signature.
            raise network_error(error, peer) from None

    def _address(self, route: Route[T], path: Mapping[str, str], query: Mapping[str, object]) -> str:
        # Each value becomes exactly one segment of the path.
        filled = {name: _segment(name, value) for name, value in path.items()}
        said: list[tuple[str, str | int | float | bool | None]] = [
            (name, text) for name, value in query.items() for text in _query_texts(value)
        ]
        search = str(httpx.QueryParams(said))
        return str(self.url).rstrip("/") + route.path.format(**filled) + (f"?{search}" if search else "")

    def _read(self, route: Route[T], response: httpx.Response, body: bytes) -> T:
        try:
            value = json.loads(body) if body else None
            if response.is_success:
                return decode(route.answer, value)
        except (ValueError, Mismatch, RecursionError) as error:
            why = f" ({error})" if isinstance(error, Mismatch) else ""
            raise self.not_dray(response.status_code, why, retry_after_of(response)) from None
        raise self._refusal(response, value)

    def _refusal(self, response: httpx.Response, value: object) -> DrayError:
        status, said = response.status_code, value if isinstance(value, dict) else {}
        message, code = said.get("message"), said.get("code")
        if not isinstance(message, str) or not isinstance(code, str):
            return self.not_dray(status, retry_after=retry_after_of(response))
        error: ApiError = api_error_class(status)(
            message,
            status=status,
            code=code,
            request_id=response.headers.get("x-request-id"),
            retry_after=_waits_of(said, response),
        )
        return error

    def not_dray(self, status: int, why: str = "", retry_after: float | None = None) -> NotDrayError:
        """The error for an answer with this status that does not fit the API."""
        message = f"{self.peer} answered {status}, but not as a Dray server does{why}. Check the server's address."
        return NotDrayError(message[0].upper() + message[1:], status=status, retry_after=retry_after)


def _timeout(stall_secs: float) -> httpx.Timeout:
    return httpx.Timeout(stall_secs, connect=CONNECT_SECS, pool=None)


async def bounded(response: httpx.Response, limit: int, peer: str, moved: Callable[[int], None]) -> bytes:
    """The whole body of an answer. A body that is longer than `limit` is not from Dray. `moved` hears of each piece."""
    read = bytearray()
    async for some in response.aiter_bytes():
        moved(len(some))
        read += some
        if len(read) > limit:
            message = f"The answer of {peer} is longer than {limit} bytes. Check the address."
            raise NotDrayError(message, status=response.status_code)
    return bytes(read)


async def beginning(response: httpx.Response, limit: int) -> bytes:
    """The first bytes of an answer's body, as far as they arrive within a few seconds."""
    read = bytearray()
    try:
        async with asyncio.timeout(10):
            async for some in response.aiter_bytes():
                read += some
                if len(read) >= limit:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    return bytes(read[:limit])


def retry_after_of(response: httpx.Response) -> float | None:
    """`Retry-After` in seconds, which servers write as seconds or as a date (RFC 9110, 10.2.3); `None` if it is neither."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        # A date without a zone is in UTC. The difference of two timestamps exists for dates that UTC cannot express.
        until = parsedate_to_datetime(text)
        return max(0.0, until.replace(tzinfo=until.tzinfo or UTC).timestamp() - datetime.now(UTC).timestamp())
    except (ValueError, OverflowError):
        return None


def _waits_of(said: dict[str, object], response: httpx.Response) -> float | None:
    """How many seconds an error asks to wait, in its body or in its header."""
    waits = said.get("retryAfter")
    if isinstance(waits, bool) or not isinstance(waits, (int, float)):
        return retry_after_of(response)
    # A number can be too large for a float, or not be a number at all.
    secs = min(waits, 1e9)
    return max(0.0, float(secs)) if secs == secs else None


def network_error(error: httpx.HTTPError, peer: str) -> NetworkError:
    """The network's failure, without the address, because a signed address is a secret."""
    cause = _innermost(error)
    is_final = isinstance(cause, ssl.SSLCertVerificationError) or isinstance(error, httpx.UnsupportedProtocol)
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError))
    text = "no answer in time" if isinstance(error, httpx.TimeoutException) else str(cause) or type(cause).__name__
    return NetworkError(_unanswered(peer, text), never_sent=never_sent, is_final=is_final)


def _unanswered(peer: str, why: str) -> str:
    return f"{peer[0].upper()}{peer[1:]} does not answer ({why}). Check the address, the network, and that it runs."


def _innermost(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _server(url: str) -> httpx.URL:
    """The drive's address; a path before the API's own is kept."""
    wrong = ConfigurationError(f"`{url}` is not the address of a server. Give one such as http://127.0.0.1:8080")
    try:
        parsed = httpx.URL(url.strip().rstrip("/"))
    except httpx.InvalidURL:
        raise wrong from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise wrong
    if parsed.userinfo:
        raise ConfigurationError("The address of a server must not have a user or a password.")
    return parsed


def origin_of(url: httpx.URL) -> str:
    """Scheme, host and port: what people may see of an address."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _segment(name: str, value: str) -> str:
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise ConfigurationError(f"`{name}` must be an id, not {value!r}.")
    return quote(value, safe="")


def _query_texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in _query_texts(each)]
    return ["true" if value is True else "false" if value is False else str(encode(value))]
