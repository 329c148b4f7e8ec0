"""`manage.py createcoalition`: the coalition, its first lead, a link, and clear words about mistakes."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from coalitions.models import Coalition, Membership, Role, User
from tests.factories import PASSWORD, a_coalition, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


def run(slug="riverside", **options):
    out = StringIO()
    given = {
        "name": "Riverside Transit Coalition",
        "lead_email": "Amara@Example.org",
        "lead_name": "Amara Mbeki",
    }
    call_command("createcoalition", slug, stdout=out, **given | options)
    return out.getvalue()


def test_a_new_lead_gets_a_link_that_works_once(client, settings):
    settings.BASE_URL = "https://muster.example"
    told = run(time_zone="America/Chicago")
    coalition = Coalition.objects.get(slug="riverside")
    assert (coalition.name, coalition.time_zone) == ("Riverside Transit Coalition", "America/Chicago")
    member = Membership.objects.get(coalition=coalition)
    assert (member.user.email, member.user.name, member.role) == (
        "amara@example.org",
        "Amara Mbeki",
        Role.LEAD,
    )
    assert not member.user.has_usable_password()
    assert "https://muster.example/c/riverside/" in told
    (link,) = re.findall(r"https://muster\.example(/reset-password/\S+)", told)
    assert client.post(link, {"password": "entirely new words here"}).status_code == 302
    assert client.post(link, {"password": "a third set of words"}).status_code == 404


def test_somebody_with_an_account_becomes_lead_and_keeps_the_password():
    user = a_user(email="amara@example.org", password=PASSWORD)
    told = run(lead_name="")
    assert "/reset-password/" not in told
    assert "/sign-in/" in told
    assert Membership.objects.get(user=user).role == Role.LEAD
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"slug": "two words"}, "letters, digits, hyphens"),
        ({"slug": "x" * 61}, "at most 60 characters"),
        ({"slug": "taken"}, "already a coalition"),
        ({"name": " "}, "give the coalition a name"),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"lead_email": "amara"}, "not an e-mail address"),
        ({"lead_name": ""}, "add --lead-name"),
        ({"lead_email": "gone@example.org"}, "is closed"),
        ({"time_zone": "Riverside"}, "not a time zone"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_made(wrong, words):
    a_coalition(slug="taken")
    User.objects.filter(pk=a_user(email="gone@example.org").pk).update(is_active=False)
    with pytest.raises(CommandError, match=words):
        run(**wrong)
    assert Coalition.objects.count() == 1
    assert User.objects.count() == 1
