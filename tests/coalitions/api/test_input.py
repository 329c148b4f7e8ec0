"""Whatever is sent: refused by name or taken as it is, never a guess, never a crash."""

from __future__ import annotations

import pytest
from django.apps import apps

from coalitions.api import urls
from coalitions.models import Organization
from tests.coalitions.api.conftest import ids, view_of
from tests.factories import a_count, a_partner, a_pledge, an_action, an_organization, an_overlap

LISTS = [str(each.pattern) for each in urls.coalition if hasattr(view_of(each), "orders")]

FOREIGN_KEYS = [
    "tenant", "coalition", "coalition_id", "id", "pk", "public_id", "role", "is_staff", "is_superuser",
    "approved", "verified", "created_at", "updated_at", "removed_at", "score", "revision", "by", "at",
    "Name", "name ", "__proto__", "constructor", "", "name__icontains", "bond_agreement ",
]  # fmt: skip


@pytest.mark.parametrize("key", [*FOREIGN_KEYS, "version"])
def test_a_key_that_is_not_listed_is_refused_when_adding(lead, key):
    """A10."""
    refused = lead.post("organizations/", {"name": "A", key: 1})

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [key])
    assert not Organization.objects.filter(coalition=lead.coalition).exists()


@pytest.mark.parametrize("key", FOREIGN_KEYS)
def test_a_key_that_is_not_listed_is_refused_when_changing(lead, key):
    organization = an_organization(lead.coalition)

    refused = lead.patch(f"organizations/{organization.public_id}/", {"place": "B", key: 1})

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, [key])
    organization.refresh_from_db()
    assert (organization.place, organization.version) == ("", 1)


def test_a_flood_of_keys_is_cut_short(lead):
    refused = lead.post("organizations/", {f"{'k' * 200}{number}": 1 for number in range(100)})

    fields = refused.json()["error"]["fields"]
    assert refused.status_code == 400
    assert 1 <= len(fields) <= 20
    assert max(map(len, fields)) == 80


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{\x00}\x00", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"name": "\xff"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "a\\u0007b"}', 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "A", "latitude": NaN, "longitude": 0}', 400),
        (b'{"name": "A", "latitude": 1e999, "longitude": 0}', 400),
        (b'{"name": "A", "latitude": "NaN", "longitude": 0}', 400),
        (b'{"name": "A", "reach": 1e400}', 400),
        (b'{"name": "A", "reach": 99999999999999999999999999}', 400),
        (b'{"name": "A", "reach": -99999999999999999999999999}', 400),
        (b'{"name": "A", "reach": 1.0}', 400),
        (b'{"name": "A", "bond_mandate": "true"}', 400),
        (b'{"name": "A", "kind": ["union"]}', 400),
        (b'{"name": "A", "kind": {"a": 1}}', 400),
        (b'{"name": {"a": 1}}', 400),
        (b'{"name": 1}', 400),
        (b'{"name": true}', 400),
        (b"[]", 400),
        (b'[{"name": "A"}]', 400),
        (b'"name"', 400),
        (b"1", 400),
        (b"null", 400),
        (b"[" * 100_000, 413),
        (b"[" * 30_000, 400),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400),
        (b'{"name": "' + b"A" * 70_000 + b'"}', 413),
        (b'{"name": "A", "name": ""}', 400),
    ],
)  # fmt: skip
def test_bodies_that_are_no_organization(lead, body, status):
    refused = lead.send("POST", "organizations/", body)

    assert refused.status_code == status, refused.content
    assert set(refused.json()["error"]) <= {"code", "message", "fields"}
    assert not Organization.objects.filter(coalition=lead.coalition).exists()


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "{{7*7}}",
        "' OR 1=1 --",
        "😀 Ж 漢字",
        "a\u202eb\u200bc",
        "=1+1",
        "%(limit)s %s %",
        "\\u0000",
    ],
)
def test_text_comes_back_as_it_was_sent(lead, text):
    """C01: nothing is done to text on the way in; what shows it escapes it."""
    added = lead.post("organizations/", {"name": text})

    assert (added.status_code, added.json()["name"]) == (201, text)
    assert added["Content-Type"] == "application/json"
    assert added["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/json",
        "",
        "application/jsonx",
        "*/*",
    ],
)
def test_another_content_type_is_not_read(lead, content_type):
    headers = {"Authorization": f"Bearer {lead.token}"}
    address = lead.address("organizations/")

    refused = lead.client.generic(
        "POST", address, b'{"name": "A"}', content_type=content_type, headers=headers
    )

    assert (refused.status_code, refused.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert not Organization.objects.filter(coalition=lead.coalition).exists()


def test_a_charset_beside_the_content_type_changes_nothing(lead):
    headers = {"Authorization": f"Bearer {lead.token}"}
    address = lead.address("organizations/")

    for number, content_type in enumerate(["application/json; charset=utf-8", "Application/JSON"]):
        body = b'{"name": "A%d"}' % number
        answer = lead.client.generic("POST", address, body, content_type=content_type, headers=headers)
        assert answer.status_code == 201


def test_another_accept_header_gets_json_all_the_same(lead):
    for accept in ("text/html", "application/xml", "image/*", "nonsense"):
        answer = lead.get("organizations/", Accept=accept)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_no_method_hides_behind_another(lead):
    """A12."""
    organization = an_organization(lead.coalition)
    address = f"organizations/{organization.public_id}/"

    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        for method in ("DELETE", "PATCH"):
            assert lead.get(address, **{header: method, "If-Match": '"1"'}).status_code == 200
            assert lead.send("POST", address, {"_method": method}, **{header: method}).status_code == 405
    for query in ("_method=DELETE", "method=DELETE", "format=api", "format=json"):
        assert lead.get(f"{address}?{query}").status_code == 400
    assert lead.send("HEAD", address).status_code == 200
    assert lead.send("HEAD", address).content == b""
    assert lead.send("TRACE", address).status_code == 405
    assert lead.send("OPTIONS", address).status_code == 405
    assert lead.send("BREW", address).status_code == 405
    organization.refresh_from_db()
    assert (organization.version, organization.removed_at) == (1, None)


def every_field_path() -> list[str]:
    """Own columns, and one step over every relation."""
    found: set[str] = set()
    for model in apps.get_app_config("coalitions").get_models():
        for field in model._meta.get_fields():
            found.add(field.name)
            for other in field.related_model._meta.get_fields() if field.related_model else ():
                found.add(f"{field.name}__{other.name}")
    return sorted(found)


def batched(names: list[str], size: int) -> list[list[str]]:
    return [names[place : place + size] for place in range(0, len(names), size)]


LISTED = {
    "organizations/": {"kind", "is_partner", "order", "limit", "after"},
    "actions/": {"status", "is_big", "day_from", "day_to", "order", "limit", "after"},
    "pledges/": {"action", "organization", "limit", "after"},
    "pledges/ledger/": {"action", "organization", "limit", "after"},
    "counts/": {"action", "organization", "of", "method", "limit", "after"},
    "overlaps/": {"limit", "after"},
    "forecasts/": {"limit", "after"},
    "changes/": {"since", "order", "limit", "after"},
}


def one_of_everything(coalition) -> None:
    action, partner = an_action(coalition), a_partner(coalition)
    a_pledge(action, organization=partner)
    a_count(action)
    an_overlap(partner, a_partner(coalition))


def test_every_list_is_known_to_these_tests():
    assert sorted(LISTS) == sorted(LISTED)


@pytest.mark.parametrize("path", sorted(LISTED))
def test_only_listed_parameters_filter(lead, path):
    """A06: every path over our models, bare and with lookups, is refused unless it is listed."""
    one_of_everything(lead.coalition)
    lookups = ("", "__gte", "__isnull", "__icontains", "__startswith", "__regex")
    names = [f"{field}{lookup}" for field in every_field_path() for lookup in lookups]
    refusable = [name for name in names if name not in LISTED[path]]
    assert len(refusable) > 2_000

    for many in batched(refusable, 20):
        answer = lead.get(f"{path}?{'&'.join(f'{name}=1' for name in many)}")
        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, many)


@pytest.mark.parametrize("path", sorted(LISTED))
def test_only_listed_orders_sort(lead, path):
    """A07."""
    one_of_everything(lead.coalition)
    for order in (
        "id",
        "pk",
        "-pk",
        "reach",
        "-by__password",
        "score",
        "name,reach",
        "?",
        "",
        "NAME",
        "-version",
    ):
        answer = lead.get(f"{path}?order={order}")
        assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["order"])
    for name in ("ordering", "sort", "order_by", "o", "search", "q", "fields", "expand", "page"):
        assert lead.get(f"{path}?{name}=name").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=1e2",
        "limit=ten",
        "limit=",
        "limit=99999999999999999999",
        "limit=1&limit=2",
        "after=",
        "after=%00",
        "after=' OR 1=1",
        "after=" + "f" * 32,
        "after=" + "f" * 500,
        "kind=",
        "kind=union,faith",
        "kind=union&kind=faith",
        "is_partner=1",
        "is_partner=True",
        "is_partner=",
        "kind=%FF",
        "%00=1",
        "kind[]=union",
    ],
)
def test_parameters_that_are_no_value(lead, query):
    an_organization(lead.coalition)

    refused = lead.get(f"organizations/?{query}")

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid")


@pytest.mark.parametrize("query", ["action=7", "action=%00", "organization=", "action=x&organization=y"])
def test_ids_that_are_no_ids(lead, query):
    assert lead.get(f"pledges/?{query}").status_code == 400


def test_parameters_where_none_is_listed(lead):
    organization = an_organization(lead.coalition)

    assert lead.get(f"organizations/{organization.public_id}/?expand=coalition").status_code == 400
    assert lead.get("score/?at=2020-01-01").status_code == 400
    assert lead.post("organizations/?coalition=2", {"name": "A"}).status_code == 400
    assert lead.post("organizations/?kind=union", {"name": "A"}).status_code == 400
    assert ids(lead.get("organizations/")) == [str(organization.public_id)]


def test_a_limit_limits(lead):
    for _ in range(5):
        an_organization(lead.coalition)

    assert len(ids(lead.get("organizations/?limit=3"))) == 3
    assert lead.get("organizations/?limit=5").json()["next"] is None
    assert len(ids(lead.get("organizations/?limit=500"))) == 5


@pytest.mark.parametrize("address", ["7", "x", "%00", "..", "00000000-0000-4000-8000-00000000000G"])
def test_addresses_that_are_no_ids(lead, address):
    assert lead.get(f"organizations/{address}/").status_code == 404
