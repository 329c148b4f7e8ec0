"""The reference of the API, for people who are signed in: as a page and as OpenAPI."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def docs(request: HttpRequest) -> HttpResponse: ...
def schema(request: HttpRequest) -> HttpResponse: ...
