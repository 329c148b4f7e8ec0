"""Bring files in as a person and a worker would: upload, check, choose, import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from coalitions import jobs
from coalitions.exchange.reading import Reading, Upload, read
from coalitions.models import Coalition, Import, User
from coalitions.services.imports import keep_choices, start_commit, start_import

TODAY = date(2026, 11, 22)
DATA = Path(__file__).parent.parent / "data"
TWIN_CITIES = {path.name: path.read_bytes() for path in sorted((DATA / "twin_cities").glob("*.csv"))}

OWN = {
    "organizations.csv": "id,name,kind,partner_since\na,Dockers,union,2024-01-01\nb,Tenants,,\n",
    "actions.csv": "id,title,day,status\nm,March,2025-04-11,held\n",
    "participation.csv": "action_id,organization_id\nm,a\nm,b\n",
    "pledges.csv": "id,action_id,organization_id,low,likely,high\np,m,a,80,100,120\n",
    "counts.csv": "id,action_id,organization_id,low,best,high,counted_by\n"
    "c,m,,90,100,110,Students\nd,m,a,60,70,80,Stewards\n",
}


def in_pieces(content: bytes, size: int = 1000) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def read_texts(**files: str | bytes) -> Reading:
    """`actions="id,title..."`: what the files say, as seen on the day that the tests live in."""
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return read(
        [Upload(f"{name}.csv", partial(in_pieces, content)) for name, content in contents.items()],
        today=TODAY,
    )


def words(reading: Reading) -> list[tuple[int, str, str]]:
    """(line, column, word) of every problem."""
    return [(problem.line, problem.column, problem.word) for problem in reading.problems]


def check(coalition: Coalition, by: User, files: Mapping[str, bytes | str]) -> Import:
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    upload = start_import(
        coalition, by=by, files=[(name, in_pieces(content, 100_000)) for name, content in contents.items()]
    )
    jobs.check_import(upload.pk)
    upload.refresh_from_db()
    return upload


def bring_in(
    coalition: Coalition, by: User, files: Mapping[str, bytes | str], *, choices: dict[str, str] | None = None
) -> Import:
    upload = check(coalition, by, files)
    assert upload.state == "checked", upload.summary
    if choices:
        keep_choices(upload, choices=choices)
    start_commit(upload, by=by)
    jobs.commit_import(upload.pk)
    upload.refresh_from_db()
    return upload
