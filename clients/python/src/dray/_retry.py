"""The retry policy, in one place: which failures are tried again, how often, and after what wait. It sends nothing."""

from __future__ import annotations

import asyncio
import enum
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from .errors import ApiError, DrayError, NetworkError, NotDrayError, StoreError

T = TypeVar("T")

TRIES = 8
"""Tries of one request, including the first. With `pause` they take 12 to 25 seconds: enough for a restart of a server."""
FIRST_PAUSE_SECS = 0.25
LONGEST_PAUSE_SECS = 8.0
LONGEST_RETRY_AFTER_SECS = 60.0
"""The longest `Retry-After` that a call without a longer patience waits for."""
UNDER_WAY_SECS = 24 * 3600.0
"""How long to wait for work that the server says is under way, because it may read back a whole file."""

# Refusals with these codes say that an earlier request is still being answered.
_UNDER_WAY = {"finalize_in_progress", "finalize_pending", "idempotency_key_in_use"}
# Refusals with these codes end when other uploads of the same token, grant or user do.
_FULL = {"too_many_uploads"}
# Answers of a proxy whose server restarts, and of a server that is too busy.
_AWAY = {429, 502, 503, 504}
# Codes for damage on the way, and codes with which S3 asks for the request again (AWS, "Error responses").
_PASSING_STORE_CODES = {
    "BadDigest",
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "OperationAborted",
    "InternalError",
}
_PASSING_STORE = {408, 409, 425, 429}


class Verdict(enum.Enum):
    """What a failure means for the request that failed."""

    FINAL = "trying again cannot help"
    PASSING = "trying again may help"
    AWAY = "nobody is there, or nobody has time or room: it is worth a longer wait"
    UNDER_WAY = "the server is at it"


def judge(error: DrayError, *, repeatable: bool = True) -> Verdict:
    """What `error` means. Without `repeatable`, a request is sent again only if the server cannot have begun it."""
    if isinstance(error, NetworkError):
        may_go_again = (error.never_sent or repeatable) and not error.is_final
        return Verdict.AWAY if may_go_again else Verdict.FINAL
    if isinstance(error, StoreError):
        return _judge_store(error)
    if error.status == 429 or (error.status in _AWAY and repeatable and isinstance(error, (ApiError, NotDrayError))):
        return Verdict.UNDER_WAY if error.code in _UNDER_WAY else Verdict.AWAY
    if not isinstance(error, ApiError):
        return Verdict.FINAL
    if error.code in _UNDER_WAY:
        return Verdict.UNDER_WAY
    if error.code in _FULL:
        return Verdict.AWAY
    return Verdict.PASSING if error.status in (408, 500) and repeatable else Verdict.FINAL


def _judge_store(error: StoreError) -> Verdict:
    status = error.status or 0
    is_passing = status >= 500 or status in _PASSING_STORE or error.code in _PASSING_STORE_CODES
    return Verdict.PASSING if is_passing and status != 507 else Verdict.FINAL


def wants_new_address(error: DrayError) -> bool:
    """Whether a new address may help: the old one expired (403), or its credentials did (400 `ExpiredToken`)."""
    return isinstance(error, StoreError) and (
        error.status == 403 or (error.status, error.code) == (400, "ExpiredToken")
    )


def pause(tries: int) -> float:
    """Seconds to wait after this many tries. Half is random, so that clients that failed together do not return together."""
    longest = min(LONGEST_PAUSE_SECS, FIRST_PAUSE_SECS * (1 << min(max(tries, 1) - 1, 16)))
    return longest * (0.5 + random.random() / 2)


def ignore(_why: str) -> None:
    """For callers that do not want to know."""


@dataclass(frozen=True)
class Patience:
    """How long a series of failures may last, and the function that hears of each wait."""

    secs: float = 0.0
    """How many seconds to wait, beyond `TRIES`, for a drive that cannot be reached, or has no room for one more open upload."""
    says: Callable[[str], None] = ignore
    """Called with the reason of each wait."""
    waits_for_work: bool = True
    """Whether to wait for work that the server says is under way."""

    def wait(self, error: DrayError, verdict: Verdict, tries: int, since: float) -> float | None:
        """Seconds to wait after a failure; `None` after the last try. `since` is when the series of failures began."""
        if verdict is Verdict.FINAL or (verdict is Verdict.UNDER_WAY and not self.waits_for_work):
            return None
        limit = {Verdict.AWAY: self.secs, Verdict.UNDER_WAY: UNDER_WAY_SECS}.get(verdict, 0.0)
        asked = error.retry_after or 0.0
        if asked > max(limit, LONGEST_RETRY_AFTER_SECS):
            return None
        if tries >= TRIES and time.monotonic() - since >= limit:
            return None
        return max(asked, pause(tries))

    async def rest(self, error: DrayError, secs: float) -> None:
        """Waits, and says why."""
        self.says(error.message)
        await asyncio.sleep(secs)


async def persist(
    attempt: Callable[[], Awaitable[T]], patience_now: Callable[[], Patience], *, repeatable: bool = True
) -> T:
    """Returns what `attempt` returns. Tries again as the policy allows, with the patience of the moment."""
    tries, since = 0, time.monotonic()
    while True:
        try:
            return await attempt()
        except DrayError as error:
            tries += 1
            patience = patience_now()
            secs = patience.wait(error, judge(error, repeatable=repeatable), tries, since)
            if secs is None:
                raise
            await patience.rest(error, secs)
