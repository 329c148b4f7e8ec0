from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse

from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@coalition_view(at_least=Role.OBSERVER)
def changes(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404


@coalition_view(at_least=Role.ORGANIZER)
def change_undo(request: MemberRequest, coalition: Coalition, **kwargs: Any) -> HttpResponse:
    raise Http404
