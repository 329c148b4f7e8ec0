"""One transaction, the version that was seen, nothing lost."""

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction
from psycopg import errors

from coalitions.models import Change, Coalition, Organization
from coalitions.services import directory
from coalitions.services.editing import Refused, StaleEdit, from_snapshot, one_transaction, snapshot
from tests.factories import a_coalition, a_member, an_action, an_organization


@pytest.mark.django_db
def test_an_edit_is_recorded_with_what_was_before_and_after():
    organization = an_organization(name="Tenants", place="Alder")
    by = a_member(organization.coalition)
    directory.edit_organization(
        organization, by=by, seen_version=1, values={"name": "Tenants United", "place": "Alder"}
    )

    change = organization.coalition.changes.get()
    assert (change.revision, change.verb, change.by) == (1, "organization.edited", by)
    assert (change.before, change.after) == ({"name": "Tenants"}, {"name": "Tenants United"})
    assert change.fragment == organization.fragment
    organization.refresh_from_db()
    assert (organization.name, organization.version) == ("Tenants United", 2)


@pytest.mark.django_db
def test_the_second_of_two_editors_is_told_and_sees_the_other_version():
    organization = an_organization()
    directory.edit_organization(organization, by=None, seen_version=1, values={"name": "First"})
    with pytest.raises(StaleEdit) as stale:
        directory.edit_organization(organization, by=None, seen_version=1, values={"name": "Second"})
    assert stale.value.theirs.name == "First"
    assert organization.coalition.organizations.get().name == "First"


@pytest.mark.django_db
def test_an_edit_that_changes_nothing_leaves_no_trace():
    organization = an_organization(name="Same")
    directory.edit_organization(organization, by=None, seen_version=1, values={"name": "Same"})
    assert not organization.coalition.changes.exists()
    assert organization.coalition.organizations.get().version == 1


@pytest.mark.django_db
def test_a_name_that_is_taken_is_refused_at_its_field():
    coalition = a_coalition()
    an_organization(coalition, name="Night Nurses")
    with pytest.raises(Refused) as refused:
        directory.add_organization(coalition, by=None, values={"name": "night nurses"})
    assert refused.value.field == "name"
    assert not coalition.changes.exists()


@pytest.mark.django_db
def test_a_snapshot_survives_the_way_through_json():
    action = an_action()
    fields = ("title", "day", "starts_at", "is_big", "latitude", "removed_at")
    values = from_snapshot(type(action), snapshot(action, fields))
    assert values == {name: getattr(action, name) for name in fields}


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_increments_at_once_none_is_lost():
    organization = an_organization(reach=0)

    def add_ten():
        try:
            done = 0
            while done < 10:
                mine = Organization.objects.filter(coalition=organization.coalition_id).get()
                try:
                    directory.edit_organization(
                        mine, by=None, seen_version=mine.version, values={"reach": mine.reach + 1}
                    )
                    done += 1
                except StaleEdit:
                    continue
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add_ten) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    organization.refresh_from_db()
    coalition = Coalition.objects.get(pk=organization.coalition_id)
    assert organization.reach == 100
    assert coalition.revision == 100
    assert list(coalition.changes.order_by("revision").values_list("revision", flat=True)) == list(
        range(1, 101)
    )


@pytest.mark.django_db(transaction=True)
def test_what_postgresql_asks_to_retry_is_done_once():
    coalition, turns, told = a_coalition(), [], []

    @one_transaction
    def rename(name):
        turns.append(name)
        Coalition.objects.filter(pk=coalition.pk).update(name=name)
        transaction.on_commit(lambda: told.append(name))
        if len(turns) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")

    rename("Second try")
    coalition.refresh_from_db()
    assert (len(turns), told, coalition.name) == (3, ["Second try"], "Second try")


@pytest.mark.django_db(transaction=True)
def test_what_can_never_succeed_is_not_tried_for_ever():
    turns = []

    @one_transaction
    def hopeless():
        turns.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'never' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(OperationalError) as failed:
        hopeless()
    assert isinstance(failed.value.__cause__, errors.DeadlockDetected)
    assert len(turns) == 4
    assert not Change.objects.across_coalitions().exists()
