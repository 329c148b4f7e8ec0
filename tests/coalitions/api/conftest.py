"""A program with a token, as short as the tests want it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from coalitions.models import ApiToken, Coalition, Membership, Role, User, new_token, token_digest
from tests.factories import a_coalition, a_member


def a_token(coalition: Coalition, user: User, *, scope: str = "write", **fields: Any) -> str:
    token = new_token()
    values = {"expires_at": timezone.now() + timedelta(days=30), "name": "A program"} | fields
    ApiToken.objects.create(
        coalition=coalition,
        membership=Membership.objects.get(coalition=coalition, user=user),
        scope=scope,
        token_digest=token_digest(token),
        **values,
    )
    return token


class Program:
    """Speaks to one coalition's part of the API."""

    def __init__(self, coalition: Coalition, user: User, *, scope: str = "write") -> None:
        self.coalition, self.user = coalition, user
        self.token = a_token(coalition, user, scope=scope)
        self.client = Client(raise_request_exception=False)

    def address(self, path: str = "") -> str:
        return path if path.startswith("/") else f"/api/v1/c/{self.coalition.slug}/{path}"

    def send(self, method: str, path: str = "", body: Any = None, **headers: str):
        sent = {"Authorization": f"Bearer {self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        data = body if isinstance(body, bytes) else (b"" if body is None else json.dumps(body).encode())
        return self.client.generic(
            method, self.address(path), data, content_type="application/json", headers=sent
        )

    def get(self, path: str = "", **headers: str):
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str):
        """Ledgers want a key; a new one unless the test is about it."""
        return self.send("POST", path, body, **{"Idempotency_Key": key or uuid4().hex} | headers)

    def patch(self, path: str, body: Any, *, version: int | str = 1):
        return self.send("PATCH", path, body, If_Match=f'"{version}"')

    def delete(self, path: str, *, version: int = 1):
        return self.send("DELETE", path, If_Match=f'"{version}"')


@pytest.fixture
def coalition(db) -> Coalition:
    return a_coalition()


def a_program(
    coalition: Coalition, *, role: Role = Role.LEAD, scope: str = "write", **fields: Any
) -> Program:
    return Program(coalition, a_member(coalition, role=role, **fields), scope=scope)


@pytest.fixture
def lead(coalition) -> Program:
    return a_program(coalition)


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["items"]]


def view_of(pattern: URLPattern) -> Any:
    return pattern.callback.view_class  # type: ignore[attr-defined]
