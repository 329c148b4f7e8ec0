"""The walls between coalitions, in the application and in the database."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from coalitions.models import (
    Action,
    Change,
    Count,
    CurrentPledge,
    Membership,
    Organization,
    Pledge,
    Role,
    ScopedQuerySet,
    UnscopedQuery,
)
from tests.factories import a_coalition, a_count, a_member, a_partner, a_pledge, an_action, an_organization

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "ask",
    [
        lambda: list(Organization.objects.all()),
        lambda: list(Organization.objects.filter(name="x")),
        lambda: list(Organization.objects.filter(pk=1)),
        lambda: list(Organization.objects.exclude(coalition=1)),
        Organization.objects.count,
        lambda: Organization.objects.filter(name="x").exists(),
        lambda: Organization.objects.aggregate(models.Max("reach")),
        lambda: Organization.objects.filter(name="x").update(name="y"),
        lambda: Organization.objects.filter(name="x").delete(),
        lambda: list(Organization.objects.values_list("name").iterator()),
        lambda: list(Organization.objects.filter(models.Q(coalition=1) | models.Q(name="x"))),
        lambda: Organization.objects.get(name="x"),
        Organization.objects.first,
    ],
)
def test_a_query_without_a_coalition_is_refused(ask):
    with pytest.raises(UnscopedQuery):
        ask()


def test_a_query_through_its_coalition_is_answered():
    coalition = a_coalition()
    organization = an_organization(coalition)
    an_organization()
    assert list(coalition.organizations.all()) == [organization]
    assert coalition.organizations.count() == 1
    assert coalition.organizations.filter(name=organization.name).exists()
    assert list(Organization.objects.filter(coalition=coalition).values_list("pk", flat=True).iterator()) == [
        organization.pk
    ]
    assert coalition.organizations.aggregate(most=models.Max("pk"))["most"] == organization.pk
    assert coalition.organizations.update(place="Alder") == 1
    assert list(Organization.objects.none()) == []


def test_a_row_of_a_coalition_scopes_what_hangs_on_it():
    action = an_action()
    pledge = a_pledge(action)
    assert list(action.pledges.all()) == [pledge]
    assert Pledge.objects.filter(action__in=[action]).count() == 1


def test_a_sweep_says_that_it_serves_every_coalition():
    an_organization()
    an_organization()
    assert Organization.objects.across_coalitions().filter(place="").count() == 2


def test_every_table_with_a_coalition_has_the_guard():
    from django.apps import apps

    tenant_tables = [
        model
        for model in apps.get_models()
        if any(field.name == "coalition" for field in model._meta.get_fields() if field.concrete)
    ]
    assert len(tenant_tables) >= 14
    assert [
        model for model in tenant_tables if not isinstance(model._default_manager.all(), ScopedQuerySet)
    ] == []


def raw_insert_across(model: type[models.Model], **values):
    with pytest.raises(IntegrityError, match="same_coalition"), transaction.atomic():
        model._base_manager.create(**values)
        connection.check_constraints()


def test_postgresql_itself_refuses_a_row_that_points_into_another_coalition():
    ours, theirs = a_coalition(), a_coalition()
    their_partner, their_action = a_partner(theirs), an_action(theirs)
    pledge = a_pledge(an_action(ours))
    figures = {"low": 1, "likely": 1, "high": 1}
    raw_insert_across(
        Pledge,
        coalition=ours,
        action=their_action,
        organization=a_partner(ours),
        idempotency_key="a",
        **figures,
    )
    raw_insert_across(
        Pledge,
        coalition=ours,
        action=an_action(ours),
        organization=their_partner,
        idempotency_key="b",
        **figures,
    )
    raw_insert_across(
        CurrentPledge,
        coalition=ours,
        action=their_action,
        organization=their_partner,
        latest=pledge,
        **figures,
    )
    raw_insert_across(
        Membership, coalition=ours, user=a_member(theirs), role=Role.PARTNER, organization=their_partner
    )


@pytest.mark.parametrize("table", [Pledge, Count, Change])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = now()", "DELETE FROM {}"])
def test_a_ledger_row_can_neither_be_changed_nor_deleted(table, statement):
    action = an_action()
    a_pledge(action)
    a_count(action)
    with (
        pytest.raises(DatabaseError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table._meta.db_table))


def test_removed_rows_keep_their_name_free():
    coalition = a_coalition()
    first = an_organization(coalition, name="Night Nurses")
    with pytest.raises(IntegrityError), transaction.atomic():
        an_organization(coalition, name="NIGHT NURSES")
    coalition.organizations.filter(pk=first.pk).update(removed_at="2026-01-01T00:00Z")
    assert an_organization(coalition, name="Night Nurses").pk != first.pk
    assert coalition.organizations.present().count() == 1


def test_upcoming_actions_are_planned_and_not_past():
    coalition = a_coalition()
    today = an_action(coalition)
    an_action(coalition, status="cancelled")
    assert list(Action.objects.filter(coalition=coalition).upcoming(today=today.day)) == [today]
