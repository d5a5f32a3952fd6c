"""The sources of uploads: files, bytes, open files and streams, all as parts that can be read again. It sends nothing."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import tempfile
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import IO, Any, Protocol, Union, cast

from ._threads import Reader, in_thread
from .errors import ChangedError, SizeError, SourceError

Uploadable = Union[
    str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes], Iterable[bytes], AsyncIterable[bytes]
]
"""A path, bytes, an open binary file, or pieces of bytes from an iterator."""

FIRST_WAIT_SECS = 0.005
LONGEST_WAIT_SECS = 0.25
"""How long to wait, at first and at most, before a file that has no bytes yet is read again."""
# If a stream of unknown length has more than this, the rest waits in a file and not in memory.
SPOOLED_IN_MEMORY_BYTES = 16 << 20
# Does not wait for the other end of a pipe, does not take over a terminal.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Part(Protocol):
    """A run of bytes that can be read any number of times."""

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes, or fewer at the end. It may take a while, so the event loop must not call it."""
        ...


class Source(Protocol):
    """A known number of bytes."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""
        ...

    @property
    def is_repeatable(self) -> bool:
        """Whether every part can be read at any time, and again."""
        ...

    async def part(self, start: int, end: int) -> Part:
        """The bytes from `start` up to `end`. The parts of a stream must be read in order, and once."""
        ...

    async def check_unchanged(self) -> None:
        """Raises `ChangedError` if the bytes that were read do not belong together. Call it when everything was read."""
        ...

    def close(self) -> None:
        """Closes what this opened itself."""
        ...


class _Window:
    """A part of a source that is read in place."""

    def __init__(self, source: _File | _Opened, start: int) -> None:
        self._source, self._start = source, start

    def read(self, offset: int, count: int) -> bytes:
        return self._source.read_at(self._start + offset, count)


class _Buffer:
    """A part in memory."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data

    def read(self, offset: int, count: int) -> bytes:
        return bytes(self._data[offset : offset + count])


class _File:
    """A regular file, which this opens. It must not change after its upload has begun."""

    is_repeatable = True

    def __init__(self, path: str, *, follow: bool = True) -> None:
        self.name = os.path.basename(os.path.abspath(path))
        self._path = path
        try:
            self._handle = os.open(path, _READ | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
        except (OSError, ValueError) as error:
            raise SourceError(f"{path}: {getattr(error, 'strerror', error)}.") from error
        self._begun = os.fstat(self._handle)
        if not stat.S_ISREG(self._begun.st_mode):
            self.close()
            raise SourceError(f"{path} is not a regular file.")
        self.size = self._begun.st_size
        self._seeking = threading.Lock()

    def read_at(self, offset: int, count: int) -> bytes:
        try:
            data = self._pread(offset, count)
        except OSError as error:
            raise SourceError(f"{self._path}: {error.strerror}.") from error
        if len(data) < count:
            raise ChangedError(f"{self._path} became shorter while it was uploaded. Nothing was saved.")
        return data

    def _pread(self, offset: int, count: int) -> bytes:
        read = bytearray()
        while len(read) < count and (some := self._pread_some(offset + len(read), count - len(read))):
            read += some
        return bytes(read)

    def _pread_some(self, offset: int, count: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._handle, count, offset)
        with self._seeking:
            os.lseek(self._handle, offset, os.SEEK_SET)
            return os.read(self._handle, count)

    async def part(self, start: int, end: int) -> Part:
        return _Window(self, start)

    async def check_unchanged(self) -> None:
        now = os.fstat(self._handle)
        if (now.st_size, now.st_mtime_ns) != (self._begun.st_size, self._begun.st_mtime_ns):
            raise ChangedError(
                f"{self._path} changed while it was uploaded. Nothing was saved. Upload it when nothing writes to it."
            )

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class _Bytes:
    """Bytes in memory."""

    is_repeatable = True
    name = None

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        # While the view is held, a bytearray cannot change its length.
        self._data = memoryview(data).cast("B")
        self.size = len(self._data)

    async def part(self, start: int, end: int) -> Part:
        return _Buffer(self._data[start:end])

    async def check_unchanged(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Opened:
    """An open file that can seek: its content from the present position on."""

    is_repeatable = True

    def __init__(self, file: IO[bytes], *, owns: bool = False) -> None:
        self.name = _name_of(file)
        self._file, self._owns = file, owns
        self._lock = threading.Lock()
        self._start = file.tell()
        self._begun = self._end()
        self.size = max(0, self._begun[0] - self._start)

    def read_at(self, offset: int, count: int) -> bytes:
        with self._lock:
            try:
                self._file.seek(self._start + offset)
                data = _read_full(self._file, count)
            except (OSError, ValueError) as error:
                raise SourceError(f"The file cannot be read: {error}.") from error
        if len(data) < count:
            raise ChangedError("The file became shorter while it was uploaded. Nothing was saved.")
        return data

    async def part(self, start: int, end: int) -> Part:
        return _Window(self, start)

    async def check_unchanged(self) -> None:
        if await in_thread(self._end) != self._begun:
            raise ChangedError("The file changed while it was uploaded. Nothing was saved.")

    def _end(self) -> tuple[int, int | None]:
        """Its end, and when it was changed, if it is a file of the system."""
        with self._lock:
            end = self._file.seek(0, io.SEEK_END)
            try:
                return end, os.fstat(self._file.fileno()).st_mtime_ns
            except (OSError, AttributeError):
                return end, None

    def close(self) -> None:
        if self._owns:
            self._file.close()


class _Stream:
    """Pieces that come only once, with a known number of bytes. Each part stays in memory until the store has it."""

    is_repeatable = False

    def __init__(self, pieces: _Pieces, size: int) -> None:
        self.name = pieces.name
        self.size = size
        self._pieces = pieces
        self._left = bytearray()

    async def part(self, start: int, end: int) -> Part:
        wanted = end - start
        while len(self._left) < wanted:
            some = await self._pieces.next()
            if not some:
                raise SizeError(
                    f"The stream ended after {start + len(self._left)} of {self.size} bytes. Nothing was saved."
                )
            self._left += some
        data = bytes(memoryview(self._left)[:wanted])
        del self._left[:wanted]
        return _Buffer(data)

    async def check_unchanged(self) -> None:
        if self._left or await self._pieces.next():
            raise SizeError(f"The stream has more than its {self.size} bytes. Nothing was saved.")

    def close(self) -> None:
        pass


class _End:
    """What no stream contains: its end. (`None` is not the end: some streams say with it that nothing is there yet.)"""


class _Pieces:
    """The pieces of a stream, one after the other. Only the end is empty."""

    def __init__(self, given: object) -> None:
        self.name = _name_of(given)
        self._async: AsyncIterator[object] | None = None
        self._is_file = hasattr(given, "read")
        if self._is_file:
            file = cast(IO[bytes], given)
            read = getattr(file, "read1", file.read) if (pipe := _pipe_of(file)) is not None else file.read
            self._reader = Reader(lambda: _or_end(read(1 << 20)), pipe)
        elif isinstance(given, AsyncIterable):
            self._async = aiter(given)
        elif isinstance(given, Iterable) and not isinstance(given, str):
            pieces = iter(given)
            self._reader = Reader(lambda: next(pieces, _End))
        else:
            raise SourceError(
                f"A {type(given).__name__} cannot be uploaded: give a path, bytes, a binary file, or pieces of bytes."
            )

    async def next(self) -> bytes:
        """The next piece; empty at the end."""
        wait = FIRST_WAIT_SECS
        while (some := await self._some()) is not _End:
            if some is None and self._is_file:
                # A file that does not block has no bytes at the moment: `io.RawIOBase.read` returns `None` then, and
                # others raise `BlockingIOError`.
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECS)
                continue
            if not isinstance(some, (bytes, bytearray, memoryview)):
                raise SourceError(f"A stream of {type(some).__name__} cannot be uploaded: {_advice(some)}.")
            if some:
                return bytes(some)
        return b""

    async def _some(self) -> object:
        try:
            if self._async is not None:
                return await anext(self._async, _End)
            return await self._reader.next()
        except OSError as error:
            if isinstance(error, BlockingIOError) and self._is_file:
                return None
            raise SourceError(f"The stream cannot be read: {error}.") from error


def _pipe_of(file: object) -> int | None:
    """The descriptor of a pipe or terminal, if the file keeps nothing back while that has nothing to read, or only what a
    read ahead has left: at the end of the pipe, that comes too."""
    raw = file.raw if type(file) is io.BufferedReader else file
    return raw.fileno() if type(raw) is io.FileIO and os.name == "posix" else None


def _or_end(read: object) -> object:
    """What `read` of a file returned; of a type that has a length, nothing means the end."""
    is_empty = isinstance(read, (bytes, bytearray, memoryview, str)) and len(read) == 0
    return _End if is_empty else read


def _advice(piece: object) -> str:
    return "open it in binary mode" if isinstance(piece, str) else "each piece must be bytes"


def _read_full(file: IO[bytes], count: int) -> bytes:
    read = bytearray()
    while len(read) < count and (some := cast(object, file.read(count - len(read)))) != b"":
        if some is None:
            raise SourceError("The file has no bytes at the moment: open it so that reading waits for them.")
        if not isinstance(some, (bytes, bytearray, memoryview)):
            raise SourceError(f"A file of {type(some).__name__} cannot be uploaded: {_advice(some)}.")
        read += some
    return bytes(read)


def _name_of(given: object) -> str | None:
    """The name that an open file has. Not every attribute `name` is one."""
    name = getattr(given, "name", None)
    return os.path.basename(name) or None if isinstance(name, str) else None


def _can_seek(given: object) -> bool:
    return hasattr(given, "read") and hasattr(given, "seek") and bool(getattr(given, "seekable", lambda: False)())


async def open_source(given: Uploadable, size: int | None = None, *, follow: bool = True) -> Source:
    """Makes a source from what was given. A stream of unknown size is read to its end first, because the drive needs its size."""
    if isinstance(given, (str, os.PathLike)):
        return await in_thread(_File, os.fspath(given), follow=follow)
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _Bytes(given)
    if isinstance(given, io.TextIOBase):
        raise SourceError("A text file cannot be uploaded: open it in binary mode.")
    if _can_seek(given):
        return await in_thread(_Opened, cast(IO[bytes], given))
    pieces = _Pieces(given)
    return _Stream(pieces, size) if size is not None else await _spooled(pieces)


async def _spooled(pieces: _Pieces) -> Source:
    spool: Any = tempfile.SpooledTemporaryFile(max_size=SPOOLED_IN_MEMORY_BYTES)
    try:
        while some := await pieces.next():
            await in_thread(spool.write, some)
        spool.seek(0)
        source = _Opened(spool, owns=True)
    except BaseException:
        spool.close()
        raise
    source.name = pieces.name
    return source
