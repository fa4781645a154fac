"""TLS handshakes that end in the middle: after each flight and within it, in each way."""

import asyncio
import itertools
import socket
import ssl
from typing import Any

import pytest

from tests.faults.scripts import play
from tests.faults.sockets import RESET, FaultySocket, pair
from tests.running import now, timers, turns
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports.tls.machine import TLSMachine
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

WHERE = [(0, 0.0), (0, 0.1), (0, 0.9), (0, 1.0), (1, 0.1), (1, 0.5), (1, 0.99)]
"""The flight of the peer's in which it ends, and how much of that flight is sent. (TLS 1.3 has one of the
server's and two of the client's; in 1.2 both have two.)"""


class Peer:
    """The other end, which goes as far as it is told."""

    def __init__(self, sock: FaultySocket, machine: TLSMachine, server_side: bool) -> None:
        self.sock = sock
        self.machine = machine
        self.server_side = server_side
        self.unsent = b""

    async def go(self, flight: int, part: float) -> None:
        if self.server_side:
            await self._hear()
        for number in itertools.count():
            self.machine.handshake()
            output = self.machine.output()
            if number == flight:
                sent = int(len(output) * part)
                output, self.unsent = output[:sent], output[sent:]
            await asyncio.get_running_loop().sock_sendall(self.sock, output)
            if number == flight:
                await turns(5)
                return
            await self._hear()

    async def _hear(self) -> None:
        self.machine.feed(await asyncio.get_running_loop().sock_recv(self.sock, 65536))


class Scene:
    def __init__(self, certs: Certificates, version: Any, server_side: bool) -> None:
        self.ours, theirs = pair()
        self.server_side = server_side
        contexts = [certs.client_context(), certs.server_context()]
        contexts[1].maximum_version = version
        self.context = contexts[server_side]
        machine = TLSMachine(
            contexts[not server_side], server_side=not server_side, server_hostname="localhost"
        )
        self.peer = Peer(theirs, machine, not server_side)

    def stream(self, **options: Any) -> SSLIOStream:
        return SSLIOStream(
            self.ours,
            ssl_options=self.context,
            server_side=self.server_side,
            server_hostname="localhost",
            **options,
        )


def close(scene: Scene) -> None:
    scene.peer.sock.close()


def end(scene: Scene) -> None:
    scene.peer.sock.shutdown(socket.SHUT_WR)


def reset(scene: Scene) -> None:
    scene.ours.receiving = iter([RESET] * 3)
    scene.peer.sock.send(b"x")


def nonsense(scene: Scene) -> None:
    request = b"GET / HTTP/1.1\r\n\r\n" * 1000
    if scene.peer.unsent.startswith(
        b"G"
    ):  # the one byte that is missing could be the right one, by chance
        request = request.lower()
    scene.peer.sock.send(request)


def silence(scene: Scene) -> None:
    """Until the handshake has taken too long."""


CASES = [
    (version, server_side, where)
    for version, server_side, where in itertools.product(VERSIONS, [True, False], WHERE)
    if version == VERSIONS[0] or server_side or where < (0, 1.0)  # the rest are whole handshakes
]


@pytest.mark.parametrize(("version", "server_side", "where"), CASES)
@pytest.mark.parametrize("how", [close, end, reset, nonsense, silence])
@pytest.mark.parametrize("start_tls", [False, True])
def test_the_peer_goes_no_further(
    certs: Certificates, version: Any, server_side: bool, where: Any, how: Any, start_tls: bool
) -> None:
    async def main() -> None:
        scene = Scene(certs, version, server_side)
        began = now()
        closings: list[float] = []
        if start_tls:
            plain = IOStream(scene.ours)
            plain.set_close_callback(lambda: closings.append(now()))
            handshake = plain.start_tls(server_side, scene.context, "localhost")
        else:
            stream = scene.stream()
            stream.set_close_callback(lambda: closings.append(now()))
            read, write = stream.read_bytes(1), stream.write(b"x")
            handshake = stream.wait_for_handshake()
        await scene.peer.go(*where)
        how(scene)
        with pytest.raises((OSError, StreamClosedError)) as caught:
            await handshake
        assert caught.value.args
        if not start_tls:
            for future in (read, write):
                with pytest.raises(StreamClosedError) as closed:
                    await future
                assert closed.value.real_error is caught.value
            assert stream.closed()
            assert stream.socket is None
        await turns()
        assert closings == [began + 60 if how is silence else began]
        assert scene.ours.fileno() == -1
        assert timers() == 0
        scene.peer.sock.close()

    play(main())
