"""What happened in the fictional coalition up to today: the same story on whatever day it is first told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from coalitions.demo import world
from coalitions.demo.past import Past
from coalitions.demo.scribe import Scribe
from coalitions.models import (
    BOND_FIELDS,
    Action,
    ActionStatus,
    Coalition,
    CountMethod,
    CountOf,
    Organization,
    User,
)

SATURDAY = 5
# Measured before an action of the same day is closed.
EVENING = time(21, 59)
LEAST_DAYS_TO_THE_MARCH = 6
ANSWERS = {"y": True, "n": False}
# Days before today on which the second, third and fourth bond began to be asked for.
BONDS_FROM = (66, 47, 29)


class Moment(NamedTuple):
    at: datetime
    act: Callable[..., None]
    arguments: tuple[Any, ...]
    values: dict[str, Any]


class Story:
    """Moments are collected chapter by chapter and then happen in the order of their days."""

    def __init__(self, coalition: Coalition, *, people: dict[str, User], now: datetime) -> None:
        self.coalition = coalition
        self.lead, self.organizer = people[world.LEAD.key], people[world.ORGANIZER.key]
        self.partner = people[world.PARTNER.key]
        self.now = now
        self.zone = ZoneInfo(coalition.time_zone)
        self.today = coalition.local_day(now)
        soonest = self.today + timedelta(days=LEAST_DAYS_TO_THE_MARCH)
        self.march = soonest + timedelta(days=(SATURDAY - soonest.weekday()) % 7)
        # The same numbers in every telling.
        self.luck = random.Random(1955)  # noqa: S311
        self.moments: list[Moment] = []
        self.scribe = Scribe(coalition, self._organizations(), self._actions())
        self.past = Past(self.scribe)

    def tell(self) -> None:
        self._found()
        self._gather_groups()
        self._bind()
        self._declare_overlaps()
        for held in world.HELD:
            self._hold(held)
        self._plan_ahead()
        for day in self.past.days(self.today, closed=[self._day_of(held) for held in world.HELD]):
            self._then(datetime.combine(day, EVENING, tzinfo=self.zone), self.past.look)
        for moment in sorted(self.moments, key=lambda moment: moment.at):
            moment.act(moment.at, *moment.arguments, **moment.values)
        self.scribe.store()
        self.past.store()

    # When and who

    def _then(self, at: datetime, act: Callable[..., None], *arguments: Any, **values: Any) -> None:
        self.moments.append(Moment(at, act, arguments, values))

    def _at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A late hour of today has not come yet: then it was now."""
        return min(datetime.combine(day, time(hour % 24, minute % 60), tzinfo=self.zone), self.now)

    def _ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def _day_of(self, held: world.Held) -> date:
        return self.march - timedelta(days=7 * held.weeks + SATURDAY - held.weekday)

    def _someone(self, number: int, group: str = "") -> User:
        if group == world.PARTNERS_OWN:
            return self.partner
        return self.lead if number % 4 == 0 else self.organizer

    # Rows as they are before anything happens

    def _organizations(self) -> dict[str, Organization]:
        return {
            group.key: Organization(
                coalition=self.coalition,
                name=group.name,
                kind=group.kind,
                community=group.community,
                place=group.place,
                reach=group.reach,
                partner_since=None if group.since is None else self._ago(7 * group.since),
            )
            for group in world.GROUPS
        }

    def _actions(self) -> dict[str, Action]:
        days: dict[world.Held | world.Planned, date] = {held: self._day_of(held) for held in world.HELD}
        days |= {planned: self.march + timedelta(days=planned.days) for planned in world.PLANNED}
        return {
            each.key: Action(
                coalition=self.coalition,
                title=each.title,
                kind=each.kind,
                place=each.place,
                day=day,
                starts_at=time(each.hour),
                is_big=each.is_big,
            )
            for each, day in days.items()
        }

    # Chapters

    def _found(self) -> None:
        self.coalition.created_at = self._at(self._ago(7 * 66), 19)
        self._then(
            self.coalition.created_at,
            self.scribe.record,
            self.lead,
            "coalition.created",
            subject=self.coalition.name,
            fragment="settings",
        )
        for day, values in world.SETTLED:
            self._edit(day, 20, self.lead, self.coalition, "settings.changed", **values)

    def _edit(self, day: int, hour: int, by: User, row: Any, verb: str, **values: Any) -> None:
        self._then(self._at(self._ago(day), hour, 13), self.scribe.edit, by, row, verb, **values)

    def _gather_groups(self) -> None:
        for number, group in enumerate(world.GROUPS):
            row, by = self.scribe.organizations[group.key], self._someone(number)
            day = 7 * 34 - 9 * (number % 5) if group.since is None else 7 * group.since
            self._then(self._at(self._ago(day), 17 + number % 4, 7 * number), self.scribe.add, by, row)
            if group.until is not None:
                left = self._ago(7 * group.until)
                self._edit(7 * group.until, 21, self.lead, row, "organization.edited", partner_until=left)

    def _bind(self) -> None:
        """The agreement is signed soon after joining; the other bonds were asked for later, one by one."""
        for number, group in enumerate(world.GROUPS):
            if group.since is None:
                continue
            row, joined = self.scribe.organizations[group.key], 7 * group.since
            asked = (joined, *(start - (7 * number) % 25 for start in BONDS_FROM))
            for place, (name, letter) in enumerate(zip(BOND_FIELDS, group.bonds, strict=True)):
                if letter in ANSWERS:
                    day = max(min(asked[place], joined - 5 - place), 1)
                    by = self._someone(number + place)
                    self._edit(day, 12 + place, by, row, "organization.edited", **{name: ANSWERS[letter]})

    def _declare_overlaps(self) -> None:
        for number, pair in enumerate(world.OVERLAPS):
            by, groups = self._someone(number + 1), (pair.one, pair.other)
            self._then(
                self._at(self._ago(pair.day), 11, 5 * number), self.scribe.declare, by, *groups, pair.share
            )
            if pair.later_share is not None and pair.later_day is not None:
                later = self._at(self._ago(pair.later_day), 16, 40)
                self._then(later, self.scribe.declare_anew, by, *groups, pair.later_share)

    def _hold(self, held: world.Held) -> None:
        """Planned, pledged for, held, counted."""
        action, day = self.scribe.actions[held.key], self._day_of(held)
        self._then(self._at(day - timedelta(days=24), 19, 30), self.scribe.add, self.lead, action)
        groups = [group for group in world.GROUPS if group.key in held.partners.split()]
        came = {group.key: self._pledge_and_come(held, group, number) for number, group in enumerate(groups)}
        closed = self._at(day, 22)
        self._then(
            closed, self.scribe.edit, self.organizer, action, "action.edited", status=ActionStatus.HELD
        )
        self._count_crowd(held, closed)
        for number, (key, people) in enumerate(came.items()):
            if key not in held.uncounted.split():
                self._count_group(
                    action, key, people, closed + timedelta(hours=11 + number, minutes=4 * number)
                )

    def _pledge_and_come(self, held: world.Held, group: world.Group, number: int) -> int:
        """Log a cautious pledge and mostly a later one; return how many of the last one came."""
        likely = group.size * held.scale * self.luck.uniform(0.85, 1.15)
        pledges = [(18 - number % 5, likely * self.luck.uniform(0.6, 1.0)), (2 + number % 4, likely)]
        for days, people in pledges[: 1 if number % 4 == 3 else 2]:
            likely = _rounded(people)
            figures = (_rounded(people * 0.8), likely, _rounded(people * 1.25))
            at = self._at(self._day_of(held) - timedelta(days=days), 9 + number % 10, 11 * number)
            self._pledge(at, held.key, group.key, figures, self._someone(number, group.key))
        return round(likely * group.rate * held.day * self.luck.lognormvariate(0, 0.26))

    def _pledge(
        self, at: datetime, action: str, group: str, figures: tuple[int, int, int], by: User, **values: Any
    ) -> None:
        rows = (self.scribe.actions[action], self.scribe.organizations[group])
        self._then(at, self.scribe.pledge, by, *rows, figures, **values)

    def _count_crowd(self, held: world.Held, closed: datetime) -> None:
        action = self.scribe.actions[held.key]
        crowds = [crowd for crowd in world.CROWDS if crowd.action == held.key]
        for number, crowd in enumerate(crowds):
            at = closed + timedelta(minutes=20 + 25 * number)
            values = asdict(crowd) | {"action": action}
            self._then(at, self.scribe.count, self.lead, of=CountOf.CROWD, **values)
        if held.walk_ins is not None:
            people = {
                "low": round(held.walk_ins * 0.8),
                "best": held.walk_ins,
                "high": round(held.walk_ins * 1.3),
            }
            at = closed + timedelta(minutes=12)
            self._then(
                at,
                self.scribe.count,
                self.organizer,
                action,
                CountOf.WALK_INS,
                method=CountMethod.CLICKER,
                counted_by="Welcome desk",
                **people,
            )

    def _count_group(self, action: Action, key: str, people: int, at: datetime) -> None:
        organization = self.scribe.organizations[key]
        self._then(
            at,
            self.scribe.count,
            self.partner if key == world.PARTNERS_OWN else self.organizer,
            action,
            CountOf.PLEDGED,
            organization=organization,
            low=people,
            best=people,
            high=people,
            method=CountMethod.SIGN_IN,
            counted_by=organization.name,
        )

    def _plan_ahead(self) -> None:
        for planned in world.PLANNED:
            at = self._at(self._ago(planned.announced), 18, 45)
            self._then(at, self.scribe.add, self.lead, self.scribe.actions[planned.key])
        for number, said in enumerate(world.PLEDGES):
            at = self._at(self._ago(said.day), 9 + number % 11, 17 * number)
            # A lead's word counts at once; only another's jump waits for one.
            by = self.organizer if said.is_held_back else self._someone(number, said.partner)
            figures = (said.low, said.likely, said.high)
            more = {"note": said.note, "is_held_back": said.is_held_back}
            self._pledge(at, said.action, said.partner, figures, by, **more)


def _rounded(people: float) -> int:
    return max(5, 5 * round(people / 5))
