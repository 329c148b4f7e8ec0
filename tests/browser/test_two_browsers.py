"""What one person saves, the others see at once: without reloading, and without losing what they type."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from coalitions.models import Action, Coalition, Membership, Organization, Role, Score, User
from coalitions.services.ledgers import pledge_fragment
from coalitions.services.people import change_role, remove_person
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
)
from tests.stack import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A worker, a stream and two browsers share the machine with whatever else it does.
SOON = 20_000


@dataclass
class House:
    coalition: Coalition
    organization: Organization
    lead: User
    organizer: User
    action: Action

    @property
    def address(self) -> str:
        return f"/c/{self.coalition.slug}/"

    @property
    def action_address(self) -> str:
        return f"{self.address}actions/{self.action.public_id}/"

    def revision(self) -> str:
        return str(Coalition.objects.get(pk=self.coalition.pk).revision)


@pytest.fixture
def house(transactional_db):
    coalition = a_coalition(critical_mass=500)
    organization = a_partner(coalition, name="Harbor Dockworkers")
    held = a_held_action(coalition)
    a_pledge(held, organization=organization, likely=100)
    a_count(held, best=80, of="pledged", organization=organization)
    action = an_action(coalition, title="March of the harbor")
    a_pledge(action, organization=organization, likely=100)
    lead = a_member(coalition, role=Role.LEAD, name="Ada Lind")
    return House(coalition, organization, lead, a_member(coalition, name="Ben Ruiz"), action)


def is_listening(page: Page, address: str) -> Page:
    """Open the page and wait until its stream is open: from here on nothing may be missed."""
    with page.expect_response(lambda answer: "/live/" in answer.url, timeout=SOON) as stream:
        page.goto(address)
    assert stream.value.status == 200
    page.evaluate("window.neverReloaded = true")
    return page


def was_never_reloaded(page: Page) -> bool:
    return page.evaluate("window.neverReloaded === true")


def log_pledge(page: Page, house: House, likely: int) -> None:
    row = pledge_fragment(house.action, house.organization)
    page.locator(f"#edit-{row}").click()
    form = page.locator(f"#{row} form[data-edit]")
    form.locator("input[name=low]").fill(str(likely - 20))
    form.locator("input[name=likely]").fill(str(likely))
    form.locator("input[name=high]").fill(str(likely + 20))
    form.get_by_role("button", name="Save").click()
    expect(page.locator(f"#edit-{row}")).to_contain_text(str(likely), timeout=SOON)


def open_edit(page: Page, organization: Organization) -> Locator:
    page.locator(f"#edit-{organization.fragment}").click()
    name = page.locator(f"#{organization.fragment} input[name=name]")
    expect(name).to_be_visible(timeout=SOON)
    return name


def rename(page: Page, organization: Organization, name: str) -> None:
    open_edit(page, organization).fill(name)
    page.locator(f"#{organization.fragment}").get_by_role("button", name="Save").click()
    expect(page.locator(f"#edit-{organization.fragment}")).to_be_visible(timeout=SOON)


def test_a_pledge_rescores_the_overview_of_somebody_else(house, sign_in):
    watching = is_listening(sign_in(house.lead), house.address)
    page = sign_in(house.organizer)
    page.goto(house.action_address)
    log_pledge(page, house, 160)
    score = watching.locator("#score")
    expect(score).to_have_attribute("data-revision", house.revision(), timeout=SOON)
    expect(score.locator(".fresh--fresh")).to_be_visible(timeout=SOON)
    expect(score.locator("ol.log")).to_contain_text("Harbor Dockworkers")
    expect(watching.locator("#announce")).to_contain_text("Strength is", timeout=SOON)
    assert was_never_reloaded(watching)


def test_news_during_a_slow_answer_is_asked_for_again(house, sign_in):
    """The answer on its way is older than the news, and the element that hears it is about to be replaced."""
    watching = is_listening(sign_in(house.lead), house.address)
    slow = []

    def hold_the_first(route):
        if slow:
            route.continue_()
        else:
            slow.append((route, route.fetch()))

    watching.route("**/score/", hold_the_first)
    page = sign_in(house.organizer)
    page.goto(house.action_address)
    log_pledge(page, house, 160)
    until(lambda: watching.evaluate("1") and slow, seconds=15)
    log_pledge(page, house, 240)
    until(lambda: Score.objects.get(coalition=house.coalition).revision == int(house.revision()), seconds=30)
    expect(page.locator("#score .fresh--fresh")).to_be_visible(timeout=SOON)
    route, answer = slow[0]
    route.fulfill(response=answer)
    expect(watching.locator("#score")).to_have_attribute("data-revision", house.revision(), timeout=SOON)
    expect(watching.locator("#score .fresh--fresh")).to_be_visible(timeout=SOON)


def test_the_same_action_open_twice_shows_the_new_line_and_forecast(house, sign_in):
    watching = is_listening(sign_in(house.lead), house.action_address)
    before = watching.locator("#score").get_attribute("data-announce")
    page = sign_in(house.organizer)
    page.goto(house.action_address)
    log_pledge(page, house, 300)
    row = watching.locator(f"#{pledge_fragment(house.action, house.organization)}")
    expect(row).to_contain_text("300", timeout=SOON)
    expect(row).to_contain_text("Ben Ruiz")
    expect(watching.locator("#totals")).to_contain_text("300", timeout=SOON)
    expect(watching.locator("#score")).not_to_have_attribute("data-announce", before or "", timeout=SOON)
    expect(watching.locator("#announce")).to_contain_text("people are expected", timeout=SOON)
    assert was_never_reloaded(watching)


def test_a_new_name_shows_in_the_table_of_somebody_else(house, sign_in):
    watching = is_listening(sign_in(house.lead), f"{house.address}organizations/")
    page = sign_in(house.organizer)
    page.goto(f"{house.address}organizations/")
    rename(page, house.organization, "Harbor Workers")
    expect(watching.locator(f"#{house.organization.fragment}")).to_contain_text(
        "Harbor Workers", timeout=SOON
    )
    assert was_never_reloaded(watching)


def test_new_settings_show_on_the_settings_and_the_overview_of_somebody_else(house, sign_in):
    settings = is_listening(sign_in(house.organizer), f"{house.address}settings/")
    overview = is_listening(sign_in(house.organizer), house.address)
    page = sign_in(house.lead)
    page.goto(f"{house.address}settings/")
    page.locator("#edit-settings").click()
    page.locator("#settings input[name=critical_mass]").fill("77")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.locator("#edit-settings")).to_be_visible(timeout=SOON)
    expect(settings.locator("#settings")).to_contain_text("77", timeout=SOON)
    expect(overview.locator("#score")).to_have_attribute("data-revision", house.revision(), timeout=SOON)
    assert was_never_reloaded(settings)
    assert was_never_reloaded(overview)


def test_what_somebody_types_is_never_overwritten_and_both_versions_are_shown(house, sign_in):
    typing = is_listening(sign_in(house.lead), f"{house.address}organizations/")
    name = open_edit(typing, house.organization)
    name.fill("Dockers of the Harbor")
    page = sign_in(house.organizer)
    page.goto(f"{house.address}organizations/")
    rename(page, house.organization, "Harbor Workers")
    row = typing.locator(f"#{house.organization.fragment}")
    expect(row).to_have_attribute("data-waiting", "", timeout=SOON)
    expect(name).to_have_value("Dockers of the Harbor")

    row.get_by_role("button", name="Save").click()
    conflict = row.locator(".conflict")
    expect(conflict).to_contain_text("Ben Ruiz saved this while you were editing", timeout=SOON)
    different = conflict.locator("tr.is-other")
    expect(different).to_contain_text(["Harbor Workers"])
    expect(different).to_contain_text(["Dockers of the Harbor"])
    expect(name).to_have_value("Dockers of the Harbor")
    house.organization.refresh_from_db()
    assert house.organization.name == "Harbor Workers"

    row.get_by_role("button", name="Save").click()
    expect(typing.locator(f"#edit-{house.organization.fragment}")).to_be_visible(timeout=SOON)
    expect(page.locator(f"#{house.organization.fragment}")).to_contain_text("Dockers of the", timeout=SOON)
    house.organization.refresh_from_db()
    assert house.organization.name == "Dockers of the Harbor"


def test_two_pledges_for_one_partner_show_both_versions(house, sign_in):
    row = f"#{pledge_fragment(house.action, house.organization)}"
    typing = is_listening(sign_in(house.lead), house.action_address)
    typing.locator(f"#edit-{row[1:]}").click()
    typing.locator(f"{row} input[name=high]").fill("190")
    page = sign_in(house.organizer)
    page.goto(house.action_address)
    log_pledge(page, house, 160)
    expect(typing.locator(row)).to_have_attribute("data-waiting", "", timeout=SOON)
    expect(typing.locator(f"{row} input[name=high]")).to_have_value("190")
    typing.locator(row).get_by_role("button", name="Save").click()
    expect(typing.locator(f"{row} .conflict")).to_contain_text("180", timeout=SOON)
    expect(typing.locator(f"{row} .conflict")).to_contain_text("190")
    typing.locator(row).get_by_role("button", name="Save").click()
    expect(typing.locator(f"#edit-{row[1:]}")).to_contain_text("190", timeout=SOON)


def test_a_cancelled_form_catches_up_with_what_it_had_missed(house, sign_in):
    typing = is_listening(sign_in(house.lead), f"{house.address}organizations/")
    open_edit(typing, house.organization)
    page = sign_in(house.organizer)
    page.goto(f"{house.address}organizations/")
    rename(page, house.organization, "Harbor Workers")
    row = typing.locator(f"#{house.organization.fragment}")
    expect(row).to_have_attribute("data-waiting", "", timeout=SOON)
    row.locator("[data-cancel]").click()
    expect(row).to_contain_text("Harbor Workers", timeout=SOON)


def test_whoever_was_offline_catches_up(house, sign_in):
    away = is_listening(sign_in(house.lead), f"{house.address}organizations/")
    away.context.set_offline(True)
    page = sign_in(house.organizer)
    page.goto(f"{house.address}organizations/")
    rename(page, house.organization, "Harbor Workers")
    expect(away.locator(f"#{house.organization.fragment}")).to_contain_text("Harbor Dockworkers")
    away.context.set_offline(False)
    expect(away.locator(f"#{house.organization.fragment}")).to_contain_text("Harbor Workers", timeout=40_000)
    expect(away.locator("#sync")).to_be_hidden(timeout=SOON)
    assert was_never_reloaded(away)


def test_without_its_stream_a_page_says_so_looks_by_itself_and_recovers(house, sign_in, stack):
    watching = is_listening(sign_in(house.lead), f"{house.address}organizations/")
    row = watching.locator(f"#{house.organization.fragment}")
    page = sign_in(house.organizer)
    page.goto(f"{house.address}organizations/")
    stack.programs["live"].stop()
    try:
        rename(page, house.organization, "Harbor Workers")
        expect(watching.locator("#sync")).to_contain_text("Connection lost", timeout=SOON)
        expect(row).to_contain_text("Harbor Workers", timeout=40_000)
    finally:
        stack.restart("live")
    expect(watching.locator("#sync")).to_be_hidden(timeout=SOON)
    rename(page, house.organization, "Dockers")
    expect(row).to_contain_text("Dockers", timeout=SOON)
    assert was_never_reloaded(watching)


def streams_of(page: Page) -> list[str]:
    """Addresses of the page's streams as they end."""
    ended: list[str] = []
    for name in ("requestfinished", "requestfailed"):
        page.on(name, lambda request: ended.append(request.url) if "/live/" in request.url else None)
    return ended


def test_a_demoted_organizer_loses_the_stream_and_the_next_click_is_refused(house, sign_in):
    page = sign_in(house.organizer)
    ended = streams_of(page)
    is_listening(page, house.action_address)
    membership = Membership.objects.get(user=house.organizer)
    change_role(
        membership,
        by=house.lead,
        role=Role.OBSERVER,
        organization=None,
        seen_version=membership.version,
        now=timezone.now(),
    )
    until(lambda: page.evaluate("1") and ended, seconds=15)
    page.locator(f"#edit-{pledge_fragment(house.action, house.organization)}").click()
    expect(page.locator("#trouble")).to_contain_text("You may not do this", timeout=SOON)


def test_a_removed_person_hears_nothing_more(house, sign_in):
    gone = sign_in(house.organizer)
    ended = streams_of(gone)
    is_listening(gone, f"{house.address}organizations/")
    remove_person(Membership.objects.get(user=house.organizer), by=house.lead, now=timezone.now())
    until(lambda: gone.evaluate("1") and ended, seconds=15)
    page = sign_in(house.lead)
    page.goto(f"{house.address}organizations/")
    with gone.expect_response(lambda answer: "/live/" in answer.url, timeout=SOON) as again:
        rename(page, house.organization, "Harbor Workers")
    assert again.value.status == 404
    expect(gone.locator(f"#{house.organization.fragment}")).to_contain_text("Harbor Dockworkers")
    gone.locator(f"#edit-{house.organization.fragment}").click()
    expect(gone.locator("#trouble")).to_be_visible(timeout=SOON)
