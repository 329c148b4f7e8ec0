"""From stored bytes to lines of text: unpacked within limits, refused at the line that is no text."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from coalitions.exchange import limits
from coalitions.exchange.problems import broken
from coalitions.services.imports.records import Place

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PIECE = 256 * 1024


class Allowance:
    """What one upload may still unpack, over all its files."""

    def __init__(self, left: int = limits.MOST_UNPACKED) -> None:
        self.left = left

    def take(self, size: int, *, file: int) -> None:
        self.left -= size
        if self.left < 0:
            raise broken(Place(file, 0), "too_large_unpacked")


def lines(pieces: Iterable[bytes], *, file: int, allowance: Allowance) -> Iterator[str]:
    """Every line with its line end. Raises `BrokenFile` at the first one that is not UTF-8 text."""
    for number, line in enumerate(
        _split(_unpacked(pieces, file=file, allowance=allowance), file=file), start=1
    ):
        if b"\0" in line:
            raise broken(Place(file, number), "utf16" if number == 1 and _is_wide(line) else "nul")
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise broken(
                Place(file, number), "not_utf8", value=line[max(error.start - 20, 0) :].decode("latin-1")
            ) from error


def _unpacked(pieces: Iterable[bytes], *, file: int, allowance: Allowance) -> Iterator[bytes]:
    """The pieces, gunzipped if they are packed, without a byte order mark. Never holds more than a piece."""
    found = iter(pieces)
    head = b""
    for piece in found:
        head += bytes(piece)
        if len(head) >= 4:
            break
    if not head:
        raise broken(Place(file, 0), "empty")
    if head.startswith(ZIP):
        raise broken(Place(file, 0), "spreadsheet")
    plain = _gunzip(head, found, file=file) if head.startswith(GZIP) else _chain(head, found)
    is_first = True
    for piece in plain:
        allowance.take(len(piece), file=file)
        if is_first and piece.startswith(UTF16_MARKS):
            raise broken(Place(file, 1), "utf16")
        yield piece.removeprefix(UTF8_MARK) if is_first else piece
        is_first = False
    if is_first:
        raise broken(Place(file, 0), "empty")


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    for piece in rest:
        yield bytes(piece)


def _gunzip(head: bytes, rest: Iterator[bytes], *, file: int) -> Iterator[bytes]:
    """Unpack piece by piece, so that a bomb is noticed by the allowance long before it goes off."""
    unpacker = zlib.decompressobj(wbits=31)
    held = b""
    for packed in _chain(head, rest):
        waiting = packed
        while waiting:
            if unpacker.eof:  # gzip files may be glued together
                unpacker = zlib.decompressobj(wbits=31)
            try:
                held += unpacker.decompress(waiting, PIECE)
            except zlib.error as error:
                raise broken(Place(file, 0), "bad_gzip") from error
            waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if len(held) >= 4:  # a byte order mark is never cut in two
                yield held
                held = b""
    if not unpacker.eof:
        raise broken(Place(file, 0), "bad_gzip")
    if held:
        yield held


def _split(pieces: Iterable[bytes], *, file: int) -> Iterator[bytes]:
    rest = b""
    number = 0
    for piece in pieces:
        whole = (rest + piece).split(b"\n")
        rest = whole.pop()
        for line in whole:
            number += 1
            if len(line) > limits.MOST_IN_A_LINE:
                raise broken(Place(file, number), "line_too_long")
            yield line + b"\n"
        if len(rest) > limits.MOST_IN_A_LINE:
            word = "old_line_ends" if rest.count(b"\r") > 2 else "line_too_long"
            raise broken(Place(file, number + 1), word)
    if rest:
        yield rest


def _is_wide(line: bytes) -> bool:
    """UTF-16 without its mark: every second byte of plain words is zero."""
    return line.count(0) * 3 > len(line)
