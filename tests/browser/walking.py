"""Every page of the house with the fictional coalition, as a list to walk along."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils import timezone

from coalitions.models import Coalition, Import, ImportState, Role, User
from coalitions.services.people import invite
from tests.coalitions.importing import OWN, check
from tests.factories import a_member
from tests.stack import until

UNKNOWN = "00000000-0000-4000-8000-000000000000"
OWN_PAGES = ("home", "account", "confirm", "password", "two-step")
COALITION_PAGES = (
    "overview",
    "organizations",
    "organization-add",
    "overlaps",
    "overlap-declare",
    "actions",
    "action-add",
    "changes",
    "people",
    "invite",
    "tokens",
    "settings",
    "settings-edit",
    "imports",
)


def checked(coalition: Coalition, by: User, files: Mapping[str, bytes | str]) -> Import:
    """An upload that has been looked at, by this process or by the worker, whoever came first."""
    upload = check(coalition, by, files)
    settled = coalition.imports.filter(pk=upload.pk).exclude(state=ImportState.CHECKING)
    until(settled.exists, seconds=60)
    upload.refresh_from_db()
    return upload


def in_coalition(coalition: Coalition, page: str, **parts: object) -> str:
    return reverse(f"coalitions:{page}", kwargs={"slug": coalition.slug, **parts})


def pages_of_a_stranger(coalition: Coalition) -> dict[str, str]:
    lead = a_member(coalition, role=Role.LEAD)
    invited = invite(
        coalition,
        by=lead,
        email="somebody.new@example.org",
        role=Role.OBSERVER,
        organization=None,
        send=False,
        now=timezone.now(),
    )
    return {
        "sign-in": reverse("sign-in"),
        "forgot password": reverse("forgot-password"),
        "reset password, closed": reverse("reset-password", kwargs={"uid": "MQ", "token": "a-b"}),
        "join": reverse("join", kwargs={"token": invited[1]}),
        "join, closed": reverse("join", kwargs={"token": "nobody-knows-this"}),
        "not found": "/nowhere/",
    }


def some_imports(coalition: Coalition, lead: User) -> None:
    """One that may be brought in, with names to compare, and one that was refused."""
    known = coalition.organizations.order_by("pk")[0].name
    checked(coalition, lead, OWN | {"organizations.csv": OWN["organizations.csv"] + f"c,The {known},,\n"})
    checked(coalition, lead, {"broken.csv": "id,name,kind\n1,,no such kind\n1,Twice,union\n"})


def pages_of_a_lead(coalition: Coalition) -> dict[str, str]:
    """Name and address of each page that a lead can open."""
    organization = coalition.organizations.partners().order_by("pk")[0]
    pages = {name: reverse(name) for name in OWN_PAGES}
    pages |= {name: in_coalition(coalition, name) for name in COALITION_PAGES}
    for name in ("organization", "organization-edit"):
        pages[name] = in_coalition(coalition, name, organization_id=organization.public_id)
    for action in _one_action_of_each_kind(coalition):
        word = f"action, {action.status}"
        pages[word] = in_coalition(coalition, "action", action_id=action.public_id)
        pages[f"{word}, edit"] = in_coalition(coalition, "action-edit", action_id=action.public_id)
        pages[f"{word}, count"] = in_coalition(coalition, "count-log", action_id=action.public_id)
        parts = {"action_id": action.public_id, "organization_id": organization.public_id}
        pages[f"{word}, pledge"] = in_coalition(coalition, "pledge", **parts)
        pages[f"{word}, pledge, log"] = in_coalition(coalition, "pledge-log", **parts)
    for overlap in coalition.overlaps.order_by("pk")[:1]:
        pages["overlap-edit"] = in_coalition(coalition, "overlap-edit", overlap_id=overlap.public_id)
    for member in coalition.memberships.order_by("pk")[:1]:
        pages["member-role"] = in_coalition(coalition, "member-role", member_id=member.public_id)
    for upload in coalition.imports.all():
        pages[f"import {upload.pk}, {upload.state}"] = in_coalition(
            coalition, "import", import_id=upload.public_id
        )
    return pages | {
        "not found": in_coalition(coalition, "action", action_id=UNKNOWN),
        "API": reverse("api:docs"),
    }


def pages_of_a_partner(coalition: Coalition) -> dict[str, str]:
    pages = {"partner, actions": in_coalition(coalition, "actions")}
    for action in _one_action_of_each_kind(coalition):
        pages[f"partner, {action.status}"] = in_coalition(coalition, "action", action_id=action.public_id)
    pages["partner, refused"] = in_coalition(coalition, "settings-edit")
    return pages


def member(coalition: Coalition, role: Role) -> User:
    return User.objects.filter(memberships__coalition=coalition, memberships__role=role).order_by("pk")[0]


def _one_action_of_each_kind(coalition: Coalition) -> list:
    present = coalition.actions.present().order_by("status", "-is_big", "pk")
    return list(present.distinct("status"))
