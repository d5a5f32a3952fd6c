"""One upload, from its start to its item: start → sign → PUT the parts straight to the store → finalize.

It does not know folders, how an interrupted upload is found, or what follows a failure (`_settle.py`).
"""

from __future__ import annotations

import asyncio
import enum
import mimetypes
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from . import _crc64
from ._parts import PartContent, Span, checksum_of, cut
from ._progress import FileMeter
from ._retry import TRIES, Patience, Verdict, judge, pause, wants_new_address
from ._signer import Signer
from ._source import Part, Source
from ._store import put_part
from ._threads import in_thread
from .errors import (
    ApiError,
    DrayError,
    GoneError,
    NetworkError,
    NotDrayError,
    NotFoundError,
    SizeError,
    SourceError,
)
from .models import Checksum, Item, OnConflict, StartedUpload, StoredParts, UploadedPart

if TYPE_CHECKING:
    from ._client import AsyncDray

T = TypeVar("T")

GIVE_UP_SECS = 5.0
"""How long the server may take to abort an upload, because its caller waits for it."""
MAX_NEW_ADDRESSES = 4
"""The maximum number of new addresses of one part after refusals. If that is not enough, the store has another reason."""
SLOW_CHECKSUM_BYTES = 32 << 20
"""Files up to this size are proved even if Python computes the checksum, which takes some seconds for this size."""

_FINALIZING = {"already_finalized", "finalize_in_progress", "finalize_pending"}
_START_OVER = {"upload_not_found", "invalid_part", "size_mismatch", "checksum_mismatch"}


class Fate(enum.Enum):
    """What has become of an upload that failed here."""

    ENDED = "it will never become a file, so its source can be sent again"
    KEPT = "it stays open, as the caller wishes"
    FINALIZING = "the server is making its item, or has made it"
    UNKNOWN = "the server does not say"


@dataclass(frozen=True)
class Target:
    """Where a file goes in the drive."""

    name: str
    parent_id: str | None
    mime_type: str
    on_conflict: OnConflict | None


@dataclass
class Begun:
    """An upload that is open on the server."""

    upload_id: str
    file_key: str
    part_size: int
    stored: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By part number: size and `ETag` of the parts that the store had."""

    @property
    def is_resumed(self) -> bool:
        """Whether parts were sent earlier, perhaps by another program."""
        return bool(self.stored)

    @classmethod
    def of(cls, started: StartedUpload) -> Begun:
        """A new upload."""
        return cls(started.upload_id, started.file_key, started.part_size)

    @classmethod
    def again(cls, found: StoredParts) -> Begun:
        """An upload that was started earlier."""
        stored = {part.part_number: (part.size, part.e_tag) for part in found.parts}
        return cls(found.upload_id, found.file_key, found.part_size, stored)


def target_of(
    source: Source, name: str | None, parent_id: str | None, mime_type: str | None, on_conflict: OnConflict | None
) -> Target:
    """The destination, with the name and the type from the source if the caller gave none."""
    chosen = name or source.name
    if not chosen:
        raise SourceError("The source has no name: pass one as `name`.")
    try:
        chosen.encode()
    except UnicodeEncodeError:
        raise SourceError(f"The name {chosen!r} is not UTF-8, so the drive cannot store it. Rename it.") from None
    guessed = mimetypes.guess_type(chosen)[0] or "application/octet-stream"
    return Target(chosen, parent_id, mime_type or guessed, on_conflict)


async def start(drive: AsyncDray, target: Target, size: int, patience: Patience) -> Begun:
    """Step 1. If cancelled, it waits for the answer, because only the answer says which upload to abort."""
    asking = asyncio.create_task(
        drive.calling(patience).start_upload(
            target.name, size, target.mime_type, parent_id=target.parent_id, on_conflict=target.on_conflict
        )
    )
    try:
        return Begun.of(await asyncio.shield(asking))
    except asyncio.CancelledError:
        await _abort_late(drive, asking)
        raise


async def _abort_late(drive: AsyncDray, asking: asyncio.Task[StartedUpload]) -> None:
    try:
        async with asyncio.timeout(GIVE_UP_SECS):
            begun = Begun.of(await asking)
    except (DrayError, TimeoutError):
        return
    await abort(drive, begun)


async def abort(drive: AsyncDray, begun: Begun) -> Fate:
    """Aborts an upload on the server, where it would count towards the quota. Returns what has become of it."""
    try:
        async with asyncio.timeout(GIVE_UP_SECS):
            await drive.calling(Patience(waits_for_work=False)).abort_upload(begun.upload_id, begun.file_key)
    except (DrayError, TimeoutError) as error:
        if is_finalizing(error):
            return Fate.FINALIZING
        return Fate.ENDED if isinstance(error, (NotFoundError, GoneError)) else Fate.UNKNOWN
    return Fate.ENDED


def is_finalizing(error: BaseException) -> bool:
    """Whether the answer says that the server is finalizing the upload, or has made its item."""
    return isinstance(error, DrayError) and error.code in _FINALIZING


def must_start_over(error: BaseException) -> bool:
    """Whether the server's part of an upload is no longer useful."""
    return isinstance(error, GoneError) or (
        isinstance(error, DrayError) and error.code in {*_START_OVER, "NoSuchUpload"}
    )


class Sender:
    """Sends one file into one open upload."""

    def __init__(
        self, drive: AsyncDray, source: Source, begun: Begun, meter: FileMeter, *, checksum: bool | None
    ) -> None:
        spans = cut(source.size, begun.part_size)
        if spans is None:
            raise NotDrayError(
                f"The server wants parts of {begun.part_size} bytes, with which {source.size} bytes cannot be sent."
            )
        self._drive, self._source, self._meter = drive, source, meter
        self.begun = begun
        self._spans = spans
        self._patience = drive.patience(meter.waits)
        self._api = drive.calling(self._patience)
        self._e_tags = {
            span.number: begun.stored[span.number][1]
            for span in spans
            if begun.stored.get(span.number, (-1, ""))[0] == span.size
        }
        self._signer = Signer(self._sign, (span.number for span in spans if span.number not in self._e_tags))
        self._proves = _is_proved(checksum, source.size, begun)
        self._crcs: dict[int, int] = {}
        self.has_asked = False
        """Whether the server was asked for the item, so that it may have made it."""

    async def send(self) -> Item:
        """Returns the item, once the store has every byte."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_stored())
            await self._send_missing(group)
        await self._source.check_unchanged()
        return await self.finalize()

    async def finalize(self) -> Item:
        """Finalizes the upload, now or again, and returns its item."""
        self.has_asked = True
        item = await self._finalize()
        if item.size != self._source.size:
            raise SizeError(f"The server saved {item.size} bytes, not {self._source.size}. Tell its operator.")
        self._meter.done()
        return item

    async def _send_missing(self, group: asyncio.TaskGroup) -> None:
        for span in self._spans:
            if span.number in self._e_tags:
                self._meter.moved(span.size)
                continue
            # First a slot: from here on, a stream's part is in memory.
            await self._drive.slots.acquire()
            try:
                part = await self._source.part(span.start, span.end)
                task = group.create_task(self._send_part(span, part))
            except BaseException:
                self._drive.slots.release()
                raise
            task.add_done_callback(lambda _: self._drive.slots.release())

    async def _send_part(self, span: Span, part: Part) -> None:
        content, e_tag = await self._put_until_stored(span, part)
        if content.crc is not None:
            self._crcs[span.number] = content.crc
        self._e_tags[span.number] = e_tag
        self._signer.is_sent(span.number)

    async def _put_until_stored(self, span: Span, part: Part) -> tuple[PartContent, str]:
        tries = new_addresses = 0
        while True:
            address = await self._signer.address(span.number)
            content = PartContent(part, span.size, self._meter, with_checksum=self._proves)
            try:
                return content, await put_part(self._drive.http, address, content, f"part {span.number}")
            except DrayError as error:
                self._meter.moved(-content.sent)
                if wants_new_address(error) and new_addresses < MAX_NEW_ADDRESSES:
                    new_addresses += 1
                    self._signer.forget()
                    # The first address may simply be old.
                    secs = 0.0 if new_addresses == 1 else pause(new_addresses)
                else:
                    tries, secs = await self._after_failure(error, tries + 1)
                if secs:
                    await self._patience.rest(error, secs)

    async def _after_failure(self, error: DrayError, tries: int) -> tuple[int, float]:
        """How many tries there have been, and how long to wait before the next. Raises `error` after the last try."""
        if judge(error) is Verdict.FINAL or (error.retry_after or 0) > max(60.0, self._patience.secs):
            raise error
        if isinstance(error, NetworkError):
            # A store that refuses an old address may close the connection before its answer is read.
            self._signer.forget()
            if await self._drive.wait_until_it_answers(self._patience):
                return 0, 0.0
        if tries >= TRIES:
            raise error
        return tries, max(error.retry_after or 0.0, pause(tries))

    async def _sign(self, numbers: list[int]) -> Any:
        return await self._api.presign_parts(
            self.begun.upload_id, self.begun.file_key, parts=len(self._spans), part_numbers=numbers
        )

    async def _read_stored(self) -> None:
        """The checksum of the whole file, which proves that parts that were sent before belong to it."""
        for span in self._spans:
            if self._proves and span.number in self.begun.stored and span.number in self._e_tags:
                part = await self._source.part(span.start, span.end)
                self._crcs[span.number] = await in_thread(checksum_of, part, span.size)

    async def _finalize(self) -> Item:
        """Finalizes, with a checksum if the store proves it. Otherwise the server reads back a resumed upload."""
        whole = self._checksum()
        try:
            return await self._finalize_with(whole, verify=self.begun.is_resumed)
        except ApiError as error:
            if error.code != "checksum_unproven" or self.begun.is_resumed:
                raise
            self._drive.store_proves = False
            return await self._finalize_with(None, verify=False)

    async def _finalize_with(self, checksum: Checksum | None, *, verify: bool) -> Item:
        # Finalize can be repeated: if the answer is lost, the next one has the same item.
        return await self._api.finalize_upload(
            self.begun.upload_id,
            self.begun.file_key,
            parts=[UploadedPart(part_number=number, e_tag=e_tag) for number, e_tag in sorted(self._e_tags.items())],
            checksum=checksum,
            verify=verify or None,
        )

    def _checksum(self) -> Checksum | None:
        if not self._proves or not (self._drive.store_proves or self.begun.is_resumed):
            return None
        whole = 0
        for span in self._spans:
            whole = _crc64.combined(whole, self._crcs[span.number], span.size)
        return Checksum(crc64nvme=_crc64.to_base64(whole))


def _is_proved(wanted: bool | None, size: int, begun: Begun) -> bool:
    if begun.is_resumed:
        return True
    return (_crc64.is_fast() or size <= SLOW_CHECKSUM_BYTES) if wanted is None else wanted


async def first_failure_of(work: Awaitable[T]) -> T:
    """Returns what `work` returns. If a group of tasks fails, it raises the first failure."""
    try:
        return await work
    except BaseExceptionGroup as group:
        failure: BaseException = group
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        raise failure from None
