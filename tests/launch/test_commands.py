"""What a person types, and what they get when they mistype."""

from __future__ import annotations

import subprocess

from launch.state import ROOT
from tests.launch.starting import a_plain_environment, muster


def test_help_explains_every_command(var):
    shown = muster("help", var=var)
    assert shown.returncode == 0
    for name in ("test", "manage", "exec", "lock", "check"):
        assert f"./muster {name}" in shown.stdout
    assert not var.exists()


def test_an_unknown_command_is_named_and_nothing_is_started(var):
    refused = subprocess.run(
        [ROOT / "muster", "strat"],
        capture_output=True,
        text=True,
        env=a_plain_environment(var),
        cwd=var.parent,
        check=False,
    )
    assert refused.returncode == 2
    assert "'strat'" in refused.stderr
    assert "./muster help" in refused.stderr
    assert not var.exists()


def test_up_takes_no_arguments(var):
    refused = muster("up", "--port", "9000", var=var)
    assert refused.returncode == 2
    assert not var.exists()


def test_exec_without_a_command_says_what_is_missing(var):
    assert muster("exec", var=var).returncode == 1


def test_exec_names_a_program_that_is_not_there(used_var):
    refused = muster("exec", "no-such-program", var=used_var)
    assert refused.returncode == 1
    assert "no-such-program cannot be run" in refused.stderr


def test_exec_passes_input_output_and_exit_code_through(used_var, tmp_path):
    done = muster("exec", "sh", "-c", "cat; pwd; exit 7", var=used_var, says="three lines\n", folder=tmp_path)
    assert done.stdout == f"three lines\n{tmp_path}\n"
    assert done.returncode == 7


def test_commands_that_need_no_database_start_no_servers(var):
    done = muster("manage", "version", var=var)
    assert done.returncode == 0, done.stderr
    assert not (var / "postgres").exists()
    assert not (var / "valkey").exists()


def test_a_command_inside_a_command_uses_the_same_servers(used_var):
    done = muster("exec", str(ROOT / "muster"), "exec", "printenv", "MUSTER_VAR", var=used_var)
    assert done.stdout.strip() == str(used_var), done.stderr


def test_real_servers_are_used_where_the_environment_names_them(var):
    done = muster(
        *("exec", "printenv", "DATABASE_URL", "MUSTER_BROKER_URL"),
        var=var,
        DATABASE_URL="postgresql:///elsewhere",
        REDIS_URL="unix://:secret@/elsewhere.sock?db=3",
    )
    assert done.stdout.split() == [
        "postgresql:///elsewhere",
        "redis+socket://:secret@/elsewhere.sock?virtual_host=3",
    ]
    assert not (var / "postgres").exists()
    assert not (var / "valkey").exists()
