"""Connecting without blocking."""

import asyncio
import contextlib
import errno
import socket

import pytest

from tests.peers import full_server, nobody
from tests.running import run_on
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.dialing import combined, connect, connect_to_one
from tornadolike.ioloop.poller import READ


@contextlib.contextmanager
def client(family=socket.AF_INET):
    with socket.socket(family) as sock:
        sock.setblocking(False)
        yield sock


def descriptors_watched(loop):
    return len(loop._watchers)


def test_a_connection_that_takes_time(loop):
    """Over each poller."""
    with socket.create_server(("127.0.0.1", 0)) as listening, client() as sock:
        before = descriptors_watched(loop)
        loop.run_sync(lambda: connect(loop, sock, listening.getsockname()), timeout=10)
        accepted, address = listening.accept()
        with accepted:
            assert address == sock.getsockname()
        assert descriptors_watched(loop) == before


def test_nobody_listens(loop):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    with client() as sock:
        before = descriptors_watched(loop)
        with pytest.raises(ConnectionRefusedError, match=rf"connect to .*{address[1]}"):
            loop.run_sync(lambda: connect(loop, sock, address), timeout=10)
        assert descriptors_watched(loop) == before


@pytest.mark.parametrize("closes_first", [False, True])
def test_cancelling_leaves_nothing_behind(io_loop, closes_first):
    async def main():
        with full_server() as listening, client() as sock:
            before = descriptors_watched(io_loop)
            task = asyncio.create_task(connect(io_loop, sock, listening.getsockname()))
            await asyncio.sleep(0)
            assert descriptors_watched(io_loop) == before + 1
            if closes_first:
                sock.close()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert descriptors_watched(io_loop) == before

    io_loop.run_sync(main, timeout=10)


def test_cancelling_when_it_is_connected_already(io_loop):
    """The descriptor may have another watcher by then, which must stay."""

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening, client() as sock:
            fd = sock.fileno()
            task = asyncio.create_task(connect(io_loop, sock, listening.getsockname()))
            await asyncio.sleep(0)
            while fd in io_loop._watchers:
                await asyncio.sleep(0)
            io_loop.watch(fd, print, READ)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert io_loop.unwatch(fd)

    io_loop.run_sync(main, timeout=10)


def test_a_unix_server(io_loop, tmp_path):
    with socket.socket(socket.AF_UNIX) as listening, client(socket.AF_UNIX) as sock:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(ConnectionRefusedError):
            io_loop.run_sync(lambda: connect(io_loop, sock, str(tmp_path / "s")))
        listening.listen()
        io_loop.run_sync(lambda: connect(io_loop, sock, str(tmp_path / "s")))
        listening.accept()[0].close()


def test_a_unix_server_with_a_full_backlog_is_waited_for(io_loop, tmp_path):
    path = str(tmp_path / "s")
    with contextlib.ExitStack() as opened:
        listening = opened.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(path)
        listening.listen(0)
        error = 0
        while error != errno.EAGAIN:
            error = opened.enter_context(client(socket.AF_UNIX)).connect_ex(path)
        sock = opened.enter_context(client(socket.AF_UNIX))

        async def main():
            task = asyncio.create_task(connect(io_loop, sock, path))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not task.done()
            listening.accept()[0].close()
            await task
            assert sock.getpeername() == path

        io_loop.run_sync(main, timeout=10)


def test_a_socket_that_a_transport_owns(io_loop):
    with full_server() as listening, client() as sock:
        io_loop.watch(sock.fileno(), print, READ)
        with pytest.raises(RuntimeError, match="used by"):
            io_loop.run_sync(lambda: connect(io_loop, sock, listening.getsockname()))
        io_loop.unwatch(sock.fileno())


# Several addresses (tests/ioloop/asyncio_face/test_connecting.py has the races)


def test_errors_of_several_kinds():
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    timed_out = TimeoutError(errno.ETIMEDOUT, "timed out")
    nameless = OSError("something")
    both = combined([refused, timed_out], all_errors=False)
    assert type(both) is OSError
    assert "refused" in str(both)
    assert "timed out" in str(both)
    assert combined([refused], all_errors=False) is refused
    same = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    assert combined([refused, same], all_errors=False) is refused
    assert type(combined([nameless, OSError("else")], all_errors=False)) is OSError
    group = combined([refused], all_errors=True)
    assert isinstance(group, ExceptionGroup)
    assert group.exceptions == (refused,)


@pytest.fixture
def refusing():
    with nobody() as address:
        yield address


def info(address, family=socket.AF_INET):
    return family, socket.SOCK_STREAM, 0, "", address


def test_who_has_not_answered(io_loop, refusing):
    async def main():
        with full_server() as listening:
            unanswered = []
            infos = [info(refusing), info(listening.getsockname())]
            dialing = connect_to_one(io_loop, infos, None, None, unanswered=unanswered)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await dialing
            assert unanswered == [listening.getsockname()]

    io_loop.run_sync(main, timeout=10)


def test_an_error_that_comes_at_once_names_the_address_too(io_loop, tmp_path):
    with (
        client(socket.AF_UNIX) as sock,
        pytest.raises(FileNotFoundError, match=r"connect to .*none"),
    ):
        io_loop.run_sync(lambda: connect(io_loop, sock, str(tmp_path / "none")))


def test_an_error_that_is_not_the_kernels_stays_as_it_is(io_loop):
    with client(socket.AF_UNIX) as sock, pytest.raises(OSError, match=r"^AF_UNIX path too long$"):
        io_loop.run_sync(lambda: connect(io_loop, sock, "x" * 1000))


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_under_a_guest(new_foreign_loop, refusing, tmp_path, family):
    """Over the foreign loop's readers and writers."""
    path = str(tmp_path / "s")

    async def main():
        loop = IOLoop.current()
        with socket.socket(family) as listening:
            listening.bind(path if family == socket.AF_UNIX else ("127.0.0.1", 0))
            listening.listen()
            infos = [info(refusing), info(listening.getsockname(), family)]
            sock = await connect_to_one(loop, infos, None, 0.25)
            with sock, listening.accept()[0] as accepted:
                assert sock.getpeername() == accepted.getsockname()

    run_on(new_foreign_loop, main())


def test_cancelling_under_a_guest(new_foreign_loop):
    async def main():
        with full_server() as listening:
            infos = [info(listening.getsockname())]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await connect_to_one(IOLoop.current(), infos, None, 0.25)

    run_on(new_foreign_loop, main())
