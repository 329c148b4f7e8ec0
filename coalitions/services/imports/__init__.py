"""Bring in the rows of a file as one change, and take that change back."""

from coalitions.services.imports.undoing import undo_import
from coalitions.services.imports.uploads import (
    MostRunning,
    cancel,
    keep_choices,
    start_commit,
    start_import,
)

__all__ = ["MostRunning", "cancel", "keep_choices", "start_commit", "start_import", "undo_import"]
