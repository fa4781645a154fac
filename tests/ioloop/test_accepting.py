"""Taking connections."""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop, accepting
from tornadolike.ioloop.accepting import Accepting


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.parametrize(("among_several", "most"), [(False, 8), (True, 1)])
def test_a_burst_is_taken_in_turns(
    io_loop: IOLoop,
    sock: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    among_several: bool,
    most: int,
) -> None:
    """Those who are connected get their turn between the new ones; and so do other processes."""
    monkeypatch.setattr(accepting, "ACCEPTS_A_TURN", 8)
    clients = [socket.create_connection(sock.getsockname()) for _ in range(20)]

    async def main() -> None:
        counts = [0]
        taken: list[socket.socket] = []

        def accept(connection: socket.socket, _: object) -> None:
            taken.append(connection)
            counts[-1] += 1

        def turn() -> None:
            counts.append(0)
            if len(taken) < len(clients):
                io_loop.call_soon(turn)

        remove = Accepting(io_loop, sock, accept, among_several).stop
        turn()
        async with asyncio.timeout(10):
            while len(taken) < len(clients):
                await asyncio.sleep(0)
        remove()
        assert max(counts) <= most
        for connection in taken:
            connection.close()

    io_loop.run_sync(main, timeout=20)
    for client in clients:
        client.close()


def test_a_callback_may_end_the_accepting(io_loop: IOLoop, sock: socket.socket) -> None:
    clients = [socket.create_connection(sock.getsockname()) for _ in range(3)]

    async def main() -> None:
        taken: list[socket.socket] = []

        def accept(connection: socket.socket, _: object) -> None:
            taken.append(connection)
            remove()

        remove = Accepting(io_loop, sock, accept).stop
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(taken) == 1
        taken[0].close()

    io_loop.run_sync(main, timeout=20)
    for client in clients:
        client.close()


class FailingSocket:
    """A listening socket whose ``accept`` raises what it is told, and then what the real one does."""

    def __init__(self, sock: socket.socket, errors: list[int]) -> None:
        self.sock = sock
        self.errors = errors
        self.fileno = sock.fileno

    def accept(self) -> Any:
        if self.errors:
            error = self.errors.pop(0)
            raise OSError(error, os.strerror(error))
        return self.sock.accept()


def accept_one(io_loop: IOLoop, listening: Any, address: Any) -> None:
    async def main() -> None:
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        remove = Accepting(io_loop, listening, lambda sock, _: accepted.put_nowait(sock)).stop
        with socket.create_connection(address):
            (await asyncio.wait_for(accepted.get(), 10)).close()
        remove()

    io_loop.run_sync(main, timeout=20)


def test_connections_that_are_gone_again_are_passed_over(
    io_loop: IOLoop, sock: socket.socket
) -> None:
    failing: Any = FailingSocket(sock, [errno.ECONNABORTED, errno.EPROTO, errno.EINTR])
    accept_one(io_loop, failing, sock.getsockname())
    assert failing.errors == []


def test_a_lack_of_resources_is_said_once_and_waited_out(
    io_loop: IOLoop, sock: socket.socket, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.setattr(accepting, "ACCEPT_PAUSE", 0.001)
    failing: Any = FailingSocket(sock, [errno.EMFILE, errno.ENOBUFS, errno.ENOMEM])
    with (
        expect_log("tornadolike.general", "no connections for a while: .*Too many", count=1),
        expect_log("tornadolike.general", "again", count=1),
    ):
        accept_one(io_loop, failing, sock.getsockname())


def test_the_end_may_come_during_the_pause(
    io_loop: IOLoop, sock: socket.socket, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.setattr(accepting, "ACCEPT_PAUSE", 0.001)
    failing: Any = FailingSocket(sock, [errno.EMFILE] * 1000)

    async def main() -> None:
        remove = Accepting(io_loop, failing, lambda *_: None).stop
        with socket.create_connection(sock.getsockname()):
            while len(failing.errors) == 1000:
                await asyncio.sleep(0)
            remove()
            left = len(failing.errors)
            await asyncio.sleep(0.01)
            assert len(failing.errors) == left
            assert sock.fileno() not in io_loop._watchers

    with expect_log("tornadolike.general", "for a while"):
        io_loop.run_sync(main, timeout=20)


def test_an_error_that_nobody_knows_is_reported_and_waited_out(
    io_loop: IOLoop, sock: socket.socket, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    """The socket stays ready: without a pause the loop would do nothing else."""
    monkeypatch.setattr(accepting, "ACCEPT_PAUSE", 0.05)
    failing: Any = FailingSocket(sock, [errno.EINVAL] * 3)

    async def main() -> None:
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        stop = Accepting(io_loop, failing, lambda sock, _: accepted.put_nowait(sock)).stop
        with socket.create_connection(sock.getsockname()):
            start = io_loop.time()
            (await asyncio.wait_for(accepted.get(), 10)).close()
            assert io_loop.time() - start >= 3 * 0.05
        stop()

    with expect_log("asyncio", "Exception in the handler .*Accepting", count=3):
        io_loop.run_sync(main, timeout=20)
