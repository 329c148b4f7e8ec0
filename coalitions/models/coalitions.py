"""A coalition and what it has settled about itself."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

WEIGHT_FIELDS = ("weight_people_power", "weight_breadth", "weight_cohesion", "weight_leverage")
SETTING_FIELDS = (
    "name",
    "cause",
    "target",
    "time_zone",
    "critical_mass",
    "communities_aimed_at",
    *WEIGHT_FIELDS,
    "wanted_chance",
    "wanted_leverage",
    "pledge_cap",
)


def a_weight() -> models.FloatField:  # type: ignore[type-arg]
    return models.FloatField(default=1, validators=[MinValueValidator(0), MaxValueValidator(100)])


def a_share(default: float) -> models.FloatField:  # type: ignore[type-arg]
    return models.FloatField(default=default, validators=[MinValueValidator(0), MaxValueValidator(1)])


class Coalition(models.Model):
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    cause = models.TextField(_("cause"), max_length=600, blank=True)
    target = models.CharField(_("who you negotiate with"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    # Unknown until the coalition has decided; a strength without it leaves people power out.
    critical_mass = models.PositiveIntegerField(
        _("critical mass"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000_000)],
    )
    communities_aimed_at = models.PositiveSmallIntegerField(
        _("communities aimed at"), default=6, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    weight_people_power = a_weight()
    weight_breadth = a_weight()
    weight_cohesion = a_weight()
    weight_leverage = a_weight()
    wanted_chance = a_share(0.8)
    wanted_leverage = a_share(0.25)
    pledge_cap = models.PositiveIntegerField(
        _("largest believable pledge"),
        default=50_000,
        validators=[MinValueValidator(1), MaxValueValidator(10_000_000)],
    )
    version = models.PositiveIntegerField(default=1)
    # Grows by one with every edit anywhere in the coalition; a score says which revision it describes.
    revision = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(critical_mass__isnull=True) | Q(critical_mass__gte=1),
                name="critical_mass_is_people",
            ),
            models.CheckConstraint(
                condition=Q(weight_people_power__gte=0)
                & Q(weight_breadth__gte=0)
                & Q(weight_cohesion__gte=0)
                & Q(weight_leverage__gte=0),
                name="weights_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(weight_people_power__gt=0)
                | Q(weight_breadth__gt=0)
                | Q(weight_cohesion__gt=0)
                | Q(weight_leverage__gt=0),
                name="some_weight_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fragment(self) -> str:
        return "settings"

    def local_day(self, at: datetime) -> date:
        """The calendar day in the coalition's own time zone."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()
