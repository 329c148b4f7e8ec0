"""Which refs mean one organization, by what the person chose about look-alikes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SAME, DIFFERENT = "same", "different"
# A look-alike as it is stored: [left ref, right ref, reason, left name, right name].
Lookalike = Sequence[str]


class Groups:
    """Refs that were declared the same, directly or by way of a third one."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        for one, other in pairs:
            self._parent[self.of(one)] = self.of(other)

    def of(self, ref: str) -> str:
        while ref in self._parent and self._parent[ref] != ref:
            ref = self._parent[ref]
        return ref

    def known(self) -> set[str]:
        """Every ref that belongs to a group of more than itself."""
        return set(self._parent) | set(self._parent.values())


def chosen(lookalikes: Sequence[Lookalike], choices: dict[str, str]) -> Groups:
    """Pairs without a choice stay different: nothing is merged that nobody asked for."""
    return Groups(
        (pair[0], pair[1]) for number, pair in enumerate(lookalikes) if choices.get(str(number)) == SAME
    )
