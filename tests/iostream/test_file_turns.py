"""send_file: a file between other writes, over every kind of stream."""

import asyncio
import io
import os

import pytest

from tests.running import turns
from tornadolike.iostream import StreamBufferFullError, StreamClosedError

CONTENT = bytes(range(256)) * 8_000
"""Bytes: more than any pipe or socket takes at once."""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        yield file


def test_a_whole_file(run, pair, file):
    async def main():
        async with pair() as (reader, writer):
            sending = writer.send_file(file)
            assert writer.writing()
            assert await reader.read_bytes(len(CONTENT)) == CONTENT
            assert await sending == len(CONTENT)
            assert file.tell() == len(CONTENT)
            await turns()
            assert not writer.writing()

    run(main)


@pytest.mark.parametrize(
    ("offset", "count", "sent"),
    [(5, 10, 10), (5, None, len(CONTENT) - 5), (len(CONTENT) - 5, 100, 5), (len(CONTENT), None, 0)],
)
def test_a_part(run, pair, file, offset, count, sent):
    async def main():
        async with pair() as (reader, writer):
            sending = writer.send_file(file, offset, count)
            writer.write(b"!")
            assert await reader.read_bytes(sent) == CONTENT[offset : offset + sent]
            assert await sending == sent
            assert await reader.read_bytes(1) == b"!"
            if sent:
                assert file.tell() == offset + sent

    run(main)


def test_everything_leaves_in_its_order(run, pair, file):
    async def main():
        async with pair() as (reader, writer):
            much = b"x" * len(CONTENT)
            futures = [
                writer.write(much),
                writer.send_file(file),
                writer.write(b"between"),
                writer.write(much),
                writer.send_file(file, 0, 3),
                writer.send_file(file, 3, 4),
                writer.write(b"end"),
                writer.write(b""),
            ]
            for piece in (much, CONTENT, b"between", much, CONTENT[:3], CONTENT[3:7], b"end"):
                assert await reader.read_bytes(len(piece)) == piece
            await asyncio.gather(*futures)
            await writer.write(b"later")
            assert await reader.read_bytes(5) == b"later"

    run(main)


def test_what_is_no_file_of_the_system_is_read(run, pair):
    async def main():
        async with pair() as (reader, writer):
            sending = writer.send_file(io.BytesIO(CONTENT), 1)
            assert await reader.read_bytes(len(CONTENT) - 1) == CONTENT[1:]
            assert await sending == len(CONTENT) - 1

    run(main)


def test_what_is_no_part_of_a_file(run, pair, tmp_path):
    async def main():
        path = tmp_path / "text"
        path.write_text("text")
        async with pair() as (_, writer):
            with path.open() as text, pytest.raises(ValueError, match="binary"):
                writer.send_file(text)
            with pytest.raises(ValueError, match="offset"):
                writer.send_file(io.BytesIO(), -1)
            with pytest.raises(ValueError, match="count"):
                writer.send_file(io.BytesIO(), 0, 0)
            assert not writer.writing()

    run(main)


@pytest.mark.parametrize("wait", [0, 3])
def test_cancelled_before_its_turn(run, pair, file, wait):
    async def main():
        async with pair() as (reader, writer):
            much = b"x" * len(CONTENT)
            writer.write(much)
            sending, other = writer.send_file(file), writer.send_file(file, 0, 3)
            written = writer.write(b"behind")
            await turns(wait)
            sending.cancel()
            await reader.read_bytes(len(much))
            assert await reader.read_bytes(9) == CONTENT[:3] + b"behind"
            await written
            assert await other == 3
            with pytest.raises(asyncio.CancelledError):
                await sending

    run(main)


def test_cancelled_in_the_middle(run, pair, file):
    async def main():
        async with pair() as (reader, writer):
            sending = writer.send_file(file)
            written = writer.write(b"behind")
            assert await reader.read_bytes(1000) == CONTENT[:1000]
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert (await reader.read_until(b"behind")).endswith(b"behind")
            await written
            assert 1000 <= file.tell() < len(CONTENT)
            assert not writer.closed()

    run(main)


def test_a_file_that_cannot_be_read(run, pair):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError(5, "boom")

    async def main():
        async with pair() as (reader, writer):
            sending = writer.send_file(Broken())
            writer.write(b"behind")
            with pytest.raises(OSError, match="boom"):
                await sending
            assert await reader.read_bytes(6) == b"behind"

    run(main)


@pytest.mark.parametrize("wait", range(6))
def test_closing_meanwhile(run, pair, file, wait):
    async def main():
        async with pair() as (_, writer):
            futures = [writer.send_file(file), writer.write(b"x"), writer.send_file(file)]
            await turns(wait)
            writer.close()
            for future in futures:
                with pytest.raises(StreamClosedError):
                    await future
            with pytest.raises(StreamClosedError):
                writer.send_file(file)

    run(main)


def test_the_reader_leaves(run, pair, file):
    async def main():
        async with pair() as (reader, writer):
            sending, written = writer.send_file(file), writer.write(b"x")
            await reader.read_bytes(1)
            reader.close()
            for future in (sending, written):
                with pytest.raises(StreamClosedError):
                    await future
            assert writer.closed()

    run(main)


def test_nobody_waits_for_it(run, pair, file):
    async def main():
        async with pair() as (reader, writer):
            writer.send_file(file)
            await reader.read_bytes(1)
            reader.close()
            closed = asyncio.Event()
            writer.set_close_callback(closed.set)
            await closed.wait()

    run(main)


def test_the_system_sends_it_where_it_can(run, pair, file, monkeypatch):
    """On a plain socket the bytes do not come through this process, unless a subclass wants to see them."""
    sent = []
    sendfile = os.sendfile

    def watched(*args):
        size = sendfile(*args)
        sent.append(size)
        return size

    monkeypatch.setattr(os, "sendfile", watched)

    async def main():
        async with pair() as (reader, writer):
            kind = type(writer).__name__
            sending = writer.send_file(file)
            await reader.read_bytes(len(CONTENT))
            await sending
            plain = kind == "IOStream" and writer.socket is not None
            assert sum(sent) == (len(CONTENT) if plain else 0)
            sent.clear()
            seen = []
            write_to_fd = writer.write_to_fd
            writer.write_to_fd = lambda data: seen.append(len(data)) or write_to_fd(data)
            sending = writer.send_file(file)
            await reader.read_bytes(len(CONTENT))
            await sending
            assert not sent
            assert seen

    run(main)


def test_it_does_not_count_for_the_limit(run, pair, file):
    async def main():
        async with pair(max_write_buffer_size=100_000) as (reader, writer):
            sending = writer.send_file(file)
            written = writer.write(b"x" * 100_000)
            with pytest.raises(StreamBufferFullError):
                writer.write(b"x")
            await reader.read_bytes(len(CONTENT))
            assert await sending == len(CONTENT)
            assert await reader.read_bytes(100_000) == b"x" * 100_000
            await written

    run(main)
