"""Somebody saves between our reading of a row and our writing of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from coalitions.api.organizations import OrganizationItem
from coalitions.api.reading import Readable, Rows, Scope, read
from coalitions.api.rendering import OrjsonRenderer
from coalitions.models import Organization, UnscopedQuery
from coalitions.services.directory import edit_organization, remove_organization
from tests.factories import an_organization


class Overtaken(OrganizationItem):
    """The same address, with somebody who is a moment faster."""

    def loaded(self) -> Any:
        row = super().loaded()
        theirs = Organization.objects.get(pk=row.pk, coalition=row.coalition_id)
        edit_organization(theirs, by=None, seen_version=theirs.version, values={"place": "Theirs"})
        return row


class Removed(OrganizationItem):
    def loaded(self) -> Any:
        row = super().loaded()
        theirs = Organization.objects.get(pk=row.pk, coalition=row.coalition_id)
        remove_organization(theirs, by=None, seen_version=theirs.version)
        return row


def send(
    view: Any, method: str, program: Any, row: Organization, body: Any = None, **headers: str
) -> Response:
    request = APIRequestFactory().generic(
        method,
        "/",
        orjson.dumps(body or {}).decode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {program.token}"}
        | {k.replace("_", "-"): v for k, v in headers.items()},
    )
    answer: Response = view.as_view()(request, slug=program.coalition.slug, id=row.public_id).render()
    return answer


@pytest.fixture
def row(coalition):
    return an_organization(coalition)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_who_was_overtaken_gets_412_with_their_row(lead, row, method):
    answer = send(Overtaken, method, lead, row, {"place": "Mine"}, If_Match='"1"')

    assert (answer.status_code, answer["ETag"]) == (412, '"2"')
    assert answer.data["theirs"]["place"] == "Theirs"
    row.refresh_from_db()
    assert (row.place, row.removed_at) == ("Theirs", None)


def test_who_named_the_version_in_the_body_gets_409_with_both(lead, row):
    answer = send(Overtaken, "PATCH", lead, row, {"place": "Mine", "version": 1}, If_Match="*")

    assert answer.status_code == 409
    assert (answer.data["theirs"]["place"], answer.data["yours"]["place"]) == ("Theirs", "Mine")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_row_that_went_in_the_meantime_is_not_there(lead, row, method):
    answer = send(Removed, method, lead, row, {"place": "Mine"}, If_Match='"1"')

    assert answer.status_code == 404
    row.refresh_from_db()
    assert row.place == ""


def test_a_view_that_forgets_to_authenticate_stays_closed(lead, row):
    class Forgetful(OrganizationItem):
        authentication_classes = ()

    assert send(Forgetful, "GET", lead, row).status_code == 401


def test_a_view_that_declares_no_role_stays_closed(lead, row):
    class Undeclared(APIView):
        def get(self, _request: Any, **_kwargs: Any) -> Response:
            return Response("CANARY")

    assert send(Undeclared, "GET", lead, row).status_code == 405


def test_a_statement_never_keeps_a_value_of_one_request(lead):
    class Name(serializers.Serializer[Any]):
        name = serializers.CharField()

    class Leaky(Readable):
        row = Name

        @classmethod
        def rows(cls, scope: Scope) -> Rows:
            return Organization.objects.filter(coalition=scope.coalition, name="kept for all")

    with pytest.raises(AssertionError, match="kept for all"):
        read(Leaky, Scope(lead.coalition.pk, None, True), lookups={})


def test_a_statement_without_a_coalition_is_refused(lead):
    """A19: the second wall stands before statements that are composed ahead of time, too."""

    class Name(serializers.Serializer[Any]):
        name = serializers.CharField()

    class Unscoped(Readable):
        row = Name

        @classmethod
        def rows(cls, _scope: Scope) -> Rows:
            return Organization.objects.filter(removed_at__isnull=True)

    with pytest.raises(UnscopedQuery):
        read(Unscoped, Scope(lead.coalition.pk, None, True), lookups={})


def test_only_what_has_a_form_in_json_is_rendered():
    render = OrjsonRenderer().render

    assert render({"a": gettext_lazy("text"), "b": ErrorDetail("c", code="d")}) == b'{"a":"text","b":"c"}'
    assert render(None) == b""
    with pytest.raises(TypeError):
        render({"a": object()})
