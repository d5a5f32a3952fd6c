"""The access token: a secret that no `repr`, no error and no log may show."""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx

from .errors import ConfigurationError

TokenSource = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that returns the current one. It may be a coroutine function."""


class TokenAuth(httpx.Auth):
    """Sets the `Authorization` header (RFC 6750, 2.1)."""

    def __init__(self, source: TokenSource) -> None:
        # It is called for each request, so that a replaced token is not used again.
        self._source = (lambda: source) if isinstance(source, str) else source
        if isinstance(source, str):
            _checked(source)

    def __repr__(self) -> str:
        return "TokenAuth(…)"

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        given = self._source()
        request.headers["Authorization"] = f"Bearer {_checked(await given if inspect.isawaitable(given) else given)}"
        yield request


def _checked(token: object) -> str:
    """The token without white space around it (a file's last newline)."""
    text = token.strip() if isinstance(token, str) else ""
    if not text or not all("!" <= character <= "~" for character in text):
        raise ConfigurationError("A token is one word of visible ASCII characters, as `dray token create` prints it.")
    return text


class _HideSignatures(logging.Filter):
    """httpx logs the address of each request. The query of a signed address is a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_signature(argument) for argument in record.args)
        return True


def _without_signature(argument: Any) -> Any:
    is_signed = isinstance(argument, httpx.URL) and b"signature" in argument.query.lower()
    return argument.copy_with(query=b"signature-hidden") if is_signed else argument


def hide_signatures_in_logs() -> None:
    """Removes the query of signed addresses from everything that httpx logs. Once for the process."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(each, _HideSignatures) for each in logger.filters):
        logger.addFilter(_HideSignatures())
