"""How Django finds this application."""

from django.apps import AppConfig


class AlliesConfig(AppConfig):
    name = "allies"
