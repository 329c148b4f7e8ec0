from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@coalition_view(at_least=Role.OBSERVER)
def overview(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.OBSERVER)
def score(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.PARTNER)
def missed(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404
