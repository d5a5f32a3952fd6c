"""The progress of a transfer, as its caller sees it. It transfers nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ._text import printable


@dataclass(frozen=True)
class Progress:
    """The progress of a transfer at one moment: of one file, or of a folder with everything in it."""

    done_bytes: int = 0
    """Bytes that have arrived. This number shrinks when some must be sent again."""
    total_bytes: int = 0
    """All bytes. For a folder, those of the files that were found so far."""
    done_files: int = 0
    total_files: int = 0
    name: str = ""
    """The file that was transferred last, safe to print."""
    note: str | None = None
    """Why the transfer waits, if it does."""


OnProgress = Callable[[Progress], None]
"""Called in the thread of the transfer, so it must not take long. An exception that it raises ends the transfer."""


class Meter:
    """Counts for one transfer."""

    def __init__(self, tell: OnProgress | None) -> None:
        self.now = Progress()
        self._tell = tell

    def expect(self, name: str, size: int) -> FileMeter:
        """Counts one more file."""
        self._change(total_bytes=self.now.total_bytes + size, total_files=self.now.total_files + 1)
        return FileMeter(self, printable(name))

    def _change(self, **changes: object) -> None:
        self.now = replace(self.now, **changes)  # type: ignore[arg-type]
        if self._tell:
            self._tell(self.now)

    def moved(self, name: str, count: int) -> None:
        """Counts this many more bytes, or fewer."""
        if count:
            self._change(done_bytes=self.now.done_bytes + count, name=name, note=None)

    def waits(self, name: str, why: str) -> None:
        """Records why the transfer waits."""
        self._change(name=name, note=printable(why))

    def done(self, name: str) -> None:
        """Records that a file is complete."""
        self._change(done_files=self.now.done_files + 1, name=name, note=None)


class FileMeter:
    """Counts for one file of a transfer."""

    def __init__(self, meter: Meter, name: str) -> None:
        self._meter, self._name = meter, name
        self._moved = 0

    def moved(self, count: int) -> None:
        """Counts this many more bytes, or fewer."""
        self._moved += count
        self._meter.moved(self._name, count)

    def waits(self, why: str) -> None:
        """Records why the file waits."""
        self._meter.waits(self._name, why)

    def restart(self) -> None:
        """Records that the whole file must be transferred again."""
        self.moved(-self._moved)

    def done(self) -> None:
        """Records that the file is complete."""
        self._meter.done(self._name)
