"""What stays behind on a device when somebody has signed out: nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.factories import a_coalition, a_member, a_partner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = """async () => ({
  local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  caches: await caches.keys(), databases: (await indexedDB.databases()).map((each) => each.name),
})"""


def test_back_after_signing_out_leads_to_the_door(sign_in):
    coalition = a_coalition()
    a_partner(coalition, name="Harbor Dockworkers")
    page = sign_in(a_member(coalition))
    page.goto(f"/c/{coalition.slug}/organizations/")
    expect(page.get_by_text("Harbor Dockworkers").first).to_be_visible()
    page.goto(f"/c/{coalition.slug}/")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for _ in range(3):
        page.go_back()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "Harbor Dockworkers" not in page.content()
        if "organizations" in page.url:
            break


def test_the_device_keeps_the_look_and_nothing_else(sign_in):
    coalition = a_coalition()
    organization = a_partner(coalition, name="Harbor Dockworkers")
    page = sign_in(a_member(coalition))
    page.goto(f"/c/{coalition.slug}/organizations/")
    page.get_by_role("button", name="Dark").first.click()
    page.locator(f"#edit-{organization.fragment}").click()
    page.locator(f"#{organization.fragment} input[name=name]").fill("Dockers")
    page.locator(f"#{organization.fragment}").get_by_role("button", name="Save").click()
    expect(page.locator(f"#edit-{organization.fragment}")).to_be_visible()
    page.locator("#find-organization").fill("Dockers")
    page.wait_for_url("**/organizations/?find=Dockers")
    assert page.evaluate(KEPT) == {"local": ["muster.theme"], "session": [], "caches": [], "databases": []}
