"""Organizations as lines of a table: filtered, ordered, with the bonds and the rate of each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Lower, NullIf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalitions.models import BOND_FIELDS, Coalition, Organization
from coalitions.presenting.listing import Column

IS_PARTNER = Q(partner_since__isnull=False, partner_until__isnull=True)
BOND_WORDS = {
    "bond_agreement": gettext_lazy("Agreement"),
    "bond_demands": gettext_lazy("Demands"),
    "bond_mandate": gettext_lazy("Mandate"),
    "bond_decision_rule": gettext_lazy("Decision rule"),
}
# Column -> what it is ordered by. Nothing else can be asked for.
KEYS: dict[str, Any] = {
    "name": Lower("name"),
    "kind": F("kind"),
    "community": NullIf(Lower("community"), Value("")),
    "place": NullIf(Lower("place"), Value("")),
    "partner": F("partner_since"),
    "reach": F("reach"),
    "bonds": sum((Coalesce(Cast(name, IntegerField()), 0) for name in BOND_FIELDS), start=Value(0)),
    "rate": F("show_rate__rate"),
}
COLUMNS = {
    "name": gettext_lazy("Organization"),
    "kind": gettext_lazy("Kind"),
    "community": gettext_lazy("Community"),
    "place": gettext_lazy("Place"),
    "partner": gettext_lazy("Partner since"),
    "reach": gettext_lazy("Reach"),
    "bonds": gettext_lazy("Bonds"),
    "rate": gettext_lazy("Rate"),
}
NUMBERS = {"reach", "rate"}


def listed(coalition: Coalition) -> QuerySet[Organization]:
    return coalition.organizations.present().select_related("show_rate")


def filtered(rows: QuerySet[Organization], chosen: dict[str, str]) -> QuerySet[Organization]:
    if words := chosen.get("find"):
        rows = rows.filter(
            Q(name__icontains=words) | Q(community__icontains=words) | Q(place__icontains=words)
        )
    for name in ("kind", "community"):
        if name in chosen:
            rows = rows.filter(**{name: chosen[name]})
    if "partners" in chosen:
        rows = rows.filter(IS_PARTNER)
    if (bond := chosen.get("missing")) in BOND_FIELDS:
        rows = rows.filter(IS_PARTNER).exclude(**{bond: True})
    return rows


def ordered(rows: QuerySet[Organization], sort: str) -> QuerySet[Organization]:
    """What is unknown stands last in either direction."""
    key = KEYS.get(sort.removeprefix("-"), KEYS["name"])
    order = key.desc(nulls_last=True) if sort.startswith("-") else key.asc(nulls_last=True)
    return rows.order_by(order, Lower("name"), "pk")


def columns(chosen: dict[str, str]) -> list[Column]:
    sort = chosen.get("sort", "name")
    return [
        Column(
            label=str(label),
            query=urlencode({**chosen, "sort": f"-{name}" if sort == name else name}),
            order={name: "ascending", f"-{name}": "descending"}.get(sort, ""),
            is_number=name in NUMBERS,
        )
        for name, label in COLUMNS.items()
    ]


def counted(rows: QuerySet[Organization]) -> dict[str, int]:
    """How many rows, and how many of them are partners today."""
    return rows.aggregate(organizations=Count("pk"), partners=Count("pk", filter=IS_PARTNER))


def communities(coalition: Coalition) -> list[str]:
    named = coalition.organizations.present().exclude(community="")
    return list(named.order_by("community").values_list("community", flat=True).distinct())


def bonds(organization: Organization) -> list[tuple[str, str, str]]:
    """(state, mark's name, its word) of each bond; the shape says what the word says."""
    words = {True: ("met", _("yes")), False: ("unmet", _("no")), None: ("unknown", _("unknown"))}
    return [(*words[getattr(organization, name)], str(word)) for name, word in BOND_WORDS.items()]
