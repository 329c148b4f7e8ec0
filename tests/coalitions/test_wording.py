"""Changes told as sentences: every verb has words, what people typed is escaped, figures are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coalitions import wording
from coalitions.models import ActionStatus, Change, User
from coalitions.services.actions import edit_action, plan_action
from tests.factories import a_count, a_held_action, a_member, a_pledge, an_action

HOSTILE = "<script>alert(1)</script>\"'&"


def a_change(verb="action.edited", *, by="Amara Mbeki", **fields):
    return Change(verb=verb, by=User(name=by) if by else None, **fields)


def test_every_verb_that_the_code_records_has_its_sentence():
    sources = Path(wording.__file__).parent.rglob("*.py")
    text = "".join(source.read_text() for source in sources if source.name != "wording.py")
    nouns = {verb.partition(".")[0] for verb in wording.SENTENCES}
    found = set(re.findall(rf'"((?:{"|".join(nouns)})\.[a-z_]*(?:ed|back|undone))"', text))
    assert {"action.edited", "pledge.logged", "count.corrected"} <= found
    assert found - set(wording.SENTENCES) == set()


@pytest.mark.parametrize("verb", [*wording.SENTENCES, "something.new"])
def test_a_sentence_names_the_thing_and_is_a_sentence(verb):
    told = wording.sentence(a_change(verb, subject="City Hall"))
    assert "<strong>City Hall</strong>" in told
    assert told.endswith(".")
    assert "{" not in told


def test_what_people_typed_is_escaped():
    told = wording.sentence(a_change(by=HOSTILE, subject=HOSTILE))
    assert "<script>" not in told
    assert told.count("&lt;script&gt;") == 2


def test_braces_in_a_name_are_just_braces():
    assert "{who} {0}" in wording.sentence(a_change(subject="{who} {0}"))


def test_a_change_by_nobody_is_told_as_the_programs():
    assert wording.sentence(a_change(by=None, subject="x")).startswith("Muster edited")


@pytest.mark.django_db
def test_a_pledge_says_the_new_figure_and_the_one_before():
    action = an_action()
    first = a_pledge(action, likely=480)
    a_pledge(action, organization=first.organization, likely=1600)
    told = [wording.sentence(change) for change in action.coalition.changes.order_by("revision")]
    assert "480 people" in told[0]
    assert "before" not in told[0]
    assert "1,600 people, 480 before" in told[1]


@pytest.mark.django_db
def test_a_count_says_its_best_figure():
    count = a_count(a_held_action(title="Vigil"), best=1040)
    (change,) = count.coalition.changes.all()
    assert "<strong>Vigil</strong>, 1,040 people." in wording.sentence(change)


@pytest.mark.django_db
def test_differences_are_said_in_words_and_leave_out_what_stayed():
    action = an_action(title="Vigil")
    values = {"title": "Night vigil", "status": ActionStatus.HELD, "is_big": False, "place": ""}
    edit_action(action, by=a_member(action.coalition), seen_version=1, values=values)
    (change,) = action.coalition.changes.all()
    found = {label: (before, after) for label, before, after in wording.differences(change)}
    assert found["Title"] == ("Vigil", "Night vigil")
    assert found["Status"] == ("Planned", "Held")
    assert found["Meant to reach critical mass"] == ("yes", "no")
    assert len(found) == 3


@pytest.mark.django_db
def test_differences_of_something_new_have_no_before_and_no_row_numbers():
    coalition = an_action().coalition
    action = plan_action(
        coalition, by=None, values={"title": "March", "kind": "march", "day": coalition.actions.get().day}
    )
    (change,) = coalition.changes.all()
    found = wording.differences(change)
    assert ("Kind", "", "March") in [tuple(each) for each in found]
    assert str(action.pk) not in [each.after for each in found]


def test_fields_that_no_table_has_are_told_as_they_are():
    change = a_change("import.committed", before=None, after={"rows_added": 12})
    assert [tuple(each) for each in wording.differences(change)] == [("rows added", "", "12")]
