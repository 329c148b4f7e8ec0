"""The OpenAPI description, read off what each address declares: roles, parameters, bodies, answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from coalitions.api.pagination import NoQuery
from coalitions.api.resources import Collection, EditableItem, Resource

Serializer = type[serializers.Serializer[Any]]

VERBS = {"POST": "add", "PATCH": "change", "DELETE": "remove"}
EVERYWHERE = {
    400: "Something in the request was not accepted.",
    401: "No valid token.",
    403: "The role or the scope of the token does not allow this.",
    404: "Nothing there, or not for this token.",
    503: "The database is away; nothing was changed.",
}
WITH_BODY = {
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule of the coalition was broken; nothing was changed.",
}


class ErrorDetail(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class ErrorAnswer(serializers.Serializer[Any]):
    error = ErrorDetail()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "coalitions.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class Schema(AutoSchema):
    view: Resource  # type: ignore[override]

    def get_operation_id(self) -> str:
        name = _snake(type(self.view).__name__.removesuffix("Item"))
        if self.method == "GET":
            return f"list_{name}" if isinstance(self.view, Collection) else f"read_{name}"
        return f"{VERBS[self.method]}_{name.removesuffix('s')}"

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part and "{" not in part]
        return [parts[3]] if len(parts) > 3 else ["coalition"]

    def get_summary(self) -> str:
        return self.view.summaries[self.method]

    def get_description(self) -> str:  # type: ignore[override]
        role = self.view.roles[self.method].label
        writes = "" if self.method == "GET" else " The token needs the scope write."
        return f"For the role {str(role).lower()} and above.{writes}"

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = []
        if self.method == "GET" and self.view.query is not NoQuery:
            found.append(self.view.query)
        if self.method in {"PATCH", "DELETE"}:
            said = "The ETag that you read. `*` only together with `version` in the body."
            found.append(_header("If-Match", said))
        if self.method == "POST" and self.view.adds_to_ledger:
            said = "1 to 64 printable ASCII characters, new for each row. The same key again adds nothing."
            found.append(_header("Idempotency-Key", said, pattern=r"^[\x20-\x7e]{1,64}$"))
        return [*found, *self._response_headers()]

    def _response_headers(self) -> list[Any]:
        found = [_answered("Retry-After", [503], type=int), _answered("WWW-Authenticate", [401])]
        if "version" in self._answer()().fields and not isinstance(self.view, Collection):
            found.append(_answered("ETag", [200] if self.method == "GET" else [200, 409, 412]))
        if self.method == "POST" and not self.view.answers:
            found.append(_answered("Location", [201]))
        return found

    def get_request_serializer(self) -> Serializer | None:
        return self.view.takes.get(self.method)

    def get_response_serializers(self) -> dict[int, Any]:  # type: ignore[override]
        errors = dict(EVERYWHERE)
        if self.method in self.view.takes:
            errors |= WITH_BODY
        if self.method in {"PATCH", "DELETE"}:
            errors[428] = "If-Match is missing."
        answers = {status: OpenApiResponse(ErrorAnswer, said) for status, said in errors.items()}
        return dict(sorted((self._success() | answers | self._conflicts()).items()))

    def _answer(self) -> Serializer:
        return self.view.answers.get(self.method, self.view.row)

    def _success(self) -> dict[int, Any]:
        if self.method == "DELETE":
            return {204: OpenApiResponse(None, "Removed.")}
        if self.method == "POST":
            return {201: self._answer()}
        if isinstance(self.view, Collection):
            return {200: _page(self._answer())}
        return {200: self._answer()}

    def _conflicts(self) -> dict[int, Any]:
        if isinstance(self.view, EditableItem) and self.method in {"PATCH", "DELETE"}:
            mismatch = OpenApiResponse(_conflict(self.view.row), "If-Match names another version.")
            if self.method == "DELETE":
                return {412: mismatch}
            said = "The version in the body is an older one."
            return {409: OpenApiResponse(_conflict(self.view.row, yours=True), said), 412: mismatch}
        if self.method == "POST" and self.view.may_conflict:
            return {409: OpenApiResponse(_conflict(self.view.row, yours=True), "Somebody else was first.")}
        return {}


def close_objects(result: dict[str, Any], **_ignored: Any) -> dict[str, Any]:
    """What is not described is neither taken nor given."""
    for schema in result["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return result


def document() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def _header(name: str, said: str, *, pattern: str | None = None) -> OpenApiParameter:
    return OpenApiParameter(name, str, "header", required=True, description=said, pattern=pattern)


def _answered(name: str, statuses: list[int], *, type: type = str) -> OpenApiParameter:
    return OpenApiParameter(name, type, OpenApiParameter.HEADER, response=statuses)


def _snake(name: str) -> str:
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


@cache
def _page(row: Serializer) -> Serializer:
    fields = {
        "items": row(many=True),
        "next": serializers.CharField(
            allow_null=True, help_text="Send it as `after`; null on the last page."
        ),
    }
    return type(f"{_name(row)}Page", (serializers.Serializer,), fields)


@cache
def _conflict(row: Serializer, *, yours: bool = False) -> Serializer:
    fields: dict[str, Any] = {"error": ErrorDetail(), "theirs": row(allow_null=True)}
    if yours:
        fields["yours"] = serializers.DictField()
    name = f"{_name(row)}{'Conflict' if yours else 'Mismatch'}"
    return type(name, (serializers.Serializer,), fields)


def _name(row: Serializer) -> str:
    return row.__name__.removesuffix("Row")
