"""``bind()`` and ``start(n)`` with real forks: each test in an interpreter of its own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from tests.tcpserver.helpers import port_of
from tornadolike.ioloop import IOLoop
from tornadolike.tcpserver import TCPServer

LIMIT = 20.0

PRELUDE = """
import asyncio, logging, os, signal, sys
from tornadolike.ioloop import IOLoop
from tornadolike.process import task_id

logging.basicConfig(level=logging.INFO, format="LOG %(message)s", stream=sys.stdout)
logging.getLogger("tornadolike.access").disabled = True

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # in one piece, whoever else writes

def bind_and_start(server, number):
    server.bind(0, "127.0.0.1")
    (sock,) = server._bound
    say("port", sock.getsockname()[1])
    server.start(number, max_restarts=1)
    say("ready", task_id(), os.getpid())
    server.bind(0, "127.0.0.1")  # after start(): at once
    assert len(server._sockets) == 2

async def leave(server):
    await server.drain()
    IOLoop.current().stop()

def obey(word, server):
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "bye":
        IOLoop.current().add_callback(leave, server)
    return f"{task_id()} {os.getpid()}"
"""

STREAMS = """
from tornadolike.tcpserver import TCPServer

class Server(TCPServer):
    async def handle_stream(self, stream, address):
        word = (await stream.read_until(b"\\n")).decode().strip()
        await stream.write(obey(word, self).encode())
        stream.close()

bind_and_start(Server(), 3)
IOLoop.current().start()
IOLoop.current().close()
"""

SITE = """
from tornadolike.httpserver import HTTPServer
from tornadolike.web import Application, RequestHandler

class Main(RequestHandler):
    def get(self, word):
        self.finish(obey(word, server))

server = HTTPServer(Application([("/(.*)", Main)]))
bind_and_start(server, 3)
IOLoop.current().start()
IOLoop.current().close()
"""


class Workers:
    """A program that forks; all of it is killed in the end."""

    def __init__(self, source: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(source)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for a line, which may have been said already; the next call looks for another."""
        assert self.process.stdout is not None
        for number, line in enumerate(self.said):
            if match := re.search(pattern, line):
                del self.said[number]
                return match
        for line in self.process.stdout:
            if match := re.search(pattern, line):
                return match
            self.said.append(line)
        raise AssertionError(f"no {pattern!r} in {self.said}")

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # the workers, if the parent has left them
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def start() -> Iterator[Callable[[str], Workers]]:
    started: list[Workers] = []

    def start_one(source: str) -> Workers:
        started.append(Workers(source))
        return started[-1]

    yield start_one
    for workers in started:
        workers.end()


def exchange(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as sock:
        sock.sendall(data)
        with sock.makefile("rb") as file:
            return file.read()


def say_to_streams(port: int, word: str) -> list[str]:
    return exchange(port, f"{word}\n".encode()).decode().split()


def say_to_site(port: int, word: str) -> list[str]:
    request = f"GET /{word} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    _, _, body = exchange(port, request.encode()).partition(b"\r\n\r\n")
    return body.decode().split()


@pytest.mark.parametrize(
    ("source", "say"), [(STREAMS, say_to_streams), (SITE, say_to_site)], ids=["streams", "site"]
)
def test_the_life_of_workers(
    start: Callable[[str], Workers], source: str, say: Callable[[int, str], list[str]]
) -> None:
    """One is killed and started again; the others leave, and with the last the parent does."""
    workers = start(source)
    port = int(workers.until(r"^port (\d+)")[1])
    pids = {number: workers.until(rf"^ready {number} (\d+)")[1] for number in range(3)}

    number, pid = say(port, "hello")
    assert pids[int(number)] == pid

    with contextlib.suppress(ConnectionResetError):
        assert say(port, "die") == []
    died, pid = workers.until(
        r"LOG child (\d) \(pid (\d+)\) killed by signal 9, restarting"
    ).groups()
    assert pids[int(died)] == pid
    pids[int(died)] = workers.until(rf"^ready {died} (\d+)")[1]
    assert pids[int(died)] != pid

    while pids:
        number, pid = say(port, "bye")
        assert pids.pop(int(number)) == pid
        workers.until(rf"LOG child {number} \(pid {pid}\) exited normally")
    assert workers.process.wait(LIMIT) == 0
    with pytest.raises(ConnectionRefusedError):
        say(port, "hello")
    assert workers.process.stdout is not None
    assert [*workers.said, *workers.process.stdout] == ["LOG Starting 3 processes\n"]


def test_a_parent_that_gives_up_says_so(start: Callable[[str], Workers]) -> None:
    workers = start(
        """
        from tornadolike.tcpserver import TCPServer

        server = TCPServer()
        server.bind(0, "127.0.0.1")
        (sock,) = server._bound
        try:
            server.start(2, max_restarts=0)
        except RuntimeError as error:
            assert sock.fileno() == -1, "the parent listens on"
            say("gave up:", error)
        else:
            os._exit(3)
        """
    )
    workers.until("exited with status 3")
    workers.until("gave up: Too many child restarts")
    assert workers.process.wait(LIMIT) == 0


# In this process


def test_starting_once(io_loop: IOLoop) -> None:
    async def main() -> None:
        server = TCPServer()
        server.bind(0, "127.0.0.1")
        (sock,) = server._bound
        assert not server._sockets
        server.start()
        assert port_of(server) == sock.getsockname()[1]
        with pytest.raises(RuntimeError, match=r"start\(\) was called before; bind\(\) and listen"):
            server.start()
        server.stop()

    io_loop.run_sync(main)


def test_what_was_never_started_is_closed_by_stop() -> None:
    server = TCPServer()
    server.bind(0, "127.0.0.1")
    server.stop()
    assert not server._bound


def test_no_workers_where_there_is_a_loop(io_loop: IOLoop) -> None:
    server = TCPServer()
    server.bind(0, "127.0.0.1")
    (sock,) = server._bound
    with pytest.raises(RuntimeError, match="once there is an event loop"):
        server.start(2)
    assert sock.fileno() == -1
