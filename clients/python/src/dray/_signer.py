"""Signed addresses of one upload's parts. They are fetched in batches and late, so that they do not expire before use."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable

from ._store import Address
from .errors import NotDrayError
from .models import PresignedParts

BATCH = 32
"""Few enough that even a slow line sends these parts before the addresses expire (after an hour by default)."""
EXPIRES_SOON_SECS = 30.0
"""An address that expires within this time is signed again first, because a PUT must begin before the expiry."""

Sign = Callable[[list[int]], Awaitable[PresignedParts]]


class Signer:
    """Signs the parts with these numbers. They are requested roughly in this order."""

    def __init__(self, sign: Sign, numbers: Iterable[int]) -> None:
        self._sign = sign
        self._unsent = set(numbers)
        self._last = max(self._unsent, default=0)
        # For each part: the address, and when it expires.
        self._ahead: dict[int, tuple[Address, float]] = {}
        self._signing = asyncio.Lock()

    async def address(self, number: int) -> Address:
        """A part's address that is still valid for a while. Each address is returned only once."""
        async with self._signing:
            self._forget_expired()
            if number not in self._ahead:
                await self._sign_from(number)
            if number not in self._ahead:
                raise NotDrayError(f"The server signed no address for part {number}.")
            return self._ahead.pop(number)[0]

    def forget(self) -> None:
        """Drops the addresses that were signed ahead: they are as old, so they have expired too."""
        self._ahead.clear()

    def is_sent(self, number: int) -> None:
        """Records that the part needs no more addresses."""
        self._unsent.discard(number)
        self._ahead.pop(number, None)

    def _forget_expired(self) -> None:
        now = time.monotonic()
        self._ahead = {number: signed for number, signed in self._ahead.items() if signed[1] > now}

    async def _sign_from(self, number: int) -> None:
        following = (each for each in range(number, self._last + 1) if each in self._unsent and each not in self._ahead)
        wanted = list(itertools.islice(following, BATCH))
        # The time before the call counts, because other machines' clocks may be wrong.
        asked = time.monotonic()
        signed = await self._sign(wanted)
        for part in signed.parts:
            address = Address(part.signed_url)
            self._ahead[part.part_number] = (address, asked + address.life_secs - EXPIRES_SOON_SECS)
