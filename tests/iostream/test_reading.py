"""Reading from streams: what comes out, when it comes out, and what becomes of it when things go wrong."""

import asyncio
import errno
import logging
import os
import socket

import pytest

from tests.running import turns
from tornadolike.iostream import (
    PipeIOStream,
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
)
from tornadolike.iostream import reading as module

from .conftest import SocketStream

KINDS = {
    "bytes": lambda stream: stream.read_bytes(6),
    "partial": lambda stream: stream.read_bytes(100, partial=True),
    "until": lambda stream: stream.read_until(b"f"),
    "regex": lambda stream: stream.read_until_regex(b"e."),
}


@pytest.mark.parametrize("read", KINDS.values(), ids=KINDS)
def test_bytes_that_are_there_are_read_at_once(run, pair, read):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"abcdef")
            future = read(reader)
            assert future.done()
            assert not reader.reading()
            assert await future == b"abcdef"

    run(main)


@pytest.mark.parametrize("read", KINDS.values(), ids=KINDS)
def test_bytes_that_come_later(run, pair, read):
    async def main():
        async with pair() as (reader, writer):
            future = read(reader)
            assert not future.done()
            assert reader.reading()
            writer.write(b"abcdef")
            assert await future == b"abcdef"
            assert not reader.reading()

    run(main)


@pytest.mark.parametrize("read", [read for kind, read in KINDS.items() if kind != "partial"])
def test_bytes_that_come_one_by_one(run, pair, read):
    async def main():
        async with pair() as (reader, writer):
            future = read(reader)
            for byte in b"abcdef":
                assert not future.done()
                writer.write(bytes([byte]))
                await turns()
            assert future.result() == b"abcdef"

    run(main)


def test_reads_follow_each_other(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"line\r\n{123}4567rest")
            assert await reader.read_until(b"\r\n") == b"line\r\n"
            assert await reader.read_until_regex(rb"\{\d+\}") == b"{123}"
            assert await reader.read_bytes(2) == b"45"
            memory = bytearray(2)
            assert await reader.read_into(memory) == 2
            assert memory == b"67"
            assert await reader.read_bytes(0) == b""
            writer.close()
            assert await reader.read_until_close() == b"rest"

    run(main)


def test_partial_reads_give_no_more_than_was_asked_for(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"abcde")
            assert await reader.read_bytes(3, partial=True) == b"abc"
            assert await reader.read_bytes(3, partial=True) == b"de"
            assert await reader.read_bytes(0, partial=True) == b""

    run(main)


def test_what_was_not_ones_own_goes_back(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"abcdef")
            assert await reader.read_bytes(4) == b"abcd"
            reader.unread(b"bcd")
            reader.unread(b"")
            assert await reader.read_until(b"e") == b"bcde"
            waiting = reader.read_bytes(3)
            with pytest.raises(AssertionError, match="Already reading"):
                reader.unread(b"x")
            waiting.cancel()
            reader.unread(b"e")
            reader.close()
            reader.unread(b"d")
            assert await reader.read_until_close() == b"def"

    run(main)


def test_one_read_at_a_time(run, pair):
    async def main():
        async with pair() as (reader, writer):
            future = reader.read_bytes(1)
            for read in (*KINDS.values(), type(reader).read_until_close):
                with pytest.raises(AssertionError, match="Already reading"):
                    read(reader)
            writer.write(b"x")
            assert await future == b"x"

    run(main)


@pytest.mark.parametrize(
    ("read", "error", "complaint"),
    [
        (lambda stream: stream.read_bytes(-1), ValueError, "negative"),
        (lambda stream: stream.read_bytes(1.5), TypeError, "integer"),
        (lambda stream: stream.read_until(b""), ValueError, "delimiter"),
        (lambda stream: stream.read_until_regex(b"("), Exception, "missing"),
        (lambda stream: stream.read_into(b"abc"), TypeError, "written to"),
    ],
)
def test_what_cannot_be_meant(run, pair, read, error, complaint):
    async def main():
        async with pair() as (reader, writer):
            with pytest.raises(error, match=complaint):
                read(reader)
            writer.write(b"x")
            assert await reader.read_bytes(1) == b"x"

    run(main)


# Into the caller's memory


def test_into_memory_in_pieces(run, pair):
    async def main():
        async with pair() as (reader, writer):
            memory = bytearray(10)
            future = reader.read_into(memory)
            writer.write(b"hello")
            await turns()
            assert reader.reading()
            writer.write(b"world!!")
            assert await future == 10
            assert memory == b"helloworld"
            memory.clear()
            assert await reader.read_bytes(2) == b"!!"

    run(main)


def test_into_memory_first_from_the_buffer(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"xab")
            await reader.read_bytes(1)
            memory = bytearray(4)
            future = reader.read_into(memory)
            assert memory[:2] == b"ab"
            writer.write(b"cde")
            assert await future == 4
            assert memory == b"abcd"
            assert await reader.read_into(memory, partial=True) == 1
            assert memory == b"ebcd"
            assert reader.read_into(bytearray()).result() == 0

    run(main)


def test_into_memory_that_is_not_filled_before_the_end(run, pair):
    async def main():
        async with pair() as (reader, writer):
            memory = bytearray(10)
            future = reader.read_into(memory)
            writer.write(b"abc")
            await turns()
            writer.close()
            with pytest.raises(StreamClosedError):
                await future
            memory.clear()
            assert await reader.read_until_close() == b"abc"

    run(main)


# Cancelled reads


@pytest.mark.parametrize("read", KINDS.values(), ids=KINDS)
def test_a_cancelled_read_takes_nothing(run, pair, read):
    async def main():
        async with pair() as (reader, writer):
            future = read(reader)
            future.cancel()
            assert not reader.reading()
            writer.write(b"abcdef")
            await turns()
            assert await read(reader) == b"abcdef"

    run(main)


def test_a_read_that_timed_out_can_be_tried_again(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"half a ")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read_until(b"\n"), 0.01)
            writer.write(b"line\n")
            assert await reader.read_until(b"\n") == b"half a line\n"

    run(main)


def test_a_cancelled_read_into_gives_back_what_it_got(run, pair):
    async def main():
        async with pair() as (reader, writer):
            memory = bytearray(10)

            async def fill():
                try:
                    await reader.read_into(memory)
                except asyncio.CancelledError:
                    memory.clear()  # is free by then
                    raise

            task = asyncio.ensure_future(fill())
            await turns()
            writer.write(b"abc")
            await turns()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await reader.read_bytes(3) == b"abc"

    run(main)


@pytest.mark.parametrize("read", KINDS.values(), ids=KINDS)
def test_the_end_after_a_cancelled_read(run, pair, read):
    async def main():
        async with pair() as (reader, writer):
            future = read(reader)
            future.cancel()
            writer.close()
            await turns()
            assert reader.closed()
            assert future.cancelled()
            assert await reader.read_until_close() == b""

    run(main)


# Limits


def test_a_delimiter_that_does_not_come_in_time_closes(run, pair, expect_log):
    async def main():
        async with pair() as (reader, writer):
            future = reader.read_until(b"def", max_bytes=5)
            with expect_log("tornadolike.general", "Unsatisfiable read", count=1):
                writer.write(b"123456")
                with pytest.raises(StreamClosedError) as caught:
                    await future
            assert isinstance(caught.value.real_error, UnsatisfiableReadError)
            assert reader.closed()
            assert reader.error is caught.value.real_error

    run(main)


@pytest.mark.parametrize("buffered", [True, False])
def test_the_same_when_the_bytes_are_there_already(run, pair, expect_log, buffered):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"x123456")
            if buffered:
                await reader.read_bytes(1)
            with expect_log("tornadolike.general", "Unsatisfiable read", logging.INFO, count=1):
                future = reader.read_until_regex(b"def", max_bytes=5)
            with pytest.raises(StreamClosedError):
                await future
            assert isinstance(reader.error, UnsatisfiableReadError)

    run(main)


def test_nothing_is_read_before_it_is_asked_for(run, pair):
    async def main():
        async with pair(max_buffer_size=10_000) as (reader, writer):
            writer.write((b"a" * 1023 + b"\n") * 100)
            for _ in range(50):
                assert await reader.read_until(b"\n", max_bytes=4096) == b"a" * 1023 + b"\n"
                assert await reader.read_bytes(1024) == b"a" * 1023 + b"\n"
                assert len(reader._read_buffer) <= 10_000

    run(main)


@pytest.mark.parametrize("size", [1, 2, 100, 65536, 65537, 200_000])
def test_as_much_as_the_buffer_takes_can_be_read(run, pair, size):
    async def main():
        async with pair(max_buffer_size=size) as (reader, writer):
            written = writer.write(b"a" * (size - 1) + b"\n" + b"more")
            assert await reader.read_until(b"\n") == b"a" * (size - 1) + b"\n"
            await written
            writer.close()
            rest = b""
            while len(rest) < 4:
                rest += await reader.read_bytes(4, partial=True)
            assert rest == b"more"

    run(main)


@pytest.mark.parametrize("size", [1, 2, 1000, 65536])
def test_all_until_the_end_may_fill_the_buffer(run, pair, size):
    async def main():
        async with pair(max_buffer_size=size) as (reader, writer):
            future = reader.read_until_close()
            await writer.write(b"a" * size)
            writer.close()
            assert await future == b"a" * size

    run(main)


FULL = {
    "bytes": lambda stream: stream.read_bytes(1025),
    "until": lambda stream: stream.read_until(b"\n"),
    "regex": lambda stream: stream.read_until_regex(b"\n"),
    "close": lambda stream: stream.read_until_close(),
}


@pytest.mark.parametrize("read", FULL.values(), ids=FULL)
def test_more_than_the_buffer_takes(run, pair, read, expect_log):
    async def main():
        async with pair(max_buffer_size=1024) as (reader, writer):
            future = read(reader)
            with (
                expect_log("tornadolike.general", "^Reached maximum read buffer size", count=1),
                expect_log("tornadolike.general", "error on read", count=1),
            ):
                writer.write(b"a" * 1024 + b"\n")
                with pytest.raises(StreamClosedError) as caught:
                    await future
            assert isinstance(caught.value.real_error, StreamBufferFullError)
            assert reader.closed()

    run(main)


def test_more_than_the_buffer_takes_at_once_is_raised(run, pair, expect_log):
    async def main():
        async with pair(max_buffer_size=1024) as (reader, writer):
            writer.write(b"a" * 4096)
            with (
                expect_log("tornadolike.general", "^Reached maximum read buffer size", count=1),
                pytest.raises(StreamBufferFullError),
            ):
                reader.read_until_close()
            assert reader.closed()
            assert not reader.reading()

    run(main)


def test_a_flood_does_not_keep_the_loop_from_others(run):
    class Endless(PipeIOStream):
        def read_from_fd(self, buf):
            return len(buf)

    async def main():
        reading, writing = os.pipe()
        os.write(writing, b"x")
        stream = Endless(reading)
        future = stream.read_until(b"\n")
        assert len(stream._read_buffer) == module.TURN_CHUNKS * module.READ_CHUNK_SIZE
        await turns(1)
        assert not future.done()
        future.cancel()
        stream.close()
        os.close(writing)

    run(main)


# The end


def test_what_came_before_the_end_can_be_read_after_it(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"one\ntwo\nthree")
            writer.close()
            assert await reader.read_until(b"\n") == b"one\n"
            with pytest.raises(StreamClosedError):
                await reader.read_bytes(100)
            assert reader.closed()
            assert await reader.read_until(b"\n") == b"two\n"
            assert await reader.read_bytes(2) == b"th"
            with pytest.raises(StreamClosedError):
                reader.read_bytes(100)
            with pytest.raises(StreamClosedError):
                reader.read_into(bytearray(100))
            assert await reader.read_bytes(100, partial=True) == b"ree"
            assert await reader.read_until_close() == b""
            with pytest.raises(StreamClosedError):
                reader.read_bytes(1)
            assert not reader.reading()

    run(main)


def test_the_last_bytes_and_the_end_come_together(run, pair):
    async def main():
        for read in KINDS.values():
            async with pair() as (reader, writer):
                future = read(reader)
                writer.write(b"abcdef")
                writer.close()
                assert await future == b"abcdef"

    run(main)


def test_a_pattern_is_tried_once_more_at_the_end(run, pair):
    async def main():
        async with pair(read_chunk_size=100) as (reader, writer):
            future = reader.read_until_regex(b"z")
            writer.write(b"x" * 100 + b"z" * 10)
            writer.close()
            assert await future == b"x" * 100 + b"z"

    run(main)


def test_a_pattern_is_tried_before_the_stream_takes_a_rest(run, pair):
    async def main():
        async with pair(read_chunk_size=10) as (reader, writer):
            writer.write(b"?" + b"x" * 5)
            await reader.read_bytes(1)
            # It is tried at 5, 15, 35, 75 and 155 bytes, and after the last chunk of its turn.
            writer.write(b"x" * (10 * module.TURN_CHUNKS - 5) + b"z" * 5)
            assert len(await reader.read_until_regex(b"z")) == 10 * module.TURN_CHUNKS + 1

    run(main)


def test_a_pattern_is_tried_when_the_buffer_is_full(run, pair):
    async def main():
        async with pair(max_buffer_size=100, read_chunk_size=30) as (reader, writer):
            writer.write(b"x" * 95 + b"z" + b"x" * 100)
            assert await reader.read_until_regex(b"z") == b"x" * 95 + b"z"

    run(main)


@pytest.mark.parametrize("idle", [True, False])
def test_the_end_of_one_direction(run, idle):
    async def main():
        ours, theirs = socket.socketpair()
        stream = SocketStream(ours)
        closed = asyncio.Event()
        stream.set_close_callback(closed.set)
        future = None if idle else stream.read_until_close()
        theirs.shutdown(socket.SHUT_WR)
        await closed.wait()
        assert stream.error is None
        assert idle or future.result() == b""
        theirs.close()

    run(main)


@pytest.mark.parametrize(
    "read", [*KINDS.values(), lambda stream: stream.read_into(bytearray(10))], ids=[*KINDS, "into"]
)
@pytest.mark.parametrize("early", [True, False])
def test_an_end_is_nothing_to_write_into_the_log(run, pair, read, early, caplog):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"a")
            future = None if early else read(reader)
            writer.close()
            if early:
                future = read(reader)
            try:
                assert await future == b"a"
            except StreamClosedError:
                pass
            assert reader.closed() or future.done()

    with caplog.at_level(logging.INFO):
        run(main)
    assert caplog.records == []


def test_more_than_a_chunk_before_the_end(run, pair):
    async def main():
        async with pair(read_chunk_size=256) as (reader, writer):
            writer.write(b"A" * 512)
            assert await reader.read_bytes(256) == b"A" * 256
            writer.close()
            await turns()
            assert await reader.read_bytes(256) == b"A" * 256

    run(main)


def test_until_close_by_ourselves(run, pair):
    async def main():
        async with pair() as (reader, writer):
            future = reader.read_until_close()
            writer.write(b"abc")
            await turns()
            reader.close()
            assert await future == b"abc"

    run(main)


def test_until_close_with_an_error_is_no_result(run, pair):
    async def main():
        async with pair() as (reader, writer):
            future = reader.read_until_close()
            writer.write(b"abc")
            await turns()
            problem = OSError("boom")
            reader.close(exc_info=problem)
            with pytest.raises(StreamClosedError) as caught:
                await future
            assert caught.value.real_error is problem
            assert await reader.read_until_close() == b"abc"

    run(main)


def test_until_close_takes_a_reset_for_an_end(run, pair):
    async def main():
        async with pair() as (reader, writer):
            real = reader.read_from_fd

            def read_from_fd(buf):
                count = real(buf)
                if count == 0:
                    raise ConnectionResetError(errno.ECONNRESET, "reset")
                return count

            reader.read_from_fd = read_from_fd
            writer.write(b"abc")
            writer.close()
            assert await reader.read_until_close() == b"abc"
            assert isinstance(reader.error, ConnectionResetError)

    run(main)


# Errors of the descriptor


def failing(error):
    def read_from_fd(buf):
        raise error

    return read_from_fd


def test_an_error_at_once_is_raised_and_not_logged(run, pair):
    async def main():
        async with pair() as (reader, _):
            problem = OSError(errno.EIO, "boom")
            reader.read_from_fd = failing(problem)
            with pytest.raises(OSError, match="boom"):
                reader.read_bytes(1)
            assert reader.closed()
            assert reader.error is problem

    run(main)


def test_an_error_later_is_logged_once(run, pair, expect_log):
    async def main():
        async with pair() as (reader, writer):
            future = reader.read_bytes(1)
            reader.read_from_fd = failing(OSError(errno.EIO, "boom"))
            with expect_log("tornadolike.general", "error on read: .*boom", count=1):
                writer.write(b"x")
                with pytest.raises(StreamClosedError) as caught:
                    await future
            assert caught.value.real_error is reader.error

    run(main)


@pytest.mark.parametrize("reading", [True, False])
def test_a_broken_subclass_is_closed(run, pair, expect_log, reading):
    async def main():
        async with pair() as (reader, writer):
            closed = asyncio.Event()
            reader.set_close_callback(closed.set)
            future = reader.read_bytes(1) if reading else None
            reader.read_from_fd = failing(ZeroDivisionError("boom"))
            with expect_log("tornadolike.general", "error on read: boom", count=1):
                writer.write(b"x")
                await closed.wait()
            assert isinstance(reader.error, ZeroDivisionError)
            if future:
                with pytest.raises(StreamClosedError):
                    await future

    run(main)


def test_a_reset_is_an_end(run, pair):
    async def main():
        async with pair() as (reader, _):
            reader.read_from_fd = failing(ConnectionResetError(errno.ECONNRESET, "reset"))
            with pytest.raises(StreamClosedError) as caught:
                await reader.read_bytes(1)
            assert isinstance(caught.value.real_error, ConnectionResetError)

    run(main)


def test_chunks_of_all_sizes(run, pair):
    async def main():
        for size in (1, 7, 65536, 65537, 1_000_000):
            async with pair(read_chunk_size=size) as (reader, writer):
                writer.write(b"abc" * 1000)
                assert await reader.read_bytes(3000) == b"abc" * 1000
            assert all(len(spare) == 65536 for spare in module._spare_memory)

    run(main)


def test_a_stream_may_read_from_another_in_the_middle(run):
    class Outer(PipeIOStream):
        def read_from_fd(self, buf):
            count = super().read_from_fd(buf)
            inner.read_bytes(3, partial=True)
            return count

    async def main():
        nonlocal inner
        inner_end, inner_writing = os.pipe()
        inner = PipeIOStream(inner_end)
        os.write(inner_writing, b"zzzzzz")
        reading, writing = os.pipe()
        os.write(writing, b"abc")
        outer = Outer(reading)
        assert await outer.read_bytes(3) == b"abc"
        for stream in (inner, outer):
            stream.close()
        os.close(writing)
        os.close(inner_writing)

    inner = None
    run(main)
