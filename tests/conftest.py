"""What the tests of every app share."""

from __future__ import annotations

import pytest
from django.db import connection

from coalitions import live


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Transactional tests empty tables by TRUNCATE, which the ledgers refuse everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_all'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only_all")


@pytest.fixture(autouse=True)
def redis_is_rested():
    """The circuit breaker belongs to the process: no test may inherit another one's outage."""
    live._rest_until = 0.0
