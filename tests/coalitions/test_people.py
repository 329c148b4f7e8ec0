"""Roles, removal and the rule about leads (A15, A23), on the page and in the services."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from coalitions.models import ApiToken, Change, Invitation, Membership, Role
from coalitions.services import people
from coalitions.services.editing import Refused, StaleEdit
from tests.coalitions.people_at_the_door import signed_in
from tests.factories import a_coalition, a_member, a_partner, a_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def coalition():
    return a_coalition()


@pytest.fixture
def lead(coalition):
    return a_member(coalition, role=Role.LEAD, name="Amara Mbeki")


def member_of(coalition, user):
    return Membership.objects.get(coalition=coalition, user=user)


def role_of(coalition, user):
    return Membership.objects.filter(coalition=coalition, user=user).values_list("role", flat=True).first()


def demote(coalition, user, *, by, role=Role.ORGANIZER, organization=None, now=None):
    member = member_of(coalition, user)
    people.change_role(
        member,
        by=by,
        seen_version=member.version,
        role=role,
        organization=organization,
        now=now or timezone.now(),
    )


def remove(coalition, user, *, by, now=None):
    people.remove_person(member_of(coalition, user), by=by, now=now or timezone.now())


def page_of(coalition, name="people", **where):
    return reverse(f"coalitions:{name}", kwargs={"slug": coalition.slug, **where})


# --- the page ---------------------------------------------------------------------------------------------


def test_everybody_from_observer_up_sees_who_belongs_and_only_leads_see_addresses(coalition, lead):
    organizer = a_member(coalition, role=Role.ORGANIZER, name="Jonas Oduya", email="jonas@example.org")
    for reader, sees in ((organizer, False), (lead, True)):
        page = signed_in(reader).get(page_of(coalition)).content.decode()
        assert "Jonas Oduya" in page
        assert ("jonas@example.org" in page) is sees


def test_a_partner_does_not_see_the_people(coalition):
    assert signed_in(a_member(coalition, role=Role.PARTNER)).get(page_of(coalition)).status_code == 403


def test_only_leads_see_open_invitations(coalition, lead):
    invite(coalition, lead, email="new@example.org")
    observer = a_member(coalition, role=Role.OBSERVER)
    assert "new@example.org" in signed_in(lead).get(page_of(coalition)).content.decode()
    assert "new@example.org" not in signed_in(observer).get(page_of(coalition)).content.decode()


def invite(coalition, lead, *, email="new@example.org", role=Role.OBSERVER, organization=None, send=False):
    return people.invite(
        coalition,
        by=lead,
        email=email,
        role=role,
        organization=organization,
        send=send,
        now=timezone.now(),
    )


def test_the_page_costs_the_same_for_one_person_as_for_forty(coalition, lead, django_assert_max_num_queries):
    browser = signed_in(lead)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(8) as seen:
            assert browser.get(page_of(coalition)).status_code == 200
        counts.append(len(seen))
        for number in range(40):
            a_member(coalition, role=Role.PARTNER)
            inviter = a_member(coalition, role=Role.LEAD)
            invite(coalition, inviter, email=f"guest-{len(counts)}-{number}@example.org")
    assert counts[0] == counts[1]


def test_the_list_alone_is_fetched_when_it_went_stale(coalition, lead):
    answer = signed_in(lead).get(page_of(coalition), headers={"HX-Request": "true"}).content.decode()
    assert 'id="people"' in answer
    assert "<html" not in answer


def test_a_lead_changes_a_role_on_the_page(coalition, lead):
    teresa = a_member(coalition, role=Role.OBSERVER, name="Teresa Kline")
    browser, member = signed_in(lead), member_of(coalition, teresa)
    address = page_of(coalition, "member-role", member_id=member.public_id)
    assert "Teresa Kline" in browser.get(address).content.decode()
    response = browser.post(address, {"role": Role.ORGANIZER, "version": 1})
    assert response["Location"] == page_of(coalition)
    assert role_of(coalition, teresa) == Role.ORGANIZER
    change = Change.objects.filter(coalition=coalition).latest("revision")
    assert (change.verb, change.subject, change.fragment) == ("role.changed", "Teresa Kline", "people")
    assert change.before is not None
    assert change.after is not None
    assert (change.before["role"], change.after["role"]) == (Role.OBSERVER, Role.ORGANIZER)


def test_htmx_gets_the_list_and_a_toast(coalition, lead):
    member = member_of(coalition, a_member(coalition, role=Role.OBSERVER))
    address = page_of(coalition, "member-role", member_id=member.public_id)
    answer = signed_in(lead).post(
        address, {"role": Role.ORGANIZER, "version": 1}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert 'hx-swap-oob="innerHTML"' in answer.content.decode()


def test_the_slower_of_two_leads_sees_both_versions(coalition, lead):
    partner = a_partner(coalition, name="Dockers Local 12")
    member = member_of(coalition, a_member(coalition, role=Role.OBSERVER))
    browser = signed_in(lead)
    address = page_of(coalition, "member-role", member_id=member.public_id)
    browser.post(address, {"role": Role.PARTNER, "organization": partner.public_id, "version": 1})
    response = browser.post(address, {"role": Role.ORGANIZER, "version": 1})
    assert response.status_code == 409
    shown = response.content.decode()
    assert "Dockers Local 12" in shown
    assert 'name="version" value="2"' in shown
    assert browser.post(address, {"role": Role.ORGANIZER, "version": 2}).status_code == 302


def test_a_partner_speaks_for_an_organization_of_this_coalition(coalition, lead):
    here, elsewhere, gone = a_partner(coalition), a_partner(a_coalition()), a_partner(coalition)
    gone.removed_at = timezone.now()
    gone.save()
    user = a_member(coalition, role=Role.OBSERVER)
    member = member_of(coalition, user)
    address = page_of(coalition, "member-role", member_id=member.public_id)
    for typed in ("", elsewhere.public_id, gone.public_id, "nonsense"):
        data = {"role": Role.PARTNER, "organization": typed, "version": 1}
        assert signed_in(lead).post(address, data).status_code == 422
    for organization in (None, elsewhere, gone):
        with pytest.raises(Refused):
            demote(coalition, user, by=lead, role=Role.PARTNER, organization=organization)
    demote(coalition, user, by=lead, role=Role.PARTNER, organization=here)
    assert member_of(coalition, user).organization == here
    demote(coalition, user, by=lead, role=Role.OBSERVER, organization=here)
    assert member_of(coalition, user).organization is None


@pytest.mark.parametrize("role", ["0", "5", "99", "lead", ""])
def test_a_role_that_does_not_exist_is_refused(coalition, lead, role):
    member = member_of(coalition, a_member(coalition, role=Role.OBSERVER))
    address = page_of(coalition, "member-role", member_id=member.public_id)
    assert signed_in(lead).post(address, {"role": role, "version": 1}).status_code == 422


def test_the_same_role_again_leaves_no_trace(coalition, lead):
    user = a_member(coalition, role=Role.OBSERVER)
    demote(coalition, user, by=lead, role=Role.OBSERVER)
    assert not Change.objects.filter(coalition=coalition).exists()


def test_a_member_of_another_coalition_cannot_be_reached(coalition, lead):
    stranger = member_of(other := a_coalition(), a_member(other, role=Role.OBSERVER))
    browser = signed_in(lead)
    for name in ("member-role", "member-remove"):
        address = page_of(coalition, name, member_id=stranger.public_id)
        assert browser.post(address, {"role": Role.LEAD, "version": 1}).status_code == 404
    assert role_of(other, stranger.user) == Role.OBSERVER


@pytest.mark.parametrize("page", ["member-role", "member-remove", "invite"])
def test_people_are_changed_by_leads_only_and_after_a_fresh_sign_in(client, coalition, lead, page):
    victim = member_of(coalition, a_member(coalition, role=Role.OBSERVER))
    where = {} if page == "invite" else {"member_id": victim.public_id}
    data = {"role": Role.LEAD, "version": 1, "email": "new@example.org"}
    organizer = a_member(coalition, role=Role.ORGANIZER)
    assert signed_in(organizer).post(page_of(coalition, page, **where), data).status_code == 403
    client.force_login(lead)
    response = client.post(page_of(coalition, page, **where), data)
    assert response["Location"].startswith(reverse("confirm"))
    assert role_of(coalition, victim.user) == Role.OBSERVER
    assert not Invitation.objects.filter(coalition=coalition).exists()


def test_a_removed_person_loses_pages_tokens_and_invitations_given_out(coalition, lead):
    organizer = a_member(coalition, role=Role.ORGANIZER, name="Jonas Oduya")
    member = member_of(coalition, organizer)
    theirs = signed_in(organizer)
    now = timezone.now()
    ApiToken.objects.create(
        coalition=coalition, membership=member, name="x", token_digest="d", expires_at=now + timedelta(days=1)
    )
    _given_out, token = invite(coalition, organizer)
    assert theirs.get(page_of(coalition)).status_code == 200
    address = page_of(coalition, "member-remove", member_id=member.public_id)
    assert signed_in(lead).post(address).status_code == 302
    assert theirs.get(page_of(coalition)).status_code == 404
    assert not ApiToken.objects.filter(coalition=coalition).exists()
    assert people.find_open_invitation(token, now=now) is None
    change = Change.objects.filter(coalition=coalition).latest("revision")
    assert (change.verb, change.subject, change.by) == ("person.removed", "Jonas Oduya", lead)


def test_a_demoted_person_meets_the_lower_role_at_the_next_request(coalition, lead):
    organizer = a_member(coalition, role=Role.ORGANIZER)
    theirs = signed_in(organizer)
    assert theirs.get(page_of(coalition)).status_code == 200
    demote(coalition, organizer, by=lead, role=Role.PARTNER, organization=a_partner(coalition))
    assert theirs.get(page_of(coalition)).status_code == 403


def test_a_lead_who_removes_themselves_lands_at_home(coalition, lead):
    a_member(coalition, role=Role.LEAD)
    address = page_of(coalition, "member-remove", member_id=member_of(coalition, lead).public_id)
    assert signed_in(lead).post(address)["Location"] == reverse("home")
    assert role_of(coalition, lead) is None


def test_htmx_takes_a_lead_who_removed_themselves_home(coalition, lead):
    a_member(coalition, role=Role.LEAD)
    address = page_of(coalition, "member-remove", member_id=member_of(coalition, lead).public_id)
    answer = signed_in(lead).post(address, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("home"))


# --- no lead can shut the others out (A23) ----------------------------------------------------------------


def test_the_last_lead_can_neither_step_down_nor_leave_nor_be_removed(coalition, lead):
    for change in (demote, remove):
        with pytest.raises(Refused, match="needs a lead"):
            change(coalition, lead, by=lead)
    assert role_of(coalition, lead) == Role.LEAD


def test_the_page_says_why_the_last_lead_stays(coalition, lead):
    member = member_of(coalition, lead)
    browser = signed_in(lead)
    address = page_of(coalition, "member-remove", member_id=member.public_id)
    for headers in ({}, {"HX-Request": "true"}):
        response = browser.post(address, headers=headers)
        assert response.status_code == 422
        assert "needs a lead" in response.content.decode()
    response = browser.post(
        page_of(coalition, "member-role", member_id=member.public_id), {"role": Role.OBSERVER, "version": 1}
    )
    assert response.status_code == 422
    assert "needs a lead" in response.content.decode()


def test_a_lead_steps_down_while_another_one_stays(coalition, lead):
    a_member(coalition, role=Role.LEAD)
    demote(coalition, lead, by=lead)
    assert role_of(coalition, lead) == Role.ORGANIZER


@pytest.mark.parametrize("change", [demote, remove])
def test_of_two_leads_neither_can_shut_out_the_other(coalition, lead, change):
    other = a_member(coalition, role=Role.LEAD)
    with pytest.raises(Refused, match="third one"):
        change(coalition, other, by=lead)
    assert role_of(coalition, other) == Role.LEAD


@pytest.mark.parametrize("change", [demote, remove])
def test_a_lead_takes_the_role_from_one_other_a_day(coalition, lead, change):
    others = [a_member(coalition, role=Role.LEAD) for _ in range(3)]
    change(coalition, others[0], by=lead)
    with pytest.raises(Refused, match="already took the role"):
        change(coalition, others[1], by=lead)
    change(coalition, others[1], by=lead, now=timezone.now() + timedelta(hours=25))
    assert [role_of(coalition, user) == Role.LEAD for user in others] == [False, False, True]


def test_another_lead_can_go_on_where_one_may_not(coalition, lead):
    others = [a_member(coalition, role=Role.LEAD) for _ in range(3)]
    remove(coalition, others[0], by=lead)
    remove(coalition, others[1], by=others[2])
    assert role_of(coalition, others[1]) is None


def test_stepping_down_does_not_use_up_the_day(coalition, lead):
    others = [a_member(coalition, role=Role.LEAD) for _ in range(3)]
    demote(coalition, others[0], by=others[0])
    demote(coalition, others[0], by=lead, role=Role.LEAD)
    tomorrow = timezone.now() + timedelta(hours=25)
    demote(coalition, others[1], by=others[0], now=tomorrow)
    assert role_of(coalition, others[1]) == Role.ORGANIZER


def test_a_lead_of_less_than_a_day_does_not_count_as_the_third(coalition, lead):
    other, accomplice = a_member(coalition, role=Role.LEAD), a_member(coalition, role=Role.OBSERVER)
    demote(coalition, accomplice, by=lead, role=Role.LEAD)
    with pytest.raises(Refused, match="third one"):
        remove(coalition, other, by=lead)
    remove(coalition, other, by=lead, now=timezone.now() + timedelta(hours=25))
    assert role_of(coalition, other) is None


def test_a_lead_of_less_than_a_day_takes_the_role_from_nobody(coalition, lead):
    others = [a_member(coalition, role=Role.LEAD) for _ in range(2)]
    invitation, _token = invite(coalition, lead, role=Role.LEAD)
    accomplice = a_user(email="new@example.org")
    people.join(invitation, user=accomplice, now=timezone.now())
    with pytest.raises(Refused, match="less than a day"):
        remove(coalition, others[0], by=accomplice)


def test_a_demoted_lead_cannot_come_back_by_an_invitation_made_beforehand(coalition, lead):
    other = a_member(coalition, role=Role.LEAD)
    a_member(coalition, role=Role.LEAD)
    _invitation, token = invite(coalition, other, email="second-self@example.org", role=Role.LEAD)
    demote(coalition, other, by=lead)
    assert people.find_open_invitation(token, now=timezone.now()) is None


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_step_down_at_once_leave_one():
    coalition = a_coalition()
    leads = [a_member(coalition, role=Role.LEAD) for _ in range(2)]
    start, answers = threading.Barrier(2), []

    def step_down(user):
        try:
            start.wait(10)
            demote(coalition, user, by=user)
            answers.append("done")
        except Refused:
            answers.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=step_down, args=(user,)) for user in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["done", "refused"]
    assert Membership.objects.filter(coalition=coalition, role=Role.LEAD).count() == 1


def test_a_stale_change_of_a_role_is_told_apart(coalition, lead):
    member = member_of(coalition, a_member(coalition, role=Role.OBSERVER))
    Membership.objects.filter(coalition=coalition, pk=member.pk).update(version=7)
    with pytest.raises(StaleEdit):
        people.change_role(
            member, by=lead, seen_version=1, role=Role.ORGANIZER, organization=None, now=timezone.now()
        )


def test_no_trace_of_people_holds_an_address(coalition, lead):
    invitation, _token = invite(coalition, lead, email="canary@example.org", role=Role.OBSERVER)
    user = a_user(email="canary@example.org", name="Rui Santos")
    people.join(invitation, user=user, now=timezone.now())
    demote(coalition, user, by=lead)
    remove(coalition, user, by=lead)
    traces = list(Change.objects.filter(coalition=coalition).values_list("subject", "before", "after"))
    assert len(traces) == 4
    assert "canary" not in str(traces)
