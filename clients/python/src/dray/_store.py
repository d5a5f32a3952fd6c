"""Requests to the object store over signed addresses: one PUT of a part, one GET of a range. It tries each only once."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import httpx

from ._http import MAX_REFUSAL_BYTES, Http, beginning, origin_of, retry_after_of
from .errors import ConfigurationError, StoreError

MAX_ETAG_BYTES = 1024


class Content(Protocol):
    """The bytes of one PUT."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def frames(self) -> AsyncIterator[bytes]:
        """The bytes, in pieces."""
        ...


class Address:
    """A signed address. Its `repr` hides it, because everybody who has the address can use it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Address(…)"

    def peer(self, http: Http) -> str:
        """The store's address, for people. Fails if the address is `http` although the drive is reached by `https`."""
        try:
            url = httpx.URL(self._text)
        except httpx.InvalidURL:
            raise ConfigurationError("The server signed something that is not an address.") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise ConfigurationError("The server signed something that is not an address.")
        origin = origin_of(url)
        if http.url.scheme == "https" and url.scheme != "https":
            raise ConfigurationError(
                f"The server signs addresses at {origin}, where bytes and signatures would go in clear text. "
                "Set its --public-url to its https address."
            )
        return f"the object store at {origin}"

    def request(
        self,
        http: Http,
        method: str,
        headers: dict[str, str],
        body: AsyncIterator[bytes] | bytes | None = None,
        size: int = 0,
    ) -> httpx.Request:
        """A request to this address, with a body of `size` bytes."""
        timeout = http.put_timeout(size)
        return http.client.build_request(method, self._text, headers=headers, content=body, timeout=timeout)

    @property
    def life_secs(self) -> float:
        """How long it is valid after it was signed (AWS, "Signature Version 4", `X-Amz-Expires`)."""
        found = re.search(r"[?&]X-Amz-Expires=(\d{1,9})(?:&|$)", self._text)
        return float(found[1]) if found else float("inf")


async def put_part(http: Http, address: Address, content: Content, during: str) -> str:
    """Puts a part, and returns the store's `ETag`."""
    peer = address.peer(http)
    # With a length, httpx does not send in chunks, because S3 does not accept chunks.
    headers = {"Content-Length": str(content.size)}
    async with http.sent(
        lambda: address.request(http, "PUT", headers, content.frames() if content.size else b"", content.size), peer
    ) as response:
        if not response.is_success:
            raise await refusal(response, during)
        # The body is read to its end, so that the connection can send the next part. If that fails, the part is still
        # stored.
        await beginning(response, MAX_REFUSAL_BYTES)
        e_tag = response.headers.get("ETag", "")
        if not e_tag or len(e_tag) > MAX_ETAG_BYTES:
            message = f"The object store accepted {during} but returned no ETag, which S3 requires."
            raise StoreError(message, status=response.status_code)
        return str(e_tag)


@asynccontextmanager
async def get_range(
    http: Http, address: Address, start: int, end: int, e_tag: str | None, during: str
) -> AsyncIterator[httpx.Response]:
    """The bytes from `start` up to `end`, of the object with this `ETag`. The answer may have more than the requested bytes."""
    peer = address.peer(http)
    # Compressed bytes would not be the bytes of the file.
    headers = {"Accept-Encoding": "identity"}
    if end > start:
        headers["Range"] = f"bytes={start}-{end - 1}"
    if e_tag is not None:
        headers["If-Match"] = e_tag
    async with http.sent(lambda: address.request(http, "GET", headers), peer) as response:
        if response.status_code not in (200, 206, 412, 416):
            raise await refusal(response, during)
        yield response


async def refusal(response: httpx.Response, during: str) -> StoreError:
    """The store's error (AWS, "REST error responses"). For anything else that answered, only the status counts."""
    code, message = _code_and_message(await beginning(response, MAX_REFUSAL_BYTES))
    status = response.status_code
    if status == 413:
        message = "it is larger than a proxy in front of the store accepts"
    said = ": ".join(each for each in (code, message) if each) or response.reason_phrase or "no reason"
    return StoreError(
        f"The object store refused {during} ({status} {said}).",
        status=status,
        code=code or None,
        request_id=response.headers.get("x-amz-request-id"),
        retry_after=retry_after_of(response),
    )


def _code_and_message(document: bytes) -> tuple[str, str]:
    # S3's documents have no type declaration. Entities in one could make a short text endless.
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        return "", ""
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return "", ""
    if root.tag != "Error":
        return "", ""
    code, message = ((root.findtext(name) or "").strip().rstrip(".") for name in ("Code", "Message"))
    return code, message
