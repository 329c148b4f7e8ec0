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
    CHECKED = "checked", _("Ready to import")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")
    COMMITTING = "committing", _("Importing")
    DONE = "done", _("Imported")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


# A worker has it, or should have it.
RUNNING = (ImportState.CHECKING, ImportState.COMMITTING)


class Import(PublicIdModel):
    fragment_name = "import"

    coalition = models.ForeignKey(Coalition, on_delete=models.CASCADE, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.CHECKING)
    # What the files hold, and how many rows are new, changed or unchanged.
    summary = models.JSONField(default=dict)
    # Pairs of names that may be one organization, as the check found them, most certain first.
    lookalikes = models.JSONField(default=list)
    # What the person chose for each of these pairs: its place in the list -> "same" or "different".
    choices = models.JSONField(default=dict)
    # A word of `wording.py` for what stopped it; empty while nothing did.
    failure = models.CharField(max_length=40, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # Counted before each try, so that a file which kills its worker is not tried for ever.
    attempts = models.PositiveSmallIntegerField(default=0)
    change = models.OneToOneField(Change, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    beat_at = models.DateTimeField(db_default=Now())

    objects = ScopedQuerySet["Import"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known")
        ]
        indexes = [
            models.Index(
                fields=["beat_at"], condition=Q(state__in=["checking", "committing"]), name="imports_running"
            )
        ]

    def __str__(self) -> str:
        return self.state


class ImportFile(models.Model):
    """One uploaded file. It is kept in the database since web and worker may run on different machines."""

    scoped_by = frozenset({"upload"})

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet["ImportFile"].as_manager()

    def __str__(self) -> str:
        return self.name


class ImportChunk(models.Model):
    """A piece of a file, so that nobody ever holds a whole one in memory. Gone once the import is settled."""

    scoped_by = frozenset({"file"})

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    objects = ScopedQuerySet["ImportChunk"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="import_chunk_in_order")]

    def __str__(self) -> str:
        return f"{self.file} {self.number}"


class ImportNote(models.Model):
    """What an import remembers in bulk, packed: every problem of its files, and what an undo needs."""

    class Kind(models.TextChoices):
        PROBLEMS = "problems", _("Problems")
        UNDO = "undo", _("What was there before")

    scoped_by = frozenset({"upload"})

    upload = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content = models.BinaryField()

    objects = ScopedQuerySet["ImportNote"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "kind"], name="one_import_note_of_a_kind"),
            models.CheckConstraint(condition=Q(kind__in=["problems", "undo"]), name="import_note_kind_known"),
        ]

    def __str__(self) -> str:
        return self.kind
