"""Who is asking: a token stands for one person's role in one coalition, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import InterfaceError, OperationalError, connection, models
from django.http import Http404
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from coalitions.api.errors import ReadOnlyToken
from coalitions.models import ApiToken, Coalition, Membership, Role, User, token_digest
from coalitions.permissions import require

HEADER = re.compile(r"bearer +([A-Za-z0-9_-]{20,128})", re.IGNORECASE)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Whatever is wrong with a token, the answer is the same."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken]:
        sent = HEADER.fullmatch(request.headers.get("Authorization", ""))
        token = _find(sent[1]) if sent else None
        if token is None:
            raise AuthenticationFailed
        return token.membership.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Muster"'


def _find(token: str) -> ApiToken | None:
    """One query: the token, the person, the role and the coalition, as they are at this moment.

    Written out, since it stands before every answer: the ORM took longer to compose it than all the rest.
    """
    row = _first_row(QUERY, [token_digest(token), timezone.now()])
    return _assembled(iter(row)) if row else None


def _first_row(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    """The first query of a request is also the check whether the kept connection still lives."""
    is_kept = connection.connection is not None and not connection.in_atomic_block
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _fetched(sql, values)
    except (OperationalError, InterfaceError):
        if not is_kept:
            raise
        connection.close()
        return _fetched(sql, values)


def _fetched(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _columns(model: type[models.Model], *wanted: str) -> list[str]:
    """In the order of the model, as `from_db` expects them."""
    return [field.attname for field in model._meta.concrete_fields if field.attname in wanted]


# What is read of each row; any other column is fetched by itself when somebody asks for it.
READ: list[tuple[type[models.Model], str, list[str]]] = [
    (ApiToken, "token", _columns(ApiToken, "id", "scope", "coalition_id", "membership_id")),
    (
        Membership,
        "membership",
        _columns(Membership, "id", "role", "coalition_id", "user_id", "organization_id"),
    ),
    (User, "person", _columns(User, "id", "name", "email", "is_active")),
    (
        Coalition,
        "coalition",
        _columns(Coalition, "id", "name", "slug", "time_zone", "pledge_cap", "revision", "changed_at"),
    ),
]
QUERY = """
    SELECT {columns}
    FROM {ApiToken} token
    JOIN {Membership} membership
      ON membership.id = token.membership_id AND membership.coalition_id = token.coalition_id
    JOIN {User} person ON person.id = membership.user_id AND person.is_active
    JOIN {Coalition} coalition ON coalition.id = token.coalition_id
    WHERE token.token_digest = %s AND token.expires_at > %s
""".format(  # noqa: S608  (names of tables and columns, from the models)
    columns=", ".join(f"{name}.{column}" for _model, name, columns in READ for column in columns),
    **{model.__name__: model._meta.db_table for model, _name, _columns in READ},
)


def _assembled(values: Iterator[Any]) -> ApiToken:
    rows: dict[str, Any] = {
        name: model.from_db(connection.alias, columns, list(islice(values, len(columns))))
        for model, name, columns in READ
    }
    token, membership = rows["token"], rows["membership"]
    token.membership = membership
    token.coalition = membership.coalition = rows["coalition"]
    membership.user = rows["person"]
    assert isinstance(token, ApiToken)
    return token


class RoleInCoalition(BasePermission):
    """Every address declares the least role for each of its methods; one that declares none is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            raise NotAuthenticated
        membership = token.membership
        # Any other coalition might as well not exist.
        if view.kwargs.get("slug") != membership.coalition.slug:
            raise Http404
        require(membership, at_least=_least_role(request, view))
        if request.method not in SAFE_METHODS and token.scope != ApiToken.Scope.WRITE:
            raise ReadOnlyToken
        return True


def _least_role(request: Request, view: Any) -> Role:
    roles: dict[str, Role] = getattr(view, "roles", {})
    method = "GET" if request.method == "HEAD" else str(request.method)
    if method not in roles:
        raise MethodNotAllowed(method)
    return roles[method]


def membership_of(request: Request) -> Membership:
    token = request.auth
    assert isinstance(token, ApiToken)  # the permission above let nothing else pass
    return token.membership
