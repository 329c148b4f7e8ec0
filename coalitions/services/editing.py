"""What every edit has in common: one transaction, the version that was seen, before and after on record."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from psycopg import errors

from coalitions import changes
from coalitions.models import Change, Coalition, User

# Truths that only the database can judge when two people act at once: constraint -> field, what to say.
BROKEN_RULES = {
    "organization_named_once": ("name", _("Another organization here already has this name.")),
    "one_overlap_per_pair": ("", _("Somebody declared this overlap a moment ago.")),
    "pledge_sent_once": ("idempotency_key", _("This key was already used for another pledge.")),
    "count_sent_once": ("idempotency_key", _("This key was already used for another count.")),
    "one_role_per_coalition": ("", _("This person already belongs to the coalition.")),
}

P = ParamSpec("P")
R = TypeVar("R")
TRIES = 4


class Refused(Exception):
    """What was asked for breaks a rule. `field` is where it happened, "" when it is no single field."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class StaleEdit(Exception):
    """Somebody else saved this first; `theirs` is the row as it is now."""

    def __init__(self, theirs: models.Model) -> None:
        super().__init__("somebody else saved this first")
        self.theirs = theirs


def one_transaction(service: Callable[P, R]) -> Callable[P, R]:
    """All or nothing, tried again when PostgreSQL asks for it (serialization failure, deadlock)."""

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if transaction.get_connection().in_atomic_block else TRIES
        for turn in range(tries):
            try:
                with transaction.atomic():
                    return service(*args, **kwargs)
            except IntegrityError as error:
                raise _as_refusal(error) from error
            except OperationalError as error:
                asked_to_retry = isinstance(
                    error.__cause__, errors.SerializationFailure | errors.DeadlockDetected
                )
                if turn == tries - 1 or not asked_to_retry:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * 2**turn)  # noqa: S311  (jitter, not a secret)
        raise AssertionError("unreachable")

    return run


def _as_refusal(error: IntegrityError) -> Exception:
    constraint = error.__cause__.diag.constraint_name if isinstance(error.__cause__, errors.Error) else None
    if constraint not in BROKEN_RULES:
        return error
    field, message = BROKEN_RULES[constraint]
    return Refused(str(message), field=field)


def snapshot(row: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The fields as plain JSON: what the history shows, and what a restore puts back."""
    return {name: _plain(row._meta.get_field(name), row) for name in fields}


def from_snapshot(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    """The other way round: field names to values that the model accepts."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = model._meta.get_field(name)
        key = field.attname if isinstance(field, models.ForeignKey) else name
        found[key] = field.to_python(value)  # type: ignore[union-attr]
    return found


def save_edit(
    row: models.Model,
    *,
    coalition: Coalition,
    by: User | None,
    seen_version: int,
    values: dict[str, Any],
    verb: str,
    subject: str,
    fragment: str = "",
    undoes: Change | None = None,
) -> Change | None:
    """Write `values` if nobody saved since `seen_version`. None when they change nothing.

    `fragment` names a list where the row itself is on no page yet; the record then says which row it was.
    """
    manager = type(row)._base_manager
    current = manager.select_for_update().get(pk=row.pk)
    if current.version != seen_version:  # type: ignore[attr-defined]
        raise StaleEdit(current)
    changed = {name: value for name, value in values.items() if getattr(current, name) != value}
    if not changed:
        return None
    names = [_field_name(row, name) for name in changed]
    before = snapshot(current, names)
    manager.filter(pk=row.pk).update(**changed, version=F("version") + 1)
    row.refresh_from_db()
    return changes.record(
        coalition,
        by=by,
        verb=verb,
        subject=subject,
        fragment=fragment or row.fragment,  # type: ignore[attr-defined]
        before=before,
        after=snapshot(row, names) | ({"id": row.pk} if fragment else {}),
        undoes=undoes,
    )


def _plain(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return value if isinstance(value, bool | int | float | str | None) else field.value_to_string(row)


def _field_name(row: models.Model, name: str) -> str:
    return next(f.name for f in row._meta.concrete_fields if name in {f.name, f.attname})
