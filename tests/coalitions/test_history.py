"""The history shows every change, and puts one back without rewriting anything."""

import threading

import pytest
from django.db import connections

from coalitions.models import Change, Organization, Role
from coalitions.services import actions, directory, settings
from coalitions.services.editing import Refused
from coalitions.services.history import UNDOABLE, may_undo, undo
from coalitions.services.reconciling import differences
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
    an_organization,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def by(coalition):
    return a_member(coalition)


def last(coalition):
    return coalition.changes.order_by("-revision").first()


def edit(organization, **values):
    organization.refresh_from_db()
    directory.edit_organization(organization, by=None, seen_version=organization.version, values=values)
    return last(organization.coalition)


def test_an_edit_is_put_back_as_a_new_change(coalition, by):
    organization = an_organization(coalition, community="labor", reach=None)
    change = edit(organization, community="students", reach=40)

    undone = undo(change, by=by)

    organization.refresh_from_db()
    assert (organization.community, organization.reach, organization.version) == ("labor", None, 3)
    assert (undone.undoes, undone.by, undone.revision) == (change, by, change.revision + 1)
    assert undone.after == {"community": "labor", "reach": None}


def test_an_undo_can_be_undone_and_so_on(coalition, by):
    organization = an_organization(coalition, community="labor")
    change = edit(organization, community="students")
    for expected in ("labor", "students", "labor"):
        change = undo(change, by=by)
        organization.refresh_from_db()
        assert organization.community == expected


def test_a_change_is_undone_only_once(coalition, by):
    change = edit(an_organization(coalition), community="students")
    undo(change, by=by)
    with pytest.raises(Refused, match="undone already"):
        undo(change, by=by)
    assert coalition.changes.filter(undoes=change).count() == 1


def test_newer_work_is_never_wiped_out(coalition, by):
    organization = an_organization(coalition, community="labor", place="Harbor")
    first = edit(organization, community="students")
    edit(organization, community="faith")
    with pytest.raises(Refused, match="Community was changed since: it is faith now"):
        undo(first, by=by)
    organization.refresh_from_db()
    assert organization.community == "faith"


def test_a_newer_change_of_another_field_is_in_nobodys_way(coalition, by):
    organization = an_organization(coalition, community="labor", place="Harbor")
    first = edit(organization, community="students")
    edit(organization, place="Eastbank")
    undo(first, by=by)
    organization.refresh_from_db()
    assert (organization.community, organization.place) == ("labor", "Eastbank")


def test_what_was_added_goes_and_comes_back(coalition, by):
    organization = directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    removal = undo(last(coalition), by=by)
    assert not coalition.organizations.present().exists()
    assert removal.verb == "organization.removed"

    back = undo(removal, by=by)
    assert coalition.organizations.present().get() == organization
    assert (back.verb, back.fragment, back.after["id"]) == (
        "organization.restored",
        "organizations",
        organization.pk,
    )
    undo(back, by=by)
    assert not coalition.organizations.present().exists()


def test_what_was_removed_comes_back_with_everything_that_hangs_on_it(coalition, by):
    action = an_action(coalition)
    pledge = a_pledge(action)
    actions.remove_action(action, by=by, seen_version=1)
    undo(last(coalition), by=by)
    action.refresh_from_db()
    assert action.removed_at is None
    assert action.current_pledges.get().latest == pledge


def test_an_edit_of_something_removed_waits_until_it_is_back(coalition, by):
    organization = an_organization(coalition, community="labor")
    change = edit(organization, community="students")
    organization.refresh_from_db()
    directory.remove_organization(organization, by=by, seen_version=organization.version)
    with pytest.raises(Refused, match="Bring it back first"):
        undo(change, by=by)


def test_a_name_that_was_given_away_meanwhile_is_refused(coalition, by):
    organization = an_organization(coalition, name="Night Nurses")
    directory.remove_organization(organization, by=by, seen_version=1)
    removal = last(coalition)
    an_organization(coalition, name="Night Nurses")
    with pytest.raises(Refused, match="already has this name"):
        undo(removal, by=by)
    assert not coalition.changes.filter(undoes=removal).exists()


def test_an_overlap_is_undeclared_and_declared_again(coalition, by):
    one, other = a_partner(coalition), a_partner(coalition)
    directory.declare_overlap(one, other, by=by, share=0.2)
    declared = last(coalition)
    removed = undo(declared, by=by)
    assert not coalition.overlaps.exists()
    again = undo(removed, by=by)
    assert coalition.overlaps.get().share == 0.2
    undo(again, by=by)
    assert not coalition.overlaps.exists()


def test_a_changed_overlap_goes_back_to_its_share(coalition, by):
    one, other = a_partner(coalition), a_partner(coalition)
    directory.declare_overlap(one, other, by=by, share=0.2)
    directory.declare_overlap(other, one, by=by, share=0.4, seen_version=1)
    undo(last(coalition), by=by)
    assert coalition.overlaps.get().share == 0.2


def test_an_overlap_declared_twice_is_not_declared_a_third_time(coalition, by):
    one, other = a_partner(coalition), a_partner(coalition)
    overlap = directory.declare_overlap(one, other, by=by, share=0.2)
    directory.remove_overlap(overlap, by=by, seen_version=1)
    removed = last(coalition)
    directory.declare_overlap(one, other, by=by, share=0.3)
    with pytest.raises(Refused, match="declared again"):
        undo(removed, by=by)


def test_a_pledge_is_undone_by_logging_the_figures_before_it(coalition, by):
    action, partner = an_action(coalition), a_partner(coalition)
    a_pledge(action, organization=partner, likely=100, low=80, high=120)
    first = last(coalition)
    a_pledge(action, organization=partner, likely=300)

    undo(last(coalition), by=by)
    current = action.current_pledges.get()
    assert (current.low, current.likely, current.high) == (80, 100, 120)
    assert action.pledges.count() == 3
    assert differences(coalition) == []

    undo(first, by=by)  # its figures stand again, and nothing stood before them
    current.refresh_from_db()
    assert (current.low, current.likely, current.high) == (0, 0, 0)


def test_figures_that_counted_before_are_not_held_back_when_they_return(coalition, by):
    action, partner = an_action(coalition), a_partner(coalition)
    a_pledge(action, organization=partner, likely=900)
    a_pledge(action, organization=partner, likely=9)
    undo(last(coalition), by=by, role=Role.ORGANIZER)
    assert action.current_pledges.get().likely == 900


def test_undoing_a_leads_word_goes_back_to_what_counted_until_then(coalition, by):
    action, partner = an_action(coalition), a_partner(coalition)
    for likely, role in ((40, Role.ORGANIZER), (900, Role.ORGANIZER), (900, Role.LEAD)):
        a_pledge(action, organization=partner, likely=likely, role=role)
    assert [row.is_held_back for row in action.pledges.order_by("pk")] == [False, True, False]
    undo(last(coalition), by=by)
    assert action.current_pledges.get().likely == 40


def test_a_pledge_that_has_a_newer_one_is_not_undone(coalition, by):
    action, partner = an_action(coalition), a_partner(coalition)
    a_pledge(action, organization=partner, likely=100)
    older = last(coalition)
    a_pledge(action, organization=partner, likely=200)
    with pytest.raises(Refused, match="Undo the newer change first"):
        undo(older, by=by)


def test_a_count_is_taken_back_and_stands_again(coalition, by):
    action = a_held_action(coalition)
    a_count(action, best=500)
    taken_back = undo(last(coalition), by=by)
    newest = action.counts.order_by("-pk").first()
    assert (newest.is_withdrawn, newest.corrects.best) == (True, 500)

    undo(taken_back, by=by)
    newest = action.counts.order_by("-pk").first()
    assert (newest.is_withdrawn, newest.best) == (False, 500)


def test_a_correction_goes_back_to_the_count_before_it(coalition, by):
    action = a_held_action(coalition)
    first = a_count(action, best=500)
    logged = last(coalition)
    a_count(action, best=800, corrects=first)
    with pytest.raises(Refused, match="corrected since"):
        undo(logged, by=by)
    undo(last(coalition), by=by)
    newest = action.counts.order_by("-pk").first()
    assert (newest.best, newest.is_withdrawn) == (500, False)


def test_only_a_lead_puts_settings_back(coalition, by):
    settings.change_settings(coalition, by=by, seen_version=1, values={"critical_mass": 1400})
    change = last(coalition)
    with pytest.raises(Refused, match="Only a lead"):
        undo(change, by=by, role=Role.ORGANIZER)
    undo(change, by=by, role=Role.LEAD)
    coalition.refresh_from_db()
    assert (coalition.critical_mass, coalition.version) == (1000, 3)
    assert [may_undo("settings.changed", role=role) for role in Role] == [False, False, False, True]


def test_what_was_removed_already_is_not_removed_again(coalition, by):
    organization = directory.add_organization(coalition, by=by, values={"name": "Night Nurses"})
    added = last(coalition)
    directory.remove_organization(organization, by=by, seen_version=1)
    removed = last(coalition)
    with pytest.raises(Refused, match="removed already"):
        undo(added, by=by)
    undo(removed, by=by)
    directory.remove_organization(organization, by=by, seen_version=3)
    undo(last(coalition), by=by)
    later = directory.add_organization(coalition, by=by, values={"name": "Day Nurses"})
    directory.remove_organization(later, by=by, seen_version=1)
    first_removal = last(coalition)
    coalition.organizations.filter(pk=later.pk).update(removed_at=None)
    with pytest.raises(Refused, match="is back already"):
        undo(first_removal, by=by)


def test_an_overlap_with_somebody_removed_waits_for_them(coalition, by):
    one, other = a_partner(coalition), a_partner(coalition)
    overlap = directory.declare_overlap(one, other, by=by, share=0.2)
    directory.remove_overlap(overlap, by=by, seen_version=1)
    removed = last(coalition)
    directory.remove_organization(one, by=by, seen_version=1)
    with pytest.raises(Refused, match="Bring it back first"):
        undo(removed, by=by)


def test_a_row_that_is_gone_for_good_is_said_to_be_gone(coalition, by):
    one, other = a_partner(coalition), a_partner(coalition)
    overlap = directory.declare_overlap(one, other, by=by, share=0.2)
    declared = last(coalition)
    directory.remove_overlap(overlap, by=by, seen_version=1)
    with pytest.raises(Refused, match="no longer there"):
        undo(declared, by=by)


def test_what_has_no_way_back_says_so(coalition, by):
    an_organization(coalition)
    change = Change.objects.create(coalition=coalition, revision=1, fragment="people", verb="person.invited")
    assert not may_undo(change.verb, role=Role.LEAD)
    with pytest.raises(Refused, match="cannot be undone"):
        undo(change, by=by)


def test_every_way_back_is_named_after_a_change_that_exists():
    assert {verb.partition(".")[0] for verb in UNDOABLE} >= {
        "organization",
        "overlap",
        "action",
        "pledge",
        "count",
        "settings",
    }


@pytest.mark.django_db(transaction=True)
def test_two_people_who_undo_at_once_undo_once():
    coalition = a_coalition()
    organization = an_organization(coalition, community="labor")
    change = edit(organization, community="students")
    outcomes = []

    def press():
        try:
            undo(Change.objects.get(coalition=coalition, pk=change.pk), by=None)
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["This was undone already."] * 5 + ["done"]
    assert Organization.objects.get(coalition=coalition).community == "labor"
    assert coalition.changes.count() == 2
