"""An import is taken back in one step, and nothing that people did since is lost with it."""

from __future__ import annotations

import pytest

from coalitions.models import Role
from coalitions.services import history
from coalitions.services.directory import edit_organization
from coalitions.services.editing import Refused
from coalitions.services.imports import undo_import
from tests.coalitions.importing import OWN, TWIN_CITIES, bring_in
from tests.factories import a_coalition, a_member, a_pledge, an_organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def organizer(coalition):
    return a_member(coalition)


def what_counts(coalition) -> dict[str, list[object]]:
    """Everything that a page or a score could see."""
    present = {"removed_at__isnull": True}
    standing = {"corrected_by__isnull": True, "is_withdrawn": False, "action__removed_at__isnull": True}
    return {
        "organizations": sorted(
            coalition.organizations.filter(**present).values_list("name", "kind", "place", "partner_since")
        ),
        "actions": sorted(coalition.actions.filter(**present).values_list("title", "day", "status")),
        "participations": coalition.participations.count(),
        "counts": sorted(coalition.counts.filter(**standing).values_list("of", "low", "best", "high")),
        "pledges": sorted(
            coalition.current_pledges.filter(action__removed_at__isnull=True).values_list(
                "organization__name", "low", "likely", "high"
            )
        ),
        "ids": sorted(coalition.external_ids.values_list("system", "identifier", "imported__name")),
    }


def test_an_import_is_undone_from_the_history(coalition, organizer):
    an_organization(coalition, name="Dockers of before")
    before = what_counts(coalition)
    upload = bring_in(coalition, organizer, TWIN_CITIES)
    assert what_counts(coalition) != before
    change = history.undo(upload.change, by=organizer)
    assert what_counts(coalition) == before
    assert (change.verb, change.undoes, change.fragment) == ("import.undone", upload.change, "imports")
    assert change.after["organizations"] == 70
    assert change.after["stayed"] == 0
    upload.refresh_from_db()
    assert upload.state == "undone"
    with pytest.raises(Refused):
        history.undo(upload.change, by=organizer)
    with pytest.raises(Refused):
        undo_import(upload.change, by=organizer)


def test_what_was_undone_can_be_imported_again(coalition, organizer):
    first = bring_in(coalition, organizer, OWN)
    there = what_counts(coalition)
    history.undo(first.change, by=organizer)
    second = bring_in(coalition, organizer, OWN)
    assert second.summary["tallies"]["organizations"] == {"new": 2}
    assert what_counts(coalition) == there
    third = bring_in(coalition, organizer, OWN)
    assert third.change is None


def test_changed_rows_get_their_old_values_back(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    before = what_counts(coalition)
    news = OWN | {
        "organizations.csv": "id,name,kind,place\na,Dockers Local 4,,Harbor\nc,Clinic,,\n",
        "actions.csv": "id,title,day,status\nm,Great march,2025-04-12,held\n",
        "counts.csv": OWN["counts.csv"].replace("90,100,110", "95,105,115"),
        "pledges.csv": OWN["pledges.csv"].replace("80,100,120", "90,110,130"),
        "participation.csv": "action_id,organization_id\nm,c\n",
    }
    upload = bring_in(coalition, organizer, news)
    assert what_counts(coalition) != before
    history.undo(upload.change, by=organizer)
    assert what_counts(coalition) == before
    # And the next import sees news again, not an edit by hand.
    again = bring_in(coalition, organizer, news)
    assert again.summary["tallies"]["organizations"] == {"changed": 1, "new": 1}
    assert again.summary["kept"] == []


def test_rows_that_people_worked_on_stay(coalition, organizer):
    upload = bring_in(coalition, organizer, OWN)
    tenants = coalition.organizations.get(name="Tenants")
    edit_organization(tenants, by=organizer, seen_version=tenants.version, values={"community": "Hillside"})
    a_pledge(coalition.actions.get(), organization=tenants, likely=40, by=organizer, role=Role.LEAD)
    change = history.undo(upload.change, by=organizer)
    assert change.after["stayed"] == 2
    # The action stays as well: a pledge by hand hangs on it.
    assert coalition.actions.get().removed_at is None
    assert list(coalition.organizations.present().values_list("name", flat=True)) == ["Tenants"]
    assert coalition.current_pledges.get(organization=tenants).likely == 40
    assert set(coalition.external_ids.values_list("identifier", flat=True)) == {"b", "m"}
    assert coalition.counts.filter(corrected_by__isnull=True, is_withdrawn=False).count() == 0


def test_a_value_typed_since_stays_when_the_rest_returns(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    news = OWN | {"organizations.csv": "id,name,place,community\na,Dockers,Harbor,Port\n"}
    upload = bring_in(coalition, organizer, news)
    dockers = coalition.organizations.get(name="Dockers")
    edit_organization(dockers, by=organizer, seen_version=dockers.version, values={"place": "Old Port"})
    history.undo(upload.change, by=organizer)
    dockers.refresh_from_db()
    assert (dockers.place, dockers.community) == ("Old Port", "")


def test_an_undone_pledge_counts_no_more_and_the_ledger_keeps_it(coalition, organizer):
    upload = bring_in(coalition, organizer, OWN)
    history.undo(upload.change, by=organizer)
    current = coalition.current_pledges.get()
    assert (current.likely, current.latest.likely) == (0, 0)
    assert coalition.pledges.count() == 2


def test_a_merged_row_only_loses_the_id(coalition, organizer):
    here = an_organization(coalition, name="dockers", place="Old Port")
    upload = bring_in(coalition, organizer, {"o.csv": "id,name,kind\na,Dockers,union\n"})
    here.refresh_from_db()
    assert here.kind == "union"
    history.undo(upload.change, by=organizer)
    here.refresh_from_db()
    assert (here.name, here.kind, here.removed_at) == ("dockers", "other", None)
