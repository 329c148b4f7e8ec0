"""What muster.js promises to whoever works with the keyboard, a screen reader or a bad connection."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.factories import a_coalition, a_member, an_organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def directory(sign_in):
    """The table of organizations, with one row, as an organizer sees it."""
    coalition = a_coalition()
    organization = an_organization(coalition, name="Harbor Dockworkers")
    page = sign_in(a_member(coalition))
    page.goto(f"/c/{coalition.slug}/organizations/")
    page.edit = page.locator(f"#edit-{organization.fragment}")
    page.name = page.locator(f"#{organization.fragment} form input[name=name]")
    return page


def test_an_edit_opens_at_its_first_field_and_escape_leads_back_to_its_button(directory):
    directory.edit.press("Enter")
    expect(directory.name).to_be_focused()
    directory.keyboard.press("Escape")
    expect(directory.edit).to_be_focused()


def test_escape_drops_typed_text_only_when_pressed_twice(directory):
    directory.edit.click()
    directory.name.fill("Harbour")
    directory.keyboard.press("Escape")
    expect(directory.locator("#announce")).to_contain_text("Press Escape again")
    expect(directory.name).to_have_value("Harbour")
    directory.keyboard.press("Escape")
    expect(directory.edit).to_be_focused()
    expect(directory.get_by_text("Harbor Dockworkers").first).to_be_visible()


def test_an_error_gets_the_focus_and_the_typed_text_stays(directory):
    directory.edit.click()
    directory.name.fill("")
    directory.keyboard.press("Enter")
    expect(directory.locator("[aria-invalid=true]").first).to_be_focused()
    expect(directory.locator(".field--error .error").first).to_be_visible()


def test_saving_is_shown_said_aloud_and_leads_back_to_the_button(directory):
    directory.edit.click()
    directory.name.fill("Harbor Workers")
    directory.keyboard.press("Enter")
    expect(directory.edit).to_be_focused()
    expect(directory.locator("#toasts .toast")).to_contain_text("Undo")
    said = directory.locator("#toasts .toast > span").inner_text()
    expect(directory.locator("#announce")).to_have_text(said)


def test_what_was_typed_survives_a_lost_connection_and_goes_out_again(directory):
    directory.edit.click()
    directory.name.fill("Harbor Workers")
    directory.context.set_offline(True)
    directory.keyboard.press("Enter")
    trouble = directory.locator("#trouble")
    expect(trouble).to_contain_text("cannot be reached")
    expect(trouble).to_contain_text("What you typed is still here")
    expect(directory.name).to_have_value("Harbor Workers")
    directory.context.set_offline(False)
    trouble.get_by_role("button", name="Try again").click()
    expect(directory.edit).to_be_focused()
    expect(trouble).to_be_hidden()


def test_the_look_is_kept_on_the_device_and_nothing_else_is(directory):
    directory.get_by_role("button", name="Dark").first.click()
    directory.get_by_role("button", name="Workshop").click()
    directory.reload()
    root = directory.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("data-mode", "workshop")
    assert sorted(directory.evaluate("Object.keys(localStorage)")) == ["muster.mode", "muster.theme"]


def test_the_pages_work_without_a_script(sign_in):
    coalition = a_coalition()
    page = sign_in(a_member(coalition), java_script_enabled=False)
    page.goto(f"/c/{coalition.slug}/")
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_role("button", name="Dark")).to_be_hidden()
    page.locator(".menu summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
