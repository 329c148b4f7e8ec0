"""How Django finds this application."""

from django.apps import AppConfig


class NegotiationsConfig(AppConfig):
    name = "negotiations"
