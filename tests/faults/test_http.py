"""An HTTP server whose sockets fail in each way, with TLS and without."""

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.scripts import deadly_scripts, play, scripts, sizes
from tests.faults.sockets import pair
from tests.running import turns
from tests.tls_certs import Certificates
from tornadolike.http1connection.responses import CORKED_PIECES
from tornadolike.httpserver import HTTPServer
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError

ANSWER = re.compile(
    rb"HTTP/1.1 200 OK\r\n(?:[^\r]+\r\n)*?Content-Length: (\d+)\r\n(?:[^\r]+\r\n)*\r\n"
)


def answer(request: Any) -> None:
    """As many bytes as the path says, and how long the request's body was."""
    body = b"%d " % len(request.body) + b"x" * int(request.path[1:])
    request.connection.respond(200, "OK", "text/plain", None, b"", body)


requests = st.lists(st.tuples(sizes, st.one_of(st.just(0), st.integers(1, 100_000))), max_size=8)


class Scene:
    """A server, and a client whose own socket is sound."""

    def __init__(self, certs: Certificates, tls: bool, script: Any) -> None:
        self.server = HTTPServer(answer, ssl_options=certs.server_context() if tls else None)
        ours, theirs = pair({}, script)
        self.client = (
            SSLIOStream(ours, ssl_options=certs.client_context(), server_hostname="localhost")
            if tls
            else IOStream(ours)
        )
        self.server.handle_socket(theirs, ("faulty", 1))

    async def ask(self, requests: Any) -> None:
        for size, body in requests:
            head = b"POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            await self.client.write(head % (size, body) + bytes(body))

    async def hear(self, requests: Any) -> int:
        """How many of ``requests`` were answered, with what was asked for."""
        for number, (size, body) in enumerate(requests):
            try:
                head = await self.client.read_until(b"\r\n\r\n")
                match = ANSWER.fullmatch(head)
                assert match, head
                text = await self.client.read_bytes(int(match[1]))
            except (StreamClosedError, OSError):
                return number
            assert text == b"%d " % body + b"x" * size
        return len(requests)

    async def converse(self, requests: Any) -> int:
        asking = asyncio.ensure_future(self.ask(requests))
        async with asyncio.timeout(1000):
            heard = await self.hear(requests)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        self.client.close()
        await turns(10)
        return heard


@pytest.mark.parametrize("tls", [False, True])
@settings(max_examples=60)
@given(scripts, requests)
def test_what_passes_changes_nothing(
    certs: Certificates, tls: bool, script: Any, requests: Any
) -> None:
    async def main() -> None:
        scene = Scene(certs, tls, script)
        assert await scene.converse(requests) == len(requests)
        await scene.server.close_all_connections()

    play(main())


@pytest.mark.parametrize("tls", [False, True])
@settings(max_examples=60)
@given(deadly_scripts, requests)
def test_what_breaks_leaves_nothing(
    certs: Certificates, tls: bool, script: Any, requests: Any
) -> None:
    async def main() -> None:
        scene = Scene(certs, tls, script)
        await scene.converse(requests)
        async with asyncio.timeout(200):
            while scene.server._serving.connections or scene.server._serving.handshakes:
                await asyncio.sleep(1)

    play(main())


def test_nobody_is_served_who_is_gone() -> None:
    """A peer that asks for much and leaves: the first answer that fails is the last."""

    async def main() -> None:
        ours, theirs = pair()
        served = 0

        def answer_the_last_time(request: Any) -> None:
            nonlocal served
            served += 1
            ours.close()
            answer(request)

        server = HTTPServer(answer_the_last_time)
        server.handle_socket(theirs, ("gone", 1))
        ours.send(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 500)
        await turns(10)
        assert 1 <= served <= 2 * CORKED_PIECES
        assert not server._serving.connections

    play(main())
