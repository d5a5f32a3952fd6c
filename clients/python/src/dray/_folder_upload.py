"""Uploads a folder with everything below it. Folders are created first, and only once; symbolic links are left out."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ._report import FolderReport, Moved
from ._text import same_name
from ._upload import first_failure_of
from ._uploads import Uploader
from .errors import AuthenticationError, DrayError, NetworkError, SourceError
from .models import Item

BATCH = 256
"""How many entries are read from the disk at once, and how many may wait for their turn."""


@dataclass
class Folder:
    """A folder on its way to the drive."""

    path: str
    name: str
    parent: Folder | None
    made: asyncio.Future[str]
    """Its id in the drive."""
    has_been_there: bool = False
    """Whether it existed before, so that it may contain something."""


@dataclass(frozen=True)
class File:
    """A file that was found."""

    path: str
    name: str
    parent: Folder


@dataclass(frozen=True)
class Other:
    """Something that cannot be uploaded: a link, a socket or a device; or, with a reason, something that cannot be read."""

    path: str
    why: str | None = None


Entry = Folder | File | Other


class FolderUpload:
    """One folder's upload."""

    def __init__(self, uploader: Uploader, parent_id: str | None) -> None:
        self._uploader, self._parent_id = uploader, parent_id
        self._report = FolderReport()
        self._ends_all: DrayError | None = None
        self._inside: dict[str, asyncio.Task[list[Item]]] = {}

    async def run(self, path: Path) -> FolderReport:
        """Uploads the whole folder. Raises an error only if nothing could be uploaded."""
        root = os.path.abspath(path)
        if not os.path.isdir(root):
            raise SourceError(f"{path} is not a folder.")
        entries = walk(root, asyncio.get_running_loop())
        queue: asyncio.Queue[Entry] = asyncio.Queue(maxsize=BATCH)
        await first_failure_of(self._work(entries, queue))
        return self._report

    async def _work(self, entries: Iterator[Entry], queue: asyncio.Queue[Entry]) -> None:
        """Runs the workers in order: a file that waits for its folder waits for work that began before."""
        async with asyncio.TaskGroup() as group:
            # Twice as many files as slots, so that small files' calls overlap other files' parts.
            workers = [group.create_task(self._worker(queue)) for _ in range(2 * self._uploader.drive.parallel)]
            while batch := await asyncio.to_thread(lambda: list(itertools.islice(entries, BATCH))):
                for entry in batch:
                    await queue.put(entry)
            await queue.join()
            for worker in workers:
                worker.cancel()

    async def _worker(self, queue: asyncio.Queue[Entry]) -> None:
        while True:
            entry = await queue.get()
            try:
                if self._ends_all:
                    raise self._ends_all
                await self._one(entry)
            except DrayError as error:
                self._failed(entry, error)
            queue.task_done()

    def _failed(self, entry: Entry, error: DrayError) -> None:
        self._report.failed.append((Path(entry.path), error))
        if isinstance(entry, Folder) and not entry.made.done():
            entry.made.cancel()
        if isinstance(error, (NetworkError, AuthenticationError)):
            # The other files would fail too, each after a long wait.
            self._ends_all = error

    async def _one(self, entry: Entry) -> None:
        if isinstance(entry, Other):
            if entry.why:
                raise SourceError(entry.why)
            self._report.skipped.append(Path(entry.path))
        elif isinstance(entry, Folder):
            await self._folder(entry)
        else:
            await self._file(entry)

    async def _folder(self, folder: Folder) -> None:
        parent_id = await self._id_of(folder.parent) if folder.parent else self._parent_id
        item = await self._found(folder, parent_id)
        if item is None:
            drive = self._uploader.drive
            item = await drive.calling(drive.patience()).create_folder(folder.name, parent_id=parent_id)
        folder.made.set_result(item.id)
        self._report.moved.append(Moved(Path(folder.path), item))

    async def _id_of(self, folder: Folder) -> str:
        # It does not await the folder's future directly, because cancelling this task must not cancel the folder.
        await asyncio.wait([folder.made])
        if folder.made.cancelled():
            raise SourceError(f"{folder.path} could not be created in the drive, so its content was not uploaded.")
        return folder.made.result()

    async def _file(self, file: File) -> None:
        parent_id = await self._id_of(file.parent)
        if file.parent.has_been_there and await self._is_there(file, parent_id):
            self._report.skipped.append(Path(file.path))
            return
        item = await self._uploader.upload(file.path, name=file.name, parent_id=parent_id, follow=False)
        self._report.moved.append(Moved(Path(file.path), item))

    async def _found(self, folder: Folder, parent_id: str | None) -> Item | None:
        """With `resume`, the folder of this name that exists already."""
        may_be_there = folder.parent is None or folder.parent.has_been_there
        if not self._uploader.choices.resume or not may_be_there:
            return None
        for item in await self._children(parent_id):
            if item.type == "folder" and same_name(item.name, folder.name):
                folder.has_been_there = True
                return item
        return None

    async def _is_there(self, file: File, parent_id: str) -> bool:
        """Whether the drive has a file of this name and size that is newer than the one here."""
        try:
            found = await asyncio.to_thread(os.lstat, file.path)
        except OSError as error:
            raise SourceError(f"{file.path}: {error.strerror}.") from error
        return any(
            item.type == "file"
            and same_name(item.name, file.name)
            and item.size == found.st_size
            and item.updated_at.timestamp() > found.st_mtime
            for item in await self._children(parent_id)
        )

    async def _children(self, folder_id: str | None) -> list[Item]:
        key = folder_id or "root"
        if key not in self._inside:
            self._inside[key] = asyncio.create_task(self._list(key))
        return await asyncio.shield(self._inside[key])

    async def _list(self, key: str) -> list[Item]:
        return [item async for item in self._uploader.drive.iter_children(key, limit=1000)]


def walk(root: str, loop: asyncio.AbstractEventLoop) -> Iterator[Entry]:
    """The folder and everything below it, each folder before its content. It blocks, so the event loop must not call it."""
    top = Folder(root, os.path.basename(root) or "root", None, loop.create_future())
    yield top
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder.path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield Other(folder.path, f"{folder.path}: {error.strerror}.")
            continue
        for entry in entries:
            kind = _entry(entry, folder, loop)
            yield kind
            if isinstance(kind, Folder):
                waiting.append(kind)


def _entry(entry: os.DirEntry[str], folder: Folder, loop: asyncio.AbstractEventLoop) -> Entry:
    try:
        entry.name.encode()
        if entry.is_dir(follow_symlinks=False):
            return Folder(entry.path, entry.name, folder, loop.create_future())
        if entry.is_file(follow_symlinks=False):
            return File(entry.path, entry.name, folder)
    except UnicodeEncodeError:
        return Other(entry.path, f"The name of {entry.path!r} is not UTF-8, so the drive cannot store it. Rename it.")
    except OSError as error:
        return Other(entry.path, f"{entry.path}: {error.strerror}.")
    return Other(entry.path)
