"""`python -m tests.rows KIND`: rows for another process's database; prints their names as JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from coalitions.models import (  # noqa: E402
    ApiToken,
    Coalition,
    Membership,
    Role,
    new_token,
    token_digest,
)
from tests import factories  # noqa: E402

COMMUNITIES = ("labor", "faith", "students", "tenants", "health", "neighbors", "seniors", "cycling")


def a_lead_with_keys(coalition: Coalition) -> dict[str, Any]:
    """A person of the coalition: a session for pages, a token for programs."""
    lead = factories.a_member(coalition, role=Role.LEAD, email=f"lead-{coalition.slug}@example.org")
    token = new_token()
    ApiToken.objects.create(
        coalition=coalition,
        membership=Membership.objects.get(coalition=coalition, user=lead),
        name="rows",
        scope=ApiToken.Scope.WRITE,
        token_digest=token_digest(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    client = Client()
    client.force_login(lead)
    return {
        "coalition_id": coalition.pk,
        "slug": coalition.slug,
        "token": token,
        "cookie": settings.SESSION_COOKIE_NAME,
        "session": client.cookies[settings.SESSION_COOKIE_NAME].value,
    }


def small() -> dict[str, Any]:
    """Forty partners and one big action ahead, as in the demo."""
    coalition = factories.a_coalition(slug="small", critical_mass=1400)
    partners = [
        factories.a_partner(coalition, name=f"Partner {n}", community=COMMUNITIES[n % len(COMMUNITIES)])
        for n in range(40)
    ]
    held = factories.a_held_action(coalition)
    march = factories.an_action(coalition, title="March")
    for n, partner in enumerate(partners):
        factories.a_pledge(held, organization=partner, likely=20 + n)
        factories.a_count(held, best=15 + n, of="pledged", organization=partner)
        factories.a_pledge(march, organization=partner, likely=30 + n)
    factories.a_count(held, best=1500)
    return a_lead_with_keys(coalition) | {
        "action": str(march.public_id),
        "organizations": [str(partner.public_id) for partner in partners],
    }


def large() -> dict[str, Any]:
    """10,000 organizations, 500 actions, 200,000 ledger rows, a tenth of them for ten actions ahead."""
    coalition = factories.a_coalition(slug="large", critical_mass=50_000)
    with connection.cursor() as cursor:
        sql = Path(__file__).with_name("large.sql").read_text()
        cursor.execute(sql.replace(":coalition", str(coalition.pk)))
        cursor.execute("ANALYZE")
    march = coalition.actions.filter(status="planned").order_by("pk")[0]
    return a_lead_with_keys(coalition) | {
        "action": str(march.public_id),
        "organizations": [str(row.public_id) for row in coalition.organizations.order_by("pk")[:200]],
        "ledger_rows": coalition.pledges.count(),
    }


if __name__ == "__main__":
    print(json.dumps({"small": small, "large": large}[sys.argv[1]]()))
