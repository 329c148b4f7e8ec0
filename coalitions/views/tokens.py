"""The tokens page: a member's keys for programs, for one coalition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from coalitions.forms.people import TokenForm
from coalitions.models import ApiToken, Coalition, Role, ScopedQuerySet
from coalitions.permissions import MemberRequest, coalition_view
from coalitions.services import tokens as services
from coalitions.services.editing import Refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@coalition_view(at_least=Role.OBSERVER, fresh=True)
def tokens(request: MemberRequest, coalition: Coalition) -> HttpResponse:
    form = TokenForm(request.POST if request.method == "POST" else None, role=request.membership.role)
    context: dict[str, Any] = {}
    if form.is_valid():
        now, typed = timezone.now(), form.cleaned_data
        try:
            _row, context["secret"] = services.create_token(
                request.membership,
                by=request.user,
                name=typed["name"],
                scope=typed["scope"],
                expires_at=now + timedelta(days=typed["days"]),
                now=now,
            )
            form = TokenForm(role=request.membership.role)
        except Refused as refused:
            form.add_error(refused.field or None, refused.message)
    context |= {
        "coalition": coalition,
        "membership": request.membership,
        "nav": "people",
        "form": form,
        "tokens": _visible(request, coalition).order_by("-pk"),
        "now": timezone.now(),
    }
    return render(request, "coalitions/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@coalition_view(at_least=Role.OBSERVER, fresh=True)
def token_revoke(request: MemberRequest, coalition: Coalition, token_id: UUID) -> HttpResponse:
    token = get_object_or_404(_visible(request, coalition), public_id=token_id)
    services.revoke_token(token, by=request.user)
    messages.success(request, _("The token is taken back. Programs that use it are locked out."))
    return redirect("coalitions:tokens", slug=coalition.slug)


def _visible(request: MemberRequest, coalition: Coalition) -> ScopedQuerySet[ApiToken]:
    """One's own; a lead sees everybody's, to be able to take them back."""
    found = coalition.api_tokens.select_related("membership__user")
    return found if request.membership.role == Role.LEAD else found.filter(membership=request.membership)
