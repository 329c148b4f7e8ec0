"""The pages of imports and downloads, as a browser without JavaScript meets them."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coalitions import jobs
from coalitions.exchange import limits
from coalitions.forms.imports import PER_PAGE, plain_name
from coalitions.models import Role
from coalitions.services.directory import edit_organization
from tests.coalitions.importing import OWN, TWIN_CITIES, bring_in, check
from tests.coalitions.people_at_the_door import signed_in
from tests.factories import a_coalition, a_member, a_pledge, an_action, an_organization
from tests.stack import running, until

pytestmark = pytest.mark.django_db(transaction=True)

FORMULA = '=HYPERLINK("https://example.org")'


@pytest.fixture
def coalition():
    return a_coalition(slug="harbor")


@pytest.fixture
def organizer(coalition):
    return a_member(coalition)


@pytest.fixture
def client(organizer):
    return signed_in(organizer)


def at(name: str, upload=None) -> str:
    ids = {"import_id": upload.public_id} if upload else {}
    return reverse(f"coalitions:{name}", kwargs={"slug": "harbor", **ids})


def send(client: Client, files: Mapping[str, bytes | str]):
    chosen = [
        SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
        for name, content in files.items()
    ]
    return client.post(at("imports"), {"chosen": chosen})


def text_of(response) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def table_of(response) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text_of(response).removeprefix("\ufeff"), newline=""), strict=True))


def test_from_the_form_to_the_undo_without_a_script(client, coalition):
    answer = send(client, {name: gzip.compress(content) for name, content in TWIN_CITIES.items()})
    upload = coalition.imports.get()
    assert (answer.status_code, answer["Location"]) == (302, at("import", upload))
    assert "being checked" in text_of(client.get(at("import", upload)))
    jobs.check_import(upload.pk)
    assert "can be imported" in text_of(client.get(at("import", upload)))
    assert client.post(at("import-commit", upload)).status_code == 302
    assert "under way" in text_of(client.get(at("import", upload)))
    jobs.commit_import(upload.pk)
    done = text_of(client.get(at("import", upload)))
    assert "The import is done" in done
    assert "Undo the import" in done
    assert coalition.actions.count() == 60
    assert client.post(at("import-undo", upload)).status_code == 302
    assert "was undone" in text_of(client.get(at("import", upload)))
    assert coalition.actions.present().count() == 0
    # Pressed once more, each button says that it is too late, and changes nothing.
    for name in ("import-commit", "import-cancel", "import-undo"):
        assert client.post(at(name, upload)).status_code == 302
    assert coalition.changes.count() == 2


def test_a_real_worker_takes_it_from_the_form_to_the_end(client, coalition, tmp_path):
    with running(tmp_path, only=frozenset({"jobs"})):
        send(client, TWIN_CITIES)
        upload = coalition.imports.get()

        def is_now(state):
            upload.refresh_from_db()
            return upload.state == state

        until(lambda: is_now("checked"), seconds=60)
        client.post(at("import-commit", upload))
        until(lambda: is_now("done"), seconds=60)
    assert coalition.organizations.count() == 70


def test_the_page_says_what_is_wrong_and_hands_out_the_whole_list(client, coalition, organizer):
    rows = "".join(f"{number},Name {number},stroll\n" for number in range(250))
    upload = check(coalition, organizer, {"o.csv": f'id,name,kind\n{rows}x,"{FORMULA[:5]}",-1+1\n'})
    page = text_of(client.get(at("import", upload)))
    assert "need mending" in page
    assert "200 of 251 problems" in page
    answer = client.get(at("import-problems", upload))
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="problems-harbor.csv"'
    found = table_of(answer)
    assert len(found) == 251
    assert found[0]["line"] == "2"
    assert found[-1]["value"] == "'-1+1"
    assert found[0]["what to do"].endswith(".")


def test_look_alikes_are_chosen_page_by_page(client, coalition, organizer):
    names = "".join(
        f"{n},Neighbors of {chr(97 + n % 26) * 4}{chr(97 + (n + 5 * (n // 26)) % 26) * 4}\n"
        for n in range(60)
    )
    for line in names.splitlines():
        an_organization(coalition, name="The " + line.split(",")[1])
    upload = check(coalition, organizer, {"o.csv": f"id,name\n{names}"})
    assert len(upload.lookalikes) == 60 > PER_PAGE
    answer = client.post(at("import-commit", upload), {"pair-0": "different", "pair-1": "same", "page": "2"})
    assert answer["Location"] == f"{at('import', upload)}?page=2#lookalikes"
    second = text_of(client.get(answer["Location"]))
    assert f'name="pair-{PER_PAGE}"' in second
    assert 'name="pair-0"' not in second
    first = text_of(client.get(at("import", upload)))
    assert re.search(r'name="pair-0"\s+value="different"\s+checked', first)
    client.post(at("import-commit", upload), {f"pair-{PER_PAGE}": "different", "pair-9999": "same", "x": "y"})
    jobs.commit_import(upload.pk)
    assert coalition.organizations.count() == 62


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "Choose a file"),
        ({"o.csv": b""}, "empty"),
        ({f"{number}.csv": b"x" for number in range(6)}, "at most 5 files"),
        ({"o.csv": b"x" * (limits.MOST_UPLOADED + 1)}, "larger than 20 MB"),
    ],
)
def test_what_cannot_be_an_upload_is_refused_in_the_form(client, coalition, files, words):
    answer = send(client, files)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert coalition.imports.count() == 0


def test_a_fourth_import_at_once_has_to_wait(client, coalition):
    for _turn in range(3):
        assert send(client, OWN).status_code == 302
    answer = send(client, OWN)
    assert answer.status_code == 422
    assert "still under way" in text_of(answer)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\files\\list.csv", "list.csv"),
        ("a\r\nSet-Cookie: x.csv", "aSet-Cookie: x.csv"),
        ("", "file.csv"),
        ("x" * 500, "x" * 120),
    ],
)
def test_only_the_last_part_of_a_file_name_is_believed(name, kept):
    assert plain_name(name) == kept


def test_whatever_a_file_says_is_shown_as_text(client, coalition, organizer):
    nasty = "<script>alert(1)</script>"
    an_organization(coalition, name=f"The {nasty} Project")
    upload = check(
        coalition, organizer, {f"{nasty}.csv": f"id,name,{nasty}\na,{nasty} Project,x\nb,Fine,y\n"}
    )
    page = text_of(client.get(at("import", upload)))
    assert "&lt;script&gt;alert(1)" in page
    assert nasty not in page
    refused = check(coalition, organizer, {f"{nasty}.csv": f"id,name,kind\na,{nasty},{nasty}\n"})
    assert nasty not in text_of(client.get(at("import", refused)))
    assert nasty not in text_of(client.get(at("imports")))


def test_a_zero_byte_in_a_choice_is_no_server_error(client, coalition, organizer):
    upload = check(coalition, organizer, OWN)
    assert client.post(at("import-commit", upload), {"pair-0\0": "same", "page": "\0"}).status_code < 500


def test_differences_are_shown_before_anything_happens(client, coalition, organizer):
    bring_in(coalition, organizer, OWN)
    dockers = coalition.organizations.get(name="Dockers")
    edit_organization(dockers, by=organizer, seen_version=1, values={"name": "Our dockers"})
    upload = check(
        coalition, organizer, OWN | {"organizations.csv": "id,name\na,Dockers Local 4\nb,Tenants\n"}
    )
    page = text_of(client.get(at("import", upload)))
    assert "Our dockers" in page
    assert "Dockers Local 4" in page


@pytest.mark.parametrize("state", ["checking", "checked", "refused", "done", "failed", "cancelled", "undone"])
def test_every_state_has_its_words_and_costs_few_queries(
    client, coalition, organizer, state, django_assert_max_num_queries
):
    upload = bring_in(coalition, organizer, OWN) if state == "done" else check(coalition, organizer, OWN)
    type(upload).objects.filter(coalition=coalition).update(state=state, failure="gave_up")
    with django_assert_max_num_queries(8):
        page = text_of(client.get(at("import", upload)))
    assert "<h1>" in page
    fragment = text_of(client.get(at("import", upload), headers={"HX-Request": "true"}))
    assert f'id="{upload.fragment}"' in fragment
    assert "<html" not in fragment
    # A page that waits looks by itself, so that it arrives even where no stream does.
    assert ("every 2s" in fragment) is (state == "checking")


def test_the_list_costs_the_same_for_one_and_many(client, coalition, organizer, django_assert_num_queries):
    check(coalition, organizer, OWN)
    with django_assert_num_queries(5) as queries:
        client.get(at("imports"))
    for _turn in range(5):
        check(coalition, organizer, OWN)
    with django_assert_num_queries(len(queries)):
        page = text_of(client.get(at("imports")))
    assert page.count("organizations.csv, actions.csv") == 6
    fragment = text_of(client.get(at("imports"), headers={"HX-Request": "true"}))
    assert 'id="imports"' in fragment
    assert "<form" not in fragment


# Downloads


def test_what_is_taken_away_can_be_edited_and_brought_back(client, coalition, organizer):
    bring_in(coalition, organizer, OWN)
    answer = client.get(at("organizations-csv"))
    assert answer["Content-Disposition"] == 'attachment; filename="organizations-harbor.csv"'
    text = text_of(answer)
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["name"] for row in rows] == ["Dockers", "Tenants"]
    assert rows[0]["external_ids"] == "csv:a"
    again = bring_in(coalition, organizer, {"organizations.csv": text})
    assert again.summary["tallies"]["organizations"] == {"unchanged": 2}
    edited = bring_in(
        coalition, organizer, {"organizations.csv": text.replace('"Dockers"', '"Port dockers"')}
    )
    assert edited.summary["tallies"]["organizations"] == {"changed": 1, "unchanged": 1}
    assert coalition.organizations.filter(name="Port dockers").exists()
    # The file is older than this edit by now: what it says about that row is not taken over.
    late = bring_in(coalition, organizer, {"organizations.csv": text.replace('"Dockers"', '"Late dockers"')})
    assert late.summary["kept"] == [["organizations", 0, 2, "name", "Port dockers", "Late dockers"]]


def test_actions_and_pledges_make_the_round_trip(client, coalition, organizer):
    action = an_action(coalition, title=FORMULA, place="-", is_big=False)
    a_pledge(action, likely=50)
    files = {name: text_of(client.get(at(f"{name}-csv"))) for name in ("actions", "pledges", "organizations")}
    assert "\"'=HYPERLINK" in files["actions"]
    before = coalition.changes.count()
    upload = bring_in(coalition, organizer, {f"{name}.csv": text for name, text in files.items()})
    assert {kind: set(found) for kind, found in upload.summary["tallies"].items()} == {
        kind: {"unchanged"} for kind in ("organizations", "actions", "pledges")
    }
    assert upload.summary["kept"] == []
    assert coalition.changes.count() == before


def test_downloads_are_guarded_against_formulas_and_keep_numbers(client, coalition):
    an_organization(
        coalition, name=FORMULA, place="@SUM(A1)", community="\uff0b1", reach=5, latitude=-1.5, longitude=2
    )
    row = table_of(client.get(at("organizations-csv")))[0]
    assert (row["name"], row["place"], row["community"]) == (f"'{FORMULA}", "'@SUM(A1)", "'\uff0b1")
    assert (row["reach"], row["latitude"]) == ("5", "-1.5")


@pytest.mark.parametrize("name", ["organizations-csv", "actions-csv", "pledges-csv"])
def test_downloads_ask_who_it_is_and_are_not_for_everybody(coalition, name):
    stale = Client()
    stale.force_login(a_member(coalition))
    asked = stale.get(at(name))
    assert asked.status_code == 302
    assert reverse("confirm") in asked["Location"]
    for role in (Role.PARTNER, Role.OBSERVER):
        assert signed_in(a_member(coalition, role=role)).get(at(name)).status_code == 403
    assert signed_in(a_member(a_coalition())).get(at(name)).status_code == 404


def test_downloads_hold_nothing_of_another_coalition_or_of_removed_rows(client, coalition):
    an_organization(a_coalition(), name="Canary")
    an_organization(coalition, name="Gone", removed_at="2026-01-01T00:00Z")
    an_organization(coalition, name="Here")
    assert [row["name"] for row in table_of(client.get(at("organizations-csv")))] == ["Here"]
