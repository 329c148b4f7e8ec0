"""From files to one change: what is written, what is left alone, what a second import does."""

from __future__ import annotations

import pytest
from django.db import connection

from coalitions import jobs, wording
from coalitions.models import Count, Import, Organization, Pledge, Role
from coalitions.services import history, reconciling
from coalitions.services.directory import edit_organization, remove_organization
from coalitions.services.editing import Refused
from coalitions.services.imports import cancel, start_commit, start_import
from coalitions.services.imports.directory import folded
from tests.coalitions.importing import OWN, TWIN_CITIES, bring_in, check
from tests.factories import a_coalition, a_held_action, a_member, a_pledge, an_organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def organizer(coalition):
    return a_member(coalition)


def tallies(upload: Import) -> dict[str, dict[str, int]]:
    return upload.summary["tallies"]


def rows_of(coalition) -> dict[str, int]:
    kinds = ("organizations", "actions", "participations", "counts", "pledges", "external_ids", "changes")
    return {kind: getattr(coalition, kind).count() for kind in kinds}


def test_public_records_come_in_as_one_change(coalition, organizer):
    upload = bring_in(coalition, organizer, TWIN_CITIES)
    assert upload.state == "done"
    assert rows_of(coalition) == {
        "organizations": 70,
        "actions": 60,
        "participations": 100,
        "counts": 30,
        "pledges": 0,
        "external_ids": 130,
        "changes": 1,
    }
    assert upload.change.verb == "import.committed"
    assert upload.change.fragment == "imports"
    assert upload.change.by == organizer
    assert upload.change.after["organizations"] == 70
    assert coalition.organizations.partners().count() == 0
    action = coalition.actions.get(external_ids__identifier="a8ce1bd414271")
    assert (action.title, action.status, str(action.day)) == ("Rally, Minneapolis", "held", "2021-01-03")
    assert action.participations.count() == 5
    assert action.counts.get().best == 1100


def test_the_check_alone_changes_nothing(coalition, organizer):
    before = rows_of(coalition)
    upload = check(coalition, organizer, TWIN_CITIES)
    assert upload.state == "checked"
    assert tallies(upload)["actions"] == {"new": 60}
    assert rows_of(coalition) == before


def test_the_same_files_again_change_nothing(coalition, organizer):
    bring_in(coalition, organizer, TWIN_CITIES)
    before = rows_of(coalition)
    versions = list(coalition.organizations.order_by("pk").values_list("version", flat=True))
    second = bring_in(coalition, a_member(coalition), TWIN_CITIES)
    assert {kind: set(found) for kind, found in tallies(second).items()} == {
        kind: {"unchanged"} for kind in ("organizations", "actions", "participations", "counts")
    }
    assert rows_of(coalition) == before
    assert second.change is None
    assert list(coalition.organizations.order_by("pk").values_list("version", flat=True)) == versions


def test_a_broken_file_changes_nothing_and_says_why(coalition, organizer):
    before = rows_of(coalition)
    broken = TWIN_CITIES["participation.csv"] + b"a-nobody,o-nobody,1,x\n"
    upload = check(coalition, organizer, TWIN_CITIES | {"participation.csv": broken})
    assert upload.state == "refused"
    assert [problem[1:4] for problem in upload.summary["first_problems"]] == [
        [102, "action_id", "unknown_action"],
        [102, "organization_id", "unknown_organization"],
    ]
    with pytest.raises(Refused):
        start_commit(upload, by=organizer)
    assert rows_of(coalition) == before
    assert upload.files.get(name="actions.csv").chunks.count() == 0


def test_our_own_tables_bring_pledges_counts_and_partners(coalition, organizer):
    upload = bring_in(coalition, organizer, OWN)
    assert tallies(upload) == {
        "organizations": {"new": 2},
        "actions": {"new": 1},
        "participations": {"new": 2},
        "counts": {"new": 2},
        "pledges": {"new": 1},
    }
    dockers = coalition.organizations.partners().get()
    current = coalition.current_pledges.get()
    assert (dockers.name, current.organization, current.likely, current.version) == (
        "Dockers",
        dockers,
        100,
        1,
    )
    assert current.latest == current.counted == coalition.pledges.get()
    assert sorted(coalition.counts.values_list("of", "best")) == [("crowd", 100), ("pledged", 70)]
    assert set(tallies(bring_in(coalition, organizer, OWN))["pledges"]) == {"unchanged"}


def test_news_in_the_file_is_taken_over(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    news = OWN | {
        "organizations.csv": "id,name,kind,place\na,Dockers Local 4,,Harbor\nb,Tenants,,\n",
        "counts.csv": OWN["counts.csv"].replace("90,100,110", "95,105,115"),
        "pledges.csv": OWN["pledges.csv"].replace("80,100,120", "90,110,130"),
    }
    upload = bring_in(coalition, organizer, news)
    assert tallies(upload)["organizations"] == {"changed": 1, "unchanged": 1}
    dockers = coalition.organizations.get(place="Harbor")
    assert (dockers.name, dockers.kind, dockers.version) == ("Dockers Local 4", "union", 2)
    corrected = coalition.counts.get(best=105)
    assert corrected.corrects.best == 100
    assert coalition.current_pledges.get().likely == 110
    assert coalition.pledges.count() == 2


def test_what_was_typed_here_stays_and_the_preview_says_so(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    dockers = coalition.organizations.get(name="Dockers")
    edit_organization(dockers, by=organizer, seen_version=dockers.version, values={"name": "Our dockers"})
    news = OWN | {"organizations.csv": "id,name,kind,place\na,Dockers Local 4,union,Harbor\nb,Tenants,,\n"}
    upload = check(coalition, organizer, news)
    assert upload.summary["kept"] == [["organizations", 0, 2, "name", "Our dockers", "Dockers Local 4"]]
    start_commit(upload, by=organizer)
    jobs.commit_import(upload.pk)
    dockers.refresh_from_db()
    assert (dockers.name, dockers.place) == ("Our dockers", "Harbor")


def test_what_was_typed_here_is_no_news_when_the_file_still_says_the_old(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    dockers = coalition.organizations.get(name="Dockers")
    edit_organization(dockers, by=organizer, seen_version=dockers.version, values={"name": "Our dockers"})
    upload = bring_in(coalition, organizer, OWN)
    assert tallies(upload)["organizations"] == {"unchanged": 2}
    assert upload.summary["kept"] == []


def test_a_row_removed_here_stays_removed(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    dockers = coalition.organizations.get(name="Dockers")
    remove_organization(dockers, by=organizer, seen_version=dockers.version)
    upload = bring_in(coalition, organizer, OWN)
    assert tallies(upload)["organizations"] == {"removed": 1, "unchanged": 1}
    assert not coalition.organizations.present().filter(name="Dockers").exists()


def test_an_empty_field_clears_nothing(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    upload = bring_in(
        coalition, organizer, OWN | {"organizations.csv": "id,name,kind\na,Dockers,\nb,Tenants,\n"}
    )
    assert tallies(upload)["organizations"] == {"unchanged": 2}
    assert coalition.organizations.get(name="Dockers").kind == "union"


def test_a_pledge_by_hand_outlives_the_file(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    action, dockers = coalition.actions.get(), coalition.organizations.get(name="Dockers")
    a_pledge(action, organization=dockers, likely=40, by=organizer, role=Role.LEAD)
    news = OWN | {"pledges.csv": OWN["pledges.csv"].replace("100", "110")}
    assert tallies(bring_in(coalition, organizer, news))["pledges"] == {"kept": 1}
    assert coalition.current_pledges.get().likely == 40


def test_a_count_corrected_by_hand_outlives_the_file(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    count = coalition.counts.get(best=100)
    Count.objects.create(
        coalition=coalition,
        action=count.action,
        of="crowd",
        low=50,
        best=55,
        high=60,
        method="clicker",
        counted_by="Us",
        corrects=count,
        idempotency_key="by hand",
    )
    news = OWN | {"counts.csv": OWN["counts.csv"].replace("90,100,110", "95,105,115")}
    assert tallies(bring_in(coalition, organizer, news))["counts"] == {"kept": 1, "unchanged": 1}


@pytest.mark.parametrize(("role", "held_back"), [(Role.ORGANIZER, True), (Role.LEAD, False)])
def test_a_jump_needs_the_word_of_a_lead(coalition, role, held_back):
    person = a_member(coalition, role=role)
    bring_in(coalition, person, OWN)
    jump = OWN | {"pledges.csv": OWN["pledges.csv"].replace("80,100,120", "4000,5000,6000")}
    bring_in(coalition, person, jump)
    current = coalition.current_pledges.get()
    assert current.latest.is_held_back is held_back
    assert current.likely == (100 if held_back else 5000)


def test_a_pledge_above_the_cap_is_refused(coalition, organizer):
    upload = check(coalition, organizer, OWN | {"pledges.csv": OWN["pledges.csv"].replace("120", "60000")})
    assert [problem[1:] for problem in upload.summary["first_problems"]] == [
        [2, "high", "above_cap", "60000"]
    ]


@pytest.mark.parametrize(
    ("status", "day", "word"),
    [("cancelled", "2025-04-11", "cancelled_action"), ("planned", "2199-01-01", "count_ahead")],
)
def test_counts_belong_to_actions_that_were_held(coalition, organizer, status, day, word):
    files = {
        "actions.csv": f"id,title,day,status\nm,March,{day},{status}\n",
        "counts.csv": "action_id,best,counted_by\nm,5,x\n",
    }
    upload = check(coalition, organizer, files)
    assert [problem[3] for problem in upload.summary["first_problems"]] == [word]


def test_rows_of_an_earlier_import_are_known_by_their_ids(coalition, organizer):
    bring_in(coalition, organizer, OWN)
    more = bring_in(coalition, organizer, {"participation.csv": "action_id,organization\nm,Tenants\n"})
    assert tallies(more) == {"participations": {"unchanged": 1}}


# Names


def test_a_name_that_is_here_already_is_the_same_organization(coalition, organizer):
    here = an_organization(coalition, name="dockers", place="Old Port")
    upload = bring_in(coalition, organizer, {"o.csv": "id,name,place,kind\na,DOCKERS,Harbor,union\n"})
    here.refresh_from_db()
    # What was typed here stays; what was not known here is filled in.
    assert (here.name, here.place, here.kind) == ("dockers", "Old Port", "union")
    assert here.external_ids.get().identifier == "a"
    assert upload.summary["kept"]


def test_two_ids_of_one_name_are_one_organization(coalition, organizer):
    upload = bring_in(
        coalition,
        organizer,
        {
            "o.csv": "id,name,place\na,Dockers,\nb,dockers,Harbor\n",
            "a.csv": "id,title,day\nm,March,2025-01-01\n",
            "p.csv": "action_id,organization_id\nm,a\nm,b\n",
        },
    )
    assert tallies(upload)["organizations"] == {"new": 1, "joined": 1}
    only = coalition.organizations.get()
    assert (only.name, only.place, only.external_ids.count()) == ("Dockers", "Harbor", 2)
    assert only.participations.count() == 1


@pytest.mark.parametrize("name", ["İstanbul", "STRASSE", "ΣΊΣΥΦΟΣ", "ǅ"])
def test_names_are_folded_as_the_database_folds_them(coalition, organizer, name):
    """Python and PostgreSQL disagree about some letters; the unique name is the database's business."""
    an_organization(coalition, name=name)
    upload = bring_in(coalition, organizer, {"o.csv": f"id,name\na,{name}\nb,{name.lower()}\n"})
    assert upload.state == "done"
    assert folded([name, "X"])[1] == "x"


def test_a_new_name_that_another_one_bears_is_not_taken(coalition, organizer):
    bring_in(coalition, organizer, {"o.csv": "id,name\na,Dockers\nb,Tenants\n"})
    upload = bring_in(coalition, organizer, {"o.csv": "id,name\na,Tenants\nb,Tenants\n"})
    assert upload.state == "done"
    assert sorted(coalition.organizations.values_list("name", flat=True)) == ["Dockers", "Tenants"]
    assert upload.summary["kept"] == [["organizations", 0, 2, "name", "Dockers", "Tenants"]]


LOOKALIKE = {
    "o.csv": "id,name\na,The Harbor Project\nb,HTU\nc,Harbour Project\n",
    "a.csv": "id,title,day\nm,March,2025-01-01\n",
    "p.csv": "action_id,organization_id\nm,a\nm,b\nm,c\n",
}


def test_look_alikes_are_suggested_and_the_person_decides(coalition, organizer):
    project = an_organization(coalition, name="Harbor Project")
    union = an_organization(coalition, name="Harbor Tenants Union")
    upload = check(coalition, organizer, LOOKALIKE)
    assert [pair[2:] for pair in upload.lookalikes] == [
        ["same_letters", "The Harbor Project", "Harbor Project"],
        ["spelling", "The Harbor Project", "Harbour Project"],
        ["spelling", "Harbour Project", "Harbor Project"],
        ["acronym", "HTU", "Harbor Tenants Union"],
    ]
    # Proposed, not decided: only what differs in nothing but marks and small words.
    assert upload.choices == {"0": "same", "1": "different", "2": "different", "3": "different"}
    bring_in(coalition, organizer, LOOKALIKE, choices={"0": "same", "3": "same"})
    assert set(project.external_ids.values_list("identifier", flat=True)) == {"a"}
    assert set(union.external_ids.values_list("identifier", flat=True)) == {"b"}
    assert sorted(coalition.organizations.values_list("name", flat=True)) == [
        "Harbor Project",
        "Harbor Tenants Union",
        "Harbour Project",
    ]
    # The names here stay, and the next import knows them all.
    again = check(coalition, organizer, LOOKALIKE)
    assert again.lookalikes == []
    assert tallies(again)["organizations"] == {"unchanged": 3}


def test_what_nobody_called_the_same_stays_apart(coalition, organizer):
    an_organization(coalition, name="Harbor Project")
    bring_in(coalition, organizer, LOOKALIKE, choices={str(number): "different" for number in range(4)})
    assert coalition.organizations.count() == 4


def test_sameness_goes_by_way_of_a_third(coalition, organizer):
    files = {"o.csv": "id,name\na,Harbor Project\nb,The Harbor Project\nc,Harbor-Project\n"}
    upload = check(coalition, organizer, files)
    first = {str(number): "different" for number in range(3)}
    pairs = {frozenset(pair[:2]): str(number) for number, pair in enumerate(upload.lookalikes)}
    chosen = first | {
        pairs[frozenset(["csv:a", "csv:b"])]: "same",
        pairs[frozenset(["csv:b", "csv:c"])]: "same",
    }
    bring_in(coalition, organizer, files, choices=chosen)
    assert coalition.organizations.get().external_ids.count() == 3


# Walls


def test_an_import_never_touches_another_coalition(coalition, organizer):
    other = a_coalition()
    foreign = an_organization(other, name="Dockers")
    foreign_action = a_held_action(other)
    for files in (
        {"o.csv": f"id,name\nmuster:{foreign.public_id},Taken\n"},
        {
            "p.csv": "action_id,organization_id\n"
            f"muster:{foreign_action.public_id},muster:{foreign.public_id}\n"
        },
    ):
        unknown = {name: text.replace(str(foreign.public_id)[:8], "00000000") for name, text in files.items()}
        refused, control = (check(coalition, organizer, found) for found in (files, unknown))
        assert refused.state == control.state == "refused"
        assert {problem[3] for problem in refused.summary["first_problems"]} == {
            problem[3] for problem in control.summary["first_problems"]
        }
    bring_in(coalition, organizer, OWN)
    foreign.refresh_from_db()
    assert (foreign.name, foreign.version) == ("Dockers", 1)
    assert other.organizations.count() == 1


def test_an_id_of_a_coalition_means_nothing_in_another_one(coalition, organizer):
    other = a_coalition()
    bring_in(coalition, organizer, OWN)
    bring_in(other, a_member(other), OWN)
    assert rows_of(coalition) == rows_of(other)
    assert coalition.organizations.count() == 2


@pytest.mark.parametrize("loss", ["role", "membership", "account"])
def test_whoever_lost_the_role_imports_nothing(coalition, organizer, loss):
    upload = check(coalition, organizer, OWN)
    start_commit(upload, by=organizer)
    membership = coalition.memberships.get(user=organizer)
    if loss == "role":
        coalition.memberships.filter(pk=membership.pk).update(role=Role.OBSERVER)
    elif loss == "membership":
        membership.delete()
    else:
        type(organizer).objects.filter(pk=organizer.pk).update(is_active=False)
    jobs.commit_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.failure) == ("failed", "not_allowed")
    assert coalition.organizations.count() == 0


# Undo of what is not there, limits


def test_only_a_few_imports_run_at_once(coalition, organizer):
    for _turn in range(3):
        start_import(coalition, by=organizer, files=[("x.csv", [b"id,name\n"])])
    with pytest.raises(Refused):
        start_import(coalition, by=organizer, files=[("x.csv", [b"id,name\n"])])
    start_import(a_coalition(), by=organizer, files=[("x.csv", [b"id,name\n"])])


def test_a_cancelled_import_stays_cancelled(coalition, organizer):
    upload = check(coalition, organizer, OWN)
    cancel(upload)
    with pytest.raises(Refused):
        start_commit(upload, by=organizer)
    jobs.commit_import(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "cancelled"
    assert coalition.organizations.count() == 0


def test_the_ledger_agrees_with_its_rollup_after_an_import(coalition, organizer):
    twice = OWN["pledges.csv"] + "q,m,a,200,210,220\nr,m,b,5,6,7\n"
    bring_in(coalition, organizer, OWN | {"pledges.csv": twice})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(p.id) = c.latest_id FROM coalitions_pledge p JOIN coalitions_currentpledge c"
            " USING (action_id, organization_id) GROUP BY c.id, c.latest_id"
        )
        assert cursor.fetchall() == [(True,), (True,)]
    assert sorted(coalition.current_pledges.values_list("likely", "version")) == [(6, 1), (210, 2)]
    assert Pledge.objects.filter(coalition=coalition).count() == 3
    assert Organization.objects.filter(coalition=coalition).count() == 2


def test_dates_of_joined_rows_that_do_not_fit_together_are_not_mixed(coalition, organizer):
    bring_in(
        coalition,
        organizer,
        {
            "o.csv": "id,name,partner_since,partner_until\n"
            "a,Dockers,2025-01-01,\nb,dockers,2020-01-01,2021-01-01\n"
        },
    )
    only = coalition.organizations.get()
    assert (str(only.partner_since), only.partner_until) == ("2025-01-01", None)


def test_files_that_nobody_decides_about_do_not_pile_up(coalition, organizer):
    for _turn in range(10):
        check(coalition, organizer, {"o.csv": "id,name\na,Dockers\n"})
    with pytest.raises(Refused):
        check(coalition, organizer, {"o.csv": "id,name\na,Dockers\n"})


def test_the_history_tells_imports_in_words(coalition, organizer):
    upload = bring_in(coalition, organizer, OWN)
    undone = history.undo(upload.change, by=organizer)
    for change in (upload.change, undone):
        assert "organizations.csv" in wording.sentence(change)
        told = {str(difference.label).lower(): difference.after for difference in wording.differences(change)}
        assert told["organizations"] == "2"


def test_the_rollup_needs_no_repair_after_an_import_and_its_undo(coalition, organizer):
    a_pledge(a_held_action(coalition), likely=5)
    upload = bring_in(coalition, organizer, OWN)
    assert list(reconciling.differences(coalition)) == []
    history.undo(upload.change, by=organizer)
    assert list(reconciling.differences(coalition)) == []
