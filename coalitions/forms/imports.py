"""What is uploaded, and what is chosen about look-alikes. Forms check and never save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalitions.exchange import limits
from coalitions.services.imports.choices import DIFFERENT, SAME

PER_PAGE = 40
FIELD = "pair-"


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One to a few files, together below the limit."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        found = [super(FilesField, self).clean(file, initial) for file in files]
        if len(found) > limits.MOST_FILES:
            raise forms.ValidationError(
                _("Choose at most %(most)s files at once.") % {"most": limits.MOST_FILES}, code="too_many"
            )
        if sum(file.size for file in found) > limits.MOST_UPLOADED:
            most = number_format(limits.MOST_UPLOADED // 1024**2)
            message = _("The files are larger than %(most)s MB. Nothing was kept. Split or compress them.")
            raise forms.ValidationError(message % {"most": most}, code="too_large")
        return found


class UploadForm(forms.Form):
    chosen = FilesField(
        label=gettext_lazy("CSV files"),
        help_text=gettext_lazy(
            "Choose the files or drop them here: up to five together, plain or compressed with gzip."
        ),
        widget=FilesInput(attrs={"accept": ".csv,.gz,text/csv,application/gzip"}),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("This file is empty."),
        },
    )

    def pieces(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """File names, of which only the last part is believed, and bytes a megabyte at a time."""
        for file in self.cleaned_data["chosen"]:
            yield plain_name(file.name), file.chunks(1024 * 1024)


def plain_name(name: str | None) -> str:
    last = PurePath((name or "").replace("\\", "/")).name
    return "".join(mark for mark in last if mark.isprintable())[:120] or "file.csv"


def choices_in(typed: QueryDict) -> dict[str, str]:
    """ "pair-7": "same" for the eighth look-alike. Anything else is left out."""
    return {
        name.removeprefix(FIELD): value
        for name, value in typed.items()
        if name.startswith(FIELD) and value in {SAME, DIFFERENT} and isinstance(value, str)
    }


def page_of_pairs(
    lookalikes: list[list[str]], choices: dict[str, str], number: str | None, *, says: Callable[[str], str]
) -> Page[Any]:
    """A page of look-alikes with what was chosen; `says` puts a reason into words."""
    pairs = [
        {
            "field": f"{FIELD}{place}",
            "left": left,
            "right": right,
            "is_here": ref.startswith("muster:"),
            "says": says(reason),
            "choice": choices.get(str(place), DIFFERENT),
        }
        for place, (_left_ref, ref, reason, left, right) in enumerate(lookalikes)
    ]
    return Paginator(pairs, PER_PAGE).get_page(number)
