"""Actions and the two ledgers that hang on them: what partners pledged, and who was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from coalitions.models.coalitions import Coalition
from coalitions.models.directory import Organization
from coalitions.models.scoping import PublicIdModel, ScopedQuerySet

if TYPE_CHECKING:
    from datetime import date

MOST_PEOPLE = 10_000_000


class ActionKind(models.TextChoices):
    MARCH = "march", _("March")
    RALLY = "rally", _("Rally")
    VIGIL = "vigil", _("Vigil")
    STRIKE = "strike", _("Strike")
    PICKET = "picket", _("Picket")
    SIT_IN = "sit_in", _("Sit-in")
    BOYCOTT = "boycott", _("Boycott")
    DEMONSTRATION = "demonstration", _("Demonstration")
    MEETING = "meeting", _("Meeting")
    OTHER = "other", _("Other")


class ActionStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


class ActionQuerySet(ScopedQuerySet["Action"]):
    def present(self) -> ActionQuerySet:
        return self.filter(removed_at__isnull=True)

    def upcoming(self, *, today: date) -> ActionQuerySet:
        return self.present().filter(status=ActionStatus.PLANNED, day__gte=today)


class Action(PublicIdModel):
    fragment_name = "action"

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=ActionKind.choices, default=ActionKind.OTHER)
    place = models.CharField(_("place"), max_length=200, blank=True)
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    # Day and hour in the coalition's time zone. Public records often know the day only.
    day = models.DateField(_("day"))
    starts_at = models.TimeField(_("starts at"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=ActionStatus.choices, default=ActionStatus.PLANNED
    )
    is_big = models.BooleanField(_("meant to reach critical mass"), default=False)
    version = models.PositiveIntegerField(default=1)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = ActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coalition", "id"], name="action_of_a_coalition"),
            models.CheckConstraint(condition=Q(kind__in=ActionKind.values), name="action_kind_known"),
            models.CheckConstraint(condition=Q(status__in=ActionStatus.values), name="action_status_known"),
            models.CheckConstraint(
                condition=(Q(latitude__isnull=True) & Q(longitude__isnull=True))
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
                name="action_is_on_earth",
            ),
        ]
        indexes = [models.Index(fields=["coalition", "-day", "-id"], name="actions_by_day")]

    def __str__(self) -> str:
        return self.title


class Participation(models.Model):
    """A public record names the organization as taking part. Not a pledge, and no head-count."""

    scoped_by = frozenset({"coalition", "action", "organization"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="participations")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="participations")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="participations")
    position = models.PositiveSmallIntegerField(default=1)

    objects = ScopedQuerySet["Participation"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "organization"], name="participation_recorded_once"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.action}"


class Figures(models.Model):
    """low <= likely <= high, in people."""

    low = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])
    likely = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])
    high = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])

    class Meta:
        abstract = True


class Pledge(PublicIdModel, Figures):
    """One row of an append-only ledger: what a partner said at that moment."""

    fragment_name = "pledge"
    scoped_by = frozenset({"coalition", "action", "organization"})

    coalition = models.ForeignKey(Coalition, on_delete=models.PROTECT, related_name="pledges")
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="pledges")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="pledges")
    note = models.CharField(_("note"), max_length=300, blank=True)
    # A jump that nobody has confirmed: kept and shown, but not counted on.
    is_held_back = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    idempotency_key = models.CharField(max_length=64)

    objects = ScopedQuerySet["Pledge"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coalition", "by", "idempotency_key"], nulls_distinct=False, name="pledge_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(low__lte=F("likely")) & Q(likely__lte=F("high")), name="pledge_low_likely_high"
            ),
        ]
        indexes = [models.Index(fields=["action", "organization", "-id"], name="pledges_latest_first")]

    def __str__(self) -> str:
        return f"{self.low}/{self.likely}/{self.high}"


class CurrentPledge(Figures):
    """Rollup of the ledger, kept in the same transaction: the latest figures of a partner for an action.

    `low, likely, high` are what the forecast counts on; `latest` is the newest row, which may be held back.
    """

    scoped_by = frozenset({"coalition", "action", "organization"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="current_pledges")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="current_pledges")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="current_pledges")
    latest = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="+")
    # The row that the figures come from; null while the only row is held back, and then the figures are 0.
    counted = models.ForeignKey(Pledge, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = ScopedQuerySet["CurrentPledge"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "organization"], name="one_current_pledge"),
            models.CheckConstraint(
                condition=Q(low__lte=F("likely")) & Q(likely__lte=F("high")),
                name="current_pledge_low_likely_high",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.low}/{self.likely}/{self.high}"


class CountMethod(models.TextChoices):
    TURNSTILE = "turnstile", _("Turnstile")
    SIGN_IN = "sign_in", _("Sign-in sheets")
    CLICKER = "clicker", _("Clicker")
    GRID = "grid", _("Grid")
    PHOTO = "photo", _("Photo")
    ESTIMATE = "estimate", _("Estimate")


class CountOf(models.TextChoices):
    CROWD = "crowd", _("Everyone who came")
    PLEDGED = "pledged", _("People of one partner who had been pledged")
    WALK_INS = "walk_ins", _("People nobody had pledged")


class Count(PublicIdModel):
    """One row of an append-only ledger: who was counted, how, by whom. A correction is a new row."""

    fragment_name = "count"
    scoped_by = frozenset({"coalition", "action", "organization"})

    coalition = models.ForeignKey(Coalition, on_delete=models.PROTECT, related_name="counts")
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="counts")
    of = models.CharField(_("what was counted"), max_length=10, choices=CountOf.choices)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="counts"
    )
    low = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])
    best = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])
    high = models.PositiveIntegerField(validators=[MaxValueValidator(MOST_PEOPLE)])
    method = models.CharField(_("method"), max_length=10, choices=CountMethod.choices)
    counted_by = models.CharField(_("counted by"), max_length=120)
    is_independent = models.BooleanField(_("independent of both sides"), default=False)
    source = models.URLField(_("source"), max_length=500, blank=True)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="corrected_by")
    # A correction that takes the count back altogether.
    is_withdrawn = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    idempotency_key = models.CharField(max_length=64)

    objects = ScopedQuerySet["Count"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coalition", "by", "idempotency_key"], nulls_distinct=False, name="count_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(low__lte=F("best")) & Q(best__lte=F("high")), name="count_low_best_high"
            ),
            models.CheckConstraint(condition=Q(method__in=CountMethod.values), name="count_method_known"),
            models.CheckConstraint(condition=Q(of__in=CountOf.values), name="count_of_known"),
            models.CheckConstraint(
                condition=Q(of="pledged", organization__isnull=False)
                | (~Q(of="pledged") & Q(organization__isnull=True)),
                name="count_of_pledged_names_the_partner",
            ),
        ]
        indexes = [models.Index(fields=["action", "-id"], name="counts_latest_first")]

    def __str__(self) -> str:
        return f"{self.low}/{self.best}/{self.high}"
