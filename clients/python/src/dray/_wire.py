"""Turns JSON of the API into the dataclasses of `models` and back. It knows no routes."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Hashable
from datetime import datetime, UTC
from typing import Any, Literal, TypeVar, Union, cast

T = TypeVar("T")
Decoder = Callable[[object], Any]


class Mismatch(Exception):
    """An answer that does not fit the API. The text names the place, never the value."""


def decode(kind: type[T], value: object) -> T:
    """Turns `value` from JSON into a `kind`. Raises `Mismatch`. Unknown fields are left out."""
    return cast(T, _decoder(cast(Hashable, kind))(value))


@functools.cache
def _decoder(kind: Any) -> Decoder:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        (some,) = (_decoder(each) for each in inner if each is not type(None))
        return lambda value: None if value is None else some(value)
    if origin is list:
        return _list_of(_decoder(inner[0]))
    # A newer server may have values that this version does not know.
    if origin is Literal or kind is str:
        return _plain(str)
    if kind is datetime:
        return _datetime
    if kind is type(None):
        return lambda value: None
    if origin is dict:
        return _plain(dict)
    if dataclasses.is_dataclass(kind):
        return _object(cast(type[Any], kind))
    return _plain(kind)


def _plain(kind: type[Any]) -> Decoder:
    def plain(value: object) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise Mismatch(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return plain


def _list_of(each: Decoder) -> Decoder:
    def items(value: object) -> Any:
        if not isinstance(value, list):
            raise Mismatch(f"{type(value).__name__} instead of list")
        return [each(item) for item in value]

    return items


def _datetime(value: object) -> Any:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise Mismatch("a text that is not a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _object(kind: type[Any]) -> Decoder:
    @functools.cache
    def fields() -> list[tuple[str, str, Decoder, bool]]:
        hints = typing.get_type_hints(kind)
        return [
            (field.name, wire_name(field), _decoder(hints[field.name]), field.default is dataclasses.MISSING)
            for field in dataclasses.fields(kind)
        ]

    def decoded(value: object) -> Any:
        if not isinstance(value, dict):
            raise Mismatch(f"{type(value).__name__} instead of {kind.__name__}")
        found = {}
        for name, wire, decoder, is_required in fields():
            if wire in value:
                found[name] = _inside(f"{kind.__name__}.{name}", decoder, value[wire])
            elif is_required:
                raise Mismatch(f"{kind.__name__} without {wire}")
        return kind(**found)

    return decoded


def _inside(place: str, decoder: Decoder, value: object) -> Any:
    try:
        return decoder(value)
    except Mismatch as mismatch:
        raise Mismatch(f"{place}: {mismatch}") from None


def wire_name(field: dataclasses.Field[Any]) -> str:
    """The name of a field in JSON: its name in camel case, unless its metadata has another."""
    return str(field.metadata.get("wire", camel(field.name)))


def camel(name: str) -> str:
    """`parent_id` as `parentId`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Unset:
    """The type of `UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = Unset()
"""Leaves a field as it is, where `None` means something: `change_item(id, parent_id=None)` moves an item to the root."""


def encode(value: object) -> object:
    """Turns a value into JSON. A time without a zone is local time, as everywhere in Python."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {wire_name(field): getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: encode(each) for name, each in named.items() if each is not None}
    if isinstance(value, dict):
        return {name: encode(each) for name, each in value.items() if each is not UNSET}
    if isinstance(value, (list, tuple)):
        return [encode(each) for each in value]
    return value
