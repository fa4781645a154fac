"""A handler that takes its connection as a stream."""

from typing import Any

import pytest

from tests.web.helpers import Site
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get
from tornadolike.iostream import StreamClosedError
from tornadolike.web import RequestHandler

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"


class Says(RequestHandler):
    """Says the head by itself."""

    async def get(self) -> None:
        stream = self.detach()
        await stream.write(SWITCHED)
        await stream.write(await stream.read_until(b"\n"))
        stream.close()


class Flushes(RequestHandler):
    """Has the head said by the framework."""

    def set_default_headers(self) -> None:
        self._headers.clear()

    async def get(self) -> None:
        self.set_status(101)
        self.set_header("Upgrade", "echo")
        self.set_header("Connection", "Upgrade")
        await self.flush()
        stream = self.detach()
        await stream.write(await stream.read_until(b"\n"))
        stream.close()


@PLAIN_AND_TLS
@pytest.mark.parametrize("handler", [Says, Flushes])
def test_a_connection_becomes_a_stream(site: Any, handler: type[RequestHandler]) -> None:
    served: Site = site(("/", handler))
    with served.server.connect() as sock:
        sock.sendall(get("/", "Upgrade: echo", "Connection: Upgrade") + b"early, ")
        expect(sock, SWITCHED)
        sock.sendall(b"late\n")
        expect_end(sock, b"early, late\n")
    assert served.finished == []


def test_what_comes_afterwards_is_the_handlers_affair(site: Any, expect_log: Any) -> None:
    """It cannot be answered any more, but it is logged; and a stream that nobody has is closed."""

    class Fails(RequestHandler):
        async def get(self) -> None:
            self.detach().write(b"bye")
            with pytest.raises(StreamClosedError):
                self.request.connection.detach()
            raise ZeroDivisionError

    served: Site = site(("/", Fails))
    with expect_log("tornadolike.application", "Uncaught", count=1) as log:
        with served.server.connect() as sock:
            sock.sendall(get("/"))
            expect_end(sock, b"bye")
        log.matched[0].exc_info = None  # its traceback has the stream


def test_not_behind_the_head_of_a_response(site: Any) -> None:
    class Late(RequestHandler):
        async def get(self) -> None:
            await self.flush()
            with pytest.raises(RuntimeError, match="instead of a response"):
                self.detach()
            self.write("as if nothing had happened")

    served: Site = site(("/", Late))
    with served.connect() as connection:
        assert connection.ask("GET /").text == "as if nothing had happened"
