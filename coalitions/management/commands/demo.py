"""Make the fictional coalition to look around in, once."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from coalitions import scores
from coalitions.demo import world
from coalitions.demo.story import Story
from coalitions.models import Coalition, Membership, Role, Score, User

ROLES = {
    world.LEAD: Role.LEAD,
    world.ORGANIZER: Role.ORGANIZER,
    world.OBSERVER: Role.OBSERVER,
    world.PARTNER: Role.PARTNER,
}


class Command(BaseCommand):
    # The launcher runs this on every start, mostly to learn that there is nothing to do.
    requires_system_checks: list[str] = []
    help = "Make the fictional demo coalition. Needs MUSTER_DEMO_PASSWORD; does nothing where it exists."

    def handle(self, *_args: Any, **options: Any) -> None:
        if Coalition.objects.filter(slug=world.SLUG).exists():
            self._say("The demo coalition exists already.", options)
            return
        password = os.environ.get("MUSTER_DEMO_PASSWORD")
        if not password:
            raise CommandError("Set MUSTER_DEMO_PASSWORD: the four demo people sign in with it.")
        now = timezone.now()
        with transaction.atomic():
            coalition = make(password=password, now=now)
        scores.rescore(coalition.pk, now=now)
        self._say(f"{coalition.name}: sign in as {', '.join(person.email for person in ROLES)}.", options)

    def _say(self, text: str, options: dict[str, Any]) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(text)


def make(*, password: str, now: datetime) -> Coalition:
    coalition = Coalition.objects.create(
        slug=world.SLUG, name=world.NAME, cause=world.CAUSE, time_zone=world.TIME_ZONE
    )
    Score.objects.create(coalition=coalition)
    # The four share a password; hashing it once is enough, and slow on purpose.
    digest = make_password(password)
    people = {
        person.key: User.objects.create(email=person.email, name=person.name, password=digest)
        for person in ROLES
    }
    story = Story(coalition, people=people, now=now)
    story.tell()
    Membership.objects.bulk_create(
        Membership(
            coalition=coalition,
            user=people[person.key],
            role=role,
            organization=story.scribe.organizations[world.PARTNERS_OWN] if role == Role.PARTNER else None,
            since=coalition.created_at,
        )
        for person, role in ROLES.items()
    )
    return coalition
