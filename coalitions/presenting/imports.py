"""An import as its page shows it: in numbers per kind, with each problem and difference in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalitions.models import (
    Action,
    ActionKind,
    ActionStatus,
    CountMethod,
    CountOf,
    Import,
    ImportState,
    Organization,
    OrganizationKind,
)
from coalitions.services.saying import label, said

KINDS: dict[str, str | Promise] = {
    "organizations": gettext_lazy("Organizations"),
    "actions": gettext_lazy("Actions"),
    "participations": gettext_lazy("Participations"),
    "counts": gettext_lazy("Counts"),
    "pledges": gettext_lazy("Pledges"),
}
SHAPES: dict[str, str | Promise] = {
    "ccc_actions": gettext_lazy("actions of the Crowd Counting Consortium"),
    "ccc_organizations": gettext_lazy("organizations of the Crowd Counting Consortium"),
    "ccc_participation": gettext_lazy("participation of the Crowd Counting Consortium"),
    "ccc_single": gettext_lazy("the public file of the Crowd Counting Consortium"),
    "organizations": gettext_lazy("organizations"),
    "actions": gettext_lazy("actions"),
    "participation": gettext_lazy("participation"),
    "pledges": gettext_lazy("pledges"),
    "counts": gettext_lazy("counts"),
}
REASONS: dict[str, str | Promise] = {
    "same_letters": gettext_lazy("the same letters"),
    "word_order": gettext_lazy("the same words"),
    "spelling": gettext_lazy("one word is spelt differently"),
    "acronym": gettext_lazy("one may abbreviate the other"),
}
FAILURES: dict[str, str | Promise] = {
    "gave_up": gettext_lazy("The worker stopped three times in the middle of it."),
    "too_slow": gettext_lazy("It took longer than an import may take. Split the files into parts."),
    "moved_on": gettext_lazy("Other people kept changing the same rows meanwhile."),
    "rows_gone": gettext_lazy("Rows that the files point at have been removed since they were checked."),
    "not_allowed": gettext_lazy("Whoever started it may not import here any more."),
}
HEADLINES: dict[ImportState, tuple[str | Promise, str | Promise]] = {
    ImportState.CHECKING: (gettext_lazy("The files are being checked"), ""),
    ImportState.CHECKED: (
        gettext_lazy("The files can be imported"),
        gettext_lazy("Nothing has been changed yet. This is what the import would do."),
    ),
    ImportState.REFUSED: (
        gettext_lazy("The files need mending"),
        gettext_lazy("Nothing was changed. Solve these problems in the files and upload them again."),
    ),
    ImportState.CANCELLED: (gettext_lazy("The import was cancelled"), gettext_lazy("Nothing was changed.")),
    ImportState.COMMITTING: (gettext_lazy("The import is under way"), ""),
    ImportState.DONE: (
        gettext_lazy("The import is done"),
        gettext_lazy("It is one change: one step takes all of it back."),
    ),
    ImportState.UNDONE: (
        gettext_lazy("The import was undone"),
        gettext_lazy("What it added is gone, except rows that somebody has worked on since."),
    ),
}
MODELS: dict[str, type[models.Model]] = {"organizations": Organization, "actions": Action}


NUMBERS = ("new", "changed", "unchanged", "joined", "kept", "removed")


@dataclass(frozen=True, slots=True)
class Tally:
    kind: str | Promise
    new: int
    changed: int
    unchanged: int
    kept: int
    removed: int
    joined: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that stays as it is here, since somebody typed it."""

    where: str
    what: str
    here: str
    in_file: str


def known_words() -> dict[str, str]:
    """The words that columns with a choice may hold, as they are written in files."""
    columns = {
        "organization_kinds": OrganizationKind,
        "action_kinds": ActionKind,
        "statuses": ActionStatus,
        "counted": CountOf,
        "methods": CountMethod,
    }
    return {name: ", ".join(choices.values) for name, choices in columns.items()}


def tallies(upload: Import) -> list[Tally]:
    found = upload.summary.get("tallies", {})
    return [
        Tally(
            kind=KINDS[kind],
            **{name: found[kind].get(name, 0) for name in NUMBERS},
        )
        for kind in KINDS
        if kind in found
    ]


def shown(upload: Import) -> dict[str, bool]:
    """Columns that say something: a column of zeros is left out."""
    found = upload.summary.get("tallies", {}).values()
    return {name: any(counted.get(name) for counted in found) for name in NUMBERS}


def files(upload: Import) -> list[dict[str, Any]]:
    return [
        file | {"says": SHAPES.get(file["shape"], file["shape"]), "ignored": ", ".join(file["ignored"])}
        for file in upload.summary.get("files", [])
    ]


def differences(upload: Import) -> list[Difference]:
    return [_difference(upload, row) for row in upload.summary.get("kept", [])]


def _difference(upload: Import, row: Sequence[Any]) -> Difference:
    kind, file, line, name, here, in_file = row
    model = MODELS[kind]
    return Difference(
        where=where(upload, file, line),
        what=label(model, name),
        here=said(model, name, here) or _("empty"),
        in_file=said(model, name, in_file) or _("empty"),
    )


def where(upload: Import, file: int, line: int) -> str:
    """ "actions.csv, line 12"; the line alone where there is one file."""
    names = [found.name for found in upload.files.all()]
    name = names[file] if 0 <= file < len(names) else ""
    if not line:
        return name or _("the upload")
    if len(names) == 1 or not name:
        return _("line %(line)s") % {"line": line}
    return _("%(file)s, line %(line)s") % {"file": name, "line": line}


def headline(upload: Import) -> tuple[str, str]:
    """What is the case, in one sentence, and what that means."""
    state = ImportState(upload.state)
    if state == ImportState.DONE and upload.change is None:
        return _("Everything was here already"), _("The files say nothing new, so nothing was changed.")
    if state == ImportState.FAILED:
        return _("The import failed"), _("%(why)s Nothing was changed.") % {"why": failure(upload)}
    title, text = HEADLINES[state]
    return str(title), str(text)


def failure(upload: Import) -> str:
    return str(FAILURES.get(upload.failure, _("Something went wrong.")))


def reason(word: str) -> str:
    return str(REASONS.get(word, ""))
