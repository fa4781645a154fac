"""A server in a process of its own, whose memory can be told, and a client who only wants to be served."""

import contextlib
import json
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.forked import Forks
from tests.tls_certs import Certificates

SCRIPT = Path(__file__).with_name("loaded_server.py")

PATIENCE = 20.0
"""Seconds after which what should happen never will."""
POLITE_PATIENCE = 5.0
"""Seconds in which a client is served, whatever others do. On a machine of its own it is a hundredth of that."""

MB = 1 << 20


def get(path: str = "/") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class LoadedServer:
    """``with LoadedServer(certs or None, **options) as server``; at the end nothing may be left in it."""

    def __init__(self, forks: Forks, certs: Certificates | None, **options: Any) -> None:
        self.context = certs and certs.client_context()
        certificate = [certs.server] if certs else []
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by __exit__)
        stdin, ours = os.pipe()
        self.stdin = open(ours, "w")  # noqa: SIM115 (so are these)
        ours, stdout = os.pipe()
        self.stdout = open(ours)  # noqa: SIM115 (so are these)
        self.process = forks.run(
            *(str(SCRIPT), json.dumps(options), *certificate),
            stdin=stdin,
            stdout=stdout,
            stderr=self.log.fileno(),  # a pipe that nobody reads would stop it
        )
        os.close(stdin)
        os.close(stdout)
        self.port = int(self.stdout.readline() or 0)

    def __enter__(self) -> "LoadedServer":
        self.warm_up()
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is not None:
            self.process.kill()
        with self.log, self.stdout:
            self.stdin.close()
            self.process.wait(PATIENCE)
            output = self.stdout.read()
            self.log.seek(0)
            said = self.log.read()
        if kind is not None:
            error.add_note(said[-10_000:])
        else:
            assert output == "fine\n", said
            assert "Task was destroyed" not in said

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        return self.secured(self.connect_only(receive_buffer))

    def connect_only(self, receive_buffer: int = 0) -> socket.socket:
        """A connection on which nothing has been said."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", self.port))
        return sock

    def secured(self, sock: socket.socket) -> socket.socket:
        if self.context is None:
            return sock
        return self.context.wrap_socket(sock, server_hostname="localhost")

    def ask(self, path: str = "/") -> bytes:
        """The answer to a polite client, who waits for it no longer than is proper."""
        with self.connect() as sock:
            sock.settimeout(POLITE_PATIENCE)
            sock.sendall(get(path))
            return read_answer(sock)

    def warm_up(self) -> None:
        """What is made once is made before anything is measured."""
        for path in ("/", "/slow", "/stream/1000000", "/stats"):
            for _ in range(3):
                self.ask(path)
        with self.connect() as sock:
            sock.sendall(b"garbage\r\n\r\n")
            while sock.recv(65536):
                pass

    def stats(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.ask("/stats").partition(b"\r\n\r\n")[2])
        return found

    def wait_until_alone(self) -> dict[str, int]:
        """How it is when nothing is left but the connection on which it tells so, and the program itself."""
        end = time.monotonic() + PATIENCE
        while (stats := self.stats())["connections"] > 1 or stats["tasks"] > 1:
            assert time.monotonic() < end, stats
            time.sleep(0.05)
        return stats

    @contextlib.contextmanager
    def nothing_left(self, memory: int = 8 * MB) -> Iterator[None]:
        """What happens inside leaves no descriptor, no task and not that much memory; others are served meanwhile."""
        before = self.wait_until_alone()
        with Polite(self) as polite:
            yield
        after = self.wait_until_alone()
        assert after["descriptors"] == before["descriptors"]
        assert after["memory"] - before["memory"] < memory
        assert polite.served


def read_answer(sock: socket.socket) -> bytes:
    """One answer, whole: its head, and as much of a body as it says (or until the end of its chunks)."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += receive(sock)
    head, _, body = received.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name == b"Content-Length":
            while len(body) < int(value):
                body += receive(sock)
            return head + b"\r\n\r\n" + body
    while not body.endswith(b"0\r\n\r\n"):
        body += receive(sock)
    return head + b"\r\n\r\n" + body


def receive(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    assert data, "the answer breaks off"
    return data


class Polite:
    """Asks for little, again and again, and is served each time."""

    def __init__(self, server: LoadedServer) -> None:
        self.server = server
        self.served = 0
        self.error: BaseException | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, name="polite client")

    def run(self) -> None:
        try:
            while not self.over.is_set() or not self.served:
                assert self.server.ask().endswith(b"hello")
                self.served += 1
                self.over.wait(0.01)
        except BaseException as error:
            self.error = error

    def __enter__(self) -> "Polite":
        self.thread.start()
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.over.set()
        self.thread.join()
        if self.error is not None:
            raise AssertionError(
                f"a polite client was not served (after {self.served})"
            ) from self.error


def read_end(sock: socket.socket) -> bytes:
    """All that comes until the server has closed, or reset, the connection."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass
    return received
