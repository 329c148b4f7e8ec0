"""For a page whose stream is cut: what it missed, asked for every few seconds."""

from __future__ import annotations

from django.http import JsonResponse
from django.views.decorators.http import require_GET

from coalitions import live
from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view


@require_GET
@coalition_view(at_least=Role.PARTNER)
def missed(request: MemberRequest, coalition: Coalition, revision: int) -> JsonResponse:
    news = live.missed(coalition.pk, revision)
    return JsonResponse({"revision": news[0][0], "fragments": [fragment for _, fragment in news]})
