"""What can be done to organizations and to the overlaps between them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from coalitions import changes
from coalitions.models import Change, Coalition, Organization, Overlap, User
from coalitions.services.editing import Refused, StaleEdit, one_transaction, save_edit, snapshot

ORGANIZATION_FIELDS = (
    "name",
    "kind",
    "community",
    "place",
    "latitude",
    "longitude",
    "reach",
    "partner_since",
    "partner_until",
    "bond_agreement",
    "bond_demands",
    "bond_mandate",
    "bond_decision_rule",
)


@one_transaction
def add_organization(coalition: Coalition, *, by: User | None, values: dict[str, Any]) -> Organization:
    organization = Organization.objects.create(coalition=coalition, **values)
    changes.record(
        coalition,
        by=by,
        verb="organization.added",
        subject=organization.name,
        fragment="organizations",
        after=snapshot(organization, ORGANIZATION_FIELDS) | {"id": organization.pk},
    )
    return organization


@one_transaction
def edit_organization(
    organization: Organization, *, by: User | None, seen_version: int, values: dict[str, Any]
) -> Organization:
    save_edit(
        organization,
        coalition=organization.coalition,
        by=by,
        seen_version=seen_version,
        values=values,
        verb="organization.edited",
        subject=values.get("name", organization.name),
    )
    return organization


@one_transaction
def remove_organization(organization: Organization, *, by: User | None, seen_version: int) -> None:
    """Out of every list and number, and back with one undo."""
    save_edit(
        organization,
        coalition=organization.coalition,
        by=by,
        seen_version=seen_version,
        values={"removed_at": timezone.now()},
        verb="organization.removed",
        subject=organization.name,
    )


@one_transaction
def declare_overlap(
    one: Organization,
    other: Organization,
    *,
    by: User | None,
    share: float,
    seen_version: int | None = None,
    undoes: Change | None = None,
) -> Overlap:
    """`share` of the smaller partner's people also belong to the other. A new pair has no `seen_version`."""
    if one.pk == other.pk:
        raise Refused(_("Choose two different organizations."), field="second")
    if one.coalition_id != other.coalition_id:
        raise Refused(_("Choose two organizations of this coalition."), field="second")
    first, second = sorted((one, other), key=lambda organization: organization.pk)
    existing = first.coalition.overlaps.filter(first=first, second=second).first()
    if existing is None:
        overlap = Overlap.objects.create(
            coalition=first.coalition, first=first, second=second, share=share, by=by
        )
        changes.record(
            first.coalition,
            by=by,
            verb="overlap.declared",
            subject=f"{first.name} · {second.name}",
            fragment="overlaps",
            after={"share": share, "id": overlap.pk, "first": first.pk, "second": second.pk},
            undoes=undoes,
        )
        return overlap
    if seen_version is None:
        raise StaleEdit(existing)
    save_edit(
        existing,
        coalition=first.coalition,
        by=by,
        seen_version=seen_version,
        values={"share": share},
        verb="overlap.changed",
        subject=f"{first.name} · {second.name}",
    )
    return existing


@one_transaction
def remove_overlap(
    overlap: Overlap, *, by: User | None, seen_version: int, undoes: Change | None = None
) -> None:
    """The pair counts as undeclared again. The history keeps what is needed to declare it anew."""
    current = Overlap.objects.select_for_update().get(pk=overlap.pk, coalition=overlap.coalition_id)
    if current.version != seen_version:
        raise StaleEdit(current)
    first, second = current.first, current.second
    fragment, kept = current.fragment, {"share": current.share, "first": first.pk, "second": second.pk}
    current.delete()
    changes.record(
        first.coalition,
        by=by,
        verb="overlap.removed",
        subject=f"{first.name} · {second.name}",
        fragment=fragment,
        before=kept,
        undoes=undoes,
    )
