"""How far a transfer is, as its caller is told. Moves no byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ._text import printable


@dataclass(frozen=True)
class Progress:
    """A transfer at one moment: of one file, or of a folder with all that is in it."""

    done_bytes: int = 0
    """Bytes that have arrived; it shrinks when some must be sent again."""
    total_bytes: int = 0
    """Bytes in all. Of a folder: of the files that were found so far."""
    done_files: int = 0
    total_files: int = 0
    name: str = ""
    """The file that moved last, fit to print."""
    note: str | None = None
    """Why it waits, if it does."""


OnProgress = Callable[[Progress], None]
"""Is called in the thread of the transfer, so it must not take long. What it raises ends the transfer."""


class Meter:
    """Counts for one transfer."""

    def __init__(self, tell: OnProgress | None) -> None:
        self.now = Progress()
        self._tell = tell

    def expect(self, name: str, size: int) -> FileMeter:
        """One file more."""
        self._change(total_bytes=self.now.total_bytes + size, total_files=self.now.total_files + 1)
        return FileMeter(self, printable(name))

    def _change(self, **changes: object) -> None:
        self.now = replace(self.now, **changes)  # type: ignore[arg-type]
        if self._tell:
            self._tell(self.now)

    def moved(self, name: str, count: int) -> None:
        """So many bytes more, or fewer."""
        if count:
            self._change(done_bytes=self.now.done_bytes + count, name=name, note=None)

    def waits(self, name: str, why: str) -> None:
        """It stands still for a while."""
        self._change(name=name, note=printable(why))

    def done(self, name: str) -> None:
        """A file is where it belongs."""
        self._change(done_files=self.now.done_files + 1, name=name, note=None)


class FileMeter:
    """Counts for one file of a transfer."""

    def __init__(self, meter: Meter, name: str) -> None:
        self._meter, self._name = meter, name
        self._moved = 0

    def moved(self, count: int) -> None:
        """So many bytes more, or fewer."""
        self._moved += count
        self._meter.moved(self._name, count)

    def waits(self, why: str) -> None:
        """It stands still for a while."""
        self._meter.waits(self._name, why)

    def restart(self) -> None:
        """All that was moved has to be moved again."""
        self.moved(-self._moved)

    def done(self) -> None:
        """The file is where it belongs."""
        self._meter.done(self._name)
