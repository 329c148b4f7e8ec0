"""The reference of the API, for people who are signed in: OpenAPI for programs, a page for eyes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coalitions.api.schema import document

Json = dict[str, Any]


@require_safe
def schema(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(_bytes(), content_type="application/vnd.oai.openapi+json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/reference.html", {"groups": groups(_document())})


@cache
def _document() -> Json:
    return document()


@cache
def _bytes() -> bytes:
    return orjson.dumps(_document(), default=str)


@dataclass(frozen=True)
class Entry:
    """A parameter of an address, or a field of a body."""

    name: str
    kind: str
    said: str
    where: str = ""
    is_required: bool = False


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    said: str
    parameters: list[Entry]
    body: list[Entry]
    row: list[Entry]
    answers: list[tuple[str, str]]
    is_list: bool = False


@dataclass
class Group:
    name: str
    operations: list[Operation] = field(default_factory=list)


def groups(found: Json) -> list[Group]:
    """Operations by what they are about, reading before writing."""
    by_name: dict[str, Group] = {}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            name = operation["tags"][0]
            group = by_name.setdefault(name, Group(name))
            group.operations.append(_operation(path, method, operation, found["components"]["schemas"]))
    return list(by_name.values())


def _operation(path: str, method: str, operation: Json, schemas: Json) -> Operation:
    sent = _json_of(operation.get("requestBody", {}))
    answer = next(iter(operation["responses"].items()))
    row, is_list = _row(_json_of(answer[1]), schemas)
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        said=operation["description"],
        parameters=[
            Entry(
                name=parameter["name"],
                kind=_kind(parameter["schema"], schemas),
                said=parameter.get("description", ""),
                where=parameter["in"],
                is_required=parameter.get("required", False),
            )
            for parameter in operation["parameters"]
        ],
        body=list(_entries(_resolved(sent, schemas), schemas)),
        row=row,
        answers=[(status, each.get("description", "")) for status, each in operation["responses"].items()],
        is_list=is_list,
    )


def _row(schema: Json, schemas: Json) -> tuple[list[Entry], bool]:
    """The fields of the answer; of one row of it where the answer is a page."""
    resolved = _resolved(schema, schemas)
    items = resolved.get("properties", {}).get("items", {}).get("items")
    return list(_entries(_resolved(items or schema, schemas), schemas)), items is not None


def _entries(schema: Json, schemas: Json) -> Iterator[Entry]:
    required = set(schema.get("required", ()))
    for name, each in schema.get("properties", {}).items():
        yield Entry(
            name=name,
            kind=_kind(each, schemas),
            said=str(each.get("description") or each.get("title") or ""),
            is_required=name in required,
        )


def _json_of(message: Json) -> Json:
    found: Json = message.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _resolved(schema: Json, schemas: Json) -> Json:
    reference = schema.get("$ref") or next((each["$ref"] for each in schema.get("allOf", ())), None)
    found: Json = schemas[reference.rsplit("/", 1)[1]] if reference else schema
    return found


def _kind(schema: Json, schemas: Json) -> str:
    """The type in plain words."""
    resolved = _resolved(schema, schemas)
    if "oneOf" in resolved:
        return _kind(resolved["oneOf"][0], schemas)
    words = [_bare(resolved, schemas), _limits(resolved)]
    if schema.get("nullable") or resolved.get("nullable"):
        words.append(_("or null"))
    return " ".join(word for word in words if word)


def _bare(schema: Json, schemas: Json) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema["type"] == "array":
        return _("list of %(kind)s") % {"kind": _kind(schema["items"], schemas)}
    return str(schema.get("format") if schema["type"] == "string" and "format" in schema else schema["type"])


def _limits(schema: Mapping[str, Any]) -> str:
    low, high, longest = schema.get("minimum"), schema.get("maximum"), schema.get("maxLength")
    if longest:
        return _("up to %(longest)s characters") % {"longest": longest}
    if low is None or high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": low, "high": high}
