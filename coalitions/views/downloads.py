"""The coalition's own tables to take away: for organizers who have just said who they are."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coalitions.exchange import tables
from coalitions.models import Coalition, Role
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.views.imports import csv_answer


@never_cache
@require_safe
@coalition_view(at_least=Role.ORGANIZER, fresh=True)
def organizations(request: MemberRequest, coalition: Coalition) -> HttpResponseBase:
    return csv_answer(f"organizations-{coalition.slug}.csv", *tables.organizations(coalition))


@never_cache
@require_safe
@coalition_view(at_least=Role.ORGANIZER, fresh=True)
def actions(request: MemberRequest, coalition: Coalition) -> HttpResponseBase:
    return csv_answer(f"actions-{coalition.slug}.csv", *tables.actions(coalition))


@never_cache
@require_safe
@coalition_view(at_least=Role.ORGANIZER, fresh=True)
def pledges(request: MemberRequest, coalition: Coalition) -> HttpResponseBase:
    return csv_answer(f"pledges-{coalition.slug}.csv", *tables.pledges(coalition))
