"""The description and the behaviour are the same thing: generated requests get described answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from coalitions.api.schema import document
from coalitions.scores import rescore
from tests.coalitions.api.conftest import Program, a_program
from tests.factories import a_count, a_held_action, a_partner, a_pledge, an_action, an_overlap

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

# Addresses and the token are replaced by ones that work, so what was wrong about them is gone.
REPLACED_NOWHERE = {"query", "body"}

ANY_OF_THE_FIRST = ", ".join(f'"{version}"' for version in range(1, 100))

described = schemathesis.openapi.from_dict(document())
described.app = get_wsgi_application()


class World:
    """A coalition with one row of everything, and the ids that a request may name."""

    def __init__(self, program: Program) -> None:
        coalition = program.coalition
        partner, other, third = (a_partner(coalition) for _ in range(3))
        action, held = an_action(coalition), a_held_action(coalition)
        a_pledge(action, organization=partner)
        a_pledge(held, organization=partner)
        count = a_count(held)
        overlap = an_overlap(partner, other)
        rescore(coalition.pk, now=timezone.now())
        self.token = program.token
        self.slug = coalition.slug
        self.rows = {
            "organizations": partner,
            "actions": action,
            "counts": count,
            "overlaps": overlap,
            "forecasts": action,
        }
        self.named = {"action": action, "organization": partner, "first": partner, "second": third}

    def settle(self, case: Any) -> None:
        """Generated addresses lead nowhere; these lead to rows that exist."""
        case.path_parameters["slug"] = self.slug
        if "id" in case.path_parameters:
            noun = case.path.strip("/").split("/")[4]
            case.path_parameters["id"] = str(self.rows[noun].public_id)
        if isinstance(case.body, dict):
            for name, row in self.named.items():
                if is_uuid(case.body.get(name)):
                    case.body[name] = str(row.public_id)
        if "If-Match" in case.headers:
            case.headers["If-Match"] = ANY_OF_THE_FIRST


def is_uuid(value: Any) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None
    )


@pytest.fixture
def world(coalition) -> Iterator[World]:
    """A request that ends would close the connection in whose transaction this test runs."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield World(a_program(coalition))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@described.parametrize()
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case, world):
    checks = CHECKS if broken_places(case) <= REPLACED_NOWHERE else CHECKS[:-1]
    world.settle(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {world.token}"}, checks=checks)


def broken_places(case: Any) -> set[str]:
    """Where this request was made to be wrong on purpose."""
    return {str(place.value) for place, each in case.meta.components.items() if each.mode.is_negative}
