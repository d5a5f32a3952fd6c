"""The checksum of a whole file, for callers who keep it and compare it when they download the file again."""

from __future__ import annotations

import os
from typing import IO

from . import _crc64

READ_BYTES = 1 << 20


def checksum(source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]) -> str:
    """The CRC-64/NVME in base64 of a file, of bytes, or of the rest of an open file; for `download(…, checksum=…)`."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _crc64.to_base64(_crc64.update(bytes(source)))
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            return checksum(file)
    crc = 0
    while data := source.read(READ_BYTES):
        crc = _crc64.update(data, crc)
    return _crc64.to_base64(crc)
