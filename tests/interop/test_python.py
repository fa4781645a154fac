"""Streams and Python's own ssl, in both roles."""

import socket
import ssl
from typing import Any

import pytest

from tests.interop.peers import VERSIONS, Thread, connected, read_all
from tests.running import fixture_of_run
from tests.tls_certs import Certificates, only
from tornadolike.iostream import IOStream, SSLIOStream

TEXT = bytes(range(256)) * 2000
"""More than any buffer between the ends holds."""

run = fixture_of_run(20)


class Scene:
    """A stream of ours in one of the roles, and the context of the other end."""

    def __init__(self, certs: Certificates, version: ssl.TLSVersion, server_side: bool) -> None:
        contexts = only(certs.client_context(), version), only(certs.server_context(), version)
        self.theirs, self.ours = contexts if server_side else reversed(contexts)
        self.server_side = server_side
        self.hostname = None if server_side else "localhost"

    async def stream(self, sock: socket.socket, start_tls: bool) -> SSLIOStream:
        if start_tls:
            plain = IOStream(sock)
            if not self.server_side:
                await plain.write(b"begin\n")
            assert await plain.read_until(b"\n") == b"begin\n"
            if self.server_side:
                await plain.write(b"begin\n")
            return await plain.start_tls(self.server_side, self.ours, self.hostname)
        stream = SSLIOStream(
            sock, ssl_options=self.ours, server_side=self.server_side, server_hostname=self.hostname
        )
        return await stream.wait_for_handshake()

    def wrap(self, sock: socket.socket, start_tls: bool) -> ssl.SSLSocket:
        if start_tls:
            if self.server_side:
                sock.sendall(b"begin\n")
            assert sock.recv(100) == b"begin\n"
            if not self.server_side:
                sock.sendall(b"begin\n")
        return self.theirs.wrap_socket(
            sock,
            server_side=not self.server_side,
            server_hostname="localhost" if self.server_side else None,
            suppress_ragged_eofs=False,
        )


@pytest.fixture(params=[False, True], ids=["client", "server"])
def server_side(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(params=VERSIONS, ids=["1.2", "1.3"])
def scene(certs: Certificates, server_side: bool, request: pytest.FixtureRequest) -> Scene:
    return Scene(certs, request.param, server_side)


@pytest.mark.parametrize("start_tls", [False, True])
def test_both_speak_and_we_end(run: Any, scene: Scene, start_tls: bool) -> None:
    def peer(sock: socket.socket) -> bytes:
        with scene.wrap(sock, start_tls) as tls:
            tls.sendall(TEXT)
            return read_all(tls)  # fails if we leave without a word

    async def main() -> None:
        ours, theirs = connected()
        thread = Thread(theirs, peer)
        stream = await scene.stream(ours, start_tls)
        assert await stream.read_bytes(len(TEXT)) == TEXT
        await stream.write(TEXT)
        stream.close()
        assert await thread.result() == TEXT

    run(main)


@pytest.mark.parametrize("start_tls", [False, True])
@pytest.mark.parametrize("goodbye", [True, False])
def test_both_speak_and_they_end(run: Any, scene: Scene, start_tls: bool, goodbye: bool) -> None:
    def peer(sock: socket.socket) -> None:
        with scene.wrap(sock, start_tls) as tls:
            assert tls.recv(5) == b"hello"
            tls.sendall(TEXT)
            if goodbye:
                tls.unwrap().close()  # waits for ours

    async def main() -> None:
        ours, theirs = connected()
        thread = Thread(theirs, peer)
        stream = await scene.stream(ours, start_tls)
        await stream.write(b"hello")
        assert await stream.read_until_close() == TEXT
        assert stream.truncated is not goodbye
        assert stream.error is None
        await thread.result()

    run(main)
