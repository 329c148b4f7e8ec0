"""Open a coalition with its first lead: the one thing that nobody can do in the browser."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from coalitions import mail
from coalitions.models import Coalition, User
from coalitions.services.settings import create_coalition


class Command(BaseCommand):
    help = "Open a coalition with its first lead, and print the link by which the lead comes in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its place in addresses, such as riverside-transit")
        parser.add_argument("--name", required=True, help="the coalition's name")
        parser.add_argument("--lead-email", required=True, help="e-mail of the first lead")
        parser.add_argument("--lead-name", default="", help="name of the first lead, if the account is new")
        parser.add_argument("--time-zone", default="UTC", help="such as America/Chicago (default: UTC)")

    def handle(self, *_args: Any, **options: Any) -> None:
        slug, email = options["slug"], options["lead_email"].strip().lower()
        _refuse_mistakes(slug=slug, email=email, options=options)
        with transaction.atomic():
            lead = User.objects.filter(email=email).first()
            is_new = lead is None
            if lead is None:
                lead = User.objects.create_user(email, name=options["lead_name"].strip())
            coalition = create_coalition(
                name=options["name"].strip(), slug=slug, lead=lead, time_zone=options["time_zone"]
            )
        self.stdout.write(f"{coalition.name} is open: {mail.address(f'/c/{slug}/')}")
        if is_new or not lead.has_usable_password():
            self.stdout.write("The lead chooses a password here. The link works once, within an hour;")
            self.stdout.write(f"after that, {mail.address('/forgot-password/')} sends a new one.")
            self.stdout.write(mail.reset_link(lead))
        else:
            self.stdout.write(f"The lead has an account already and signs in at {mail.address('/sign-in/')}")


def _refuse_mistakes(*, slug: str, email: str, options: dict[str, Any]) -> None:
    longest = {"slug": 60, "name": 120, "lead_name": 120}
    for option, most in longest.items():
        if len(options[option].strip()) > most:
            raise CommandError(f"{option.replace('_', ' ')}: at most {most} characters.")
    if not options["name"].strip():
        raise CommandError("--name: give the coalition a name.")
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise CommandError(f"{slug!r}: a slug has letters, digits, hyphens and underscores only.") from error
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email!r} is not an e-mail address.") from error
    if options["time_zone"] not in available_timezones():
        raise CommandError(f"{options['time_zone']!r} is not a time zone. One is America/Chicago.")
    if Coalition.objects.filter(slug=slug).exists():
        raise CommandError(f"There is already a coalition at {slug!r}. Choose another slug.")
    account = User.objects.filter(email=email).first()
    if account is None and not options["lead_name"].strip():
        raise CommandError(f"{email} has no account yet: add --lead-name.")
    if account is not None and not account.is_active:
        raise CommandError(f"The account of {email} is closed.")
