"""Whatever people write is shown as text: nothing of it runs, asks, or changes the page."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coalitions.models import CountMethod, CountOf, Role
from coalitions.services.directory import edit_organization
from coalitions.services.people import invite
from tests.browser.walking import checked, pages_of_a_lead, pages_of_a_partner
from tests.factories import (
    a_coalition,
    a_count,
    a_held_action,
    a_member,
    a_partner,
    a_pledge,
    an_action,
    an_overlap,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SCRIPT = "<script>document.title = 'taken'; window.taken = 1</script>"
IMAGE = "\"'><img src=x onerror=window.taken=1>"
SVG = "<svg onload=window.taken=1><a xlink:href=javascript:window.taken=1>"
ASKING = "<b hx-get=/taken/ hx-trigger=load data-hx-get=/taken/ hx-on:load=window.taken=1>"
ENDING = "</textarea></title></option></svg></script><iframe src=//taken.example>"
TEMPLATE = "{{7*7}} {% load x %} ${7*7} #{7*7}"
ODD = "\u202edrow\u202c a\u200bb \U0001f6a9 \ufeffe\u0301"
ALL = (SCRIPT, IMAGE, SVG, ASKING, ENDING, TEMPLATE, ODD)
# What would be on the page if a piece of text had become a part of it.
BECAME_REAL = """() => [...document.querySelectorAll(
  "iframe, img[src=x], [onerror], [onload], [data-hx-get], [hx-get='/taken/'], a[*|href^=javascript]")]
  .map((each) => each.outerHTML.slice(0, 120)).concat(window.taken ? ["it ran"] : [])"""


@pytest.fixture
def hostile():
    """A coalition in which every text field holds something hostile."""
    coalition = a_coalition(name=SCRIPT, cause=f"{ENDING} {TEMPLATE}", target=IMAGE)
    lead = a_member(coalition, role=Role.LEAD, name=f"{IMAGE} {ODD}")
    partners = [
        a_partner(coalition, name=f"{text} {number}", community=text[:80], place=text[:120])
        for number, text in enumerate(ALL)
    ]
    held, march = (
        a_held_action(coalition, title=SVG, place=ENDING),
        an_action(coalition, title=SCRIPT, place=IMAGE),
    )
    for partner, text in zip(partners, ALL, strict=True):
        a_pledge(held, organization=partner, by=lead, note=text)
        a_pledge(march, organization=partner, by=lead, note=text)
    a_count(held, best=400, counted_by=ASKING, method=CountMethod.PHOTO)
    a_count(held, best=80, of=CountOf.PLEDGED, organization=partners[0], counted_by=SCRIPT)
    an_overlap(partners[0], partners[1])
    edit_organization(partners[1], by=lead, seen_version=1, values={"place": ASKING[:120]})
    member = a_member(coalition, role=Role.PARTNER, organization=partners[0], name=SCRIPT)
    invite(
        coalition,
        by=lead,
        email='"<img/src=x/onerror=taken>"@example.org',
        role=Role.PARTNER,
        organization=partners[3],
        send=False,
        now=timezone.now(),
    )
    checked(
        coalition, lead, {f"{IMAGE}.csv": f"id,name,kind\n1,{IMAGE[2:]} Harbor,union\n2,{SCRIPT} 0,union\n"}
    )
    checked(coalition, lead, {f"{SCRIPT}.csv": f"id,name,kind\n1,{SVG},{SVG}\n"})
    return coalition, lead, member


def walked(page, pages):
    became_real = []
    for name, address in pages.items():
        page.goto(address)
        became_real.extend(f"{name}: {each}" for each in page.evaluate(BECAME_REAL))
        if page.title() == "taken":
            became_real.append(f"{name}: the title")
    return became_real


def test_nothing_that_people_write_becomes_part_of_a_page(hostile, sign_in):
    coalition, lead, member = hostile
    page = sign_in(lead, fresh=True)
    assert walked(page, pages_of_a_lead(coalition)) == []
    assert walked(sign_in(member), pages_of_a_partner(coalition)) == []


def test_it_is_shown_as_the_text_that_it_is(hostile, sign_in):
    coalition, lead, _ = hostile
    page = sign_in(lead)
    page.goto(f"/c/{coalition.slug}/organizations/")
    for text in (SCRIPT, IMAGE, SVG, ASKING, ENDING, TEMPLATE):
        expect(page.locator("#organizations")).to_contain_text(text)
    assert SCRIPT in page.title()
    assert ODD in page.content()
    page.locator("a[id^=edit-organization]").first.click()
    expect(page.locator("form[data-edit] input[name=name]")).not_to_have_value("")
    assert page.evaluate(BECAME_REAL) == []


def test_a_new_name_travels_to_others_as_text(hostile, sign_in):
    """Through the form, the swapped fragment, the toast, what is said aloud, and the other browser."""
    coalition, lead, _ = hostile
    target = coalition.organizations.order_by("pk")[4]
    watching, page = sign_in(lead), sign_in(lead)
    with watching.expect_response(lambda answer: "/live/" in answer.url):
        watching.goto(f"/c/{coalition.slug}/organizations/")
    page.goto(f"/c/{coalition.slug}/organizations/")
    page.locator(f"#edit-{target.fragment}").click()
    page.locator(f"#{target.fragment} input[name=name]").fill(f"new {IMAGE}{ASKING}")
    page.locator(f"#{target.fragment}").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts .toast")).to_contain_text(f"new {IMAGE}{ASKING}")
    expect(page.locator("#announce")).to_contain_text(IMAGE)
    expect(watching.locator(f"#{target.fragment}")).to_contain_text(f"new {IMAGE}{ASKING}", timeout=20_000)
    assert page.evaluate(BECAME_REAL) + watching.evaluate(BECAME_REAL) == []
