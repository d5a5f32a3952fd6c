#!/usr/bin/env python3
"""Generates src/dray/models.py and src/dray/_operations.py from a drive's OpenAPI document: python3 generate.py URL

A test compares the committed files with the document of the server under test.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASE = "/public/v1/"
HEAD = '"""{about}\n\nMade by generate.py from the drive\'s OpenAPI document. Not to be edited.\n"""\n\n'
METHODS = ("get", "put", "post", "patch", "delete")
# If a value has two spellings, the left one is left out.
TWINS = {"_id": "id", "parent": "parentId", "fileSize": "size", "PartNumber": "partNumber"}
# Fields that a repr must not show, because each of them lets its holder do something.
SECRETS = re.compile(r"^(token|grant|secret|password|url|urls|signedUrl|slug)$")
# If one of these is sent again after its answer was lost, the answer is "not found" or another number.
NOT_REPEATABLE = {"restoreItem"}
WIDTH = 120

Json = dict[str, Any]


def snake(name: str) -> str:
    """`parentId` as `parent_id`."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("_")).lower()
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def ref(schema: Json) -> str | None:
    """The name that a schema refers to."""
    found = schema.get("$ref")
    return found.rpartition("/")[2] if found else None


def docstring(text: str, indent: str) -> str:
    """A docstring with its lines wrapped; code in the text stays as it is."""
    wrapped = []
    # The document names fields as JSON has them.
    text = re.sub(r"`([a-z]+(?:[A-Z][a-z]+)+)`", lambda found: f"`{snake(found[1])}`", text)
    for paragraph in text.strip().replace("\\", "\\\\").split("\n\n"):
        wrapped.append(
            textwrap.fill(
                " ".join(paragraph.split()), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False
            )
        )
    lines = "\n\n".join(wrapped).split("\n")
    body = "\n".join(indent + line if line else "" for line in lines).strip()
    end = f"\n{indent}" if len(lines) > 1 else ""
    return f'{indent}"""{body}{end}"""\n'


def call(begin: str, arguments: list[str], end: str) -> str:
    """A call, on lines of its own if it is long."""
    flat = begin + ", ".join(arguments) + end
    if len(flat) <= WIDTH:
        return flat + "\n"
    indent = " " * (len(begin) - len(begin.lstrip()))
    return f"{begin}\n" + "".join(f"{indent}    {argument},\n" for argument in arguments) + f"{indent}{end}\n"


class Document:
    """The document, and the types of its schemas."""

    def __init__(self, document: Json) -> None:
        self.schemas: Json = document["components"]["schemas"]
        self.paths: Json = document["paths"]

    def is_alias(self, name: str) -> bool:
        """Whether a schema is a text with a name of its own: an id, or one of several words."""
        return self.schemas[name].get("type") == "string"

    def kind(self, schema: Json, prefix: str = "") -> str:
        """The annotation of a schema."""
        if name := ref(schema):
            return prefix + name
        for some in (schema.get("oneOf"), schema.get("anyOf")):
            if some:
                return self._either(some, prefix)
        if len(schema.get("allOf", [])) == 1:
            return self.kind(schema["allOf"][0], prefix)
        if "enum" in schema:
            words = [json.dumps(each) for each in schema["enum"]]
            return (
                f"Literal[{', '.join(words)}]" if len(words) < 8 else "Literal[\n    " + ",\n    ".join(words) + ",\n]"
            )
        return self._plain(schema, prefix)

    def _either(self, some: list[Json], prefix: str) -> str:
        kinds = [self.kind(each, prefix) for each in some if each.get("type") != "null"]
        return kinds[0] + (" | None" if len(kinds) < len(some) else "")

    def _plain(self, schema: Json, prefix: str) -> str:
        kinds = schema.get("type", "object")
        if isinstance(kinds, list):
            (other,) = [each for each in kinds if each != "null"]
            return self._plain({**schema, "type": other}, prefix) + " | None"
        if kinds == "array":
            return f"list[{self.kind(schema['items'], prefix)}]"
        values = schema.get("additionalProperties")
        if kinds == "object" and isinstance(values, dict) and values:
            return f"dict[str, {self.kind(values, prefix)}]"
        if kinds == "string" and schema.get("format") == "date-time":
            return "datetime"
        return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, object]"}[
            kinds
        ]

    def shape(self, name: str) -> tuple[str | None, Json, set[str]]:
        """The class that a schema extends, its own fields, and which of them are always there."""
        schema = self.schemas[name]
        for several in (schema.get("oneOf"), schema.get("anyOf")):
            # Of several spellings, the first is the API's own.
            schema = several[0] if several else schema
        base, properties, required = None, dict(schema.get("properties", {})), set(schema.get("required", []))
        for each in schema.get("allOf", []):
            if above := ref(each):
                base = above
            properties |= each.get("properties", {})
            required |= set(each.get("required", []))
        for left_out, other in TWINS.items():
            if left_out in properties and other in properties:
                about = properties.pop(left_out).get("description", "")
                # The description of one of the two says only that it is the same as the other.
                if properties[other].get("description", "").startswith("The same as"):
                    properties[other] = {**properties[other], "description": about}
        return base, properties, required


def field_of(document: Document, name: str, schema: Json, is_required: bool) -> str:
    """One field of a class."""
    kind = document.kind(schema)
    options = []
    if camel(snake(name)) != name:
        options.append(f'metadata={{"wire": "{name}"}}')
    if SECRETS.match(name):
        options.append("repr=False")
    if not is_required:
        kind += "" if kind.endswith("| None") else " | None"
        options.insert(0, "default=None")
    value = {(): "", ("default=None",): " = None"}.get(tuple(options), f" = field({', '.join(options)})")
    about = schema.get("description", "")
    return f"    {snake(name)}: {kind}{value}\n" + (docstring(about, "    ") if about else "")


def class_of(document: Document, name: str) -> str:
    """One class, or the name of a text."""
    schema = document.schemas[name]
    about = schema.get("description") or name
    if document.is_alias(name):
        return f"{name} = {document.kind(schema)}\n{docstring(about, '')}"
    base, properties, required = document.shape(name)
    lines = [
        f"@dataclass(frozen=True, kw_only=True)\nclass {name}{f'({base})' if base else ''}:\n",
        docstring(about, "    "),
    ]
    for wire, field in properties.items():
        lines.append("\n" + field_of(document, wire, field, wire in required))
    return "".join(lines)


def ordered(document: Document) -> list[str]:
    """The names of all schemas, each after what it extends."""
    names = sorted(document.schemas)
    depth: dict[str, int] = {}

    def depth_of(name: str) -> int:
        if name not in depth:
            base = None if document.is_alias(name) else document.shape(name)[0]
            depth[name] = 1 + depth_of(base) if base else 0
        return depth[name]

    return sorted(names, key=lambda name: (not document.is_alias(name), depth_of(name), name))


def models(document: Document) -> str:
    """The text of models.py."""
    imports = "from __future__ import annotations\n\nfrom dataclasses import dataclass, field\nfrom datetime import datetime\nfrom typing import Literal\n\n"
    names = ordered(document)
    listed = "__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n\n"
    aliases = [class_of(document, name) for name in names if document.is_alias(name)]
    classes = [class_of(document, name) for name in names if not document.is_alias(name)]
    about = HEAD.format(
        about="What the API is asked with, and what it answers. Times have their zone; sizes are bytes."
    )
    return about + imports + listed + "\n".join(aliases) + "\n\n" + "\n\n".join(classes)


class Argument:
    """One argument of an operation."""

    def __init__(self, wire: str, kind: str, *, where: str, is_required: bool, keeps: bool = False) -> None:
        self.wire, self.name, self.where, self.is_required = wire, snake(wire), where, is_required
        self.kind = kind if is_required or kind.endswith("| None") else f"{kind} | None"
        if keeps and not is_required:
            self.kind, self.default = f"{self.kind} | Unset", "UNSET"
        else:
            self.default = "None"

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}" + ("" if self.is_required else f" = {self.default}")


class Operation:
    """One operation of the API."""

    def __init__(self, document: Document, path: str, method: str, spec: Json) -> None:
        self.path, self.method, self.spec = path, method.upper(), spec
        self.id: str = spec["operationId"]
        self.name = snake(self.id)
        answer = spec["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
        self.answer = document.kind(answer, "models.") if answer else "None"
        parameters = spec.get("parameters", [])
        self.takes_key = any(each["name"] == "Idempotency-Key" for each in parameters)
        self.arguments = [
            Argument(
                each["name"],
                document.kind(each["schema"], "models."),
                where=each["in"],
                is_required=each.get("required", False),
            )
            for each in parameters
            if each["in"] in ("path", "query")
        ]
        body = spec.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        self.has_body = body is not None
        if body is not None:
            _, properties, required = document.shape(ref(body) or "")
            for wire, field in properties.items():
                kind = re.sub(r"^list\[", "Sequence[", document.kind(field, "models."))
                # An absent field of a change leaves things as they are.
                self.arguments.append(
                    Argument(wire, kind, where="body", is_required=wire in required, keeps=method == "patch")
                )
        self.page = self._page(document)

    def _page(self, document: Document) -> tuple[str, str] | None:
        """If its answer is a page of a list: the field with the items, and their type."""
        if not any(argument.name == "cursor" for argument in self.arguments):
            return None
        _, properties, _ = document.shape(self.answer.removeprefix("models."))
        ((wire, field),) = [(wire, field) for wire, field in properties.items() if field.get("type") == "array"]
        return snake(wire), document.kind(field["items"], "models.")

    @property
    def route(self) -> str:
        """The name of its route."""
        return self.name.upper()

    def signature(self, name: str, *, without: str = "") -> str:
        """`name(self, …)`: required arguments by position, all others by name."""
        kept = [argument for argument in self.arguments if argument.name != without]
        required = [str(argument) for argument in kept if argument.is_required]
        optional = [str(argument) for argument in kept if not argument.is_required]
        if self.takes_key:
            optional.append("idempotency_key: str | None = None")
        every = ["self", *required, *(["*"] if optional else []), *optional]
        flat = f"{name}({', '.join(every)})"
        return flat if len(flat) < WIDTH - 50 else f"{name}(\n        " + ",\n        ".join(every) + ",\n    )"

    def passed(self, *, without: str = "") -> list[str]:
        """The arguments, to pass on to another method with this signature."""
        kept = [argument for argument in self.arguments if argument.name != without]
        passed = [argument.name for argument in kept if argument.is_required]
        passed += [f"{argument.name}={argument.name}" for argument in kept if not argument.is_required]
        return passed + (["idempotency_key=idempotency_key"] if self.takes_key else [])

    def given(self, where: str) -> str:
        """A dictionary of the arguments that go to one place of the request."""
        pairs = [f'"{each.wire}": {each.name}' for each in self.arguments if each.where == where]
        flat = "{" + ", ".join(pairs) + "}"
        return (
            flat
            if len(flat) < 80
            else "{\n" + "".join(f"                {pair},\n" for pair in pairs) + "            }"
        )

    def about(self) -> str:
        """Its docstring."""
        return docstring(f"{self.spec['summary']}.\n\n{self.spec.get('description', '')}", "        ")

    def table_row(self) -> str:
        """Its route."""
        is_repeatable = self.method != "DELETE" and not self.takes_key and self.id not in NOT_REPEATABLE
        answer = "type(None)" if self.answer == "None" else self.answer
        return (
            f"{self.route}: Route[{self.answer}] = Route(\n"
            f'    "{self.method}", "{self.path}", {answer}, repeatable={is_repeatable}, takes_key={self.takes_key}\n)\n'
        )

    def for_async(self) -> str:
        """Its methods for asyncio."""
        parts = [
            f"{where}={self.given(where)}"
            for where in ("path", "query")
            if any(each.where == where for each in self.arguments)
        ]
        if self.has_body:
            optional = {
                argument.name
                for argument in self.arguments
                if argument.where == "body" and argument.default == "None" and not argument.is_required
            }
            parts.append(f"body={'_said(' if optional else ''}{self.given('body')}{')' if optional else ''}")
        if self.takes_key:
            parts.append("key=idempotency_key")
        text = f"    async def {self.signature(self.name)} -> {self.answer}:\n{self.about()}"
        text += call("        return await self._call(", [self.route, *parts], ")")
        return text + (self._iterator_for_async() if self.page else "")

    def _iterator_for_async(self) -> str:
        items, kind = self.page or ("", "")
        return (
            f"\n    async def {self.signature(self.iterator, without='cursor')} -> AsyncIterator[{kind}]:\n"
            f'        """All that `{self.name}` lists, page by page."""\n'
            "        pages = Pages()\n        while pages.has_more:\n"
            + call(
                f"            page = await self.{self.name}(",
                [*self.passed(without="cursor"), "cursor=pages.cursor"],
                ")",
            )
            + f"            pages.turn(page.next_cursor)\n            for item in page.{items}:\n                yield item\n"
        )

    @property
    def iterator(self) -> str:
        return "iter_" + self.name.removeprefix("list_")

    def for_sync(self) -> str:
        """Its methods for code without asyncio."""
        text = f"    def {self.signature(self.name)} -> {self.answer}:\n{self.about()}"
        text += call(f"        return self._wait(self._drive.{self.name}(", self.passed(), "))")
        if self.page:
            passed = self.passed(without="cursor")
            text += f"\n    def {self.signature(self.iterator, without='cursor')} -> Iterator[{self.page[1]}]:\n"
            text += f'        """All that `{self.name}` lists, page by page."""\n'
            text += call(f"        return self._each(self._drive.{self.iterator}(", passed, "))")
        return text


OPERATIONS_HEAD = '''from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from . import models
from ._http import Route
from ._pages import Pages
from ._wire import UNSET, Unset

T = TypeVar("T")


def _said(fields: dict[str, object]) -> dict[str, object]:
    """Returns the fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


'''
ASYNC_HEAD = '''

class AsyncOperations:
    """The whole API, for asyncio: each operation is one method."""

    async def _call(
        self,
        route: Route[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        body: object = None,
        key: str | None = None,
    ) -> T:
        raise NotImplementedError

'''
SYNC_HEAD = '''

class Operations:
    """The whole API, for code without asyncio: each operation is one method."""

    _drive: AsyncOperations

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        raise NotImplementedError

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        raise NotImplementedError

'''


def operations(document: Document) -> str:
    """The text of _operations.py."""
    found = [
        Operation(document, path, method, spec)
        for path, methods in document.paths.items()
        if path.startswith(BASE)
        for method, spec in methods.items()
        if method in METHODS
    ]
    found.sort(key=lambda each: each.name)
    about = HEAD.format(about="Every operation of the API as a method. Sending is in `_http.py`.")
    return (
        about
        + OPERATIONS_HEAD
        + "\n".join(each.table_row() for each in found)
        + ASYNC_HEAD
        + "\n".join(each.for_async() for each in found)
        + SYNC_HEAD
        + "\n".join(each.for_sync() for each in found)
    )


def texts(document: Json) -> dict[str, str]:
    """Each generated file's text, by its name."""
    read = Document(document)
    return {"models.py": models(read), "_operations.py": operations(read)}


def main(url: str) -> None:
    with urllib.request.urlopen(f"{url.rstrip('/')}/openapi.json") as answer:
        document = json.load(answer)
    for name, text in texts(document).items():
        (HERE / "src/dray" / name).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
