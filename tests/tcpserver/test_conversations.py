"""Handlers and their streams: how each may end, and that nothing is left."""

import asyncio
import concurrent.futures
import gc
import tempfile
import threading
import weakref

import pytest

from tests.running import on_every_loop, turns
from tests.tcpserver.helpers import LIMIT, Handled, expect_end, listening, over, until, visit
from tornadolike import gen
from tornadolike.iostream import IOStream, StreamClosedError
from tornadolike.tcpserver import TCPServer
from tornadolike.tcpserver.conversations import Conversation


class Echo(TCPServer):
    """Sends back each line; notes how the handlers end."""

    def __init__(self):
        super().__init__()
        self.streams = []
        self.ends = []

    async def handle_stream(self, stream, address):
        self.streams.append(stream)
        try:
            while (line := await stream.read_until(b"\n")) != b"bye\n":
                await stream.write(line)
            self.ends.append("bye")
        except BaseException as error:
            self.ends.append(type(error).__name__)
            raise
        finally:
            self.streams.remove(stream)


# Handlers of all kinds


@on_every_loop
async def test_many_at_a_time():
    server = Echo()
    async with listening(server) as port, visit(port) as first, visit(port) as second:
        for stream, line in ((second, b"2\n"), (first, b"1\n"), (second, b"22\n")):
            await stream.write(line)
            assert await stream.read_until(b"\n") == line
        assert len(server._conversations) == 2
        await first.write(b"bye\n")
        await expect_end(first)
        assert server.ends == ["bye"]
        await second.write(b"3\n")
        assert await second.read_until(b"\n") == b"3\n"
    assert server.ends == ["bye", "CancelledError"]


def sync(stream, address):
    def answer(future):
        stream.write(future.result())
        stream.close()

    stream.read_until(b"\n").add_done_callback(answer)


async def native(stream, address):
    await stream.write(await stream.read_until(b"\n"))
    stream.close()


@gen.coroutine
def generator(stream, address):
    line = yield stream.read_until(b"\n")
    yield stream.write(line)
    stream.close()


def future(stream, address):
    return asyncio.ensure_future(native(stream, address))


@pytest.mark.parametrize("handler", [sync, native, generator, future])
@on_every_loop
async def test_kinds_of_handlers(handler):
    server = Handled(handler)
    async with listening(server) as port, visit(port) as stream:
        await stream.write(b"hello\n")
        assert await stream.read_until_close() == b"hello\n"
        await over(server)


@on_every_loop
async def test_a_future_that_a_thread_fulfils(monkeypatch):
    """What follows from it is done in the loop's thread, where alone it may be done."""
    done = concurrent.futures.Future()
    server = Handled(lambda stream, address: done)
    closed_by = []
    close = IOStream.close

    def noting(stream, *args, **kwargs):
        closed_by.append(threading.current_thread())
        close(stream, *args, **kwargs)

    monkeypatch.setattr(IOStream, "close", noting)
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: len(server._conversations))
        thread = threading.Thread(target=done.set_result, args=[None])
        thread.start()
        await expect_end(stream)
        await over(server)
        thread.join()
        assert set(closed_by) == {threading.current_thread()}


@on_every_loop
async def test_a_handler_knows_its_peer():
    seen = []
    server = Handled(lambda stream, address: seen.append((address, stream.max_buffer_size)))
    server.max_buffer_size, server.read_chunk_size = 12345, 100
    async with listening(server) as port, visit(port) as stream:
        here = stream.socket.getsockname()
        await expect_end(stream)
        assert seen == [(here, 12345)]


@on_every_loop
async def test_a_task_is_kept_though_nobody_else_has_it():
    woken = weakref.WeakSet()

    async def handler(stream, address):
        future = asyncio.get_running_loop().create_future()
        woken.add(future)
        await future
        await stream.write(b"woken")

    server = Handled(handler)
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: woken)
        # Only the task has the future, only the future the task.
        gc.collect()
        await turns()
        assert len(server._conversations) == 1
        del stream
    assert not server._conversations


# Errors


def fail_at_once(stream, address):
    raise ZeroDivisionError


async def fail_later(stream, address):
    await asyncio.sleep(0)
    raise ZeroDivisionError


@gen.coroutine
def fail_in_generator(stream, address):
    yield gen.moment
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (fail_at_once, "Error in connection callback"),
        (fail_later, "Exception in callback"),
        (fail_in_generator, "Exception in callback"),
        (lambda stream, address: 42, "Error in connection callback"),
        (TCPServer().handle_stream, "Error in connection callback"),
    ],
    ids=["at once", "later", "generator", "nothing to wait for", "none"],
)
@on_every_loop
async def test_an_error_is_logged_with_the_address_and_ends_the_stream(handler, text, expect_log):
    server = Handled(handler)
    async with listening(server) as port:
        with expect_log("tornadolike.application", text, count=1) as log:
            async with visit(port) as stream:
                here = stream.socket.getsockname()
                await expect_end(stream)
            await over(server)
        assert str(here) in log.matched[0].getMessage()
        assert log.matched[0].exc_info


@on_every_loop
async def test_a_peer_that_leaves_is_no_error(expect_log):
    server = Echo()
    async with listening(server) as port:
        with expect_log(
            "tornadolike.general", "Connection ended while it was handled: from", count=1
        ) as log:
            async with visit(port):
                await until(lambda: server.streams)
            await over(server)
        assert log.matched[0].levelname == "INFO"
    assert server.ends == ["StreamClosedError"]


@on_every_loop
async def test_the_end_of_another_stream_is_an_error(expect_log):
    """A handler that cannot go on because of its backend has not met its peer's end."""

    async def handler(stream, address):
        raise StreamClosedError(real_error=ConnectionResetError())

    server = Handled(handler)
    async with listening(server) as port:
        with expect_log("tornadolike.application", "Exception in callback", count=1):
            async with visit(port) as stream:
                await expect_end(stream)
            await over(server)


# Streams that stay open


@on_every_loop
async def test_a_stream_that_somebody_keeps_stays_open():
    kept = []

    async def handler(stream, address):
        kept.append(stream)
        await stream.write(await stream.read_until(b"\n"))

    for handle in (handler, lambda stream, address: kept.append(stream)):
        server = Handled(handle)
        async with listening(server) as port, visit(port) as stream:
            await stream.write(b"1\n")
            await until(lambda: kept)
            if handle is handler:
                assert await stream.read_until(b"\n") == b"1\n"
            await turns(5)
            gc.collect()
            await kept[0].write(b"still here\n")
            assert await stream.read_until(b"\n") == b"still here\n"
            assert len(server._conversations) == 1
            kept.pop().close()
            await expect_end(stream)
            await over(server)


@on_every_loop
async def test_a_stream_whose_end_is_awaited_stays_open():
    closed = []
    server = Handled(lambda stream, address: stream.set_close_callback(lambda: closed.append(1)))
    async with listening(server) as port:
        async with visit(port):
            await until(lambda: len(server._conversations))
            await turns(5)
            gc.collect()
            assert len(server._conversations) == 1
        await until(lambda: closed)
        await over(server)


@on_every_loop
async def test_a_stream_that_is_dropped_later_ends_the_conversation():
    kept = []
    server = Handled(lambda stream, address: kept.append(stream))
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: kept)
        await turns(5)
        kept.clear()
        with pytest.warns(ResourceWarning, match="unclosed"):
            gc.collect()
        await expect_end(stream)
        await over(server)


async def reads_and_returns(stream, address):
    await stream.write(await stream.read_until(b"\n"))


async def writes_and_returns(stream, address):
    await stream.read_until(b"\n")
    stream.write(b"hello\n")


def writes_without_waiting(stream, address):
    stream.write(b"hello\n")


@pytest.mark.parametrize("handler", [reads_and_returns, writes_and_returns, writes_without_waiting])
@on_every_loop
async def test_a_stream_that_is_forgotten_is_closed(handler):
    server = Handled(handler)
    gc.disable()
    try:
        async with listening(server) as port, visit(port) as stream:
            await stream.write(b"hello\n")
            assert await stream.read_until_close() == b"hello\n"
            await over(server)
    finally:
        gc.enable()


SIZE = 400_000


def sends_a_file(stream, address):
    file = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed when it was sent)
    file.write(bytes(SIZE))
    file.flush()
    stream.send_file(file).add_done_callback(lambda _: file.close())
    stream.write(b"tail\n")


async def sends_a_file_and_returns(stream, address):
    sends_a_file(stream, address)


def writes_when_it_has_written(stream, address):
    stream.write(b"tail\n").add_done_callback(lambda _: stream.write(bytes(SIZE)))


def writes_when_it_has_read(stream, address):
    stream.read_until(b"\n").add_done_callback(lambda read: stream.write(bytes(SIZE) + b"tail\n"))


async def has_another_task_talk(stream, address):
    async def talk():
        await stream.read_until(b"\n")
        await stream.write(bytes(SIZE))
        stream.write(b"tail\n")

    stream.talking = asyncio.ensure_future(talk())


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("handler", "question"),
    [
        (sends_a_file, b""),
        (sends_a_file_and_returns, b""),
        (writes_when_it_has_written, b""),
        (writes_when_it_has_read, b"hello\n"),
        (has_another_task_talk, b"hello\n"),
    ],
)
@on_every_loop
async def test_a_stream_that_is_forgotten_only_when_it_has_said_all_is_closed_then(
    handler, question, tls, certs
):
    """What it has to say is what keeps it until then."""
    server = Handled(handler, ssl_options=certs.server_context() if tls else None)
    async with (
        listening(server) as port,
        visit(port, certs.client_context() if tls else None) as stream,
    ):
        await stream.write(question)
        async with asyncio.timeout(LIMIT):
            said = await stream.read_until_close()
        assert len(said) == SIZE + len(b"tail\n")
        await over(server)


def keeps_it_in_a_list(stream, keep):
    keep(stream)


def keeps_it_for_later(stream, keep):
    keep(stream.io_loop.call_later(1000, stream.close))


def keeps_one_of_its_methods(stream, keep):
    keep(stream.write)


def keeps_it_in_a_task(stream, keep):
    async def wait(event):
        await event.wait()
        stream.close()

    keep(asyncio.ensure_future(wait(asyncio.Event())))


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    "keeper",
    [keeps_it_in_a_list, keeps_it_for_later, keeps_one_of_its_methods, keeps_it_in_a_task],
)
@on_every_loop
async def test_a_stream_that_somebody_has_stays_open_when_it_rests(keeper, tls, certs):
    kept = []

    def handler(stream, address):
        keeper(stream, kept.append)
        stream.read_until(b"\n").add_done_callback(lambda _: write(stream.write))

    def write(write):
        write(bytes(3_000_000))

    server = Handled(handler, ssl_options=certs.server_context() if tls else None)
    async with (
        listening(server) as port,
        visit(port, certs.client_context() if tls else None) as stream,
    ):
        await stream.write(b"hello\n")
        await stream.read_bytes(3_000_000)
        await turns(10)
        gc.collect()
        assert len(server._conversations) == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await stream.read_until_close()
        for thing in kept:
            if hasattr(thing, "cancel"):
                thing.cancel()


@on_every_loop
async def test_what_a_forgotten_stream_has_to_say_is_said():
    async def handler(stream, address):
        stream.write(b"x" * 5_000_000)

    server = Handled(handler)
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: len(server._conversations))
        await turns(5)
        assert len(server._conversations) == 1
        assert len(await stream.read_until_close()) == 5_000_000
        await over(server)


@on_every_loop
async def test_a_forgotten_stream_whose_peer_takes_nothing_is_closed_with_the_others():
    async def handler(stream, address):
        stream.write(b"x" * 5_000_000)

    server = Handled(handler)
    async with listening(server) as port, visit(port):
        await until(lambda: len(server._conversations))
        await turns(5)
        server.stop()
        async with asyncio.timeout(LIMIT):
            await server.close_all_connections()
        assert not server._conversations


# Draining


@on_every_loop
async def test_draining_waits_for_the_handlers():
    server = Echo()
    async with listening(server) as port, visit(port) as stream:
        await stream.write(b"1\n")
        assert await stream.read_until(b"\n") == b"1\n"
        draining = asyncio.ensure_future(server.drain())
        await turns()
        with pytest.raises(StreamClosedError):
            async with visit(port):
                pass
        await stream.write(b"2\n")
        assert await stream.read_until(b"\n") == b"2\n"
        assert not draining.done()
        await stream.write(b"bye\n")
        async with asyncio.timeout(LIMIT):
            await draining
        assert server.ends == ["bye"]
        await server.drain()


@on_every_loop
async def test_draining_waits_for_streams_that_are_kept():
    kept = []
    server = Handled(lambda stream, address: kept.append(stream))
    async with listening(server) as port, visit(port):
        await until(lambda: kept)
        draining = asyncio.ensure_future(server.drain())
        await turns(5)
        assert not draining.done()
        kept.pop().close()
        async with asyncio.timeout(LIMIT):
            await draining


@on_every_loop
async def test_draining_takes_no_longer_than_it_may(expect_log):
    server = Echo()
    async with listening(server) as port, visit(port) as one, visit(port) as another:
        await until(lambda: len(server.streams) == 2)
        with expect_log("tornadolike.general", "Cutting 2 connections .* 0.01 seconds", count=1):
            await server.drain(0.01)
        assert server.ends == ["CancelledError", "CancelledError"]
        await expect_end(one)
        await expect_end(another)


@on_every_loop
async def test_a_handler_may_drain_its_server():
    """It does not wait for itself, nor end itself."""
    ends = []

    async def handler(stream, address):
        if await stream.read_bytes(1) == b"s":
            await server.drain()
            await server.close_all_connections()
            await stream.write(b"stopped")
        ends.append(1)

    server = Handled(handler)
    async with listening(server) as port, visit(port) as stopping, visit(port) as other:
        await until(lambda: len(server._conversations) == 2)
        await stopping.write(b"s")
        await until(lambda: not server._sockets)
        await other.write(b"x")
        assert await stopping.read_until_close() == b"stopped"
        await expect_end(other)
    assert len(ends) == 2


@on_every_loop
async def test_a_handler_that_drains_its_server_is_not_cut(expect_log):
    async def handler(stream, address):
        if await stream.read_bytes(1) == b"s":
            await server.drain(0.01)
            await stream.write(b"stopped")

    server = Handled(handler)
    async with listening(server) as port, visit(port) as stopping, visit(port) as other:
        await until(lambda: len(server._conversations) == 2)
        with expect_log("tornadolike.general", "Cutting 1 connections", count=1):
            await stopping.write(b"s")
            assert await stopping.read_until_close() == b"stopped"
        await expect_end(other)


@on_every_loop
async def test_a_generator_is_ended_by_its_stream():
    """To cancel its future would not stop it, and what it raised later would be logged as an error."""
    ends = []

    @gen.coroutine
    def handler(stream, address):
        try:
            yield stream.read_until(b"\n")
        finally:
            ends.append(stream.closed())

    server = Handled(handler)
    async with listening(server) as port, visit(port):
        await until(lambda: len(server._conversations))
        await server.close_all_connections()
        assert ends == [True]


@on_every_loop
async def test_a_future_that_nobody_fulfils_is_cancelled():
    future = asyncio.get_running_loop().create_future()
    server = Handled(lambda stream, address: future)
    async with listening(server) as port, visit(port):
        await until(lambda: len(server._conversations))
        async with asyncio.timeout(LIMIT):
            await server.close_all_connections()
        assert future.cancelled()


@on_every_loop
async def test_closing_all_waits_for_handlers_that_take_their_time():
    steps = []

    async def handler(stream, address):
        try:
            await stream.read_until(b"\n")
        except asyncio.CancelledError:
            assert stream.closed()
            await asyncio.sleep(0.01)
            steps.append("cleaned up")
            raise

    server = Handled(handler)
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: len(server._conversations))
        await turns()
        await server.close_all_connections()
        assert steps == ["cleaned up"]
        await expect_end(stream)
        async with visit(port) as stream:  # the server goes on
            await until(lambda: len(server._conversations))
            await turns()


@on_every_loop
async def test_a_waiting_drain_may_be_given_up():
    server = Echo()
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: server.streams)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.drain(), 0.01)
        await stream.write(b"still here\n")
        assert await stream.read_until(b"\n") == b"still here\n"


@on_every_loop
async def test_many_conversations_leave_nothing():
    server = Echo()
    streams = weakref.WeakSet()
    async with listening(server) as port:
        for number in range(100):
            async with visit(port) as stream:
                await stream.write(b"hello\n" if number % 2 else b"bye\n")
                if number % 2:
                    assert await stream.read_until(b"\n") == b"hello\n"
                    streams.add(server.streams[0])
                else:
                    await expect_end(stream)
        await over(server)
        gc.collect()
        assert not streams
        assert not server._conversations._waiting


@on_every_loop
async def test_no_circle_is_left():
    """What a conversation was made of is gone without the garbage collector's help."""

    def alive():
        kinds = Conversation, IOStream, asyncio.Task
        return [sum(type(thing) is kind for thing in gc.get_objects()) for kind in kinds]

    async def handler(stream, address):
        if await stream.read_until(b"\n") == b"fail\n":
            raise asyncio.CancelledError
        await stream.write(b"hello\n")

    server = Handled(handler)
    async with listening(server) as port:
        gc.collect()
        gc.disable()
        try:
            before = alive()
            for line in (b"hello\n", b"fail\n", b"bye\n"):
                async with visit(port) as stream:
                    await stream.write(line)
                    await stream.read_until_close()
            del stream
            async with visit(port):
                await until(lambda: len(server._conversations))
            await over(server)  # its handler has raised StreamClosedError, which knows its frames
            await turns()
            assert alive() == before
        finally:
            gc.enable()


def test_a_stream_is_kept_by_nobody_else(io_loop):
    """What the count of references in conversations.py stands on."""
    import socket
    import sys

    async def main():
        ours, theirs = socket.socketpair()
        stream = IOStream(ours)
        holder = [stream]
        del stream
        # The list's, the transport's protocol's and the argument's.
        count = sys.getrefcount(holder[0])
        assert count == 3
        holder[0].close()
        theirs.close()

    io_loop.run_sync(main)
