"""A server that says what a script tells it, whatever it was asked: on blocking sockets, in threads of its own."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence

from tests.conftest import PATIENCE
from tests.peers import reset

LENGTH = b"content-length:"


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        """How many connections there were before."""
        self.heard: list[bytes] = []
        """The requests that came over it, each with its body."""
        self._rest = b""

    def request(self) -> bytes:
        """Wait for a request; it is empty if the client has closed the connection."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return b""
        head, _, behind = self._rest.partition(b"\r\n\r\n")
        self._rest = behind
        lengths = [
            line[len(LENGTH) :] for line in head.split(b"\r\n") if line.lower().startswith(LENGTH)
        ]
        size = int(lengths[0]) if lengths and b"100-continue" not in head else 0
        request = head + b"\r\n\r\n" + self.bytes(size)
        self.heard.append(request)
        return request

    def bytes(self, size: int) -> bytes:
        """So many bytes behind a request; fewer if the client has closed the connection."""
        while len(self._rest) < size and self._more():
            pass
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def until(self, end: bytes) -> bytes:
        """All until ``end`` has come."""
        while end not in self._rest and self._more():
            pass
        found, end, self._rest = self._rest.partition(end)
        return found + end

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        self._rest += data
        return bool(data)

    def send(self, data: bytes) -> bool:
        """Send ``data``; whether the client was there to take it."""
        try:
            self.sock.sendall(data)
        except OSError:
            return False
        return True

    def wait_closed(self) -> None:
        """Until the client has closed its end."""
        while self._more():
            self._rest = b""

    def reset(self) -> None:
        """End it as a process that crashes does."""
        reset(self.sock)


Script = Callable[[Peer], object]


class Scripted:
    """The server. A connection ends, in good order, when its script has come to its end."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="scripted server")
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def heard(self) -> list[bytes]:
        """All requests, connection by connection."""
        return [request for peer in self.peers for request in peer.heard]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:  # that is how it is stopped
                return
            sock.settimeout(PATIENCE)
            peer = Peer(sock, len(self.peers))
            thread = threading.Thread(target=self._serve, args=(peer,), name="scripted connection")
            self.peers.append(peer)
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        try:
            if self._context is not None:
                peer.sock = self._context.wrap_socket(peer.sock, server_side=True)
            self._script(peer)
        except OSError:
            pass  # the client does not trust us, or the test is over
        finally:
            peer.sock.close()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(PATIENCE)
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a script has not come to its end"


@contextlib.contextmanager
def scripted(script: Script, context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """``with scripted(script) as server:``"""
    server = Scripted(script, context)
    try:
        yield server
    finally:
        server.stop()


def saying(*pieces: bytes, ends: bool = False) -> Script:
    """Answers the first request with ``pieces``; then ends the connection, or waits until the client does."""

    def script(peer: Peer) -> None:
        if peer.request() and all(map(peer.send, pieces)) and not ends:
            peer.wait_closed()

    return script


def answering(answers: Sequence[bytes] | bytes) -> Script:
    """Answers each request of a connection: with the next, or always with the same."""

    def script(peer: Peer) -> None:
        while peer.request():
            turn = len(peer.heard) - 1
            peer.send(answers if isinstance(answers, bytes) else answers[turn])

    return script


def ok(body: bytes = b"hello", *fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """A whole answer."""
    return b"\r\n".join([line, b"Content-Length: %d" % len(body), *fields, b"", body])
