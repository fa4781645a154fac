"""A stream as a whole: what the loop watches, how the end is learnt, how it is told."""

import asyncio
import contextvars
import errno
import gc
import os
import socket
import sys
import weakref

import pytest

from tests.peers import reset
from tests.running import turns
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import BaseIOStream, SSLIOStream, StreamClosedError

from .conftest import SocketStream


def test_options(run, pair):
    async def main():
        async with pair() as (reader, _):
            assert reader.max_buffer_size == 100 * 1024 * 1024
            assert reader.read_chunk_size == 64 * 1024
            assert reader.max_write_buffer_size is None
            assert reader.error is None
            assert reader.io_loop is IOLoop.current()
            assert not reader.closed()
        async with pair(max_buffer_size=1000, read_chunk_size=800, max_write_buffer_size=3) as (
            one,
            _,
        ):
            assert one.max_buffer_size == 1000
            assert one.read_chunk_size == 500
            assert one.max_write_buffer_size == 3

    run(main)


def test_what_a_subclass_has_to_say(io_loop):
    stream = BaseIOStream()
    for missing in (
        stream.fileno,
        stream.close_fd,
        lambda: stream.read_from_fd(bytearray(1)),
        lambda: stream.write_to_fd(memoryview(b"x")),
    ):
        with pytest.raises(NotImplementedError):
            missing()
    assert stream.get_fd_error() is None
    assert stream.set_nodelay(True) is None
    assert repr(stream) == "<BaseIOStream open to read=0 to write=0>"


# The close callback


def test_the_end_is_learnt_while_idle(run, pair):
    async def main():
        async with pair() as (reader, writer):
            closed = asyncio.Event()
            reader.set_close_callback(closed.set)
            writer.close()
            await closed.wait()
            assert reader.closed()
            assert reader.error is None

    run(main)


def test_the_end_of_the_reader_is_learnt_by_an_idle_writer(run, pair):
    async def main():
        async with pair() as (reader, writer):
            closed = asyncio.Event()
            writer.set_close_callback(closed.set)
            await turns()
            assert not writer.closed()
            reader.close()
            await closed.wait()
            assert writer.closed()

    run(main)


def test_the_end_is_learnt_while_idle_after_a_write_that_waited(run, pair):
    async def main():
        async with pair() as (reader, writer):
            written = writer.write(b"x" * 20_000_000)
            assert not written.done()
            await reader.read_bytes(20_000_000)
            await written
            reader.close()
            while not writer.closed():
                await asyncio.sleep(0)

    run(main)


def test_the_end_is_not_told_before_what_came_is_read(run, pair):
    async def main():
        async with pair() as (reader, writer):
            closed = asyncio.Event()
            reader.set_close_callback(closed.set)
            writer.write(b"ab")
            await reader.read_bytes(1)
            writer.close()
            await turns(5)
            assert not closed.is_set()
            assert await reader.read_bytes(1) == b"b"
            await closed.wait()

    run(main)


def test_bytes_that_nobody_wants_do_not_keep_the_loop_busy(run, pair):
    async def main():
        async with pair(read_chunk_size=10) as (reader, writer):
            reader.set_close_callback(lambda: None)
            writer.write(b"x" * 100)
            await turns(5)
            assert len(reader._read_buffer) == 10
            assert not reader._watched_for
            writer.close()
            await turns(5)
            assert not reader.closed()
            assert await reader.read_until_close() == b"x" * 100

    run(main)


def test_it_comes_last_and_once(run, pair):
    async def main():
        async with pair() as (reader, writer):
            told = []
            reader.set_close_callback(lambda: told.append("closed"))
            future = reader.read_bytes(10)
            future.add_done_callback(lambda _: told.append("failed"))
            writer.close()
            with pytest.raises(StreamClosedError):
                await future
            reader.close()
            await turns()
            assert told == ["failed", "closed"]

    run(main)


def test_it_can_be_taken_back_or_replaced(run, pair):
    async def main():
        async with pair() as (reader, _):
            told = []
            reader.set_close_callback(lambda: told.append(1))
            reader.set_close_callback(lambda: told.append(2))
            reader.close()
            await turns()
            assert told == [2]
        async with pair() as (reader, _):
            reader.set_close_callback(lambda: told.append(3))
            reader.set_close_callback(None)
            reader.close()
            await turns()
            assert told == [2]

    run(main)


def test_it_is_called_too_if_the_stream_is_closed_already(run, pair):
    async def main():
        async with pair() as (reader, _):
            reader.close()
            closed = asyncio.Event()
            reader.set_close_callback(closed.set)
            assert not closed.is_set()
            await closed.wait()

    run(main)


def test_its_context_is_the_one_in_which_it_was_set(run, pair):
    variable = contextvars.ContextVar("variable", default="")

    async def main():
        async with pair() as (reader, writer):
            told = asyncio.get_running_loop().create_future()
            variable.set("set here")
            reader.set_close_callback(lambda: told.set_result(variable.get()))
            variable.set("")
            writer.close()
            assert await told == "set here"

    run(main)


def test_it_may_be_a_coroutine_function_and_may_fail(run, pair, expect_log):
    async def main():
        async def fail():
            await asyncio.sleep(0)
            raise ValueError("boom")

        async with pair() as (reader, _):
            reader.set_close_callback(fail)
            with expect_log("tornadolike.application", "Exception in callback"):
                reader.close()
                await turns(5)

    run(main)


# Closing


def test_closing_twice_is_nothing(run, pair):
    async def main():
        async with pair() as (reader, _):
            reader.close()
            reader.close(exc_info=ValueError())
            assert reader.closed()
            assert reader.error is None
            assert "closed" in repr(reader)

    run(main)


def test_reasons(run, pair):
    async def main():
        problem = ValueError("boom")

        def close_while_handling(stream):
            try:
                raise problem
            except ValueError:
                stream.close(exc_info=True)

        def close_with_tuple(stream):
            try:
                raise problem
            except ValueError:
                stream.close(exc_info=sys.exc_info())

        for close, expected in (
            (lambda stream: stream.close(exc_info=problem), problem),
            (close_while_handling, problem),
            (close_with_tuple, problem),
            (lambda stream: stream.close(exc_info=True), None),
            (lambda stream: stream.close(exc_info=None), None),
        ):
            async with pair() as (reader, _):
                future = reader.read_bytes(1)
                close(reader)
                assert reader.error is expected
                with pytest.raises(StreamClosedError) as caught:
                    await future
                assert caught.value.real_error is expected

    run(main)


def test_everybody_is_told_although_closing_fails(run):
    class Stubborn(SocketStream):
        def close_fd(self):
            super().close_fd()
            raise OSError(errno.EIO, "boom")

    async def main():
        ours, theirs = socket.socketpair()
        with theirs:
            stream = Stubborn(ours)
            reading, writing = stream.read_bytes(1), stream.write(b"x" * 4_000_000)
            with pytest.raises(OSError, match="boom"):
                stream.close()
            for future in (reading, writing):
                with pytest.raises(StreamClosedError):
                    await future

    run(main)


def test_a_stream_can_be_closed_when_the_loop_is(run, make_pair):
    left = []

    async def main():
        reader, writer = make_pair()
        left.extend((reader, writer))
        reader.set_close_callback(lambda: None)
        written = writer.write(b"x" * 20_000_000)
        await reader.read_bytes(1)
        assert not written.done()

    run(main)
    for stream in left:
        stream.close()


def test_one_owner_for_a_descriptor(run, pair):
    async def main():
        async with pair() as (reader, writer):
            if isinstance(reader, SSLIOStream) or reader.fileno() is None:
                return  # TLS watches all the time, and memory cannot be watched
            loop = IOLoop.current()
            loop.add_handler(reader.fileno(), print, IOLoop.READ)
            with pytest.raises(ValueError, match="watched already"):
                reader.read_bytes(1)
            assert not reader.reading()
            loop.remove_handler(reader.fileno())
            writer.write(b"x")
            assert await reader.read_bytes(1) == b"x"

    run(main)


def test_an_error_that_neither_side_can_tell(run):
    class Mute(SocketStream):
        """Hears of errors by the loop only, as on a terminal that has hung up."""

        def write_to_fd(self, data):
            raise BlockingIOError

        def get_fd_error(self):
            return OSError(errno.EIO, "hung up")

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            ours = socket.create_connection(listening.getsockname())
            theirs, _ = listening.accept()
        stream = Mute(ours)
        stream.read_from_fd = lambda buf: None
        future = stream.write(b"x")
        reset(theirs)
        with pytest.raises(StreamClosedError) as caught:
            await future
        assert caught.value.real_error.errno == errno.EIO

    run(main)


def test_a_stream_that_is_dropped_is_no_circle(run, pair):
    async def main():
        async with pair() as (reader, writer):
            writer.write(b"abc\n")
            await reader.read_until(b"\n")
            reader.close()
            writer.close()
            gone = [weakref.ref(reader), weakref.ref(writer)]
        gc.disable()
        try:
            del reader, writer
            await turns()
            assert [reference() for reference in gone] == [None, None]
        finally:
            gc.enable()

    run(main)


def test_both_directions_of_a_socket(run):
    async def main():
        one, other = (SocketStream(end) for end in socket.socketpair())
        data = os.urandom(3_000_000)

        async def swap(stream):
            written = stream.write(data)
            got = await stream.read_bytes(len(data))
            await written
            return got

        assert await asyncio.gather(swap(one), swap(other)) == [data, data]
        one.close()
        other.close()

    run(main)
