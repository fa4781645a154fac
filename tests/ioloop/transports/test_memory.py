"""Transports without a socket: they do as sockets do, one thing after the other."""

import asyncio
import contextvars
import gc
import tempfile
import weakref
from typing import Any

import pytest

from tests.ioloop.transports.bench import Recorder
from tests.ioloop.transports.puller import Puller
from tests.tls_certs import Certificates
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports.files import FileSending
from tornadolike.ioloop.transports.memory import MemoryTransport, memory_pair
from tornadolike.ioloop.transports.pulling import PullProtocol
from tornadolike.ioloop.transports.tls import TLSProtocol


def pair(loop: IOLoop, **options: Any) -> tuple[Recorder, Recorder]:
    here, there = Recorder(), Recorder()
    here.transport, there.transport = memory_pair(loop, here, there, **options)
    return here, there


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_bytes_go_both_ways_from_callbacks_of_the_loop(io_loop: IOLoop) -> None:
    async def main() -> None:
        here, there = pair(io_loop)
        here.transport.write(b"question")
        there.transport.writelines([b"ans", bytearray(b"wer")])
        assert (here.heard, there.heard) == ([("made",)], [("made",)])
        await asyncio.sleep(0)
        assert there.heard == [("made",), ("data", b"question")]
        assert here.heard == [("made",), ("data", b"answer")]
        here.transport.abort()
        there.transport.abort()

    io_loop.run_sync(main)


def test_what_is_written_before_the_other_is_there(io_loop: IOLoop) -> None:
    async def main() -> None:
        class Hasty(Recorder):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                self.transport.write(b"early")

        here, there = Hasty(), Recorder()
        for transport in memory_pair(io_loop, here, there):
            await turns()
            transport.abort()
        assert there.data == b"early"

    io_loop.run_sync(main)


def test_both_know_each_others_names(io_loop: IOLoop) -> None:
    async def main() -> None:
        here, there = pair(io_loop)
        names = [end.transport.get_extra_info("sockname") for end in (here, there)]
        peers = [end.transport.get_extra_info("peername") for end in (there, here)]
        assert names == peers
        assert len(set(names)) == 2
        assert {kind for kind, _ in names} == {"memory"}
        assert here.transport.get_extra_info("socket") is None
        assert repr(here.transport) == f"<MemoryTransport {names[0][1]} open waiting=0>"
        here.transport.close()
        await there.hears("lost")

    io_loop.run_sync(main)


@pytest.mark.parametrize("chunk", [1, 7, None])
def test_chunks(io_loop: IOLoop, chunk: int | None) -> None:
    async def main() -> None:
        here, there = pair(io_loop, chunk=chunk)
        here.transport.write(b"x" * 30)
        await there.has_data(b"x" * 30)
        sizes = [len(what[1]) for what in there.heard if what[0] == "data"]
        assert max(sizes) == (chunk or 30)
        assert len(sizes) == -(-30 // (chunk or 30))
        here.transport.close()
        await there.hears("lost")

    io_loop.run_sync(main)


def test_no_more_than_the_capacity_is_under_way(io_loop: IOLoop) -> None:
    async def main() -> None:
        here, there = pair(io_loop, capacity=1000)
        there.transport.pause_reading()
        here.transport.set_write_buffer_limits(high=2000, low=500)
        here.transport.write(b"a" * 1500)
        assert here.transport.get_write_buffer_size() == 500
        assert "pause" not in here.names
        here.transport.write(b"b" * 1501)
        await turns()
        assert here.names[-1] == "pause"
        progress = here.transport.write_progress()
        assert here.transport.get_write_buffer_size() == 2001
        there.transport.resume_reading()
        await here.hears("resume")
        assert here.transport.write_progress() != progress
        here.transport.close()
        assert (await there.hears("lost"))[1] is None
        assert there.data == b"a" * 1500 + b"b" * 1501

    io_loop.run_sync(main)


@pytest.mark.parametrize("size", [0, 100_000])
def test_one_side_ends_and_the_other_goes_on(io_loop: IOLoop, size: int) -> None:
    async def main() -> None:
        here, there = pair(io_loop)
        there.keep_open = True
        here.transport.write(b"x" * size)
        here.transport.write_eof()
        await there.hears("eof")
        assert len(there.data) == size
        there.transport.write(b"still here")
        await here.has_data(b"still here")
        assert "lost" not in here.names + there.names
        assert there.transport.peer_state() == "ended"
        assert here.transport.peer_state() == "open"
        there.transport.close()
        assert (await here.hears("lost"))[1] is None
        assert (await there.hears("lost"))[1] is None

    io_loop.run_sync(main)


def test_a_reset(io_loop: IOLoop) -> None:
    """By intention, and by closing what was not read; what came before is not lost by it."""

    async def main() -> None:
        here, there = pair(io_loop)
        here.transport.write(b"before")
        here.transport.reset()
        assert isinstance((await there.hears("lost"))[1], ConnectionResetError)
        assert there.data == b"before"
        here, there = pair(io_loop)
        there.transport.pause_reading()
        here.transport.write(b"unread")
        await turns()
        there.transport.close()
        await there.hears("lost")
        assert here.transport.peer_state() == "lost"
        assert isinstance((await here.hears("lost"))[1], ConnectionResetError)

    io_loop.run_sync(main)


def test_writing_to_one_who_has_left(io_loop: IOLoop) -> None:
    async def main() -> None:
        here, there = pair(io_loop)
        here.transport.pause_reading()
        there.transport.close()
        await there.hears("lost")
        here.transport.write(b"x")
        assert isinstance((await here.hears("lost"))[1], BrokenPipeError)

    io_loop.run_sync(main)


def test_protocols_that_pull(io_loop: IOLoop) -> None:
    async def main() -> None:
        first, second = Puller(), Puller()
        here, there = memory_pair(io_loop, first, second, capacity=10, chunk=4)
        assert here.send_now([b"12345", memoryview(b"67890"), b"abc"]) == 10
        assert here.send_now([b"abc"]) == 0
        await turns()
        assert first.told == second.told == []
        buffer = bytearray(100)
        assert await second.ready(READ) == READ
        assert await second.ready(READ) == READ
        assert there.receive_into(buffer) == 4
        assert bytes(buffer[:4]) == b"1234"
        assert await first.ready(WRITE) == WRITE
        assert here.send_now([b"abcde"]) == 4
        here.close()
        assert first.lost == []
        with pytest.raises(OSError, match="closed"):
            here.receive_into(buffer)
        with pytest.raises(OSError, match="closed"):
            here.send_now([b"x"])
        received = b""
        while await second.ready(READ) and (count := there.receive_into(buffer)):
            received += buffer[:count]
        assert received == b"567890abcd"
        with pytest.raises(BrokenPipeError):
            there.send_now([b"x"])
        there.close()
        assert second.lost == []

    io_loop.run_sync(main)


def test_a_reset_is_raised_to_who_pulls(io_loop: IOLoop) -> None:
    async def main() -> None:
        first, second = Puller(), Puller()
        here, there = memory_pair(io_loop, first, second)
        here.send_now([b"before"])
        here.reset()
        buffer = bytearray(100)
        assert there.receive_into(buffer) == 6
        assert await second.ready(READ | WRITE) == READ
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                there.receive_into(buffer)
        with pytest.raises(ConnectionResetError):
            there.send_now([b"x"])
        there.close()

    io_loop.run_sync(main)


def test_tls_over_memory(io_loop: IOLoop, certs: Certificates) -> None:
    """Byte by byte, too."""

    async def main(chunk: int | None, size: int) -> None:
        client, server = Recorder(), Recorder()
        client.connection_made = server.connection_made = lambda transport: None  # type: ignore[method-assign]
        waiter = io_loop.create_future()
        below = TLSProtocol(
            io_loop, client, certs.client_context(), waiter, server_hostname="localhost"
        )
        other = TLSProtocol(io_loop, server, certs.server_context(), None, server_side=True)
        memory_pair(io_loop, below, other, chunk=chunk, capacity=5000)
        await waiter
        data = b"word" * size
        below.transport.write(data)
        await server.has_data(data)
        below.transport.close()
        assert await client.hears("lost") == ("lost", None)
        assert await server.hears("lost") == ("lost", None)

    io_loop.run_sync(lambda: main(None, 50_000))
    io_loop.run_sync(lambda: main(997, 50_000))
    io_loop.run_sync(lambda: main(1, 100))


def test_the_protocol_is_called_in_the_context_of_who_made_the_pair(io_loop: IOLoop) -> None:
    where: contextvars.ContextVar[str] = contextvars.ContextVar("where", default="nowhere")
    seen: list[str] = []

    async def main() -> None:
        where.set("here")
        here, there = pair(io_loop)
        there.actions["data"] = lambda: seen.append(where.get())
        where.set("elsewhere")
        here.transport.write(b"x")
        await there.hears("data")
        here.transport.close()
        await there.hears("lost")

    io_loop.run_sync(main)
    assert seen == ["here"]


def test_no_kernel_sends_files(io_loop: IOLoop) -> None:
    async def main() -> None:
        here, there = pair(io_loop)
        with tempfile.TemporaryFile() as file:
            file.write(b"contents")
            sending = FileSending(file, 0, None)
            with pytest.raises(asyncio.SendfileNotAvailableError):
                await here.transport.send_file(sending)
            sending.end()
            assert await io_loop.sendfile(here.transport, file) == 8
        await there.has_data(b"contents")
        here.transport.close()
        await there.hears("lost")

    io_loop.run_sync(main)


@pytest.mark.parametrize("options", [{"capacity": 0}, {"chunk": 0}])
def test_sizes_are_checked(io_loop: IOLoop, options: Any) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        memory_pair(io_loop, Recorder(), Recorder(), **options)


def test_nothing_is_left_over(io_loop: IOLoop) -> None:
    """No circle of references once it is closed, nor a turn of the loop for an idle pair."""

    class Referable(PullProtocol):
        pass

    async def main() -> list[Any]:
        first, second = Referable(), Referable()
        here, there = memory_pair(io_loop, first, second)
        here.want(READ)
        await turns()
        assert not here._looking
        here.close()
        there.close()
        await turns(1)
        return [weakref.ref(thing) for thing in (here, there, first, second)]

    gc.disable()
    try:
        assert [reference() for reference in io_loop.run_sync(main)] == [None] * 4
    finally:
        gc.enable()


def test_forgotten_pairs_go_quietly(io_loop: IOLoop) -> None:
    """They hold nothing but memory."""

    async def main() -> weakref.ref[MemoryTransport]:
        here, _ = memory_pair(io_loop, PullProtocol(), PullProtocol())
        return weakref.ref(here)

    reference = io_loop.run_sync(main)
    gc.collect()
    assert reference() is None
