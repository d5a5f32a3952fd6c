"""CRC-64/NVME, the checksum that S3 calls `x-amz-checksum-crc64nvme`: of bytes, and of two runs of bytes joined.

It uses `awscrt` if that is installed (the extra `fast`), otherwise Python, which is about a hundred times slower.
"""

from __future__ import annotations

import base64
import functools
import struct
from collections.abc import Callable

# The polynomial 0xad93d23594c93659 with its bits reversed (NVM Express, "NVM Command Set", 64b CRC).
_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ALL_ONES = 0xFFFF_FFFF_FFFF_FFFF
_TOP_BIT = 1 << 63

Update = Callable[[bytes, int], int]
"""Continues the checksum `int` over `bytes`. The checksum of no bytes is 0."""


@functools.cache
def _native() -> Update | None:
    try:
        from awscrt.checksums import crc64nvme  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return None
    update: Update = crc64nvme
    return update


def is_fast() -> bool:
    """Whether checksums cost almost nothing here."""
    return _native() is not None


def update(data: bytes, crc: int = 0) -> int:
    """Continues the checksum `crc` over `data`."""
    native = _native()
    return native(data, crc) if native else update_in_python(data, crc)


@functools.cache
def _tables() -> list[list[int]]:
    """Eight tables, for eight bytes at a time."""
    first = []
    for byte in range(256):
        state = byte
        for _ in range(8):
            state = state >> 1 ^ (_POLYNOMIAL if state & 1 else 0)
        first.append(state)
    tables = [first]
    for _ in range(7):
        tables.append([state >> 8 ^ first[state & 0xFF] for state in tables[-1]])
    return tables


def update_in_python(data: bytes, crc: int = 0) -> int:
    """`update` without a library."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _tables()
    state = crc ^ _ALL_ONES
    whole = len(data) & ~7
    for (word,) in struct.iter_unpack("<Q", memoryview(data)[:whole]):
        state ^= word
        state = (
            t7[state & 0xFF]
            ^ t6[state >> 8 & 0xFF]
            ^ t5[state >> 16 & 0xFF]
            ^ t4[state >> 24 & 0xFF]
            ^ t3[state >> 32 & 0xFF]
            ^ t2[state >> 40 & 0xFF]
            ^ t1[state >> 48 & 0xFF]
            ^ t0[state >> 56]
        )
    for byte in data[whole:]:
        state = t0[(state ^ byte) & 0xFF] ^ state >> 8
    return state ^ _ALL_ONES


def _times(a: int, b: int) -> int:
    """The product of two polynomials modulo the CRC's; the top bit is x to the power of 0."""
    product = 0
    while b:
        if b & _TOP_BIT:
            product ^= a
        a = a >> 1 ^ (_POLYNOMIAL if a & 1 else 0)
        b = b << 1 & _ALL_ONES
    return product


def combined(first: int, second: int, second_bytes: int) -> int:
    """The checksum of bytes whose beginning has `first`, and whose last `second_bytes` have `second`."""
    return _times(first, _shift(second_bytes)) ^ second


@functools.lru_cache(maxsize=64)
def _shift(count: int) -> int:
    """x to the power of the number of bits in `count` bytes, by squaring. Appending bytes multiplies the CRC by this."""
    shift, square, bits = _TOP_BIT, _TOP_BIT >> 1, count * 8
    while bits:
        if bits & 1:
            shift = _times(shift, square)
        square = _times(square, square)
        bits >>= 1
    return shift


def to_base64(crc: int) -> str:
    """As S3 writes it: eight bytes, the highest first."""
    return base64.b64encode(crc.to_bytes(8, "big")).decode("ascii")
