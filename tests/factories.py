"""Plain functions that make one valid row each. Name only what the test is about."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from coalitions.models import (
    Action,
    ActionStatus,
    Coalition,
    Count,
    CountMethod,
    CountOf,
    Membership,
    Organization,
    Overlap,
    Pledge,
    Role,
    Score,
    User,
)
from coalitions.services.ledgers import Figures, log_count, log_pledge

PASSWORD = "a quiet harbor at dawn"
_number = count(1)


def a_user(**fields: Any) -> User:
    number = next(_number)
    values = {"email": f"person-{number}@example.org", "name": f"Person {number}"} | fields
    return User.objects.create_user(values["email"], name=values["name"], password=values.get("password"))


def a_coalition(**fields: Any) -> Coalition:
    number = next(_number)
    coalition = Coalition.objects.create(
        **{"name": f"Coalition {number}", "slug": f"coalition-{number}", "critical_mass": 1000} | fields
    )
    Score.objects.create(coalition=coalition)
    return coalition


def a_member(
    coalition: Coalition,
    *,
    role: Role = Role.ORGANIZER,
    organization: Organization | None = None,
    **fields: Any,
) -> User:
    """A partner gets an organization of its own unless one is named."""
    user = a_user(**fields)
    if role == Role.PARTNER and organization is None:
        organization = a_partner(coalition)
    Membership.objects.create(coalition=coalition, user=user, role=role, organization=organization)
    return user


def an_organization(coalition: Coalition | None = None, **fields: Any) -> Organization:
    defaults = {"name": f"Organization {next(_number)}", "coalition": coalition or a_coalition()}
    return Organization.objects.create(**defaults | fields)


def a_partner(coalition: Coalition | None = None, **fields: Any) -> Organization:
    return an_organization(coalition, **{"partner_since": date(2024, 1, 1)} | fields)


def an_action(coalition: Coalition | None = None, **fields: Any) -> Action:
    defaults = {
        "coalition": coalition or a_coalition(),
        "title": f"Action {next(_number)}",
        "day": timezone.now().date() + timedelta(days=14),
        "is_big": True,
    }
    return Action.objects.create(**defaults | fields)


def a_held_action(coalition: Coalition | None = None, **fields: Any) -> Action:
    held = {"status": ActionStatus.HELD, "day": timezone.now().date() - timedelta(days=14)}
    return an_action(coalition, **held | fields)


def a_pledge(
    action: Action | None = None,
    *,
    organization: Organization | None = None,
    likely: int = 100,
    **fields: Any,
) -> Pledge:
    action = action or an_action()
    low, high = fields.pop("low", likely * 8 // 10), fields.pop("high", likely * 12 // 10)
    defaults = {"by": None, "role": Role.LEAD, "idempotency_key": uuid4().hex}
    return log_pledge(
        action,
        organization=organization or a_partner(action.coalition),
        figures=Figures(low=low, likely=likely, high=high),
        **defaults | fields,
    )


def a_count(action: Action | None = None, *, best: int = 100, **fields: Any) -> Count:
    action = action or a_held_action()
    passed_on: dict[str, Any] = {"by": None, "idempotency_key": uuid4().hex}
    passed_on |= {name: fields.pop(name) for name in ("by", "idempotency_key", "corrects") if name in fields}
    values = {
        "of": CountOf.CROWD,
        "organization": None,
        "low": best * 9 // 10,
        "best": best,
        "high": best * 11 // 10,
        "method": CountMethod.CLICKER,
        "counted_by": "Two students",
        "is_independent": True,
    } | fields
    return log_count(action, values=values, **passed_on)


def an_overlap(first: Organization, second: Organization, *, share: float = 0.2) -> Overlap:
    first, second = sorted((first, second), key=lambda organization: organization.pk)
    return Overlap.objects.create(coalition=first.coalition, first=first, second=second, share=share)
