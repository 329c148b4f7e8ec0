"""An import in a browser: files chosen, look-alikes decided, a second browser told, all undone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.coalitions.importing import DATA
from tests.factories import a_coalition, a_member, an_organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILES = sorted((DATA / "twin_cities").glob("*.csv"))
SERIOUS = {"serious", "critical"}


def assert_accessible(page):
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["impact"]) for each in found if each["impact"] in SERIOUS] == []


def check_files(page, files):
    page.goto("/c/harbor/imports/")
    page.get_by_label("CSV files").set_input_files(files)
    page.get_by_role("button", name="Check the files").click()


def test_two_browsers_see_an_import_come_and_go(sign_in):
    coalition = a_coalition(slug="harbor")
    an_organization(coalition, name="The CAIR Minnesota")
    mine = sign_in(a_member(coalition, name="Amina"))
    theirs = sign_in(a_member(coalition), width=390, dark=True)

    check_files(mine, FILES)
    expect(mine.get_by_role("heading", level=1)).to_have_text("The files can be imported", timeout=30_000)
    theirs.goto(mine.url)
    # The marks differ and nothing else does, so "The same" is proposed.
    pair = mine.get_by_role("radiogroup", name="CAIR-Minnesota")
    expect(pair.get_by_label("The same")).to_be_checked()
    pair.get_by_label("Different").check()
    assert_accessible(mine)
    assert_accessible(theirs)

    mine.get_by_role("button", name="Import", exact=True).first.click()
    for page in (mine, theirs):
        expect(page.get_by_role("heading", level=1)).to_have_text("The import is done", timeout=30_000)
    assert coalition.organizations.count() == 71
    assert_accessible(mine)

    theirs.get_by_role("button", name="Undo the import").click()
    for page in (mine, theirs):
        expect(page.get_by_role("heading", level=1)).to_have_text("The import was undone", timeout=30_000)
    assert [row.name for row in coalition.organizations.present()] == ["The CAIR Minnesota"]


def test_problems_are_shown_where_they_are(sign_in, tmp_path):
    coalition = a_coalition(slug="harbor")
    page = sign_in(a_member(coalition))
    broken = tmp_path / "actions.csv"
    broken.write_text("id,title,day\n1,<img src=x onerror=alert(1)>,2026-13-01\n")
    check_files(page, [broken])
    expect(page.get_by_role("heading", level=1)).to_have_text("The files need mending", timeout=30_000)
    expect(page.get_by_role("row", name="line 2")).to_contain_text("This is not a date.")
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="All problems as a file").click()
    assert download.value.suggested_filename == "problems-harbor.csv"
    page.goto("/c/harbor/imports/")
    for summary in page.locator("summary").all():
        summary.click()
    assert_accessible(page)
