"""Hostile files are refused early, with the line, and without costing memory."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from coalitions.exchange import limits, opening
from coalitions.exchange.opening import Allowance, lines
from coalitions.exchange.problems import BrokenFile
from tests.coalitions.importing import in_pieces


def opened(content: bytes, *, piece: int = 1000, allowance: Allowance | None = None) -> list[str]:
    return list(lines(in_pieces(content, piece), file=0, allowance=allowance or Allowance()))


def refused(content: bytes, *, piece: int = 1000) -> tuple[int, str]:
    with pytest.raises(BrokenFile) as caught:
        opened(content, piece=piece)
    return caught.value.problem.line, caught.value.problem.word


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 4096])
def test_text_arrives_whole_however_it_is_cut(piece):
    text = "name,place\r\nAbóbora Unión,Öland\n\u202ereversed,\U0001f9ed"
    assert "".join(opened(text.encode(), piece=piece)) == text
    assert "".join(opened(gzip.compress(text.encode()), piece=piece)) == text


@pytest.mark.parametrize("piece", [1, 2, 4096])
def test_a_byte_order_mark_is_not_part_of_the_first_name(piece):
    assert opened(b"\xef\xbb\xbfname\n", piece=piece) == ["name\n"]


def test_glued_gzip_files_are_read_one_after_the_other():
    assert opened(gzip.compress(b"a\n") + gzip.compress(b"b\n")) == ["a\n", "b\n"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(encoding):
    assert refused("name,place\nDockers,Harbor\n".encode(encoding)) == (1, "utf16")


def test_latin1_is_refused_with_its_line():
    assert refused("name\nDockers\nUnión\n".encode("latin-1")) == (3, "not_utf8")


def test_a_zero_byte_is_refused_with_its_line():
    assert refused(b"name\nDock\0ers\n") == (2, "nul")


def test_an_empty_file_and_an_empty_archive_are_refused():
    assert refused(b"") == (0, "empty")
    assert refused(gzip.compress(b"")) == (0, "empty")


@pytest.mark.parametrize("start", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_a_spreadsheet_is_named(start):
    assert refused(start) == (0, "spreadsheet")


def test_a_damaged_archive_is_refused():
    whole = gzip.compress(b"name\n" * 1000)
    assert refused(whole[:-20]) == (0, "bad_gzip")
    assert refused(whole[:20] + b"\xff" * 20) == (0, "bad_gzip")


def test_old_line_ends_are_named():
    assert refused(b"name\rDockers\r" * 100_000, piece=100_000) == (1, "old_line_ends")


def test_a_line_without_end_is_refused_before_it_is_held():
    tracemalloc.start()
    with pytest.raises(BrokenFile) as caught:
        list(lines((b"x" * 65_536 for _ in range(1000)), file=0, allowance=Allowance()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.problem.word == "line_too_long"
    assert peak < 8 * limits.MOST_IN_A_LINE


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    line = b"x," * 500_000 + b"\n"
    packed = b"".join(packer.compress(line) for _ in range(size // len(line) + 1))
    return packed + packer.flush()


def test_a_bomb_is_noticed_long_before_it_goes_off():
    packed = bomb(4 * limits.MOST_UNPACKED)
    assert len(packed) < limits.MOST_UNPACKED / 100
    tracemalloc.start()
    with pytest.raises(BrokenFile) as caught:
        for _line in lines(in_pieces(packed, 1024 * 1024), file=0, allowance=Allowance()):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.problem.word == "too_large_unpacked"
    assert peak < 20 * 1024 * 1024


def test_all_files_share_one_allowance(monkeypatch):
    allowance = Allowance(left=10)
    opened(b"12345678", allowance=allowance)
    with pytest.raises(BrokenFile):
        opened(b"12345678", allowance=allowance)


def test_a_piece_of_an_archive_is_unpacked_in_steps():
    """The control of the bomb test: unpacked at once it would need a hundred times the memory."""
    packed = bomb(32 * 1024 * 1024)
    sizes = [len(piece) for piece in opening._unpacked(iter([packed]), file=0, allowance=Allowance())]
    assert max(sizes) <= opening.PIECE + 4
    assert len(zlib.decompress(packed, wbits=31)) == sum(sizes)
