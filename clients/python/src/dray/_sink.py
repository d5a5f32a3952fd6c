"""Where a download's bytes go: a temporary file next to its target. It becomes the target when every byte is on disk.

With `resume`, what arrived stays beside the target, with a list of its chunks, and is continued. It sends nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from . import _crc64
from ._text import MAX_NAME_BYTES
from .errors import TargetError, TargetExistsError

READ_BYTES = 1 << 20
_WRITE = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class Content:
    """The content that the bytes belong to. Bytes of two contents are never mixed."""

    item_id: str
    size: int
    chunk_size: int


class Sink:
    """One download's file."""

    def __init__(self, target: Path, content: Content, *, overwrite: bool, resume: bool) -> None:
        check_target(target, overwrite=overwrite)
        self.target, self._content, self._overwrite = target, content, overwrite
        self.e_tag: str | None = None
        """The `ETag` of the object that the bytes belong to."""
        self.done: set[int] = set()
        """The chunks that have arrived, by their numbers from 0."""
        self._keeps = resume
        self._lock = threading.Lock()
        self._open(resume)

    def _open(self, resume: bool) -> None:
        folder = self.target.parent
        if resume:
            self._path = folder / _temporary_name(
                self.target.name, hashlib.sha256(self._content.item_id.encode()).hexdigest()[:16]
            )
            self._journal = Path(f"{self._path}.json")
        try:
            if resume:
                self._handle = os.open(self._path, _WRITE, 0o666)
                resume = self._keeps = _is_ours(self._handle, self._path)
                if not resume:
                    os.close(self._handle)
            if not resume:
                self._path = folder / _temporary_name(self.target.name, secrets.token_hex(8))
                self._handle = os.open(self._path, _WRITE | os.O_EXCL, 0o666)
        except OSError as error:
            raise TargetError(f"{self.target}: {error.strerror}.") from error
        if resume:
            self._load()

    def _load(self) -> None:
        """Takes over what an earlier download left, if it belongs to the same content."""
        try:
            kept = json.loads(self._journal.read_text())
            is_same = kept["content"] == [self._content.item_id, self._content.size, self._content.chunk_size]
            if is_same and isinstance(kept["eTag"], str) and os.fstat(self._handle).st_size == self._content.size:
                self.e_tag, self.done = kept["eTag"], {int(number) for number in kept["done"]}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if not self.done:
            self.restart()

    def restart(self) -> None:
        """Drops every byte."""
        self.done, self.e_tag = set(), None
        try:
            os.ftruncate(self._handle, 0)
            # The file gets its full size, so that it has holes where nothing has arrived, and not an early end.
            os.ftruncate(self._handle, self._content.size)
        except OSError as error:
            raise TargetError(f"{self.target}: {error.strerror}.") from error

    def write(self, data: bytes, offset: int) -> None:
        """Writes at a place in the file. It may take a while, so the event loop must not call it."""
        view = memoryview(data)
        try:
            while view:
                count = self._write_some(view, offset)
                view, offset = view[count:], offset + count
        except OSError as error:
            raise TargetError(f"{self.target}: {error.strerror}.") from error

    def _write_some(self, view: memoryview, offset: int) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._handle, view, offset)
        with self._lock:
            os.lseek(self._handle, offset, os.SEEK_SET)
            return os.write(self._handle, view)

    def is_done(self, chunk: int) -> None:
        """Records that a chunk is complete. If the download can be continued, the chunk is on disk before it is listed."""
        if not self._keeps:
            self.done.add(chunk)
            return
        content = [self._content.item_id, self._content.size, self._content.chunk_size]
        with self._lock:
            self.done.add(chunk)
            text = json.dumps({"content": content, "eTag": self.e_tag, "done": sorted(self.done)})
            try:
                os.fsync(self._handle)
                new = Path(f"{self._journal}.new")
                new.write_text(text)
                os.replace(new, self._journal)
            except OSError as error:
                raise TargetError(f"{self.target}: {error.strerror}.") from error

    def checksum(self) -> int:
        """The CRC-64/NVME of the file as it is on disk. It may take a while, so the event loop must not call it."""
        crc = 0
        with open(self._handle, "rb", buffering=0, closefd=False) as file:
            file.seek(0)
            while data := file.read(READ_BYTES):
                crc = _crc64.update(data, crc)
        return crc

    def publish(self) -> None:
        """Makes the bytes durable, and then the file visible under its own name."""
        try:
            # Fsync order: the bytes, then the name, then the folder that has the name. After a power cut, the whole
            # file is there or none of it.
            os.fsync(self._handle)
            if os.name == "nt":
                # On Windows, an open file cannot be renamed. On other systems it stays open, and so keeps its lock.
                self._close_handle()
            self._rename()
            _sync_folder(self.target.parent)
        except FileExistsError:
            raise TargetExistsError(f"{self.target} exists already. Choose another path, or overwrite it.") from None
        except OSError as error:
            raise TargetError(f"{self.target}: {error.strerror}.") from error
        self._forget_journal()

    def _rename(self) -> None:
        if self._overwrite:
            os.replace(self._path, self.target)
            return
        try:
            # Unlike a rename, a link never replaces a file that somebody has put there in the meantime.
            os.link(self._path, self.target)
        except FileExistsError:
            raise
        except OSError:
            # The file system has no links.
            if self.target.exists():
                raise FileExistsError from None
            os.rename(self._path, self.target)
        else:
            os.unlink(self._path)

    def close(self, *, keep: bool) -> None:
        """Ends the download. Without `keep`, or if it cannot be continued, this removes what arrived."""
        self._close_handle()
        if not (keep and self._keeps):
            self._path.unlink(missing_ok=True)
            self._forget_journal()

    def _close_handle(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _forget_journal(self) -> None:
        if self._keeps:
            self._journal.unlink(missing_ok=True)


def _temporary_name(name: str, mark: str) -> str:
    """A hidden name, short enough for the ending that follows."""
    kept = name.encode()[: MAX_NAME_BYTES - 48].decode(errors="ignore")
    return f".{kept}.{mark}.part"


def _is_ours(handle: int, path: Path) -> bool:
    """Whether it is the file at `path`, and no other download writes it. Without file locks, downloads cannot continue."""
    try:
        import fcntl
    except ImportError:
        return False
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The download that had the lock before may have published the file, or removed it.
        return os.path.samestat(found, os.lstat(path))
    except OSError:
        return False


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuses, before the transfer, what `publish` would refuse after it, and what a rename must not replace."""
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise TargetError(f"{target}: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise TargetError(f"{target} is not a regular file, so a download cannot replace it. Choose another path.")
    if not overwrite:
        raise TargetExistsError(f"{target} exists already. Choose another path, or overwrite it.")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
