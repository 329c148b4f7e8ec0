"""One row, read field by field: a bad field is noted with its column, and the row is left out."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Container
from datetime import date, time
from urllib.parse import urlsplit

from coalitions.exchange.problems import Problems
from coalitions.models.actions import MOST_PEOPLE
from coalitions.services.imports.records import Place

WHOLE = re.compile(r"[0-9]{1,12}(\.0+)?", re.ASCII)
DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]+)?", re.ASCII)
DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]00:00(?::00)?(?:\.0+)?Z?)?", re.ASCII)
HOUR = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?", re.ASCII)
OLDEST, NEWEST = 1800, 2200
YES, NO = {"yes", "true", "1", "y"}, {"no", "false", "0", "n"}


def tidy(text: str) -> str:
    """One line, one kind of spaces, one way to write each accent."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class Fields:
    """The named fields of one row. After reading, `is_sound` says whether any of them was bad."""

    def __init__(self, place: Place, texts: dict[str, str], problems: Problems) -> None:
        self.place = place
        self.texts = texts
        self.problems = problems
        self.is_sound = True

    def bad(self, word: str, *, column: str = "") -> None:
        self.is_sound = False
        self.problems.add(self.place, word, column=column, value=self.texts.get(column, ""))

    def has(self, column: str) -> bool:
        return column in self.texts

    def raw(self, column: str) -> str:
        return self.texts.get(column, "")

    def text(self, column: str, *, most: int, needed: bool = False) -> str:
        found = tidy(self.raw(column))
        if not found and needed:
            self.bad("needed", column=column)
        if len(found) > most:
            self.bad("too_long", column=column)
        return found

    def day(self, column: str, *, needed: bool = False) -> date | None:
        if not self.has(column):
            if needed:
                self.bad("needed", column=column)
            return None
        match = DAY.fullmatch(self.raw(column))
        try:
            found = date(*(int(part) for part in match.groups())) if match else None
        except ValueError:
            found = None
        if found is None or not OLDEST <= found.year <= NEWEST:
            self.bad("bad_date", column=column)
            return None
        return found

    def hour(self, column: str) -> time | None:
        if not self.has(column):
            return None
        match = HOUR.fullmatch(self.raw(column))
        try:
            found = time(int(match[1]), int(match[2])) if match else None
        except ValueError:
            found = None
        if found is None:
            self.bad("bad_time", column=column)
        return found

    def people(self, column: str, *, rounded: bool = False) -> int | None:
        """People are whole; a mean of two reports may not be, and is rounded. Empty is unknown, not zero."""
        if not self.has(column):
            return None
        text = self.raw(column)
        if not (DECIMAL if rounded else WHOLE).fullmatch(text):
            self.bad("bad_number", column=column)
            return None
        found = math.floor(float(text) + 0.5)
        if found > MOST_PEOPLE:
            self.bad("number_too_large", column=column)
            return None
        return found

    def yes_no(self, column: str) -> bool | None:
        if not self.has(column):
            return None
        word = self.raw(column).casefold()
        if word not in YES | NO:
            self.bad("bad_yes_no", column=column)
        return word in YES

    def choice(self, column: str, choices: Container[str]) -> str | None:
        if not self.has(column):
            return None
        word = self.raw(column).casefold().replace("-", "_").replace(" ", "_")
        if word not in choices:
            self.bad("bad_choice", column=column)
            return None
        return word

    def coordinates(self, north: str, east: str) -> tuple[float, float] | None:
        """Both or neither."""
        if not self.has(north) and not self.has(east):
            return None
        try:
            latitude, longitude = float(self.raw(north)), float(self.raw(east))
        except ValueError:
            latitude = longitude = math.nan
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            self.bad("bad_coordinate", column=east if self.has(north) and not self.has(east) else north)
            return None
        return latitude, longitude

    def address(self, column: str) -> str:
        found = self.text(column, most=500)
        if found and not _is_address(found):
            self.bad("bad_address", column=column)
        return found

    def ref(self, column: str, *, system: str, needed: bool = False) -> str:
        """`system:identifier` as it is, anything else as an id of the given system."""
        found = self.text(column, most=200, needed=needed)
        if "|" in found:
            self.bad("bad_id", column=column)
        return as_ref(found, system=system) if found else ""

    def refs(self, column: str) -> tuple[str, ...]:
        """Several ids in one field, divided by bars."""
        found = tuple(dict.fromkeys(part for part in map(tidy, self.raw(column).split("|")) if part))
        if any(not is_full_ref(part) for part in found):
            self.bad("bad_id", column=column)
        return found


def as_ref(text: str, *, system: str) -> str:
    return text if is_full_ref(text) else f"{system}:{text}"


def is_full_ref(text: str) -> bool:
    system, colon, identifier = text.partition(":")
    return bool(colon and re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", system) and 0 < len(identifier) <= 200)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text
