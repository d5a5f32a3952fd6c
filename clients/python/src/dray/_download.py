"""Downloads one file: ranges in parallel over a signed address, each continued where its connection broke.

It does not know folders, and does not know how bytes are stored (`_sink.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from . import _crc64
from ._progress import FileMeter
from ._retry import TRIES, Verdict, judge, pause, wants_new_address
from ._sink import Content, Sink
from ._store import Address, get_range
from ._text import safe_name
from ._threads import in_thread
from ._upload import MAX_NEW_ADDRESSES, first_failure_of
from .errors import ChangedError, ChecksumError, DrayError, NetworkError, NotDrayError, SizeError, TargetError
from .models import Item

if TYPE_CHECKING:
    from ._client import AsyncDray

CHUNK_BYTES = 16 << 20
"""How many bytes one request asks for."""
WRITE_BYTES = 1 << 20
"""How many bytes of a chunk are collected before they are written."""


@dataclass(frozen=True)
class Downloaded:
    """A download that is on disk."""

    item: Item
    path: Path
    """Where its bytes are."""
    is_proved: bool
    """Whether its checksum was compared with one from the caller or the store. Its size is always compared."""


def path_for(item: Item, to: Path) -> Path:
    """Into a folder, under the item's own name made safe for a file system; or to this path."""
    return to / safe_name(item.name) if to.is_dir() else to


class Download:
    """One file's download."""

    def __init__(self, drive: AsyncDray, item: Item, sink: Sink, meter: FileMeter, checksum: str | None) -> None:
        if item.size is None:
            raise NotDrayError(f"The server does not say the size of the file {item.id}.")
        self._drive, self._item, self._sink, self._meter = drive, item, sink, meter
        self._size, self._checksum = item.size, checksum
        self._patience = drive.patience(meter.waits)
        self._address: Address | None = None
        self._getting = asyncio.Lock()
        self._has_ranges = True

    async def run(self) -> bool:
        """Runs until every byte is on disk under its own name. Returns whether a checksum was compared."""
        chunks = range(-(-self._size // CHUNK_BYTES))
        for chunk in sorted(self._sink.done):
            self._meter.moved(self._end(chunk) - chunk * CHUNK_BYTES)
        missing = [chunk for chunk in chunks if chunk not in self._sink.done]
        await first_failure_of(self._fetch_all(missing))
        is_proved = await self._prove()
        await in_thread(self._sink.publish)
        self._meter.done()
        return is_proved

    async def _fetch_all(self, missing: list[int]) -> None:
        if not missing:
            return
        if self._sink.e_tag is None:
            # The first answer says of which object all other answers must be.
            await self._with_slot(missing.pop(0))
        async with asyncio.TaskGroup() as group:
            for chunk in missing:
                if chunk in self._sink.done:
                    continue
                await self._drive.slots.acquire()
                try:
                    task = group.create_task(self._fetch(chunk))
                except BaseException:
                    self._drive.slots.release()
                    raise
                task.add_done_callback(lambda _: self._drive.slots.release())

    async def _with_slot(self, chunk: int) -> None:
        async with self._drive.slots:
            await self._fetch(chunk)

    def _end(self, chunk: int) -> int:
        if not self._has_ranges:
            return self._size
        return min(self._size, (chunk + 1) * CHUNK_BYTES)

    async def _fetch(self, chunk: int) -> None:
        """Downloads one chunk. Counting tries starts again whenever it gets further than before."""
        tries = new_addresses = 0
        at = furthest = chunk * CHUNK_BYTES
        while at < self._end(chunk):
            address = await self._current_address()
            place = _Place(at)
            try:
                await self._get(address, chunk, place)
                at = place.at
            except DrayError as error:
                at = place.at
                if at > furthest:
                    tries, new_addresses, furthest = 0, 0, at
                if wants_new_address(error) and new_addresses < MAX_NEW_ADDRESSES:
                    new_addresses += 1
                    self._forget(address)
                    continue
                tries = await self._after_failure(error, tries + 1)
        if self._has_ranges:
            await in_thread(self._sink.is_done, chunk)

    async def _after_failure(self, error: DrayError, tries: int) -> int:
        """Returns how many tries there have been. Raises `error` if there is no further try."""
        if judge(error) is Verdict.FINAL or (error.retry_after or 0) > max(60.0, self._patience.secs):
            raise error
        if isinstance(error, NetworkError) and await self._drive.wait_until_it_answers(self._patience):
            return 0
        if tries >= TRIES:
            raise error
        await self._patience.rest(error, max(error.retry_after or 0.0, pause(tries)))
        return tries

    async def _get(self, address: Address, chunk: int, place: _Place) -> None:
        """One GET for the missing bytes of a chunk."""
        end = self._end(chunk)
        during = f"the download of {self._item.id}"
        async with get_range(self._drive.http, address, place.at, end, self._sink.e_tag, during) as response:
            if response.status_code == 200 and "Content-Range" not in response.headers:
                if chunk or self._sink.done:
                    raise self._changed()
                # A store without ranges: its one answer is the whole file, from its first byte.
                self._has_ranges = False
                self._meter.moved(-place.at)
                place.at, end = 0, self._end(chunk)
            else:
                self._check_range(response, place.at)
            self._sink.e_tag = response.headers.get("ETag")
            await self._receive(response, place, end)
        if not self._has_ranges:
            self._sink.done.update(range(-(-self._size // CHUNK_BYTES)))

    def _check_range(self, response: httpx.Response, at: int) -> None:
        """Checks that a partial answer is the requested part (RFC 9110, 14.4) of a file of this size."""
        said = str(response.headers.get("Content-Range", ""))
        is_ours = said.startswith(f"bytes {at}-") and said.endswith(f"/{self._size}")
        e_tag = self._sink.e_tag
        if response.status_code not in (200, 206) or not is_ours or e_tag not in (None, response.headers.get("ETag")):
            raise self._changed()

    def _changed(self) -> ChangedError:
        return ChangedError(f"{self._item.id} changed while it was downloaded. Nothing was saved. Try again.")

    async def _receive(self, response: httpx.Response, place: _Place, end: int) -> None:
        gathered = bytearray()
        try:
            async for piece in response.aiter_raw():
                if place.at + len(gathered) + len(piece) > end:
                    raise SizeError(f"The store sends more bytes of {self._item.id} than it has. Nothing was saved.")
                gathered += piece
                if len(gathered) >= WRITE_BYTES:
                    await self._write(gathered, place)
        finally:
            # Bytes that arrived before the connection broke are not requested again.
            await self._write(gathered, place)
        if place.at < end:
            raise NetworkError("The object store ended its answer early.")

    async def _write(self, gathered: bytearray, place: _Place) -> None:
        if not gathered:
            return
        data = bytes(gathered)
        gathered.clear()
        await in_thread(self._sink.write, data, place.at)
        place.at += len(data)
        self._meter.moved(len(data))

    async def _current_address(self) -> Address:
        async with self._getting:
            if self._address is None:
                signed = await self._drive.calling(self._patience).get_download_url(self._item.id)
                self._address = Address(signed.url)
            return self._address

    def _forget(self, address: Address) -> None:
        """Gets a new address, unless another chunk has already got one."""
        if self._address is address:
            self._address = None

    async def _prove(self) -> bool:
        if self._checksum is None:
            return False
        found = _crc64.to_base64(await in_thread(self._sink.checksum))
        if found != self._checksum:
            raise ChecksumError(
                f"The bytes of {self._item.id} have the CRC-64/NVME {found} and not {self._checksum}. Nothing was saved."
            )
        return True


@dataclass
class _Place:
    """Where the next byte of a chunk goes."""

    at: int


async def download(
    drive: AsyncDray, item: Item, target: Path, meter: FileMeter, *, overwrite: bool, resume: bool, checksum: str | None
) -> Downloaded:
    """Downloads a file to a path. If that fails, what arrived is kept with `resume`, and removed otherwise."""
    if item.type != "file":
        raise TargetError(f"{item.id} is a folder: use `download_folder`.")
    content = Content(item.id, item.size or 0, CHUNK_BYTES)
    sink = await in_thread(Sink, target, content, overwrite=overwrite, resume=resume)
    keep = False
    try:
        is_proved = await _run(lambda: Download(drive, item, sink, meter, checksum), sink, meter)
    except (ChangedError, ChecksumError, SizeError):
        # What arrived is no longer useful.
        raise
    except BaseException:
        keep = True
        raise
    finally:
        sink.close(keep=keep)
    return Downloaded(item, target, is_proved)


async def _run(new: Callable[[], Download], sink: Sink, meter: FileMeter) -> bool:
    """An earlier download may have left bytes that the item no longer has. Then this starts over, once."""
    was_left = bool(sink.done)
    try:
        return await new().run()
    except (ChangedError, ChecksumError):
        if not was_left:
            raise
    meter.restart()
    await in_thread(sink.restart)
    return await new().run()
