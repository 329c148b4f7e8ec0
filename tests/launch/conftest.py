"""A running Muster that the tests of this folder share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.launch.starting import started, until


@pytest.fixture
def var():
    """A state folder with a short name: sockets fit into it, which pytest's own folders do not promise."""
    folder = Path(tempfile.mkdtemp(prefix="muster-"))
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def used_var():
    """A state folder whose cluster the first command makes and the next ones find."""
    folder = Path(tempfile.mkdtemp(prefix="muster-"))
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running():
    folder = Path(tempfile.mkdtemp(prefix="muster-"))
    with started("up", var=folder / "var", MUSTER_DEMO="0") as muster:
        until(lambda: "Muster is ready" in muster.said or muster.process.poll() is not None)
        assert "Muster is ready" in muster.said, muster.said
        yield muster
    shutil.rmtree(folder, ignore_errors=True)
