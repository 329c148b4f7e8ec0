"""Compare the records of a file with the coalition, and say exactly what an import would write."""

from __future__ import annotations

from typing import Any

from coalitions.services.imports.choices import Groups
from coalitions.services.imports.directory import (
    HERE,
    Current,
    Directory,
    KnownCount,
    Table,
    folded,
    ledger_name,
)
from coalitions.services.imports.merging import merged, plain, plainly
from coalitions.services.imports.planned import Change, NewCount, NewLink, NewPledge, Plan, Rows
from coalitions.services.imports.records import (
    ActionRecord,
    CountRecord,
    OrganizationRecord,
    Records,
    split_ref,
)
from coalitions.services.ledgers import JUMP_FACTOR, JUMP_PEOPLE

Thing = OrganizationRecord | ActionRecord
# Differences that are listed one by one; beyond it only their number is told.
MOST_KEPT = 200
NEW, CHANGED, UNCHANGED, KEPT, REMOVED = "new", "changed", "unchanged", "kept", "removed"
# Another name of a row that this very file adds.
JOINED = "joined"


def compare(records: Records, directory: Directory, *, same: Groups, may_jump: bool) -> Plan:
    """`may_jump`: a lead's word is enough for a pledge that is ten times the last one."""
    plan = Plan()
    _organizations(records, directory, plan, same)
    for action in records.actions:
        target = _known_target(directory.actions, action)
        _place(plan, "actions", action, directory.actions, target)
    _participations(records, directory, plan)
    for count in records.counts:
        _count(count, directory, plan)
    _pledges(records, directory, plan, may_jump=may_jump)
    return plan


def _organizations(records: Records, directory: Directory, plan: Plan, same: Groups) -> None:
    table, rows = directory.organizations, plan.organizations
    names = dict(directory.names)
    keys = folded([record.name for record in records.organizations])
    # First everybody whose place is known, so that look-alikes of them find it.
    by_group: dict[str, int] = {
        same.of(ref): table.here[ref] for ref in sorted(same.known()) if ref in table.here
    }
    known = [
        target if (target := _known_target(table, record)) is not None else names.get(key)
        for record, key in zip(records.organizations, keys, strict=True)
    ]
    for record, target in zip(records.organizations, known, strict=True):
        if target is not None:
            by_group.setdefault(same.of(record.ref), target)
    for record, key, place in zip(records.organizations, keys, known, strict=True):
        target = by_group.get(same.of(record.ref), names.get(key)) if place is None else place
        if target is not None and target > 0:
            _leave_taken_name(plan, record, key=key, target=target, names=names, table=table)
        found = _place(plan, "organizations", record, table, target)
        if found < 0:
            names.setdefault(key, found)
        by_group.setdefault(same.of(record.ref), found)
    rows.targets |= {ref: target for ref, target in table.here.items() if ref not in rows.targets}


def _leave_taken_name(
    plan: Plan, record: OrganizationRecord, *, key: str, target: int, names: dict[str, int], table: Table
) -> None:
    """A name that another organization bears here stays with that one: the row keeps its own."""
    if names.setdefault(key, target) == target:
        return
    mine = table.rows[target].values[table.fields.index("name")]
    _keep(plan, "organizations", record, "name", mine)
    record.values["name"] = mine


def _known_target(table: Table, record: Thing) -> int | None:
    for ref in (record.ref, *record.also):
        target = table.target(ref)
        if target is not None:
            return target
    return None


def _place(plan: Plan, kind: str, record: Thing, table: Table, target: int | None) -> int:
    """Give the record its row: a known one, one that this file adds, or a new one."""
    rows: Rows = getattr(plan, kind)
    if target is None and split_ref(record.ref)[0] == HERE:
        raise LookupError(record.ref)
    if target is None:
        target = rows.add(dict(record.values))
        plan.count(kind, NEW)
    elif target < 0:
        first = rows.new[-target - 1]
        here = {name: first.get(name) for name in (*first, *record.values)}
        first |= merged(here=here, said=record.values, said_before=None).taken
        plan.count(kind, JOINED)
    elif table.rows[target].is_removed:
        plan.count(kind, REMOVED)
    else:
        _merge(plan, kind, record, table, target)
    for ref in (record.ref, *record.also):
        rows.targets[ref] = target
        if ref not in table.links and split_ref(ref)[0] != HERE:
            rows.links.append(NewLink(ref, target, plainly(record.values) if ref == record.ref else {}))
    return target


def _merge(plan: Plan, kind: str, record: Thing, table: Table, target: int) -> None:
    rows: Rows = getattr(plan, kind)
    known, link = table.rows[target], table.links.get(record.ref)
    here = dict(zip(table.fields, known.values, strict=True))
    found = merged(
        here=here,
        said=record.values,
        said_before=link.imported if link else None,
        is_current=record.version is not None and record.version == known.version,
    )
    for name in found.kept:
        _keep(plan, kind, record, name, here[name])
    if found.kept:
        plan.count(kind, KEPT)
    if not found.taken:
        plan.count(kind, UNCHANGED)
        return
    plan.count(kind, CHANGED)
    before = {name: plain(here[name]) for name in found.taken}
    rows.changed.append(Change(target, known.version, found.taken, before))
    # A second row of the file about the same organization meets what the first one has written.
    table.rows[target] = known._replace(
        version=known.version + 1,
        values=tuple(found.taken.get(name, value) for name, value in here.items()),
    )
    if link:
        rows.said[link.pk] = (link.imported, link.imported | plainly(found.taken))


def _keep(plan: Plan, kind: str, record: Thing, name: str, here: Any) -> None:
    if len(plan.kept) < MOST_KEPT:
        plan.kept.append([kind, *record.place, name, plain(here), plain(record.values[name])])


def _is_gone(table: Table, target: int) -> bool:
    return target > 0 and table.rows[target].is_removed


def _pair(directory: Directory, plan: Plan, action: str, organization: str) -> tuple[int, int]:
    return (
        _target(plan.actions, directory.actions, action),
        _target(plan.organizations, directory.organizations, organization),
    )


def _target(rows: Rows, table: Table, ref: str) -> int:
    found = rows.targets.get(ref)
    if found is None:
        found = table.target(ref)
    if found is None:
        raise LookupError(ref)
    return found


def _participations(records: Records, directory: Directory, plan: Plan) -> None:
    seen = directory.participations
    for record in records.participations:
        action, organization = _pair(directory, plan, record.action, record.organization)
        if _is_gone(directory.actions, action) or _is_gone(directory.organizations, organization):
            plan.count("participations", REMOVED)
        elif (action, organization) in seen:
            plan.count("participations", UNCHANGED)
        else:
            seen.add((action, organization))
            plan.participations.append((action, organization, record.position))
            plan.count("participations", NEW)


def _count(record: CountRecord, directory: Directory, plan: Plan) -> None:
    action = _target(plan.actions, directory.actions, record.action)
    organization = (
        _target(plan.organizations, directory.organizations, record.organization)
        if record.organization
        else None
    )
    gone = _is_gone(directory.actions, action) or (
        organization is not None and _is_gone(directory.organizations, organization)
    )
    if gone:
        plan.count("counts", REMOVED)
        return
    name = ledger_name("count", record.ref)
    known = directory.counts.get(name)
    is_same_place = known is not None and (known.action, known.organization) == (action, organization)
    what = _what_to_do(record, known) if known and is_same_place else NEW
    plan.count("counts", what)
    if what in {NEW, CHANGED}:
        corrects = known.pk if known and what == CHANGED else None
        plan.counts.append(NewCount(record, name, action, organization, corrects))


def _what_to_do(record: CountRecord, known: KnownCount) -> str:
    figures = (
        record.low,
        record.best,
        record.high,
        record.method,
        record.counted_by,
        record.is_independent,
        record.source,
    )
    if figures == known.figures and record.of == known.of:
        return UNCHANGED
    return KEPT if known.is_corrected else CHANGED


def _pledges(records: Records, directory: Directory, plan: Plan, *, may_jump: bool) -> None:
    current = directory.current
    for record in records.pledges:
        pair = _pair(directory, plan, record.action, record.organization)
        if _is_gone(directory.actions, pair[0]) or _is_gone(directory.organizations, pair[1]):
            plan.count("pledges", REMOVED)
            continue
        name = ledger_name("pledge", record.ref)
        figures = (record.low, record.likely, record.high)
        now = current.get(pair)
        if directory.pledges.get(name) == (*pair, figures) and not (now and now.is_undone):
            plan.count("pledges", UNCHANGED)
        elif now is not None and not now.is_imported:
            plan.count("pledges", UNCHANGED if now.figures == figures else KEPT)
        else:
            counted = now.likely if now and not now.is_undone else None
            is_held_back = not may_jump and _is_jump(record.likely, counted)
            seen = now.version if now else 0
            plan.pledges.append(NewPledge(record, name, *pair, seen, is_held_back))
            likely = counted if is_held_back else record.likely
            current[pair] = Current(
                likely=likely, figures=figures, is_imported=True, is_undone=False, version=seen + 1
            )
            plan.count("pledges", NEW)


def _is_jump(likely: int, counted: int | None) -> bool:
    """Needs a lead's second look: the file says much more than what counts now."""
    return counted is not None and likely >= JUMP_PEOPLE and likely > JUMP_FACTOR * max(counted, 1)
