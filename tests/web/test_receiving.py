"""A request on its way to its handler."""

import asyncio
from typing import Any

from tests.web.helpers import FakeConnection
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornadolike.web import Application, RequestHandler, reads_request_body
from tornadolike.web.receiving import HandlerDelegate

POST = RequestStartLine("POST", "/", "HTTP/1.1")


class Connection(FakeConnection):
    """One that knows a limit."""

    max_body_size: int | None = None

    def set_max_body_size(self, size: int) -> None:
        self.max_body_size = size


class Tells(RequestHandler):
    """Answers with what it was given."""

    max_body_size = 5

    def initialize(self, word: str = "") -> None:
        self.word = word

    def post(self, *args: str | None, **kwargs: str | None) -> None:
        self.write(f"{self.word} {args} {kwargs} {self.request.body.decode()}")


def delegate_for(handler_class: type[RequestHandler], *args: Any) -> tuple[HandlerDelegate, Any]:
    connection: Any = Connection()
    request = HTTPServerRequest("POST", "/", connection=connection)
    application = Application(log_function=lambda handler: None)
    return application.get_handler_delegate(request, handler_class, *args), connection


def test_a_handler_runs_when_its_body_is_whole() -> None:
    arguments = {"word": "said"}, ["a", b"b", None], {"c": "é"}
    delegate, connection = delegate_for(Tells, *arguments)
    assert delegate.headers_received(POST, HTTPHeaders()) is None
    assert connection.max_body_size == 5
    for chunk in (b"12", b"3"):
        delegate.data_received(chunk)
    assert not connection.whole
    delegate.finish()
    assert connection.body.decode() == "said ('a', 'b', None) {'c': 'é'} 123"


def test_a_limit_may_be_nothing() -> None:
    class Takes(Tells):
        max_body_size: int | None = 0

    delegate, connection = delegate_for(Takes)
    delegate.headers_received(POST, HTTPHeaders())
    assert connection.max_body_size == 0
    Takes.max_body_size = None
    delegate, connection = delegate_for(Takes)
    delegate.headers_received(POST, HTTPHeaders())
    assert connection.max_body_size is None


def test_a_request_that_is_whole() -> None:
    delegate, connection = delegate_for(Tells)
    delegate.request.body = b"123"
    delegate.execute()
    assert connection.body == b" () {} 123"


def test_a_handler_that_runs_meanwhile() -> None:
    @reads_request_body
    class Reads(RequestHandler):
        async def post(self) -> None:
            self.write(await self.request_body.read())

    async def main() -> None:
        delegate, connection = delegate_for(Reads)
        waiting = delegate.headers_received(POST, HTTPHeaders())
        if waiting is not None:  # on loops whose tasks do not begin at once
            await waiting
        delegate.data_received(b"12")
        delegate.data_received(b"3")
        delegate.finish()
        while not connection.whole:
            await asyncio.sleep(0)
        assert connection.body == b"123"

    asyncio.run(main())


def test_pieces_are_no_larger_than_the_connection_says() -> None:
    @reads_request_body
    class Pieces(RequestHandler):
        async def post(self) -> None:
            await asyncio.sleep(0)
            self.write({"sizes": [len(piece) async for piece in self.request_body]})

    async def main() -> None:
        delegate, connection = delegate_for(Pieces)
        connection.chunk_size = 2
        delegate.headers_received(POST, HTTPHeaders())
        for _ in range(5):
            delegate.data_received(b"1")
        delegate.finish()
        while not connection.whole:
            await asyncio.sleep(0)
        assert connection.body == b'{"sizes": [2, 2, 1]}'

    asyncio.run(main())
