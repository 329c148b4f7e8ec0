from __future__ import annotations

import html

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from coalitions.api import documentation, urls
from coalitions.api.schema import document
from tests.coalitions.api.conftest import view_of
from tests.factories import a_member, a_user

PAGES = ["/api/v1/docs/", "/api/v1/schema/"]


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_the_sign_in_page(db, path):
    answer = Client().get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")


@pytest.mark.parametrize("path", PAGES)
def test_a_token_does_not_open_a_page(lead, path):
    assert lead.get(path).status_code == 302


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_only_read(coalition, path):
    client = Client()
    client.force_login(a_member(coalition))

    assert client.head(path).status_code == 200
    for method in (client.post, client.put, client.patch, client.delete):
        assert method(path).status_code == 405


def test_every_address_and_method_is_described(db):
    client = Client()
    client.force_login(a_user())

    answer = client.get("/api/v1/schema/")

    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    described = {(path, method.upper()) for path, each in answer.json()["paths"].items() for method in each}
    built = {
        (f"/api/v1/c/{{slug}}/{str(each.pattern).replace('<uuid:id>', '{id}')}", method)
        for each in urls.coalition
        for method in view_of(each).roles
    }
    assert described == built


def test_the_description_is_valid_and_made_without_a_warning(capsys):
    found = document()

    validate_schema(found)
    assert capsys.readouterr().err == ""
    ids = [operation["operationId"] for each in found["paths"].values() for operation in each.values()]
    assert len(ids) == len(set(ids)) == 27


def test_every_operation_names_its_errors():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"])
            assert {"400", "401", "403", "404", "503"} <= statuses, (path, method)
            assert ("428" in statuses) == (method in {"patch", "delete"})
            assert ("415" in statuses) == ("requestBody" in operation)


def test_the_page_tells_every_operation_with_its_fields(db):
    client = Client()
    client.force_login(a_user())

    told = html.unescape(client.get("/api/v1/docs/").content.decode())

    assert "style=" not in told
    groups = documentation.groups(document())
    operations = [operation for group in groups for operation in group.operations]
    assert len(operations) == 27
    for operation in operations:
        assert operation.summary in told
        assert f'id="{operation.id}"' in told
    for words in (
        "Idempotency-Key",
        "If-Match",
        "is_held_back",
        "union | faith",
        "0 to 2147483647",
        "or null",
    ):
        assert words in told


def test_types_are_told_in_plain_words():
    by_id = {each.id: each for group in documentation.groups(document()) for each in group.operations}

    def kinds(entries: list[documentation.Entry]) -> dict[str, str]:
        return {entry.name: entry.kind for entry in entries}

    count = kinds(by_id["add_count"].body)
    assert count["source"] == "uri up to 500 characters"
    assert count["organization"] == "uuid or null"
    assert count["best"] == "integer 0 to 10000000"
    assert count["of"] == "crowd | pledged | walk_ins"
    assert count["is_withdrawn"] == "boolean"
    assert kinds(by_id["read_strength"].row)["index"] == "object or null"
    assert kinds(by_id["list_changes"].row)["before"] == "object or null"
    assert kinds(by_id["list_organizations"].parameters)["limit"] == "integer 1 to 500"
    assert by_id["list_organizations"].is_list
    assert kinds(by_id["read_forecast"].row)["interval"] == "list of number or null"
    assert {entry.name for entry in by_id["add_pledge"].body if entry.is_required} == {
        "action",
        "organization",
        "low",
        "likely",
        "high",
    }
