"""Downloads a folder with all that is below it. Nothing is written outside the folder that it goes to."""

from __future__ import annotations

import asyncio
import os
import stat
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._download import download
from ._progress import Meter
from ._report import FolderReport, Moved
from ._text import numbered, safe_name
from ._upload import first_failure_of
from .errors import AuthenticationError, DrayError, NetworkError, NotDrayError, TargetError, TargetExistsError
from .models import Item

if TYPE_CHECKING:
    from ._client import AsyncDray

MAX_DEPTH = 100
"""How deep folders can be nested in a drive."""


@dataclass(frozen=True)
class Here:
    """A folder of the drive, and its path on this machine."""

    item_id: str
    path: Path
    depth: int


class FolderDownload:
    """One folder's download."""

    def __init__(self, drive: AsyncDray, meter: Meter, *, overwrite: bool, resume: bool) -> None:
        self._drive, self._meter = drive, meter
        self._overwrite, self._resume = overwrite, resume
        self._report = FolderReport()
        self._ends_all: DrayError | None = None
        self._seen: set[str] = set()

    async def run(self, folder: Item | None, to: Path) -> FolderReport:
        """Downloads the content of `folder` (`None`: of the root) into the folder `to`, which is created if it does not exist."""
        _make(to, follow=True)
        queue: asyncio.Queue[tuple[Item, Path]] = asyncio.Queue(maxsize=256)
        await first_failure_of(self._work(Here(folder.id if folder else "root", to, 0), queue))
        return self._report

    async def _work(self, top: Here, queue: asyncio.Queue[tuple[Item, Path]]) -> None:
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(self._worker(queue)) for _ in range(2 * self._drive.parallel)]
            async for found in self._walk(top):
                await queue.put(found)
            await queue.join()
            for worker in workers:
                worker.cancel()

    async def _walk(self, top: Here) -> AsyncIterator[tuple[Item, Path]]:
        """The files below a folder, each with its path on this machine. It creates the folders on the way."""
        waiting = [top]
        while waiting:
            here = waiting.pop()
            names = Names()
            async for item in self._drive.calling(self._drive.patience()).iter_children(here.item_id, limit=1000):
                path = here.path / names.free(safe_name(item.name))
                if item.type != "folder":
                    yield item, path
                elif below := self._enter(item, path, here.depth + 1):
                    waiting.append(below)

    def _enter(self, item: Item, path: Path, depth: int) -> Here | None:
        if depth > MAX_DEPTH or item.id in self._seen:
            raise NotDrayError("The server's folders have no end: one of them is below itself.")
        self._seen.add(item.id)
        try:
            _make(path, follow=False)
        except TargetError as error:
            self._report.failed.append((path, error))
            return None
        self._report.moved.append(Moved(path, item))
        return Here(item.id, path, depth)

    async def _worker(self, queue: asyncio.Queue[tuple[Item, Path]]) -> None:
        while True:
            item, path = await queue.get()
            try:
                await self._file(item, path)
            except DrayError as error:
                self._report.failed.append((path, error))
                if isinstance(error, (NetworkError, AuthenticationError)):
                    # The other files would fail too, each after a long wait.
                    self._ends_all = error
            queue.task_done()

    async def _file(self, item: Item, path: Path) -> None:
        if self._ends_all:
            raise self._ends_all
        if self._resume and not self._overwrite and _is_here(item, path):
            self._report.skipped.append(path)
            return
        meter = self._meter.expect(item.name, item.size or 0)
        await download(self._drive, item, path, meter, overwrite=self._overwrite, resume=self._resume, checksum=None)
        self._report.moved.append(Moved(path, item))


class Names:
    """The names in one folder of this machine: two names of the drive may be the same on this file system."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """This name, or this name with a number if something else in the folder has it."""
        number, chosen = 1, name
        while (key := unicodedata.normalize("NFC", chosen).casefold()) in self._taken:
            number += 1
            chosen = numbered(name, number)
        self._taken.add(key)
        return chosen


def _is_here(item: Item, path: Path) -> bool:
    """Whether the file exists here with its size, and is newer than the drive's: downloads appear only when complete."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    is_same = stat.S_ISREG(found.st_mode) and found.st_size == item.size
    return is_same and found.st_mtime > item.updated_at.timestamp()


def _make(path: Path, *, follow: bool) -> None:
    """Makes a real folder: below the folder that the caller named, a link would lead out of it."""
    try:
        path.mkdir(exist_ok=True, parents=follow)
        found = os.stat(path) if follow else os.lstat(path)
    except FileExistsError:
        raise TargetExistsError(f"{path} exists already, and is not a folder.") from None
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise TargetError(f"{path} is not a folder.")
