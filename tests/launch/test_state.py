"""Private folders, secrets and socket paths."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from launch.screen import CannotStart
from launch.state import ROOT, SOCKET_PATH_LIMIT, StateFolder, private_folder


def mode(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_secret_is_made_once_and_readable_by_nobody_else(var):
    state = StateFolder(var)
    secret = state.secret("django")
    assert len(secret) >= 43  # 32 random bytes
    assert StateFolder(var).secret("django") == secret
    assert state.secret("other") != secret
    assert mode(var / "secrets" / "django") == 0o600
    assert mode(var) == mode(var / "secrets") == 0o700


def test_processes_that_make_a_secret_at_once_agree_on_it(var):
    StateFolder(var)
    program = f"from launch.state import *; print(StateFolder(Path({str(var)!r})).secret('shared'))"
    makers = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) for _ in range(6)
    ]
    made = {maker.communicate()[0] for maker in makers}
    assert len(made) == 1
    assert [path.name for path in (var / "secrets").iterdir()] == ["shared"]


def test_a_folder_that_others_may_enter_is_closed_to_them(var):
    var.mkdir(mode=0o755)
    StateFolder(var)
    assert mode(var) == 0o700


def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotStart, match="in the way"):
        private_folder(tmp_path / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_folder_of_another_user_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(CannotStart, match="belongs to another user"):
        private_folder(tmp_path / "theirs")


def test_sockets_live_in_the_state_folder_where_their_path_fits(var):
    folder = StateFolder(var).socket_folder("valkey", longest="valkey.sock")
    assert folder == var / "run" / "valkey"
    assert mode(folder) == 0o700


@pytest.mark.parametrize("awkward", ["a" * 100, "with spaces", "comma,and%percent"])
def test_sockets_move_where_the_path_of_the_state_folder_is_too_long_or_not_plain(var, awkward):
    state = StateFolder(var / awkward)
    folder = state.socket_folder("valkey", longest="valkey.sock")
    try:
        assert state.path not in folder.parents
        assert len(os.fsencode(folder / "valkey.sock")) <= SOCKET_PATH_LIMIT
        assert " " not in str(folder)
        assert mode(folder) == 0o700
        assert folder != StateFolder(var / "another").socket_folder("valkey", longest="valkey.sock")
    finally:
        folder.rmdir()
