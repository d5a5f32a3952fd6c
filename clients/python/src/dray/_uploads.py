"""Uploads as their callers ask for them: started or resumed, and aborted if they fail. `_upload.py` sends one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._progress import FileMeter, Meter
from ._settle import not_told, settle
from ._source import Source, Uploadable, open_source
from ._text import same_name
from ._upload import Begun, Fate, Sender, Target, abort, first_failure_of, must_start_over, start, target_of
from .errors import DrayError, GoneError, NotFoundError
from .models import Item, OnConflict, OpenUpload

if TYPE_CHECKING:
    from ._client import AsyncDray

MAX_CUT_OFF = 10_000
"""How many open uploads are searched for the one to continue."""


@dataclass(frozen=True)
class Choices:
    """What a caller may choose about an upload."""

    on_conflict: OnConflict | None = None
    checksum: bool | None = None
    resume: bool = False


class CutOff:
    """The caller's interrupted uploads, requested once. Each is taken at most once, and this client never continues one twice."""

    def __init__(self, drive: AsyncDray) -> None:
        self._drive = drive
        self._open: list[OpenUpload] | None = None
        self._taken: set[str] = set()

    async def take(self, target: Target, size: int) -> Begun | None:
        """The latest upload with this name, size, folder and choice."""
        if self._open is None:
            self._open = await self._list()
        for upload in self._open:
            if upload.upload_id in self._drive.claimed | self._taken or not _is_of(upload, target, size):
                continue
            self._taken.add(upload.upload_id)
            self._drive.claimed.add(upload.upload_id)
            try:
                found = await self._drive.list_parts(upload.upload_id, upload.file_key)
            except (GoneError, NotFoundError):
                # The upload ended after it was listed.
                continue
            except BaseException:
                self._drive.claimed.discard(upload.upload_id)
                raise
            if found.status == "open":
                return Begun.again(found)
        return None

    async def _list(self) -> list[OpenUpload]:
        found: list[OpenUpload] = []
        async for upload in self._drive.iter_uploads(limit=1000):
            found.append(upload)
            if len(found) >= MAX_CUT_OFF:
                break
        return found


def _is_of(upload: OpenUpload, target: Target, size: int) -> bool:
    return (
        upload.status == "open"
        and same_name(upload.file_name, target.name)
        and upload.file_size == size
        and upload.parent_id == target.parent_id
        and (upload.on_conflict or "keep") == (target.on_conflict or "keep")
    )


class Uploader:
    """Uploads that belong together: one, or all of a folder."""

    def __init__(self, drive: AsyncDray, meter: Meter, choices: Choices) -> None:
        self.drive, self.meter, self.choices = drive, meter, choices
        self._cut_off = CutOff(drive) if choices.resume else None

    async def upload(
        self,
        given: Uploadable,
        *,
        name: str | None = None,
        parent_id: str | None = None,
        mime_type: str | None = None,
        size: int | None = None,
        follow: bool = True,
    ) -> Item:
        """Uploads one thing."""
        source = await open_source(given, size, follow=follow)
        try:
            target = target_of(source, name, parent_id, mime_type, self.choices.on_conflict)
            meter = self.meter.expect(target.name, source.size)
            item = await self._go_on(source, target, meter) if self._cut_off else None
            return item or await self._anew(source, target, meter)
        finally:
            source.close()

    async def _go_on(self, source: Source, target: Target, meter: FileMeter) -> Item | None:
        """Continues an earlier upload, if there is one and it belongs to this file."""
        if self._cut_off is None or not source.is_repeatable:
            return None
        while begun := await self._cut_off.take(target, source.size):
            sender = self._sender(source, begun, meter)
            try:
                return await first_failure_of(sender.send())
            except DrayError as error:
                is_kept = not must_start_over(error)
                if item := await settle(self.drive, sender, error, is_kept=is_kept):
                    return item
                if is_kept:
                    raise
            finally:
                self.drive.claimed.discard(begun.upload_id)
            # The earlier bytes are not those of this file, or are gone, so this tries the next upload, or sends the whole
            # file.
            meter.restart()
        return None

    async def _anew(self, source: Source, target: Target, meter: FileMeter) -> Item:
        begun = await start(self.drive, target, source.size, self.drive.patience(meter.waits))
        # Nothing else in this client may continue it at the same time.
        self.drive.claimed.add(begun.upload_id)
        # A stream cannot be continued.
        is_kept = self._cut_off is not None and source.is_repeatable
        sender = None
        try:
            sender = self._sender(source, begun, meter)
            return await first_failure_of(sender.send())
        except BaseException as error:
            if sender and isinstance(error, DrayError):
                if item := await settle(self.drive, sender, error, is_kept=is_kept):
                    return item
            elif not is_kept and await abort(self.drive, begun) is Fate.UNKNOWN:
                error.add_note(not_told(begun))
            raise
        finally:
            self.drive.claimed.discard(begun.upload_id)

    def _sender(self, source: Source, begun: Begun, meter: FileMeter) -> Sender:
        return Sender(self.drive, source, begun, meter, checksum=self.choices.checksum)
