"""The rollup of pledges says what the ledger says, and whoever tampers with it is found cell by cell."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from coalitions.models import CurrentPledge, Role
from coalitions.services.reconciling import repair
from tests.factories import a_coalition, a_partner, a_pledge, an_action

pytestmark = pytest.mark.django_db


@pytest.fixture
def coalition():
    coalition = a_coalition(slug="harbor")
    partners = [a_partner(coalition) for _ in range(4)]
    for action in (an_action(coalition), an_action(coalition)):
        for number, partner in enumerate(partners):
            a_pledge(action, organization=partner, likely=50 + number)
            a_pledge(action, organization=partner, likely=60 + number)
    a_pledge(action, organization=partners[0], likely=5000, role=Role.PARTNER)
    return coalition


def reconcile(*arguments):
    out = StringIO()
    call_command("reconcile", *arguments, stdout=out)
    return out.getvalue()


def tamper(coalition):
    """One cell for each way in which a rollup can be wrong; the fifth stays right."""
    cells = list(coalition.current_pledges.order_by("pk"))
    ledger = {
        cell.pk: list(cell.action.pledges.filter(organization=cell.organization).order_by("pk"))
        for cell in cells
    }
    figures, latest, counted, missing = cells[:4]
    CurrentPledge.objects.filter(coalition=coalition, pk=figures.pk).update(likely=61, high=90)
    CurrentPledge.objects.filter(coalition=coalition, pk=latest.pk).update(latest=ledger[latest.pk][0])
    CurrentPledge.objects.filter(coalition=coalition, pk=counted.pk).update(counted=None)
    CurrentPledge.objects.filter(coalition=coalition, pk=missing.pk).delete()
    surplus = CurrentPledge.objects.create(
        coalition=coalition,
        action=an_action(coalition),
        organization=cells[0].organization,
        low=1,
        likely=2,
        high=3,
        latest=ledger[figures.pk][0],
    )
    return [(cell.action_id, cell.organization_id) for cell in (figures, latest, counted, missing, surplus)]


def test_an_honest_ledger_shows_no_difference(coalition):
    held_back = coalition.current_pledges.exclude(latest=None).filter(latest__is_held_back=True).get()
    assert held_back.likely == 60
    assert reconcile() == "harbor: 8 cells, 0 differ\n"


def test_exactly_the_tampered_cells_are_found(coalition):
    tampered = tamper(coalition)
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("reconcile", stdout=out)
    assert failed.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert lines[0] == "harbor: 8 cells, 5 differ"
    named = {
        tuple(int(word.strip(",:")) for word in line.split() if word.strip(",:").isdigit())[:2]
        for line in lines[1:]
    }
    assert named == set(tampered)


def test_a_repair_mends_each_cell_and_leaves_an_entry_for_each(coalition):
    before = coalition.changes.count()
    tamper(coalition)
    assert reconcile("--repair").count("repaired") == 5
    assert reconcile() == "harbor: 8 cells, 0 differ\n"
    entries = list(coalition.changes.filter(verb="rollup.repaired").order_by("revision"))
    assert len(entries) == 5
    assert coalition.changes.count() == before + 5
    assert (entries[0].before["likely"], entries[0].after["likely"]) == (61, 60)
    assert {entry.after is None for entry in entries} == {True, False}


def test_a_second_repair_finds_nothing_to_do(coalition):
    tamper(coalition)
    reconcile("--repair")
    assert "repaired" not in reconcile("--repair")


def test_a_cell_that_is_right_is_left_alone(coalition):
    cell = coalition.current_pledges.first()
    assert not repair(coalition, action_id=cell.action_id, organization_id=cell.organization_id)
    assert not coalition.changes.filter(verb="rollup.repaired").exists()


def test_one_coalition_can_be_looked_at_alone(coalition):
    a_pledge()
    assert reconcile("--coalition", "harbor").startswith("harbor:")
    assert len(reconcile().splitlines()) == 2
    with pytest.raises(CommandError, match="no coalition nowhere"):
        reconcile("--coalition", "nowhere")
