"""Texts from others: makes them safe to print, and safe as names of local files. It reads and writes nothing."""

from __future__ import annotations

import os
import unicodedata

# The maximum number of bytes of a file's name (`NAME_MAX` of every common Unix file system).
MAX_NAME_BYTES = 255
# The file's name if nothing of the item's name is left.
FALLBACK = "download"

# Line breaks of Unicode, and characters that make text appear in another order than it is stored (UAX 9).
_REORDERING = {0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x2070)}
# Letters, symbols and marks with an empty shape.
_BLANK = {
    0x34F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x2800,
    0x3164,
    0xFFA0,
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}
# Names that Windows keeps for devices, whatever their extension.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10))}


def _is_unprintable(character: str) -> bool:
    """Control characters, halves of surrogate pairs, and characters that reorder text or break a line."""
    return unicodedata.category(character) in ("Cc", "Cs") or ord(character) in _REORDERING


def printable(text: str) -> str:
    """`text` as one line that cannot control a terminal: control characters are written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) if _is_unprintable(character) else character for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def safe_name(name: str, *, windows: bool = os.name == "nt") -> str:
    """A name for a local file: one path component, whatever the server sent."""
    unsafe = '/\\<>:"|?*' if windows else "/\\"
    replaced = "".join("_" if _is_unprintable(each) or each in unsafe else each for each in name)
    if windows:
        replaced = replaced.rstrip(". ")
        if replaced.split(".")[0].strip().lower() in _DEVICES:
            replaced = f"_{replaced}"
    if replaced in (".", "..") or all(map(_shows_nothing, replaced)):
        return FALLBACK
    return shortened(replaced, MAX_NAME_BYTES)


def _shows_nothing(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") or ord(character) in _BLANK


def shortened(name: str, limit: int) -> str:
    """At most `limit` bytes of `name`; a normal extension is kept."""
    if len(name.encode()) <= limit:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension.encode()) < 16 else ""
    kept = name.encode()[: limit - len(ending.encode())].decode(errors="ignore")
    return kept + ending


def same_name(one: str, other: str) -> bool:
    """Whether two names count as one for the drive: they differ at most in how accents are composed."""
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def numbered(name: str, number: int) -> str:
    """`report.pdf` as `report (2).pdf`."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    mark = f" ({number})"
    ending = dot + extension
    room = MAX_NAME_BYTES - len((mark + ending).encode())
    return stem.encode()[: max(room, 0)].decode(errors="ignore") + mark + ending
