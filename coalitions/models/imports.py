"""An upload on its way from a file to one undoable change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from coalitions.models.coalitions import Coalition
from coalitions.models.history import Change
from coalitions.models.scoping import PublicIdModel, ScopedQuerySet


class ImportState(models.TextChoices):
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Checked")
    REFUSED = "refused", _("Refused")
    COMMITTING = "committing", _("Importing")
    DONE = "done", _("Done")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


class Import(PublicIdModel):
    fragment_name = "import"

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.CHECKING)
    # Counts, problems line by line and look-alikes, as the check found them.
    preview = models.JSONField(default=dict)
    # What the person chose for each look-alike.
    choices = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    change = models.OneToOneField(Change, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    beat_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet["Import"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known")
        ]

    def __str__(self) -> str:
        return self.state


class ImportFile(models.Model):
    """The uploaded bytes, kept in the database since web and worker may run on different machines."""

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name
