"""Compare the rollup of pledges with its ledger, cell by cell, and mend it when asked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coalitions.models import Coalition
from coalitions.services.reconciling import Difference, differences, repair


class Command(BaseCommand):
    help = "Compare the current pledges with the ledger. Exit status 1 while anything differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--coalition", metavar="SLUG", help="only this coalition")
        parser.add_argument("--repair", action="store_true", help="make each cell say what its ledger says")

    def handle(self, *_args: Any, **options: Any) -> None:
        slug = options["coalition"]
        coalitions = Coalition.objects.filter(**({"slug": slug} if slug else {})).order_by("slug")
        if slug and not coalitions:
            raise CommandError(f"There is no coalition {slug}.")
        left = sum(self._look_at(coalition, mend=options["repair"]) for coalition in coalitions)
        if left:
            raise CommandError(f"{left} cells differ from the ledger. Mend them with --repair.", returncode=1)

    def _look_at(self, coalition: Coalition, *, mend: bool) -> int:
        """Return how many cells still differ."""
        found = differences(coalition)
        cells = coalition.current_pledges.count()
        self.stdout.write(f"{coalition.slug}: {cells} cells, {len(found)} differ")
        for difference in found:
            self.stdout.write(f"  {_line(difference)}")
            if mend:
                repair(coalition, action_id=difference.action_id, organization_id=difference.organization_id)
                self.stdout.write("    repaired")
        return 0 if mend else len(found)


def _line(difference: Difference) -> str:
    where = f"action {difference.action_id}, organization {difference.organization_id}"
    if difference.rollup is None:
        return f"{where}: missing, the ledger says {_figures(difference.ledger)}"
    if difference.ledger is None:
        return f"{where}: surplus, there is no pledge, the rollup says {_figures(difference.rollup)}"
    return f"{where}: the ledger says {_figures(difference.ledger)}, the rollup {_figures(difference.rollup)}"


def _figures(side: dict[str, Any] | None) -> str:
    figures = side or {}
    return "{low}/{likely}/{high} (latest row {latest_id}, counted row {counted_id})".format(**figures)
