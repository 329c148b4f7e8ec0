"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from coalitions.models import Role
from tests.factories import a_coalition, a_member, a_partner, an_action
from tests.test_permissions import ROUTES

ROOT = Path(settings.BASE_DIR)
APPS = ("coalitions", "allies", "negotiations", "config")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = [
    path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts
]
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))

# What our own words and numbers go through, never what people wrote.
MARKED_SAFE = {
    # help texts are sentences of ours; Django itself writes lists into those of passwords
    "templates/parts/field.html",
}
# A tag with its attributes; the quotes and the template's own tags may hold ">".
TAG = re.compile(r"<([a-z][a-z0-9]*)((?:\{%.*?%\}|\{\{.*?\}\}|\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL)
ASKS = re.compile(r"\bhx-(?:get|post|put|patch|delete)=")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tags(path: Path) -> list[tuple[str, str]]:
    return TAG.findall(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_carries_no_script_and_no_style_of_its_own(path):
    found = tags(path)
    assert not [tag for tag, _ in found if tag == "style"]
    assert not [inside for tag, inside in found if tag == "script" and " src=" not in inside]
    for tag, inside in found:
        assert not re.search(r"\s(?:on[a-z]+|style|hx-on[\w:.-]*|data-hx-[\w-]+)\s*=", inside), (tag, inside)
        assert not re.search(r"=\s*[\"']\s*(?:javascript|js):", inside), (tag, inside)
        assert not re.search(r"hx-trigger=\"[^\"]*\[", inside), (tag, inside)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_what_asks_by_htmx_says_where_the_answer_goes(path):
    """Nothing is inherited: an element that asks is its own target, by its id, or names one."""
    for tag, inside in tags(path):
        if not ASKS.search(inside):
            assert "hx-target=" not in inside, (tag, inside)
            continue
        assert "hx-swap=" in inside or "hx-boost" in inside, (tag, inside)
        target = re.search(r"hx-target=\"([^\"]*(?:\{\{[^}]*\}\}[^\"]*)*)\"", inside)
        if target is not None:
            assert target[1].startswith("#") or target[1] == "closest tr", (tag, inside)
        elif "data-live" in inside:
            assert re.search(r"\sid=\"", inside), (tag, inside)
        else:
            assert 'hx-swap="none"' in inside, (tag, inside)


def test_every_target_is_the_id_of_something():
    everything = "".join(path.read_text() for path in TEMPLATES)
    targets = set(re.findall(r"hx-target=\"#([^\"]+)\"", everything))
    ids = set(re.findall(r"\sid=\"([^\"]+)\"", everything))
    assert targets - ids == set()
    assert len(targets) > 10


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_is_found_and_compiles(path):
    get_template(str(path.relative_to(ROOT / "templates")))


def test_text_is_marked_as_safe_in_few_known_places():
    templates = {
        name_of(path) for path in TEMPLATES if re.search(r"\|\s*safe\b|autoescape", path.read_text())
    }
    assert templates == MARKED_SAFE
    marks = re.compile(r"mark_safe|SafeString\([^)]")
    code = {name_of(path) for path in PYTHON if marks.search(path.read_text())}
    assert code == {"coalitions/views/two_step.py"}  # the picture of a key, drawn by segno


def test_scripts_never_turn_text_into_code_or_markup():
    never = re.compile(
        r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|setAttribute\(\"on"
    )
    for path in SCRIPTS:
        assert not never.search(path.read_text()), path.name
    assert len(SCRIPTS) > 2


def test_htmx_is_tied_down():
    page = (ROOT / "templates/base.html").read_text()
    found = re.search(r"name=\"htmx-config\"\s+content='([^']+)'", page)
    assert found is not None
    rules = json.loads(found[1])
    assert rules.pop("responseHandling")
    assert rules == {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "disableInheritance": True,
    }


def test_nothing_may_be_kept_by_a_browser_or_a_proxy(db):
    coalition = a_coalition()
    a_partner(coalition)
    action = an_action(coalition)
    client = Client()
    client.force_login(a_member(coalition, role=Role.LEAD))
    pages = [
        f"/c/{coalition.slug}/{page}" for page in ("", "organizations/", "people/", "settings/", "overlaps/")
    ]
    pages += [
        f"/c/{coalition.slug}/actions/{action.public_id}/",
        "/",
        "/account/",
        f"/c/{coalition.slug}/nowhere/",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code in {200, 404}, page
        assert "no-store" in answer["Cache-Control"], page
        assert "private" in answer["Cache-Control"], page
    assert "no-store" in Client().get(reverse("sign-in"))["Cache-Control"]


# A view of the API is a class named by its resource.
PAGES_BY_NAME = [(view, name) for _, view, name in ROUTES if ":" in name and hasattr(view, "required_role")]


@pytest.mark.parametrize(("view", "name"), PAGES_BY_NAME)
def test_a_view_and_its_address_have_one_name(view, name):
    """View `ally_edit`, address `allies:ally-edit`; in a noun's own file its name may be left out."""
    spelled = name.rpartition(":")[2].replace("-", "_")
    module = view.__module__.rpartition(".")[2]
    assert view.__name__ in {
        spelled,
        spelled.removeprefix(f"{module}_"),
        spelled.removeprefix(f"{module.rstrip('s')}_"),
        f"{spelled}_detail",
    } or spelled in {
        f"{module}_{view.__name__}",
        "member_role",
        "member_remove",
        "organizations_csv",
        "actions_csv",
        "pledges_csv",
    }


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_arithmetic_knows_no_tables_no_clock_and_no_wire():
    method = [path for path in PYTHON if {"method", "charts"} & set(path.parts)]
    assert len(method) > 10
    never = (
        "django",
        "celery",
        "redis",
        "rest_framework",
        "psycopg",
        "coalitions.models",
        "socket",
        "time",
        "os",
    )
    for path in method:
        wrong = {name for name in imports_of(path) if name.partition(".")[0] in never or name in never}
        assert wrong == set(), path


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "helpers", "common", "managers", "misc", "signals"}
    assert [name_of(path) for path in PYTHON if path.stem in drawers or drawers & set(path.parts)] == []


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_module_says_what_it_is_for_and_keeps_to_the_order(path):
    tree = ast.parse(path.read_text())
    if tree.body and path.name != "urls.py":
        assert ast.get_docstring(tree), "a sentence on what it is for"
    inner = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inner == [], "an import inside a function is a sign that the order is wrong"
    saves = [
        each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.FunctionDef) and each.name == "save"
    ]
    assert saves == []
