"""The live process: streams only, so that a page never waits behind an open stream."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from coalitions.stream import Streams  # noqa: E402  (models need a set-up Django)

application = Streams()
