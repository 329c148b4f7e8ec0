"""Numbers, dates and navigation as the pages say them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils.translation import override

from coalitions.models.people import Role
from coalitions.templatetags import muster

TODAY = date(2026, 12, 7)
NOT_A_NUMBER = float("nan")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (999, "999"), (1551.4, "1,551"), (2_047_000, "2,047,000"), (-12.2, "\N{MINUS SIGN}12")],
)
def test_whole_numbers_carry_their_separators(value, written):
    assert muster.whole(value) == written


@pytest.mark.parametrize("value", [None, NOT_A_NUMBER, float("inf")])
def test_what_is_unknown_is_called_unknown_and_never_zero(value):
    said = [muster.whole, muster.decimal, muster.signed, muster.in_hundred, muster.percent]
    assert {say(value) for say in said} == {"unknown"}
    assert muster.interval(value, 10) == "unknown"
    assert muster.interval(10, value) == "unknown"


def test_numbers_follow_the_locale():
    with override("de"):
        assert muster.whole(1551) == "1.551"
        assert muster.decimal(0.61) == "0,61"


def test_an_interval_is_said_in_words():
    assert muster.whole_interval(1169, 2047.3) == "1,169 to 2,047"
    assert muster.interval(0.834, 1, 2) == "0.83 to 1.00"


@pytest.mark.parametrize(
    ("change", "written", "direction"),
    [(1.42, "+1.4", "up"), (-0.6, "\N{MINUS SIGN}0.6", "down"), (0, "0.0", ""), (0.04, "0.0", "up")],
)
def test_a_change_carries_its_sign(change, written, direction):
    assert muster.signed(change) == written
    assert muster.direction(change) == direction


def test_nothing_unknown_points_up_or_down():
    assert muster.direction(None) == muster.direction(NOT_A_NUMBER) == ""


def test_a_sign_stays_before_its_number_on_a_page_that_reads_from_the_right():
    with override("ar"):
        assert muster.signed(2, 0) == "\N{LEFT-TO-RIGHT MARK}+2"


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.684, "68 in 100"),
        (0.0, "under 1 in 100"),
        (1.0, "over 99 in 100"),
        (0.995, "100 in 100"),
        (0.005, "0 in 100"),
    ],
)
def test_a_simulated_chance_is_never_called_certain_or_impossible(chance, said):
    assert muster.in_hundred(chance) == said


def test_a_share_is_a_percentage():
    assert muster.percent(0.784) == "78%"
    assert muster.percent(1.205, 1) == "120.5%"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 9, 14), "84 days ago (14 September 2026)"),
        (date(2026, 12, 6), "yesterday"),
        (TODAY, "today"),
        (date(2026, 12, 8), "tomorrow"),
        (date(2026, 12, 12), "in 5 days"),
        (None, "unknown"),
    ],
)
def test_a_day_is_told_with_its_distance_in_both_directions(day, said):
    assert muster.days_ago(day, TODAY) == said
    assert muster.days_until(day, TODAY) == said


def test_a_moment_counts_as_its_day():
    assert muster.days_until(datetime(2026, 12, 12, 11, tzinfo=UTC), TODAY) == "in 5 days"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Amara Mbeki", "AM"), ("jo", "J"), ("Ana de la Cruz", "AC"), ("", ""), ("(x) Öz", "Ö")],
)
def test_initials_are_the_first_and_the_last_word(name, letters):
    assert muster.initials(name) == letters


def test_names_from_the_database_are_escaped_in_a_page():
    page = Template("{{ name|initials }}{{ n|whole }}").render(Context({"name": "<b> &c", "n": 1200}))
    assert page == "1,200"


def entries_for(role: Role, organization=None) -> list[str]:
    membership = SimpleNamespace(role=role, organization=organization)
    entries = muster.coalition_navigation(SimpleNamespace(slug="riverside"), membership)
    assert all("/riverside/" in entry.url for entry in entries)
    return [entry.key for entry in entries]


def test_members_see_every_page_of_their_coalition():
    pages = ["overview", "organizations", "actions", "changes", "people", "settings"]
    assert entries_for(Role.OBSERVER) == entries_for(Role.LEAD) == pages


def test_a_partner_sees_the_actions_and_its_own_organization():
    own = SimpleNamespace(name="Night Nurses", public_id="7d3c3e6e-8b9c-4f0e-9d0a-1f1f1f1f1f1f")
    assert entries_for(Role.PARTNER, own) == ["actions", "organization"]


def test_a_page_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr(muster, "NAVIGATION", (muster.Entry("map", "Map", "allies:no-such-page"),))
    assert entries_for(Role.LEAD) == []
