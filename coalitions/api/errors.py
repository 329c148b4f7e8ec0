"""Every refusal in one shape: what happened, what was kept, what to do. Nothing about the inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from coalitions.services.editing import Refused

logger = logging.getLogger("django.request")

RETRY_AFTER = "5"
MOST_FIELDS = 20
LONGEST_NAME = 80

Text = str | Promise


class Problem(exceptions.APIException):
    """An answer of our own: `status_code`, `default_code` and `default_detail`, and what belongs to it."""

    def __init__(self, *, etag: str | None = None, **beside: Any) -> None:
        super().__init__()
        self.etag = etag
        self.beside = beside


class ReadOnlyToken(Problem):
    status_code = HTTPStatus.FORBIDDEN
    default_code = "read_only_token"
    default_detail = gettext_lazy("This token may only read. Nothing was changed. Use one that may write.")


class TooLarge(Problem):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("The body is above 64 kB, so it was not read. Send less at once.")


class VersionRequired(Problem):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "if_match_required"
    default_detail = gettext_lazy(
        "Nothing was changed. Read the row first and send its ETag back as If-Match."
    )


class VersionMismatch(Problem):
    """`If-Match` names another version than the current one, which comes along."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "changed_meanwhile"
    default_detail = gettext_lazy(
        "Somebody saved this after you read it, so nothing was changed. `theirs` is how it is now."
    )


class Conflict(Problem):
    """The body was made from an older version: both come along, nothing is lost."""

    status_code = HTTPStatus.CONFLICT
    default_code = "changed_meanwhile"
    default_detail = gettext_lazy(
        "Somebody saved this after you read it, so nothing was changed. Compare `theirs` with `yours`."
    )


UNAUTHENTICATED = (
    HTTPStatus.UNAUTHORIZED,
    "unauthenticated",
    gettext_lazy("Send a valid token: Authorization: Bearer <token>. People > Tokens makes one."),
)
FORBIDDEN = (
    HTTPStatus.FORBIDDEN,
    "forbidden",
    gettext_lazy("The role behind this token does not allow this. Nothing was changed."),
)
NOT_FOUND = (
    HTTPStatus.NOT_FOUND,
    "not_found",
    gettext_lazy("There is nothing here, or this token may not see it."),
)
SAID: dict[type[Exception], tuple[int, str, Text]] = {
    exceptions.AuthenticationFailed: UNAUTHENTICATED,
    exceptions.NotAuthenticated: UNAUTHENTICATED,
    exceptions.PermissionDenied: FORBIDDEN,
    PermissionDenied: FORBIDDEN,
    exceptions.NotFound: NOT_FOUND,
    Http404: NOT_FOUND,
    exceptions.ValidationError: (
        HTTPStatus.BAD_REQUEST,
        "invalid",
        gettext_lazy("Something was not accepted, so nothing was changed. Correct it and send it again."),
    ),
    exceptions.ParseError: (
        HTTPStatus.BAD_REQUEST,
        "malformed",
        gettext_lazy("The body is not valid JSON in UTF-8, so nothing was changed."),
    ),
    exceptions.MethodNotAllowed: (
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method_not_allowed",
        gettext_lazy("This address does not know this method. Nothing was changed."),
    ),
    exceptions.UnsupportedMediaType: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        gettext_lazy("Send the body as application/json. Nothing was changed."),
    ),
}


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """The exception handler of every address under /api/."""
    if isinstance(error, Problem):
        headers = {"ETag": error.etag} if error.etag else {}
        return _response(
            error.status_code, error.default_code, str(error.detail), headers=headers, **error.beside
        )
    if isinstance(error, Refused):
        fields = {error.field: [error.message]} if error.field else None
        return _response(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", error.message, fields=fields)
    if isinstance(error, OperationalError | InterfaceError):
        # PostgreSQL rolled back whatever was under way.
        message = _("The database cannot be reached, so nothing was changed. Send the same again shortly.")
        return _response(
            HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message, headers={"Retry-After": RETRY_AFTER}
        )
    for kind, (status, code, said) in SAID.items():
        if isinstance(error, kind):
            fields = _fields(error.detail) if isinstance(error, exceptions.ValidationError) else None
            return _response(status, code, said, fields=fields, headers=_headers_of(error))
    logger.error("The API failed in %s", type(context.get("view")).__name__, exc_info=error)
    message = _("Something broke on our side, so nothing was changed. It has been noted.")
    return _response(HTTPStatus.INTERNAL_SERVER_ERROR, "broken", message)


def _response(
    status: int,
    code: str,
    message: Text,
    *,
    fields: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    **beside: Any,
) -> Response:
    error: dict[str, Any] = {"code": code, "message": str(message)}
    if fields:
        error["fields"] = fields
    return Response({"error": error, **beside}, status=status, headers=headers)


def _headers_of(error: Exception) -> dict[str, str]:
    challenge = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": challenge} if challenge else {}


def _fields(detail: Any) -> dict[str, list[str]]:
    """Field name -> what is wrong with it. A flood of made-up names is cut short."""
    named = detail if isinstance(detail, dict) else {"": detail}
    return {
        ("" if name == "non_field_errors" else str(name)[:LONGEST_NAME]): [str(each) for each in problems]
        for name, problems in list(named.items())[:MOST_FIELDS]
    }
