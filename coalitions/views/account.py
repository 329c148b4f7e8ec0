"""A person's own pages: their coalitions, name, password, sessions."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.db.models import DateField, Func, OuterRef, Subquery, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coalitions.forms.accounts import ChangePasswordForm, NameForm
from coalitions.models import Action, ActionStatus, Membership, Role, Session, User
from coalitions.services import accounts, limits, second_step


def first_page(membership: Membership) -> str:
    """Where a member begins: partners at the actions, everybody else at the overview."""
    page = "coalitions:actions" if membership.role == Role.PARTNER else "coalitions:overview"
    return reverse(page, kwargs={"slug": membership.coalition.slug})


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today_there = Func(
        OuterRef("coalition__time_zone"), Value(now), function="timezone", output_field=DateField()
    )
    next_day = (
        Action.objects.filter(
            coalition=OuterRef("coalition"),
            status=ActionStatus.PLANNED,
            removed_at=None,
            day__gte=Func(today_there, function="date", output_field=DateField()),
        )
        .order_by("day", "pk")
        .values("day")[:1]
    )
    memberships = (
        Membership.objects.filter(user=_person(request))
        .select_related("coalition", "organization")
        .annotate(next_day=Subquery(next_day))
        .order_by("coalition__name", "pk")
    )
    rows = [(row, first_page(row), row.coalition.local_day(now)) for row in memberships]
    return render(request, "account/home.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": user.name})
    if form.is_valid():
        accounts.rename(user, name=form.cleaned_data["name"])
        messages.success(request, _("Your name is saved."))
        return redirect("account")
    sessions = Session.objects.filter(user=user, expire_date__gt=timezone.now())
    context = {
        "form": form,
        "sessions": sessions.order_by("-seen_at", "pk"),
        "this_one": request.session.session_key,
        "second_step_is_on": second_step.is_on(user),
    }
    return render(request, "account/account.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("current", "password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid() and _knows_the_password(user, form):
        accounts.change_password(
            user, password=form.cleaned_data["password"], keep=request.session.session_key
        )
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed. Every other session has ended."))
        return redirect("account")
    return render(request, "account/password.html", {"form": form}, status=422 if form.errors else 200)


def _knows_the_password(user: User, form: ChangePasswordForm) -> bool:
    counter, now = limits.key("confirm", user.public_id), timezone.now()
    if limits.count_try(counter, now=now) > limits.NO_WAIT:
        form.add_error("current", _("That were many tries. Wait a little, then try again."))
        return False
    if not user.check_password(form.cleaned_data["current"]):
        form.add_error("current", _("This is not your password."))
        return False
    limits.forget_tries(counter, now=now)
    return True


@require_POST
def session_end(request: HttpRequest, session_id: str) -> HttpResponse:
    own = Session.objects.filter(session_key=request.session.session_key, public_id=session_id).exists()
    if own:
        logout(request)
        return redirect("sign-in")
    if not accounts.end_session(_person(request), session_id):
        raise Http404
    return redirect("account")


@require_POST
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    accounts.end_other_sessions(_person(request), keep=request.session.session_key)
    messages.success(request, _("Every other session has ended."))
    return redirect("account")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware lets nobody else through
    return request.user
