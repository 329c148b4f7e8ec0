from __future__ import annotations

import pytest

from coalitions.models import SETTING_FIELDS, WEIGHT_FIELDS, Role
from tests.coalitions.api.conftest import a_program


def test_the_coalition_is_read_with_its_version_and_revision(lead):
    answer = lead.get("")

    assert answer.status_code == 200
    assert set(answer.json()) == {"slug", *SETTING_FIELDS, "version", "revision", "changed_at"}
    assert (answer.json()["critical_mass"], answer["ETag"]) == (1000, '"1"')


def test_a_lead_changes_the_settings(lead):
    changed = lead.patch("", {"critical_mass": 5000, "weight_breadth": 2, "time_zone": "Europe/Berlin"})

    assert changed.status_code == 200
    row = changed.json()
    assert (row["critical_mass"], row["weight_breadth"], row["time_zone"]) == (5000, 2.0, "Europe/Berlin")
    assert (row["version"], row["revision"], changed["ETag"]) == (2, 1, '"2"')
    assert lead.patch("", {"critical_mass": None}, version=2).json()["critical_mass"] is None


def test_stale_settings_get_both_versions(lead):
    lead.patch("", {"cause": "Theirs"})

    assert lead.patch("", {"cause": "Mine"}).json()["theirs"]["cause"] == "Theirs"
    late = lead.patch("", {"cause": "Mine", "version": 1}, version=2)
    assert (late.status_code, late.json()["yours"]) == (409, {"cause": "Mine", "version": 1})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"time_zone": "Atlantis/Center"}, "time_zone"),
        ({"critical_mass": 0}, "critical_mass"),
        ({"critical_mass": 10**30}, "critical_mass"),
        ({"wanted_chance": 1.5}, "wanted_chance"),
        (dict.fromkeys(WEIGHT_FIELDS, 0), WEIGHT_FIELDS[0]),
        ({"slug": "mine"}, "slug"),
        ({"revision": 0}, "revision"),
        ({"id": 1}, "id"),
        ({"version": "1"}, "version"),
        ({"version": -1}, "version"),
    ],
)
def test_settings_that_cannot_be_are_refused(lead, body, field):
    before = lead.get("").content

    refused = lead.patch("", body)

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [field])
    assert lead.get("").content == before


def test_an_observer_reads_and_a_partner_does_not(coalition):
    assert a_program(coalition, role=Role.OBSERVER).get("").status_code == 200
    assert a_program(coalition, role=Role.PARTNER).get("").status_code == 403
