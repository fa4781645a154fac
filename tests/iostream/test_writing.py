"""Writing to streams: order, futures, limits, and what becomes of it when nobody reads any more."""

import asyncio
import errno
import logging

import pytest

from tests.running import turns
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.iostream import StreamBufferFullError, StreamClosedError, memory_stream_pair

MUCH = 4 * 1024 * 1024
"""Bytes: more than any pipe or socket takes at once."""


def test_what_the_system_takes_is_written_at_once(run, pair):
    async def main():
        async with pair() as (reader, writer):
            future = writer.write(b"abc")
            assert future.done()
            assert future.result() is None
            assert not writer.writing()
            assert await reader.read_bytes(3) == b"abc"

    run(main)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_all_kinds_of_bytes_in_order(run, pair, kind):
    async def main():
        async with pair() as (reader, writer):
            sizes = [1, 0, 100, 3000, MUCH, 5, 70_000]
            pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
            futures = [writer.write(kind(piece)) for piece in pieces]
            assert writer.writing()
            for piece in pieces:
                assert await reader.read_bytes(len(piece)) == piece
            await asyncio.gather(*futures)
            assert not writer.writing()

    run(main)


def test_a_view_of_larger_items_is_written_whole(run, pair):
    async def main():
        async with pair() as (reader, writer):
            await writer.write(memoryview(b"\1\2\3\4").cast("H"))
            assert await reader.read_bytes(4) == b"\1\2\3\4"

    run(main)


def test_nothing(run, pair):
    async def main():
        async with pair() as (reader, writer):
            assert writer.write(b"").done()
            much = writer.write(b"x" * MUCH)
            behind = writer.write(b"")
            assert not behind.done()
            await reader.read_bytes(MUCH)
            await behind
            assert much.done()

    run(main)


def test_a_future_is_done_when_its_piece_is_flushed(run, pair):
    async def main():
        async with pair() as (reader, writer):
            first = writer.write(b"x" * MUCH)
            second = writer.write(b"y" * MUCH)
            await reader.read_bytes(MUCH - 1)
            await reader.read_bytes(1 + MUCH // 2)
            await first
            assert not second.done()
            await reader.read_bytes(MUCH // 2)
            await second

    run(main)


def test_nothing_overtakes_what_waits(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"x" * MUCH)
            begin = await reader.read_bytes(200_000, partial=True)
            last = writer.write(b"y")  # there is room for it, but the loop has not turned
            rest = await reader.read_bytes(MUCH + 1 - len(begin))
            assert rest.endswith(b"xy")
            await last

    run(main)


def test_what_was_given_is_what_arrives(run, pair):
    async def main():
        async with pair() as (reader, writer):
            memory = bytearray(b"x" * MUCH)
            future = writer.write(memory)
            memory[:] = b"y" * MUCH
            memory.clear()  # nobody holds it
            assert await reader.read_bytes(MUCH) == b"x" * MUCH
            await future

    run(main)


def test_a_cancelled_write_is_written_all_the_same(run, pair):
    async def main():
        async with pair() as (reader, writer):
            future = writer.write(b"x" * MUCH)
            future.cancel()
            last = writer.write(b"y")
            await reader.read_bytes(MUCH)
            assert await reader.read_bytes(1) == b"y"
            await last

    run(main)


def test_the_write_buffer_has_a_limit(run, pair):
    async def main():
        async with pair(max_write_buffer_size=MUCH) as (reader, writer):
            with pytest.raises(StreamBufferFullError, match="await the writes"):
                writer.write(b"x" * (MUCH + 1))
            assert not writer.writing()
            future = writer.write(b"x" * MUCH)
            with pytest.raises(StreamBufferFullError):
                writer.write(b"x" * MUCH)
            await reader.read_bytes(MUCH)
            await future
            assert writer.write(b"x").done()

    run(main)


def test_close_drops_what_waits(run, pair):
    async def main():
        async with pair() as (reader, writer):
            futures = [writer.write(b"x" * MUCH), writer.write(b"y")]
            writer.close()
            assert not writer.writing()
            for future in futures:
                with pytest.raises(StreamClosedError):
                    await future
            with pytest.raises(StreamClosedError):
                writer.write(b"z")
            assert len(await reader.read_until_close()) < MUCH

    run(main)


@pytest.mark.parametrize("waiting", [True, False])
def test_nobody_reads_any_more(run, pair, waiting, caplog):
    async def main():
        async with pair() as (reader, writer):
            data = bytearray(b"x" * MUCH)
            if waiting:
                future = writer.write(data)
                await turns()
                reader.close()
            else:
                reader.close()
                future = writer.write(data)
            with pytest.raises(StreamClosedError) as caught:
                await future
            assert isinstance(caught.value.real_error, (BrokenPipeError, ConnectionResetError))
            assert writer.closed()
            data.clear()  # held by nothing, not even by the exception's frames

    with caplog.at_level(logging.INFO):
        run(main)
    assert caplog.records == []


def test_errors_nobody_waits_for_are_not_logged(run, pair):
    async def main():
        async with pair() as (reader, writer):
            reader.close()
            writer.write(b"x")
            await turns()

    run(main)


@pytest.mark.parametrize("waiting", [True, False])
def test_other_errors_are_logged(run, pair, expect_log, waiting):
    async def main():
        def write_to_fd(data):
            raise OSError(errno.ENOSPC, "boom")

        async with pair() as (reader, writer):
            future = writer.write(b"x" * MUCH) if waiting else None
            writer.write_to_fd = write_to_fd
            with expect_log("tornadolike.general", "Write error on .*: .*boom", count=1):
                if future is None:
                    future = writer.write(b"x")
                else:
                    reader.read_until_close()
                with pytest.raises(StreamClosedError) as caught:
                    await future
            assert caught.value.real_error.errno == errno.ENOSPC

    run(main)


def test_a_broken_subclass_is_closed(run, pair, expect_log):
    async def main():
        async with pair() as (reader, writer):
            future = writer.write(b"x" * MUCH)
            writer.write_to_fd = None
            with expect_log("tornadolike.general", "Uncaught exception, closing", count=1):
                reader.read_until_close()
                with pytest.raises(StreamClosedError):
                    await future

    run(main)


def test_many_writers(run, pair):
    async def main():
        async with pair() as (reader, writer):

            async def produce(letter):
                for _ in range(100):
                    await writer.write(letter * 5000)

            producers = [asyncio.ensure_future(produce(letter)) for letter in (b"a", b"b", b"c")]
            got = await reader.read_bytes(3 * 100 * 5000)
            await asyncio.gather(*producers)
            assert sorted(set(got)) == list(b"abc")
            assert got.replace(b"a" * 5000, b"").replace(b"b" * 5000, b"").count(b"c") == 500_000

    run(main)


@pytest.mark.parametrize("own_method", [False, True])
def test_pieces_that_wait_leave_together(run, monkeypatch, own_method):
    """Many pieces, few calls; who has his own write_to_fd gets them one by one."""
    calls = []
    send_now = SocketTransport.send_now

    def counted(transport, pieces):
        calls.append(len(pieces))
        return send_now(transport, pieces)

    monkeypatch.setattr(SocketTransport, "send_now", counted)

    async def main():
        reader, writer = memory_stream_pair(capacity=MUCH)
        if own_method:
            transport = writer._transport
            writer.write_to_fd = lambda data: transport.send_now((data,))
        sizes = [MUCH, *[10_000] * 500]
        futures = [writer.write(b"x" * size) for size in sizes]
        calls.clear()
        await reader.read_bytes(sum(sizes))
        await asyncio.gather(*futures)
        assert len(calls) > 500 if own_method else len(calls) < 50
        reader.close()
        writer.close()

    run(main)


def test_pieces_that_a_program_appends_itself(run, pair):
    """As Dask does it, to write many pieces with one call."""

    async def main():
        async with pair() as (reader, writer):
            for size in (3, 10_000, MUCH):
                writer._write_buffer.append(memoryview(b"x" * size))
                writer._total_write_index += size
            written = writer.write(b"")
            assert await reader.read_bytes(3 + 10_000 + MUCH) == b"x" * (3 + 10_000 + MUCH)
            await written
            writer.close()
            assert writer._write_buffer is None
            assert not writer.writing()

    run(main)
