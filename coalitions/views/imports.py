from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@coalition_view(at_least=Role.ORGANIZER)
def imports(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def import_detail(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def import_commit(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def import_problems(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404
