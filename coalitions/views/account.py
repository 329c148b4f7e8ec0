"""A person's own pages: signing in, password, sessions, second step, invitations."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse


def home(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@login_not_required
def sign_in(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@login_not_required
def sign_in_code(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def sign_out(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def confirm(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def account(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def password(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def session_end(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def sessions_end_others(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def two_step(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def two_step_off(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


def recovery_codes(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@login_not_required
def forgot_password(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@login_not_required
def reset_password(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


@login_not_required
def join(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404
