"""Turn off the second step of somebody who has lost phone and recovery codes, once you know who asks."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coalitions.models import User
from coalitions.services import second_step


class Command(BaseCommand):
    help = "Turn off the second step of an account, and end its sessions. The password stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail of the account")

    def handle(self, *_args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"There is no account of {email!r}.")
        if not second_step.is_on(user):
            raise CommandError(f"The second step of {email} is off already.")
        second_step.turn_off(user, keep=None)
        self.stdout.write(f"The second step of {email} is off, and every session has ended.")
