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


def test_a_burst_is_taken_in_turns(
    io_loop: IOLoop, sock: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who are connected get their turn between the new ones."""
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

        remove = Accepting(io_loop, sock, accept).stop
        turn()
        async with asyncio.timeout(10):
            while len(taken) < len(clients):
                await asyncio.sleep(0)
        remove()
        assert max(counts) <= 8
        for connection in taken:
            connection.close()

    io_loop.run_sync(main, timeout=20)
    for client in clients:
        client.close()


class Said:
    """Whose turn it is, as a test says."""

    def __init__(self, *shares: int) -> None:
        self.shares = list(shares)
        self.told = 0

    def share(self) -> int:
        return self.shares.pop(0) if self.shares else 0

    def tell(self) -> None:
        self.told += 1


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([3, 2], [3, 2, 1, 2, 4, 8]),  # from then on it holds back, and nobody else comes
        ([0, 0, 5], [1, 2, 5, 1, 2, 4, 5]),
        ([100], [20]),
    ],
)
def test_one_of_several_processes(
    io_loop: IOLoop, sock: socket.socket, shares: list[int], expected: list[int]
) -> None:
    clients = [socket.create_connection(sock.getsockname()) for _ in range(20)]
    turns = Said(*shares)
    taken: list[tuple[int, socket.socket]] = []

    async def main() -> None:
        accepting = Accepting(io_loop, sock, lambda one, _: taken.append((turns.told, one)), turns)
        async with asyncio.timeout(10):
            while len(taken) < len(clients):
                await asyncio.sleep(0.001)
        accepting.stop()

    io_loop.run_sync(main, timeout=20)
    counts = [sum(turn == told for told, _ in taken) for turn in range(turns.told)]
    assert counts == expected
    for one in [*clients, *(one for _, one in taken)]:
        one.close()


def test_somebody_else_comes_while_it_holds_back(io_loop: IOLoop, sock: socket.socket) -> None:
    """What it takes behind that does not grow then."""
    turns = Said()
    taken: list[socket.socket] = []

    async def main() -> None:
        accepting = Accepting(io_loop, sock, lambda one, _: taken.append(one), turns)
        for _ in range(5):
            with socket.create_connection(sock.getsockname()):
                while accepting._paused is None:
                    await asyncio.sleep(0)
                sock.accept()[0].close()
                while accepting._paused is not None:
                    await asyncio.sleep(0)
            assert accepting._behind_it == 1
        accepting.stop()

    io_loop.run_sync(main, timeout=20)
    assert not taken


def test_at_the_end_it_takes_all_whoever_has_a_turn(io_loop: IOLoop, sock: socket.socket) -> None:
    clients = [socket.create_connection(sock.getsockname()) for _ in range(3)]
    taken: list[socket.socket] = []

    async def main() -> None:
        accepting = Accepting(io_loop, sock, lambda one, _: taken.append(one), Said())
        while accepting._paused is None:
            await asyncio.sleep(0)
        accepting.accept_waiting()
        accepting.stop()

    io_loop.run_sync(main, timeout=20)
    assert len(taken) == 3
    for one in [*clients, *taken]:
        one.close()


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
