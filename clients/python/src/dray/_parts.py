"""How a file is cut, and the content of one PUT: a part's bytes, read in frames and counted. It sends nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from . import _crc64
from ._progress import FileMeter
from ._source import Part
from ._threads import in_thread

FRAME_BYTES = 256 << 10
"""How many bytes of a part are in memory at once: few enough that even a slow line sends them before it counts as dead."""
MAX_PARTS = 10_000


@dataclass(frozen=True)
class Span:
    """Where a part is in its file."""

    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


def cut(size: int, part_size: int) -> list[Span] | None:
    """Equal parts, except the last. An empty file is one empty part. `None` if no S3 store accepts so many parts."""
    if part_size <= 0 or size > part_size * MAX_PARTS:
        return None
    count = max(1, -(-size // part_size))
    return [Span(index + 1, index * part_size, min(size, (index + 1) * part_size)) for index in range(count)]


class PartContent:
    """One try to send a part."""

    def __init__(self, part: Part, size: int, meter: FileMeter, *, with_checksum: bool) -> None:
        self.size = size
        self.crc: int | None = 0 if with_checksum else None
        """The CRC-64/NVME of what was sent so far."""
        self.sent = 0
        self._part, self._meter = part, meter

    async def frames(self) -> AsyncIterator[bytes]:
        """The bytes. Reading and computing happens in other threads."""
        while self.sent < self.size:
            data = await in_thread(self._next, min(FRAME_BYTES, self.size - self.sent))
            yield data
            # The connection asks for more, so this frame was sent.
            self.sent += len(data)
            self._meter.moved(len(data))

    def _next(self, count: int) -> bytes:
        data = self._part.read(self.sent, count)
        if self.crc is not None:
            self.crc = _crc64.update(data, self.crc)
        return data


def checksum_of(part: Part, size: int) -> int:
    """The CRC-64/NVME of a part that is not sent. It may take a while, so the event loop must not call it."""
    crc = 0
    for offset in range(0, size, FRAME_BYTES):
        crc = _crc64.update(part.read(offset, min(FRAME_BYTES, size - offset)), crc)
    return crc
