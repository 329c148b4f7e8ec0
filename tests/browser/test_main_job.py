"""The main job with the keyboard alone, and without any script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from coalitions.models import Role
from coalitions.services.ledgers import pledge_fragment
from tests.factories import PASSWORD, a_coalition, a_member, a_partner, an_action

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOON = 20_000
FOCUS = """() => {
  const at = document.activeElement;
  const look = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  return {
    id: at.id, name: at.getAttribute("name") || "", text: at.textContent.trim(),
    isSeen: at !== document.body && box.width > 0 && box.height > 0
      && ((look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none"),
  };
}"""


def tab_to(page: Page, **wanted: str) -> None:
    """Press Tab until the focus is there; on the way everybody must see where it is."""
    for _ in range(90):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        assert found["isSeen"], f"the focus is on {found}, and nobody sees it"
        if all(value in found[key] for key, value in wanted.items()):
            return
    raise AssertionError(f"Tab never came to {wanted}")


def test_a_pledge_is_logged_with_the_keyboard_alone(sign_in):
    coalition = a_coalition(critical_mass=500)
    organization = a_partner(coalition, name="Harbor Dockworkers")
    action = an_action(coalition, title="March of the harbor")
    person = a_member(coalition, role=Role.ORGANIZER, password=PASSWORD)
    row = pledge_fragment(action, organization)
    page = sign_in(None)
    page.goto("/")
    if page.evaluate(FOCUS)["name"] != "email":
        tab_to(page, name="email")
    page.keyboard.type(person.email)
    tab_to(page, name="password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=coalition.name).first).to_be_visible(timeout=SOON)
    tab_to(page, text=coalition.name)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/c/{coalition.slug}/")
    tab_to(page, text="Actions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/")
    tab_to(page, text=action.title)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{action.public_id}/")
    tab_to(page, id=f"edit-{row}")
    page.keyboard.press("Enter")
    expect(page.locator(f"#{row} input[name=likely]")).to_be_focused(timeout=SOON)
    page.keyboard.type("100")
    tab_to(page, name="high")
    page.keyboard.type("130")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("80")
    page.keyboard.press("Enter")
    expect(page.locator(f"#edit-{row}")).to_be_focused(timeout=SOON)
    expect(page.locator("#score .fresh--fresh")).to_be_visible(timeout=SOON)
    expect(page.locator("#score [data-glow=median]")).to_contain_text("people", timeout=SOON)
    assert action.current_pledges.get().likely == 100


def test_everything_that_matters_works_without_a_script(sign_in):
    coalition = a_coalition(critical_mass=500)
    organization = a_partner(coalition, name="Harbor Dockworkers")
    action = an_action(coalition, title="March of the harbor")
    person = a_member(coalition, role=Role.LEAD, password=PASSWORD)
    page = sign_in(None, java_script_enabled=False)
    page.goto("/")
    page.locator("input[name=email]").fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=coalition.name).first.click()
    expect(page.locator("#score h1")).to_be_visible()

    page.get_by_role("link", name="Actions", exact=True).click()
    page.get_by_role("link", name=action.title).first.click()
    page.locator(f"#edit-{pledge_fragment(action, organization)}").click()
    for name, value in (("low", "80"), ("likely", "100"), ("high", "130")):
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("The pledge of Harbor Dockworkers was saved.").first).to_be_visible()
    assert action.current_pledges.get().likely == 100

    page.get_by_role("link", name="Organizations", exact=True).first.click()
    page.locator(f"#edit-{organization.fragment}").click()
    page.locator("input[name=name]").fill("Harbor Workers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Harbor Workers").first).to_be_visible()
    organization.refresh_from_db()
    assert organization.name == "Harbor Workers"

    page.get_by_role("link", name="People", exact=True).first.click()
    page.get_by_role("link", name="Invite somebody").click()
    page.locator("input[name=email]").fill("new.person@example.org")
    page.locator("select[name=role]").select_option(str(int(Role.OBSERVER)))
    page.get_by_role("button", name="Show me the link").click()
    expect(page.locator("#invitation-link")).to_contain_text("/join/")
    assert coalition.invitations.filter(email="new.person@example.org").exists()
