"""Who may see and change a coalition. No other module decides this."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from coalitions.models import Membership, Organization, Role, User

View = Callable[..., HttpResponseBase]
AUTHENTICATED_AT = "authenticated_at"


class SignInRequired(LoginRequiredMiddleware):
    """Django's own rule, but a fragment is refused instead of being replaced by the page to sign in.

    A middleware of ours by decision: what somebody had typed when the session ended stays on the screen.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponseRedirect:
        if request.headers.get("HX-Request"):
            raise PermissionDenied
        return super().handle_no_permission(request, view_func)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # noqa: ARG002
        """No page is kept anywhere: after somebody signed out, Back must not show what they saw."""
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class MemberRequest(HttpRequest):
    """A request that has passed `coalition_view`: the person is known, and so is their role here."""

    user: User
    membership: Membership
    htmx: HtmxDetails


def get_membership(user: User | AnonymousUser, slug: str, *, at_least: Role) -> Membership:
    """Strangers get a 404, so they cannot learn what exists; members lacking the role get a 403."""
    found = (
        Membership.objects.select_related("coalition", "organization", "user")
        .filter(user=user.pk or 0, coalition__slug=slug, user__is_active=True)
        .first()
    )
    if found is None:
        raise Http404
    return require(found, at_least=at_least)


def require(membership: Membership, *, at_least: Role) -> Membership:
    if membership.role < at_least:
        raise PermissionDenied
    return membership


def may_log_for(membership: Membership, organization: Organization) -> bool:
    """A partner speaks for its own organization, an organizer for every one."""
    if membership.role == Role.PARTNER:
        return membership.organization_id == organization.pk
    return membership.role >= Role.ORGANIZER


def sees_everything(membership: Membership) -> bool:
    """Partners see their own organization and what the coalition discloses; everyone above sees all."""
    return membership.role >= Role.OBSERVER


def coalition_view(*, at_least: Role, fresh: bool = False) -> Callable[[View], View]:
    """Swap the address's slug for a Coalition in which this person has the role.

    `fresh` asks for the password again when it was given more than a quarter of an hour ago.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            request.membership = get_membership(request.user, slug, at_least=at_least)  # type: ignore[attr-defined]
            if fresh and not is_fresh(request):
                return ask_for_password(request)
            coalition = request.membership.coalition  # type: ignore[attr-defined]
            # Days and hours on these pages are the coalition's own.
            with timezone.override(coalition.time_zone):
                return view(request, coalition, **kwargs)

        guarded.required_role = at_least  # type: ignore[attr-defined]
        guarded.needs_fresh_sign_in = fresh  # type: ignore[attr-defined]
        return guarded

    return decorate


def fresh_view(view: View) -> View:
    """For sensitive pages outside of a coalition: the person's own account."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return view(request, **kwargs) if is_fresh(request) else ask_for_password(request)

    guarded.needs_fresh_sign_in = True  # type: ignore[attr-defined]
    return guarded


def is_fresh(request: HttpRequest) -> bool:
    age = time.time() - request.session.get(AUTHENTICATED_AT, 0)
    return bool(0 <= age < settings.REAUTHENTICATE_AFTER)


def ask_for_password(request: HttpRequest) -> HttpResponse:
    """Send the person to confirm who they are, and back to the page they came from."""
    back = request.get_full_path() if request.method == "GET" else ""
    address = f"{reverse('confirm')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
