"""Two streams that read and write at random, and a model of what each must get."""

import asyncio
import random
from pathlib import Path
from typing import Any

from tests.running import turns
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError

PATIENCE = 3600.0
"""Seconds of the jumping clock."""

DELIMITER = b"\r\n"

_rng = random.Random(4)
TEXT = b"".join(
    bytes(_rng.choices(b"\r\nab", k=_rng.choice([0, 1, 5, 3000]))) + DELIMITER for _ in range(3000)
)
"""What everybody says: lines, some long, with halves of delimiters in them."""


class End:
    """A stream, and what it has said and heard."""

    def __init__(self, stream: Any, file: Any) -> None:
        self.stream = stream
        self.file = file
        self.said = 0
        self.heard = 0
        self.writes: list[asyncio.Future[None]] = []
        self.read: asyncio.Future[Any] | None = None
        self.closings = 0
        self.closed_by_us = False
        stream.set_close_callback(self._on_close)

    def _on_close(self) -> None:
        self.closings += 1

    def act(self, what: str, size: int) -> None:
        if what == "close":
            self.closed_by_us = self.closed_by_us or not self.stream.closed()
            self.stream.close()
        elif what == "cancel":
            if self.read is not None:
                self.read.cancel()
        elif what == "write":
            self._write(size)
        elif what == "file":
            self._send_file(size)
        elif what == "hand on":
            self._hand_on()
        elif self.read is None or self.read.done():
            self._read(what, size)

    def _write(self, size: int) -> None:
        memory = bytearray(TEXT[self.said : self.said + size])
        try:
            self.writes.append(self.stream.write(memory))
        except StreamClosedError:
            assert self.stream.closed()
            return
        self.said += len(memory)
        memory[:] = b"?" * len(memory)  # it is ours again

    def _send_file(self, size: int) -> None:
        """(Over TLS a file is read in a thread, for which the jumping clock does not wait.)"""
        if isinstance(self.stream, SSLIOStream) or self.stream.closed():
            return
        self.writes.append(self.stream.send_file(self.file, self.said, size))
        self.said += min(size, len(TEXT) - self.said)

    def _hand_on(self) -> None:
        """Another stream goes on with the connection."""
        if self.stream.closed() or self.stream.reading() or self.stream.writing():
            return
        try:
            transport = self.stream.detach()
        except ValueError:  # it is not open yet
            return
        try:
            self.stream = IOStream.over(transport)
        except StreamClosedError:
            self._on_close()  # it was lost, of which the stream before is not told any more
        else:
            self.stream.set_close_callback(self._on_close)

    def _read(self, what: str, size: int) -> None:
        target = bytearray(size)
        stream = self.stream
        try:
            self.read = {
                "bytes": lambda: stream.read_bytes(size),
                "some": lambda: stream.read_bytes(size, partial=True),
                "line": lambda: stream.read_until(DELIMITER),
                "match": lambda: stream.read_until_regex(rb"a\r?\n|b{3}"),
                "into": lambda: stream.read_into(target),
                "some into": lambda: stream.read_into(target, partial=True),
            }[what]()
        except StreamClosedError:
            assert stream.closed()
            return
        assert self.read is not None
        self.read.add_done_callback(lambda read: self._on_read(read, what, size, target))

    def _on_read(self, read: asyncio.Future[Any], what: str, size: int, target: bytearray) -> None:
        if read.cancelled():
            return
        if read.exception() is not None:
            assert isinstance(read.exception(), StreamClosedError), read.exception()
            return
        got = read.result()
        if "into" in what:
            got = bytes(target[:got])
        rest = TEXT[self.heard : self.heard + len(got)]
        assert got == rest
        self.heard += len(got)
        if what in ("bytes", "into"):
            assert len(got) == size
        elif what == "line":
            assert got.find(DELIMITER) == len(got) - len(DELIMITER)
        else:
            assert len(got) > 0


READS = ["bytes", "some", "line", "match", "into", "some into"]
ACTIONS = [*READS, *["write"] * 4, "file", "hand on", "cancel", "turns", "turns"]


async def converse(
    streams: tuple[Any, ...], actions: list[tuple[int, str, int]], text: Path, faulty: bool
) -> None:
    """Do all ``actions``; then the first closes, and the second must have heard everything."""
    problems: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
    with text.open("rb") as file:
        first, second = ends = [End(stream, file) for stream in streams]
        await act(ends, actions)
    # As long as there is anything to do the clock stands still: over TLS what was written goes on after close().
    await asyncio.sleep(1)
    assert not problems, problems
    handed = all(not write.exception() for write in first.writes)
    if handed and not faulty and not second.closed_by_us and second.stream.error is None:
        assert second.heard == first.said, "something is missing"
    assert [end.closings for end in ends] == [1, 1]
    for end in ends:
        assert end.stream.closed()
        assert all(write.done() for write in end.writes)
        assert not end.stream.reading()
        assert not end.stream.writing()


async def act(ends: list[End], actions: list[tuple[int, str, int]]) -> None:
    first, second = ends
    for who, what, size in actions:
        if what == "turns":
            await turns(size % 16)
        else:
            ends[who].act(what, size)
    async with asyncio.timeout(PATIENCE):
        for end in ends:
            end.act("cancel", 0)
        await turns(2)
        if first.closed_by_us or second.closed_by_us:
            first.act("close", 0)
        # They listen, else nobody could write.
        rests = [asyncio.ensure_future(_read_rest(end)) for end in ends]
        await asyncio.gather(*first.writes, return_exceptions=True)
        first.act("close", 0)
        await asyncio.gather(*rests)
        for end in ends:
            await asyncio.gather(*end.writes, return_exceptions=True)


async def _read_rest(end: End) -> None:
    try:
        rest = await end.stream.read_until_close()
    except StreamClosedError:
        assert end.stream.error is not None
        return
    assert rest == TEXT[end.heard : end.heard + len(rest)]
    end.heard += len(rest)
