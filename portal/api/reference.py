"""The API as people read it: each operation with what it takes and what it answers, from its OpenAPI description."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from portal.api.desk import desk

#: How the kinds of an OpenAPI schema are called.
KINDS = {"string": "text", "integer": "number", "number": "number", "boolean": "yes or no", "object": "object"}

FORMATS = {"date-time": "time (RFC 3339)", "uuid": "UUID"}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body. ``what`` is its kind and its limits."""

    name: str
    where: str
    what: str
    is_needed: bool
    about: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a program can ask or tell at one address."""

    ident: str
    method: str
    path: str
    title: str
    about: str
    takes: tuple[Field, ...]
    answer: str
    answers: tuple[Field, ...]
    refusals: tuple[str, ...]


@cache
def operations() -> tuple[Operation, ...]:
    """All operations, in the order of the description."""
    schema = desk.get_openapi_schema()
    shapes = schema["components"]["schemas"]
    return tuple(
        _operation(method, path, told, shapes)
        for path, methods in schema["paths"].items()
        for method, told in methods.items()
    )


def _operation(method: str, path: str, told: dict[str, Any], shapes: dict[str, Any]) -> Operation:
    responses = {int(status): answer for status, answer in told["responses"].items()}
    best = min(responses)
    takes = [_parameter(item, shapes) for item in told.get("parameters", [])]
    takes += _fields(_content(told.get("requestBody")), shapes, "body")
    return Operation(
        ident=told["operationId"],
        method=method.upper(),
        path=path,
        title=told["summary"],
        about=told.get("description", ""),
        takes=tuple(takes),
        answer=_status(best),
        answers=tuple(_fields(_content(responses[best]), shapes, "answer")),
        refusals=tuple(_status(status) for status in sorted(responses) if status >= HTTPStatus.BAD_REQUEST),
    )


def _parameter(told: dict[str, Any], shapes: dict[str, Any]) -> Field:
    needed, about = bool(told.get("required")), told.get("description", "")
    return Field(told["name"], told["in"], _what(told["schema"], shapes), needed, about)


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _content(told: dict[str, Any] | None) -> dict[str, Any]:
    """The schema of a body; empty for one that is no JSON."""
    content = (told or {}).get("content", {})
    return content.get("application/json", {}).get("schema", {})


def _fields(schema: dict[str, Any], shapes: dict[str, Any], where: str) -> list[Field]:
    shape = _resolved(schema, shapes)
    needed = shape.get("required", [])
    return [
        Field(name, where, _what(item, shapes), name in needed, item.get("description", ""))
        for name, item in shape.get("properties", {}).items()
    ]


def _resolved(schema: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return shapes[name] if name else schema


def _what(schema: dict[str, Any], shapes: dict[str, Any]) -> str:
    """The kind of a value in words, with the limits that it has."""
    shape = _resolved(schema, shapes)
    if choices := shape.get("anyOf"):
        kinds = [_what(item, shapes) for item in choices if item.get("type") != "null"]
        return " or ".join(kinds) + (", or null" if len(kinds) < len(choices) else "")
    if values := shape.get("enum"):
        return "one of " + ", ".join(map(str, values))
    if shape.get("type") == "array":
        most = f", at most {shape['maxItems']:,}" if "maxItems" in shape else ""
        return f"list of {_what(shape.get('items', {}), shapes)}{most}"
    kind = FORMATS.get(shape.get("format", "")) or KINDS.get(shape.get("type", ""), "any")
    return kind + (f", at most {shape['maxLength']:,} characters" if "maxLength" in shape else "")
