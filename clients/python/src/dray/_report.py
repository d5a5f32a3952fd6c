"""The outcome for each file and folder of a folder's transfer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .errors import DrayError
from .models import Item


@dataclass(frozen=True)
class Moved:
    """A file or a folder that was transferred."""

    path: Path
    """Its path on this machine."""
    item: Item
    """The item in the drive."""


@dataclass
class FolderReport:
    """The outcome of a folder's transfer. What fails does not stop the rest."""

    moved: list[Moved] = field(default_factory=list)
    """What was transferred, folders included."""
    skipped: list[Path] = field(default_factory=list)
    """What was left out: symbolic links, sockets and devices; with `resume`, also files that existed already."""
    failed: list[tuple[Path, DrayError]] = field(default_factory=list)
    """What failed, and why."""

    def raise_for_failures(self) -> None:
        """Raises an `ExceptionGroup` with all failures, if there are any."""
        if not self.failed:
            return
        for path, error in self.failed:
            error.add_note(f"{path!r}")
        raise ExceptionGroup(f"{len(self.failed)} of a folder's files failed", [error for _, error in self.failed])
