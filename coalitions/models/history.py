"""Every edit in a coalition, in order: audit trail, replay log and dirty mark in one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from coalitions.models.coalitions import Coalition
from coalitions.models.scoping import PublicIdModel, ScopedQuerySet


class ChangeQuerySet(ScopedQuerySet["Change"]):
    def fragments_since(self, revision: int) -> list[str]:
        """What a browser that last saw `revision` must fetch again."""
        newer = self.filter(revision__gt=revision)
        return list(newer.order_by("fragment").values_list("fragment", flat=True).distinct())


class Change(PublicIdModel):
    fragment_name = "change"

    coalition = models.ForeignKey(Coalition, on_delete=models.PROTECT, related_name="changes")
    revision = models.PositiveBigIntegerField()
    fragment = models.CharField(max_length=80)
    # What happened, as a word of `wording.py` and the names to put in it: told in the reader's language.
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coalition", "revision"], name="one_change_per_revision"),
        ]
        indexes = [models.Index(fields=["coalition", "fragment", "-revision"], name="changes_of_a_fragment")]

    def __str__(self) -> str:
        return f"{self.revision} {self.verb} {self.subject}"
