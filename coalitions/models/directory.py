"""Organizations, how they are known elsewhere, and how far their people are the same people."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from coalitions.models.coalitions import Coalition
from coalitions.models.scoping import PublicIdModel, ScopedQuerySet

BOND_FIELDS = ("bond_agreement", "bond_demands", "bond_mandate", "bond_decision_rule")


class OrganizationKind(models.TextChoices):
    UNION = "union", _("Union")
    FAITH = "faith", _("Faith group")
    STUDENTS = "students", _("Students")
    TENANTS = "tenants", _("Tenants")
    NEIGHBORS = "neighbors", _("Neighbors")
    ADVOCACY = "advocacy", _("Advocacy group")
    PROFESSION = "profession", _("Professionals")
    BUSINESS = "business", _("Business")
    PARTY = "party", _("Party")
    PUBLIC_BODY = "public_body", _("Public body")
    COALITION = "coalition", _("Coalition")
    OTHER = "other", _("Other")


class OrganizationQuerySet(ScopedQuerySet["Organization"]):
    def present(self) -> OrganizationQuerySet:
        return self.filter(removed_at__isnull=True)

    def partners(self) -> OrganizationQuerySet:
        """In the coalition today: joined, not left, not removed."""
        return self.present().filter(partner_since__isnull=False, partner_until__isnull=True)


class Organization(PublicIdModel):
    fragment_name = "organization"

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="organizations")
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(
        _("kind"), max_length=20, choices=OrganizationKind.choices, default=OrganizationKind.OTHER
    )
    community = models.CharField(_("community"), max_length=80, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    reach = models.PositiveIntegerField(_("people it can reach"), null=True, blank=True)
    partner_since = models.DateField(_("partner since"), null=True, blank=True)
    partner_until = models.DateField(_("left on"), null=True, blank=True)
    # The four bonds of cohesion. Null is unknown, and stays out of the arithmetic.
    bond_agreement = models.BooleanField(_("signed the coalition agreement"), null=True, blank=True)
    bond_demands = models.BooleanField(_("endorses every must-have demand"), null=True, blank=True)
    bond_mandate = models.BooleanField(_("has a mandated delegate"), null=True, blank=True)
    bond_decision_rule = models.BooleanField(_("accepted the decision rule"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    # Removed, not deleted: an undo brings the row back with everything that hangs on it.
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coalition", "id"], name="organization_of_a_coalition"),
            models.UniqueConstraint(
                "coalition",
                Lower("name"),
                condition=Q(removed_at__isnull=True),
                name="organization_named_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OrganizationKind.values), name="organization_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(partner_until__isnull=True)
                | (Q(partner_since__isnull=False) & Q(partner_until__gte=F("partner_since"))),
                name="organization_joined_before_it_left",
            ),
            models.CheckConstraint(
                condition=(Q(latitude__isnull=True) & Q(longitude__isnull=True))
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
                name="organization_is_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_partner(self) -> bool:
        return self.removed_at is None and self.partner_since is not None and self.partner_until is None


class ExternalId(models.Model):
    """How another system names one of our rows (`ccc:o192a1d67f8`): what makes an import idempotent."""

    scoped_by = frozenset({"coalition", "organization", "action"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="external_ids")
    system = models.CharField(max_length=40)
    identifier = models.CharField(max_length=200)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="external_ids"
    )
    action = models.ForeignKey(
        "coalitions.Action", on_delete=models.CASCADE, null=True, blank=True, related_name="external_ids"
    )
    # What the last import said, so that the next one can tell an edit made here from an old value.
    imported = models.JSONField(default=dict)

    objects = ScopedQuerySet["ExternalId"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coalition", "system", "identifier"],
                condition=Q(organization__isnull=False),
                name="external_id_names_one_organization",
            ),
            models.UniqueConstraint(
                fields=["coalition", "system", "identifier"],
                condition=Q(action__isnull=False),
                name="external_id_names_one_action",
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=True, action__isnull=False)
                | Q(organization__isnull=False, action__isnull=True),
                name="external_id_names_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system}:{self.identifier}"


class Overlap(PublicIdModel):
    """The share of the smaller partner's people who also belong to the other one."""

    fragment_name = "overlap"
    scoped_by = frozenset({"coalition", "first", "second"})

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="overlaps")
    first = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    share = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(1)])
    version = models.PositiveIntegerField(default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ScopedQuerySet["Overlap"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coalition", "first", "second"], name="one_overlap_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="overlap_lower_id_first"),
            models.CheckConstraint(condition=Q(share__range=(0, 1)), name="overlap_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}: {self.share:.0%}"
