"""`python -m tests.faults.listeners COUNT PORT SLUG COOKIE SESSION`: many open streams in one small process.

Says "open N" when all are open and "told N" when every one has heard of a change; stays until it is stopped.
"""

from __future__ import annotations

import asyncio
import sys

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def main(count: int, port: int, slug: str, cookie: str, session: str) -> None:
    lines = await asyncio.gather(*(listen(port, slug, cookie, session) for _ in range(count)))
    print(f"open {len(lines)}", flush=True)
    heard = await asyncio.gather(*(next_note(reader) for reader, _writer in lines))
    print(f"told {sum(heard)}", flush=True)
    await asyncio.sleep(600)


async def listen(port: int, slug: str, cookie: str, session: str) -> Line:
    """Both ends: a writer that nobody holds any more closes its connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /live/{slug}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}={session}\r\n\r\n".encode()
    )
    status = await reader.readline()
    if b" 200 " not in status:
        raise SystemExit(f"a stream was refused: {status!r}")
    while await reader.readline() != b"\r\n":
        pass
    return reader, writer


async def next_note(reader: asyncio.StreamReader) -> bool:
    while line := await reader.readline():
        if line.startswith(b"data: "):
            return True
    return False


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]))
