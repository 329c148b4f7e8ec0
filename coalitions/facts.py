"""Rows become facts: what a coalition's strength may depend on, gathered in a fixed number of queries."""

from __future__ import annotations

from datetime import date

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from coalitions.method import facts as method
from coalitions.method.counts import METHODS
from coalitions.models import BOND_FIELDS, ActionStatus, Coalition, Count, CountOf, Organization

BOND_KINDS = [field.removeprefix("bond_") for field in BOND_FIELDS]
# Independent before partisan, then the more reliable method (our columns spell it sign_in), then the latest.
METHOD_RANK = Case(
    *(When(method=name.replace("-", "_"), then=Value(place)) for place, name in enumerate(METHODS)),
    default=Value(len(METHODS)),
    output_field=IntegerField(),
)
BEST_COUNT_FIRST = ("-is_independent", METHOD_RANK, "-pk")


def ground_floor(coalition_id: int, *, today: date) -> method.Facts:
    """Everything that the ground floor knows: partners and bonds, pledges and counts, overlaps."""
    coalition = Coalition.objects.get(pk=coalition_id)
    partners = list(
        Organization.objects.filter(coalition=coalition)
        .partners()
        .values_list("pk", "community", *BOND_FIELDS)
    )
    crowds = dict(best_counts(coalition, of=CountOf.CROWD).values_list("action_id", "best"))
    return method.Facts(
        coalition=_settings(coalition),
        partners=[(pk, community or None) for pk, community, *_bonds in partners],
        bonds=[
            (pk, kind, held)
            for pk, _community, *bonds in partners
            for kind, held in zip(BOND_KINDS, bonds, strict=True)
            if held is not None
        ],
        overlaps=list(coalition.overlaps.values_list("first_id", "second_id", "share")),
        actions=[
            (pk, status, crowds.get(pk), big)
            for pk, status, big in coalition.actions.present()
            .filter(Q(status=ActionStatus.HELD) | Q(status=ActionStatus.PLANNED, day__gte=today))
            .values_list("pk", "status", "is_big")
        ],
        pledges=list(
            coalition.current_pledges.filter(
                _ahead(today) | _has_a_record(coalition, crowds),
                action__removed_at__isnull=True,
                counted__isnull=False,
            ).values_list("action_id", "organization_id", "low", "likely", "high")
        ),
        came=list(
            best_counts(coalition, of=CountOf.PLEDGED).values_list("action_id", "organization_id", "best")
        ),
    )


def _ahead(today: date) -> Q:
    return Q(action__status=ActionStatus.PLANNED, action__day__gte=today)


def _has_a_record(coalition: Coalition, crowds: dict[int, int]) -> Q:
    """Of past pledges only those matter whose people, or whose whole crowd, somebody counted."""
    counted = standing_counts(coalition.counts.filter(of=CountOf.PLEDGED)).filter(
        action_id=OuterRef("action_id"), organization_id=OuterRef("organization_id")
    )
    return Q(Exists(counted) | Q(action_id__in=list(crowds)), action__status=ActionStatus.HELD)


def standing_counts(counts: QuerySet[Count]) -> QuerySet[Count]:
    """Rows that no later row corrects or takes back."""
    return counts.filter(corrected_by__isnull=True, is_withdrawn=False)


def best_counts(coalition: Coalition, *, of: CountOf) -> QuerySet[Count]:
    """The best count of each held action (and partner)."""
    held = coalition.counts.filter(of=of, action__status=ActionStatus.HELD, action__removed_at__isnull=True)
    return (
        standing_counts(held)
        .order_by("action_id", "organization_id", *BEST_COUNT_FIRST)
        .distinct("action_id", "organization_id")
    )


def _settings(coalition: Coalition) -> method.Coalition:
    return method.Coalition(
        critical_mass=coalition.critical_mass,
        communities_aimed_at=coalition.communities_aimed_at,
        next_action=None,
        weights=method.Weights(
            people_power=coalition.weight_people_power,
            breadth=coalition.weight_breadth,
            cohesion=coalition.weight_cohesion,
            leverage=coalition.weight_leverage,
        ),
    )
