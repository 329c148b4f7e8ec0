"""The one door: a trace, a notice, a queued score; and nothing that fails afterwards undoes the edit."""

import base64
import json

import pytest
import redis
from django.conf import settings
from django.db import transaction

from coalitions import changes, live, tasks
from coalitions.models import Change
from coalitions.services import directory
from tests.factories import a_coalition, a_member, an_organization


@pytest.fixture
def broker():
    client = live.client()
    client.flushdb()
    return client


def waiting_scores(broker):
    return [
        json.loads(base64.b64decode(json.loads(message)["body"]))[0][0]
        for message in broker.lrange("scores", 0, -1)
    ]


@pytest.mark.django_db
def test_a_record_outside_of_a_transaction_is_a_mistake(monkeypatch):
    coalition = a_coalition()
    monkeypatch.setattr(transaction.get_connection(), "in_atomic_block", False)
    with pytest.raises(RuntimeError):
        changes.record(coalition, by=None, verb="x", fragment="x")


@pytest.mark.django_db(transaction=True)
def test_an_edit_is_announced_and_queued_once_it_is_committed(broker):
    organization = an_organization()
    with broker.pubsub() as heard:
        heard.subscribe(live.channel(organization.coalition_id))
        assert heard.get_message(timeout=5)["type"] == "subscribe"
        with transaction.atomic():
            directory.edit_organization(organization, by=None, seen_version=1, values={"name": "New"})
            assert heard.get_message(timeout=0.05) is None
            assert waiting_scores(broker) == []
        message = heard.get_message(timeout=5)
    assert message["data"].decode() == f"1 {organization.fragment}"
    assert waiting_scores(broker) == [organization.coalition_id]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_edit_is_never_announced(broker):
    organization = an_organization()

    class ChangedMyMind(Exception):
        pass

    with pytest.raises(ChangedMyMind), transaction.atomic():
        directory.edit_organization(organization, by=None, seen_version=1, values={"name": "New"})
        raise ChangedMyMind
    assert waiting_scores(broker) == []
    assert not Change.objects.across_coalitions().exists()


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_edits_waits_as_one_message(broker):
    organization = an_organization()
    other = an_organization()
    for version in range(1, 20):
        directory.edit_organization(organization, by=None, seen_version=version, values={"reach": version})
    directory.edit_organization(other, by=None, seen_version=1, values={"reach": 1})
    assert waiting_scores(broker)[::-1] == [organization.coalition_id, other.coalition_id]


@pytest.mark.django_db(transaction=True)
def test_without_redis_an_edit_is_saved_and_stays_due(monkeypatch, broker):
    organization = an_organization()
    nowhere = redis.Redis(
        unix_socket_path="/nonexistent/redis.sock", retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    )
    monkeypatch.setattr(live, "client", lambda: nowhere)
    directory.edit_organization(organization, by=None, seen_version=1, values={"name": "Saved"})
    coalition = organization.coalition
    coalition.refresh_from_db()
    assert coalition.organizations.get().name == "Saved"
    assert coalition.revision == 1
    assert coalition.score.revision < coalition.revision


@pytest.mark.django_db(transaction=True)
def test_a_callback_that_fails_takes_neither_the_edit_nor_the_next_callback_with_it(broker, caplog):
    organization, told = an_organization(), []

    def broken():
        raise RuntimeError("broken callback")

    with transaction.atomic():
        transaction.on_commit(broken, robust=True)
        directory.edit_organization(organization, by=None, seen_version=1, values={"name": "Saved"})
        transaction.on_commit(lambda: told.append(1), robust=True)
    assert organization.coalition.organizations.get().name == "Saved"
    assert waiting_scores(broker) == [organization.coalition_id]
    assert told == [1]
    assert "broken callback" in caplog.text


def test_nobody_waits_for_redis_twice_in_a_row(monkeypatch):
    calls = []

    def refused():
        calls.append(1)
        raise redis.ConnectionError

    assert live.attempt(refused) is False
    assert live.attempt(refused) is False
    assert len(calls) == 1
    monkeypatch.setattr(live, "_rest_until", 0.0)
    assert live.attempt(lambda: None) is True


def test_the_messages_are_json_and_nothing_else():
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST


@pytest.mark.django_db
def test_a_task_ignores_what_is_no_coalition(broker):
    by = a_member(a_coalition())
    tasks.rescore_coalition("1; drop table")
    tasks.rescore_coalition(by.pk + 10_000_000)
    assert waiting_scores(broker) == []
