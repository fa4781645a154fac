"""Proxies, as scripts: for HTTP, for tunnels by CONNECT, and for SOCKS5."""

import socket
import threading
from collections.abc import Callable

from tests.conftest import PATIENCE
from tests.httpclient.behaviours.scripted import Peer, ok

OPEN = b"HTTP/1.1 200 Open\r\n\r\n"


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes until the end, and the end."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(peer: Peer, host: str, port: int) -> None:
    """Hand on what comes, both ways."""
    with socket.create_connection((host, port), PATIENCE) as further:
        back = threading.Thread(target=pump, args=(further, peer.sock))
        back.start()
        pump(peer.sock, further)
        back.join()


def forwarding(peer: Peer) -> None:
    """An HTTP proxy that answers itself, with the target that it was asked for."""
    while request := peer.request():
        peer.send(ok(request.split(b" ")[1]))


def tunnelling(answer: bytes = OPEN) -> Callable[[Peer], None]:
    """A proxy for CONNECT; with another answer than 2xx it opens no way."""

    def script(peer: Peer) -> None:
        request = peer.request()
        if not request:
            return
        peer.send(answer)
        if answer.startswith(b"HTTP/1.1 2"):
            host, _, port = request.split(b" ")[1].decode().rpartition(":")
            join(peer, host, int(port))

    return script


def socks(peer: Peer) -> None:
    """A SOCKS5 proxy that wants no user."""
    count = peer.bytes(2)[1]
    peer.bytes(count)
    peer.send(b"\5\0")
    by_address = peer.bytes(4)[3] == 1
    size = 4 if by_address else peer.bytes(1)[0]
    name = peer.bytes(size)
    host = socket.inet_ntoa(name) if by_address else name.decode()
    port = int.from_bytes(peer.bytes(2), "big")
    peer.heard.append(f"{host}:{port}".encode())
    peer.send(b"\5\0\0\1" + bytes(6))
    join(peer, host, port)
