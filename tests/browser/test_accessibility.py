"""What axe-core can see, on every page, wide and narrow, light and dark; and that nothing is cut off."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from coalitions.models import Role
from tests.browser.walking import (
    member,
    pages_of_a_lead,
    pages_of_a_partner,
    pages_of_a_stranger,
    some_imports,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AXE = Axe()
# Off unless asked for: whether a finger or a shaking hand hits what it aims at.
WITH_TARGETS = {"rules": {"target-size": {"enabled": True}}}
TOO_WIDE = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > most + 1)
    .filter((each) => !each.closest(".tablewrap, .vh, svg *"))
    .slice(0, 4).map((each) => `${each.tagName} ${each.className} ${each.id}`).concat("(too wide)");
}"""


def seen_by_axe(page, where):
    for found in AXE.run(page, options=WITH_TARGETS).response["violations"]:
        for node in found["nodes"][:3]:
            yield f"{where}: {found['impact']} {found['id']} {node['html'][:160]}"


def looked_at(page, name):
    """What is wrong with the open page: wide and light, then narrow and dark, then narrower."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1280, "height": 900})
    yield from seen_by_axe(page, f"{name}, wide")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    yield from seen_by_axe(page, f"{name}, narrow and dark")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        yield from (f"{name}, {width}: {each}" for each in page.evaluate(TOO_WIDE))


def walked(page, pages):
    problems = []
    for name, address in pages.items():
        answer = page.goto(address)
        assert answer.status < 500, name
        problems.extend(looked_at(page, name))
    return problems


def assert_none(problems):
    assert not problems, "\n".join(problems)


def test_every_page_of_a_lead_is_for_everybody(sign_in, demo):
    lead = member(demo, Role.LEAD)
    some_imports(demo, lead)
    pages = pages_of_a_lead(demo)
    assert len(pages) > 30
    assert_none(walked(sign_in(lead, fresh=True), pages))


def test_every_page_of_a_partner_is_for_everybody(sign_in, demo):
    assert_none(walked(sign_in(member(demo, Role.PARTNER)), pages_of_a_partner(demo)))


def test_every_page_before_signing_in_is_for_everybody(sign_in, demo):
    assert_none(walked(sign_in(None), pages_of_a_stranger(demo)))


def test_what_opens_on_a_page_is_for_everybody_too(sign_in, demo):
    """Forms in rows, errors after saving, an unfolded explanation, a toast, the menu."""
    page = sign_in(member(demo, Role.LEAD))
    problems = []
    page.goto(f"/c/{demo.slug}/organizations/")
    page.locator("a[id^=edit-organization]").first.click()
    page.locator("form[data-edit] input[name=name]").fill("")
    problems.extend(looked_at(page, "organization, form"))
    page.locator("form[data-edit] button[type=submit]").first.click()
    page.locator("form[data-edit] [aria-invalid=true]").first.wait_for()
    problems.extend(looked_at(page, "organization, error"))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("form[data-edit] input[name=name]").fill("A name of its own")
    page.locator("form[data-edit] button[type=submit]").first.click()
    page.locator("#toasts .toast").wait_for()
    problems.extend(looked_at(page, "organizations, toast"))
    page.goto(f"/c/{demo.slug}/")
    for summary in page.locator("details.why summary").all():
        summary.click()
    problems.extend(looked_at(page, "overview, unfolded"))
    page.locator("details.menu summary").click()
    problems.extend(looked_at(page, "menu"))
    assert_none(problems)
