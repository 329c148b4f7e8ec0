from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@coalition_view(at_least=Role.PARTNER)
def actions(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def action_add(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def action_edit(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def action_remove(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404
