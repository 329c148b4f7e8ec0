from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coalitions.models import Action
from coalitions.services.actions import ACTION_FIELDS
from tests.coalitions.api.conftest import ids
from tests.factories import an_action


def test_an_action_is_planned_changed_called_off_and_removed(lead):
    planned = lead.post(
        "actions/", {"title": "Harbor march", "day": "2027-03-01", "starts_at": "18:30", "is_big": True}
    )
    assert planned.status_code == 201
    assert set(planned.json()) == {"id", "version", *ACTION_FIELDS}
    assert (planned.json()["day"], planned.json()["starts_at"]) == ("2027-03-01", "18:30:00")
    assert (planned.json()["status"], planned.json()["kind"]) == ("planned", "other")

    address = planned["Location"]
    assert lead.get(address).json() == planned.json()
    off = lead.patch(address, {"status": "cancelled", "starts_at": None})
    assert (off.json()["status"], off.json()["starts_at"], off["ETag"]) == ("cancelled", None, '"2"')
    assert lead.patch(address, {"status": "planned"}).status_code == 412
    assert lead.delete(address, version=2).status_code == 204
    assert lead.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": None}, "title"),
        ({"title": "A\r\nBcc: everyone"}, "title"),
        ({"title": "A\x00"}, "title"),
        ({"title": ["A"]}, "title"),
        ({"day": "soon"}, "day"),
        ({"day": 20270301}, "day"),
        ({"day": "2027-03-01T00:00:00Z"}, "day"),
        ({"starts_at": "25:00"}, "starts_at"),
        ({"starts_at": 1830}, "starts_at"),
        ({"status": "won"}, "status"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"longitude": 5}, "longitude"),
        ({"is_big": 1}, "is_big"),
        ({"is_big": None}, "is_big"),
    ],
)
def test_what_is_no_action_is_refused(lead, change, field):
    refused = lead.post("actions/", {"title": "A", "day": "2027-03-01"} | change)

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])
    assert not Action.objects.filter(coalition=lead.coalition).exists()


ROWS: list[tuple[str, int, dict[str, Any]]] = [
    ("A", 5, {"is_big": False}),
    ("B", 3, {"status": "held"}),
    ("C", 4, {}),
]


def test_filters_and_orders(lead):
    named = {
        str(an_action(lead.coalition, day=date(2027, month, 1), **fields).public_id): name
        for name, month, fields in ROWS
    }

    def names(query: str) -> str:
        return "".join(named[each] for each in ids(lead.get(f"actions/?{query}")))

    assert names("") == "ABC"
    assert names("order=day") == "BCA"
    assert names("order=-day") == "ACB"
    assert names("status=planned") == "AC"
    assert names("is_big=true") == "BC"
    assert names("is_big=false") == "A"
    assert names("day_from=2027-04-01") == "AC"
    assert names("day_to=2027-04-01&order=day") == "BC"
    assert names("day_from=2027-04-01&day_to=2027-04-01&is_big=true&status=planned") == "C"


@pytest.mark.parametrize("order", ["created", "day", "-day"])
def test_pages_follow_each_other_when_days_are_equal(lead, order):
    for place in range(7):
        an_action(lead.coalition, day=date(2027, 1, 1 + place % 2))
    whole = ids(lead.get(f"actions/?order={order}"))
    assert len(whole) == 7

    found, after = [], ""
    while after is not None:
        answer = lead.get(f"actions/?order={order}&limit=2{after and f'&after={after}'}")
        found += ids(answer)
        after = answer.json()["next"]

    assert found == whole


def test_nothing_comes_after_the_last_row(lead):
    last = an_action(lead.coalition)

    answer = lead.get(f"actions/?after={last.public_id.hex}")

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
