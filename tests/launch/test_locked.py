"""The locks: exact packages with hashes, made from the names that a person wrote."""

from __future__ import annotations

import shutil

import pytest

from launch import locked


@pytest.fixture
def requirements(tmp_path, monkeypatch):
    """A copy to spoil."""
    copy = tmp_path / "requirements"
    shutil.copytree(locked.REQUIREMENTS, copy)
    monkeypatch.setattr(locked, "REQUIREMENTS", copy)
    return copy


@pytest.mark.parametrize("name", locked.NAMES)
def test_the_committed_locks_are_up_to_date(name):
    assert locked.problems_of(name) == []


def test_a_name_added_without_locking_is_seen_in_every_lock_that_includes_it(requirements):
    with (requirements / "run.in").open("a") as file:
        file.write("brand-new==1.0\n")
    assert locked.problems_of("run") == [
        "requirements/run.txt was not made from the present run.in: run ./muster lock",
        "requirements/run.txt does not hold brand-new==1.0, which run.in names",
    ]
    assert len(locked.problems_of("dev")) == 2
    assert locked.problems_of("servers") == []


def test_a_version_changed_by_hand_is_seen(requirements):
    lock = requirements / "run.txt"
    lock.write_text(lock.read_text().replace("django==5.2", "django==5.1", 1))
    assert any("does not hold django==5.2" in problem for problem in locked.problems_of("run"))


def test_a_package_without_a_hash_is_seen(requirements):
    with (requirements / "run.txt").open("a") as file:
        file.write("unproven==1.0\n")
    assert locked.problems_of("run") == ["requirements/run.txt has no hash for unproven==1.0"]


def test_an_address_in_a_lock_is_seen(requirements):
    with (requirements / "run.txt").open("a") as file:
        file.write("# from https://packages.example/\n")
    assert locked.problems_of("run") == ["requirements/run.txt names an address"]
