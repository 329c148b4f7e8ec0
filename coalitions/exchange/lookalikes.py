"""Names that may mean one organization, told by spelling, word order or an acronym. Suggests, never decides.

No name is compared with every other one. Names are filed under what they would share if they were the same,
and only neighbours in a drawer are compared: the work grows with the number of words, not with its square.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import combinations, islice
from typing import NamedTuple

from rapidfuzz.distance import OSA

# Words that one name has and the other leaves out. Written in capitals they are something else: LA, IN, DE.
SMALL_WORDS = frozenset(
    {"the", "of", "for", "and", "in", "on", "to", "a", "an", "at", "by", "with", "from", "inc", "llc"}
    | {"chapter", "branch", "de", "la", "el", "los", "las", "y", "et", "der", "die", "das", "und"}
)
APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`]")
WORD = re.compile(r"[^\W_]+")
LONGEST_RUN = 8
# Ways to abbreviate one name that are tried. A real name has a few; a malicious one thousands.
MOST_SHORTENED = 20
# A name of one word has nothing else that agrees: it takes a longer word to call a difference a slip.
SHORTEST_ALONE = 7
# A drawer of this many words is searched for typing errors word against word; a fuller one letter by letter.
SMALL_DRAWER = 40
# More names than this under one key say nothing: "Black Lives Matter" and a town, two hundred times.
FULL_DRAWER = 60


class Reason(StrEnum):
    """From the most certain to the least."""

    SAME_LETTERS = "same_letters"
    WORD_ORDER = "word_order"
    SPELLING = "spelling"
    ACRONYM = "acronym"


class Pair(NamedTuple):
    """Two names by their refs. `left` comes from the file."""

    left: str
    right: str
    reason: Reason


class Words(NamedTuple):
    """A name as it is compared."""

    ref: str
    # Every word that carries meaning, in order, without case, accents and marks.
    all: tuple[str, ...]
    # Those among them that are written in capitals: they may stand for several words.
    capitals: frozenset[str]
    # With the small words, for initials: "NAACP" has an A for "and", "of" is often left out.
    with_small: tuple[str, ...]


def find(new: dict[str, str], known: dict[str, str]) -> list[Pair]:
    """Pairs of a new name with a known one, or of two new ones, most certain first. Ref -> name each."""
    names = [words(ref, name) for ref, name in new.items()]
    names += [words(ref, name) for ref, name in known.items() if ref not in new]
    drawers = (
        (Reason.SAME_LETTERS, _under(names, lambda name: [_letters(name)])),
        (Reason.WORD_ORDER, _under(names, lambda name: [_in_order(name.all)] if len(name.all) > 1 else [])),
        (Reason.SPELLING, _misspelt(names)),
        (Reason.ACRONYM, _abbreviated(names)),
    )
    found: dict[tuple[str, str], Pair] = {}
    for reason, pairs in drawers:
        for one, other in pairs:
            left, right = (one, other) if one in new else (other, one)
            if left in new and left != right and (right, left) not in found:
                found.setdefault((left, right), Pair(left, right, reason))
    return list(found.values())


def words(ref: str, name: str) -> Words:
    text = APOSTROPHES.sub("", name.replace("&", " and ").replace("+", " and "))
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    written = list(_joined_letters(WORD.findall(plain)))
    folded = [word.casefold() for word in written]
    capitals = frozenset(word.casefold() for word in written if len(word) > 1 and word.isupper())
    if all(word.isupper() for word in written if word.isalpha()) and len(written) > 2:
        capitals = frozenset()  # the whole name is shouted
    meaning = [word for word in folded if word in capitals or word not in SMALL_WORDS]
    return Words(ref, tuple(_without_own_acronym(meaning, folded)), capitals, tuple(folded))


def _letters(name: Words) -> str:
    return "".join(word for word in name.with_small if word not in {"the", "and"}) or "".join(name.all)


def _joined_letters(found: list[str]) -> Iterator[str]:
    """N.A.A.C.P. is one word."""
    letters = ""
    for word in found:
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            yield letters
        letters = ""
        yield word
    if letters:
        yield letters


def _without_own_acronym(meaning: list[str], folded: list[str]) -> list[str]:
    """ "National Lawyers Guild (NLG)" says the same thing twice."""
    for word in meaning:
        if len(word) < 3:
            continue
        rest = [other for other in folded if other != word]
        if word in {_initials(rest), _initials([other for other in rest if other not in SMALL_WORDS])}:
            return [other for other in meaning if other != word]
    return meaning


def _initials(found: Iterable[str]) -> str:
    return "".join(word[0] for word in found)


def _in_order(found: Iterable[str]) -> str:
    return " ".join(sorted(found))


def _under(names: list[Words], keys) -> Iterator[tuple[str, str]]:  # type: ignore[no-untyped-def]
    drawers: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for key in filter(None, keys(name)):
            drawers[key].append(name.ref)
    for refs in drawers.values():
        if 1 < len(refs) <= FULL_DRAWER:
            yield from combinations(refs, 2)


def _misspelt(names: list[Words]) -> Iterator[tuple[str, str]]:
    """All words the same but one, and that one a slip of the hand away."""
    drawers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        ordered = sorted(name.all)
        for place, word in enumerate(ordered):
            if word in name.capitals or (len(ordered) == 1 and len(word) < SHORTEST_ALONE):
                continue
            drawers[" ".join(ordered[:place] + ordered[place + 1 :])].append((word, name.ref))
    for drawer in drawers.values():
        if len(drawer) == 1:
            continue
        near = _neighbours(drawer) if len(drawer) > SMALL_DRAWER else combinations(drawer, 2)
        for (one, ref), (other, other_ref) in near:
            if one != other and is_slip(one, other):
                yield ref, other_ref


def _neighbours(drawer: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Words that are equal once each has lost at most one letter."""
    by_rest: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in drawer:
        word = entry[0]
        for rest in {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}:
            by_rest[rest].append(entry)
    for entries in by_rest.values():
        if 1 < len(entries) <= FULL_DRAWER:
            yield from combinations(entries, 2)


def is_slip(one: str, other: str) -> bool:
    """One letter wrong, missing or swapped, two in a word of nine. Numbers are never slips."""
    shorter = min(len(one), len(other))
    if shorter < 4 or not (one.isalpha() and other.isalpha()):
        return False
    allowed = 2 if shorter >= 9 else 1
    if shorter < 7 and one[0] != other[0]:
        return False
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed


def _abbreviated(names: list[Words]) -> Iterator[tuple[str, str]]:
    """One name writes out what the other one abbreviates, and the rest is the same."""
    known = frozenset().union(*(name.capitals for name in names)) if names else frozenset()
    short: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.capitals:
            short[_in_order(name.all)].append(name.ref)
    for name in names:
        for key in _abbreviations(name, known):
            for ref in short.get(key, ())[:FULL_DRAWER]:
                if ref != name.ref:
                    yield ref, name.ref


def _abbreviations(name: Words, known: frozenset[str]) -> set[str]:
    """The keys of this name with one or two runs of words replaced by a known acronym."""
    once = list(islice(_shortened(name.with_small, name.capitals, known), MOST_SHORTENED))
    twice = (again for found in once for again in _shortened(found, name.capitals, known))
    return {
        _in_order(word for word in found if word not in SMALL_WORDS)
        for found in (*once, *islice(twice, MOST_SHORTENED))
    }


def _shortened(
    found: tuple[str, ...], capitals: frozenset[str], known: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    for start in range(len(found)):
        if found[start] in SMALL_WORDS:
            continue
        for end in range(start + 2, min(start + LONGEST_RUN, len(found)) + 1):
            run = found[start:end]
            if run[-1] in SMALL_WORDS:
                continue
            rest_is_empty = len(run) == len(found)
            for letters in _acronyms(run, capitals):
                if letters in known and len(letters) > (2 if rest_is_empty else 1):
                    yield (*found[:start], letters, *found[end:])


def _acronyms(run: tuple[str, ...], capitals: frozenset[str]) -> set[str]:
    strong = [word for word in run if word not in SMALL_WORDS]
    return {
        _initials(run),
        _initials(strong),
        "".join(word if word in capitals else word[0] for word in strong),
    }
