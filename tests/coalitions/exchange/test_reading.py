"""What files say, and what is wrong with them, line by line."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, time

import pytest

from coalitions.exchange import limits
from coalitions.exchange.problems import WORDS, explained
from coalitions.exchange.reading import Upload, read
from coalitions.services.imports.records import ParticipationRecord, Place
from tests.coalitions.importing import TODAY, TWIN_CITIES, read_texts, words

ORGANIZATIONS = "id,name\na,Dockers\nb,Tenants\n"
ACTIONS = "id,title,day\nm,March,2026-04-11\n"


def test_the_three_tables_of_the_public_records_are_read():
    found = read_texts(**{name.removesuffix(".csv"): content for name, content in TWIN_CITIES.items()})
    assert found.problems == []
    assert {file.shape.name: file.rows for file in found.files} == {
        "ccc_actions": 60,
        "ccc_organizations": 70,
        "ccc_participation": 100,
    }
    first = found.records.actions[0]
    assert first.ref == "ccc:a8ce1bd414271"
    assert first.values == {
        "title": "Rally, Minneapolis",
        "kind": "rally",
        "place": "Minneapolis, MN",
        "latitude": 44.977753,
        "longitude": -93.265011,
        "day": date(2021, 1, 3),
        "status": "held",
    }
    crowd = found.records.counts[0]
    assert (crowd.action, crowd.low, crowd.best, crowd.high) == (first.ref, 1100, 1100, 1100)
    assert (crowd.method, crowd.is_independent) == ("estimate", True)
    assert crowd.counted_by == "Crowd Counting Consortium"


def test_a_size_that_is_missing_is_no_count():
    found = read_texts(**{name.removesuffix(".csv"): content for name, content in TWIN_CITIES.items()})
    rows = TWIN_CITIES["actions.csv"].decode().splitlines()
    at = rows[0].split(",").index("size_mean")
    sized = [row for row in rows[1:] if row.split(",")[at]]
    assert len(found.records.counts) == len(sized) == 30
    assert all(count.best > 0 for count in found.records.counts)


SINGLE = "date,locality,state,type,title,organizations,size_low,size_high,size_mean,online,lat,lon,claims\n"


def test_the_single_public_file_is_read():
    found = read_texts(
        events=SINGLE
        + "2026-03-01,Minneapolis,MN,march; rally,,Dockers; Tenants ;dockers,100,300,200,0,44.9,-93.2,x\n"
        + "2027-03-01,,,virtual rally,Talk,,,,,1,,,y\n"
    )
    assert found.problems == []
    march, talk = found.records.actions
    assert (march.values["title"], march.values["kind"], march.values["status"]) == (
        "March, Minneapolis",
        "march",
        "held",
    )
    assert (talk.values["place"], talk.values["status"]) == ("Online", "planned")
    assert [organization.name for organization in found.records.organizations] == ["Dockers", "Tenants"]
    assert [record.position for record in found.records.participations] == [1, 2, 3]
    assert (found.records.counts[0].low, found.records.counts[0].best, found.records.counts[0].high) == (
        100,
        200,
        300,
    )


def test_rows_without_ids_get_the_same_names_every_time_and_twins_stay_two():
    row = "2026-03-01,Minneapolis,MN,rally,,Dockers,,,,0,,,x\n"
    first, second = (read_texts(events=SINGLE + row + row) for _turn in range(2))
    refs = [action.ref for action in first.records.actions]
    assert len(set(refs)) == 2
    assert refs == [action.ref for action in second.records.actions]
    # Another size is news about the same action, not another action.
    sized = read_texts(events=SINGLE + row.replace(",,,,0", ",,,50,0"))
    assert sized.records.actions[0].ref == refs[0]


@pytest.mark.parametrize(
    ("low", "high", "mean", "read_as"),
    [
        ("", "", "", None),
        ("", "", "112.5", (113, 113, 113)),
        ("100", "300", "", (100, 200, 300)),
        ("100", "300", "150", (100, 150, 300)),
        ("100", "", "", (100, 100, 100)),
        ("0", "0", "0", (0, 0, 0)),
    ],
)
def test_sizes_become_low_best_high(low, high, mean, read_as):
    found = read_texts(events=SINGLE + f"2026-03-01,A,B,rally,,,{low},{high},{mean},0,,,x\n")
    assert found.problems == []
    assert [(count.low, count.best, count.high) for count in found.records.counts] == (
        [read_as] if read_as else []
    )


@pytest.mark.parametrize(
    ("low", "high", "mean", "word"),
    [
        ("300", "100", "", "out_of_order"),
        ("100", "300", "400", "out_of_order"),
        ("-5", "", "", "bad_number"),
        ("", "", "1e3", "bad_number"),
        ("", "", "²", "bad_number"),
        ("", "", "99999999999", "number_too_large"),
    ],
)
def test_impossible_sizes_are_refused(low, high, mean, word):
    found = read_texts(events=SINGLE + f"2026-03-01,A,B,rally,,,{low},{high},{mean},0,,,x\n")
    assert [problem[2] for problem in words(found)] == [word]


def test_nobody_is_counted_before_the_action():
    found = read_texts(events=SINGLE + "2027-03-01,A,B,rally,,,100,200,,0,,,x\n")
    assert words(found) == [(2, "size_low", "count_ahead")]


def test_our_own_five_tables_are_read():
    found = read_texts(
        organizations="id,name,kind,partner_since,agreement,reach,external_ids\n"
        "a,Dockers,union,2024-02-01,yes,1200,ccc:o1|wikidata:Q5\n",
        actions="id,title,day,starts_at,is_big\nm,March,2026-04-11,14:30,yes\n",
        participation="action_id,organization_id\nm,a\n",
        pledges="action_id,organization_id,low,likely,high\nm,a,80,100,120\nm,a,,90,\n",
        counts="action_id,organization_id,low,best,high,counted_by,is_independent,source\n"
        "m,,90,100,110,Two students,yes,https://example.org/x\nm,a,,70,,Stewards,no,\n",
    )
    assert found.problems == []
    dockers, march = found.records.organizations[0], found.records.actions[0]
    assert dockers.ref == "csv:a"
    assert dockers.also == ("ccc:o1", "wikidata:Q5")
    assert dockers.values == {
        "name": "Dockers",
        "kind": "union",
        "reach": 1200,
        "partner_since": date(2024, 2, 1),
        "bond_agreement": True,
    }
    assert (march.values["starts_at"], march.values["is_big"], march.values["status"]) == (
        time(14, 30),
        True,
        "held",
    )
    assert found.records.participations == [ParticipationRecord(Place(2, 2), "csv:m", "csv:a", 1)]
    assert [(p.low, p.likely, p.high) for p in found.records.pledges] == [(80, 100, 120), (90, 90, 90)]
    assert [(c.of, c.best) for c in found.records.counts] == [("crowd", 100), ("pledged", 70)]


def test_an_empty_field_says_nothing():
    found = read_texts(organizations="id,name,kind,place,reach,agreement\na,Dockers,,,,\n")
    assert found.records.organizations[0].values == {"name": "Dockers"}


@pytest.mark.parametrize(
    ("header", "row", "column", "word"),
    [
        ("name,kind", "Dockers,stroll", "kind", "bad_choice"),
        ("name,kind", ",union", "name", "needed"),
        ("name,reach", "Dockers,many", "reach", "bad_number"),
        ("name,partner_since", "Dockers,01.02.2025", "partner_since", "bad_date"),
        ("name,partner_since", "Dockers,2025-02-30", "partner_since", "bad_date"),
        ("name,partner_since", "Dockers,0025-02-03", "partner_since", "bad_date"),
        (
            "name,partner_since,partner_until",
            "Dockers,2025-02-03,2025-02-02",
            "partner_until",
            "left_before_joined",
        ),
        ("name,partner_until", "Dockers,2025-02-02", "partner_until", "left_before_joined"),
        ("name,agreement", "Dockers,perhaps", "agreement", "bad_yes_no"),
        ("name,latitude,longitude", "Dockers,91,0", "latitude", "bad_coordinate"),
        ("name,latitude,longitude", "Dockers,nan,0", "latitude", "bad_coordinate"),
        ("name,latitude,longitude", "Dockers,45,", "longitude", "bad_coordinate"),
        ("name,external_ids", "Dockers,just words", "external_ids", "bad_id"),
        ("name,id", f"Dockers,{'x' * 201}", "id", "too_long"),
        ("name,id", "Dockers,a|b", "id", "bad_id"),
        ("name,place", f"{'x' * 201},y", "name", "too_long"),
        ("title,day", "March,", "day", "needed"),
        ("title,day,starts_at", "March,2026-01-01,25:00", "starts_at", "bad_time"),
        ("action_id,best,counted_by,source", "m,5,x,javascript:alert(1)", "source", "bad_address"),
        ("action_id,best,counted_by,of", "m,5,x,pledged", "of", "bad_choice"),
        ("action_id,best,counted_by", "m,,x", "best", "needed"),
        ("action_id,organization_id,likely,low", "m,a,5,3", "high", "half_of_figures"),
        ("action_id,organization_id,likely,low,high", "m,a,5,6,7", "low", "out_of_order"),
    ],
)
def test_a_bad_field_is_named_with_its_line_and_column(header, row, column, word):
    found = read_texts(table=f"{header}\n{row}\n")
    assert words(found) == [(2, column, word)]


def test_every_problem_of_every_row_is_told():
    found = read_texts(
        organizations="id,name,kind,reach\na,Dockers,stroll,many\nb,,union,\nc,Fine,union,5\nd\n"
    )
    assert words(found) == [
        (2, "kind", "bad_choice"),
        (2, "reach", "bad_number"),
        (3, "name", "needed"),
        (5, "", "ragged"),
    ]


def test_lines_are_those_of_the_file_even_after_fields_of_several_lines():
    found = read_texts(organizations='id,name\na,"Dock\n\ners"\n\nb,\n')
    assert found.records.organizations[0].name == "Dock ers"
    assert words(found) == [(6, "name", "needed")]


def test_ids_come_once():
    found = read_texts(organizations="id,name,external_ids\na,Dockers,x:1\nb,Tenants,x:1\na,Clinic,\n")
    assert words(found) == [(3, "id", "id_twice"), (4, "id", "id_twice")]


def test_names_are_ids_where_there_are_none():
    found = read_texts(organizations="name\nDockers\n DOCKERS  \n")
    assert words(found) == [(3, "id", "pair_twice")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("hello,world\n1,2\n", (1, "", "unknown_shape")),
        ("name,Name\nx,y\n", (1, "name", "column_twice")),
        ("id,name\n", (0, "", "no_rows")),
        ('id,name\na,"Dockers\nb,Tenants\n', (2, "", "open_quote")),
        ('id,name\na,"Dock"ers\n', (2, "", "not_csv")),
        ("id,name\n" + ",".join("x" * 300) + "\n", (2, "", "too_many_columns")),
        ('id,name\na,"' + "x\n" * 1000, (2, "", "open_quote")),
        (",".join(f"c{n}" for n in range(10_000)) + "\n", (1, "", "too_many_columns")),
        ("id,name\na," + "x" * 200_000 + "\n", (2, "", "too_long")),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_at_its_line(content, problem):
    found = read_texts(table=content)
    assert words(found) == [problem]
    assert len(found.records) == 0


def test_a_field_over_the_limit_is_named():
    found = read_texts(table="id,name,place\na,Dockers," + "x" * (limits.MOST_IN_A_FIELD + 1) + "\n")
    assert words(found) == [(2, "place", "too_long")]


def test_files_of_two_formats_do_not_mix_and_a_table_comes_once():
    mixed = read_texts(first="org_id,name\n1,x\n", second=ORGANIZATIONS)
    assert words(mixed) == [(1, "", "mixed_shapes")]
    assert mixed.problems[0].file == 1
    assert words(read_texts(first=ORGANIZATIONS, second=ORGANIZATIONS)) == [(1, "", "shape_twice")]


def test_a_million_rows_are_refused_without_being_held():
    row = b"a,b\n" * 25_000
    upload = Upload("big.csv", lambda: iter([b"action_id,organization_id\n", *([row] * 40)]))
    found = read([upload], today=TODAY)
    assert words(found) == [(limits.MOST_ROWS + 2, "", "too_many_rows")]
    assert len(found.records) == 0


HOSTILE = """
import resource, zlib
from datetime import date
import django
django.setup()
from coalitions.exchange.reading import Upload, read

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def refused(pieces):
    found = read([Upload("x.csv", pieces)], today=date(2026, 11, 22))
    print(found.problems[0].word, peak() - before)

def many(start, piece, times):
    return lambda: (start if not turn else piece for turn in range(times + 1))

def bomb():
    packer = zlib.compressobj(1, wbits=31)
    yield packer.compress(b"action_id,organization_id\\n")
    for _turn in range(80):
        yield packer.compress((b"a" * 1000 + b",b\\n") * 1000)
    yield packer.flush()

read([Upload("x.csv", lambda: [b"id,name\\na,b\\n"])], today=date(2026, 11, 22))
before = peak()
refused(many(b"action_id,organization_id\\n", b"a,b\\n" * 10_000, 100))
refused(bomb)
refused(many(b"id,name\\n", b"x" * 1_000_000, 100))
refused(many(b"id,name\\na,'".replace(b"'", b'"'), b"y\\n" * 100_000, 10))
refused(many(b"id,name\\n", b"a,\\n" * 10_000, 20))
"""


def test_refusing_hostile_files_costs_little_memory():
    """In a process of its own, since memory that was used once is never given back."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=True)
    told = [line.split() for line in done.stdout.splitlines()]
    assert [word for word, _megabytes in told] == [
        "too_many_rows",
        "too_large_unpacked",
        "line_too_long",
        "open_quote",
        "needed",
    ]
    assert max(int(megabytes) for _word, megabytes in told) < 100


def test_checking_stops_after_enough_problems():
    found = read_texts(table="id,name\n" + "a,\n" * (limits.MOST_PROBLEMS + 500))
    assert len(found.problems) == limits.MOST_PROBLEMS + 1
    assert found.problems[-1].word == "too_many"


def test_columns_that_nobody_reads_are_told():
    found = read_texts(organizations="id,name,partner_sinc\na,Dockers,2024-01-01\n")
    assert found.files[0].ignored == ["partner_sinc"]


def test_progress_is_told_while_reading():
    told = []
    text = "id,name\n" + "".join(f"{n},Name {n}\n" for n in range(5000))
    read([Upload("x", lambda: [text.encode()])], today=TODAY, progress=lambda *now: told.append(now))
    assert told == [(2000, 5000), (4000, 5000)]


def test_text_is_kept_as_it_is_written():
    name = "<script>alert(1)</script> \u202e{{7*7}} \U0001f9ed O'Neill"
    found = read_texts(organizations=f'id,name\na,"{name}"\n')
    assert found.records.organizations[0].name == name


@pytest.mark.parametrize("word", WORDS)
def test_every_problem_is_explained_in_two_sentences(word):
    wrong, to_do = explained([0, 1, "", word, ""])
    assert wrong.endswith(".")
    assert to_do.endswith(".")
    assert "%" not in wrong + to_do


@pytest.mark.parametrize("mark", [";", "\t"])
def test_semicolons_and_tabs_divide_fields_as_well(mark):
    header, row = mark.join(["id", "name", "place"]), mark.join(["a", "Dockers, Local 4", '"Old; Port"'])
    found = read_texts(organizations=f"{header}\n{row}\n")
    assert found.problems == []
    assert found.records.organizations[0].values == {"name": "Dockers, Local 4", "place": "Old; Port"}
