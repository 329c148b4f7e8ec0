from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@coalition_view(at_least=Role.PARTNER)
def action(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.OBSERVER)
def forecast(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.PARTNER)
def pledge(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.PARTNER)
def pledge_log(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.OBSERVER)
def counts(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def count_log(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def count_correct(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404
