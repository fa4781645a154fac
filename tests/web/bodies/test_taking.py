"""What a handler is given of its body. How it runs meanwhile is in test_streaming.py."""

import asyncio
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.httputil import HTTPInputError
from tornadolike.iostream import StreamClosedError
from tornadolike.web import HTTPError, RequestBody, RequestHandler, reads_request_body


@reads_request_body
class Reads(RequestHandler):
    """Reads its body."""


def test_a_body_that_came_with_its_head_is_nowhere_else() -> None:
    async def main() -> None:
        handler = make_handler(Reads, "POST /", body=b"12345")
        assert await handler.request_body.read(3) == b"123"
        assert handler.request.body == b""
        assert await handler.request_body.read() == b"45"
        assert await make_handler(Reads, "POST /").request_body.read() == b""

    asyncio.run(main())


def test_nothing_more_is_taken_for_a_handler_that_has_finished() -> None:
    async def main() -> None:
        handler = make_handler(Reads, "POST /")
        handler.request._incoming = body = RequestBody()
        assert handler.request_body is body
        assert body.when_wanted() is not None
        handler.finish()
        assert body.when_wanted() is None
        with pytest.raises(StreamClosedError):
            await body.read()

    asyncio.run(main())


def test_who_has_it_whole_cannot_read_it() -> None:
    handler = make_handler(RequestHandler, "POST /", body=b"12345")
    with pytest.raises(RuntimeError, match="decorate the class with @reads_request_body"):
        handler.request_body  # noqa: B018 - it is read now, and raises
    with pytest.raises(NotImplementedError, match=r"RequestHandler needs data_received\(chunk\)"):
        handler.data_received(b"1")


def test_parts_of_what_is_no_form() -> None:
    async def main() -> None:
        with pytest.raises(HTTPInputError) as caught:
            make_handler(Reads, "POST /", {"Content-Type": "text/plain"}, b"1").form_parts()
        assert caught.value.status == 415

    asyncio.run(main())


@pytest.mark.parametrize("limit", [None, 4, 5])
def test_a_limit(limit: int | None) -> None:
    handler: Any = make_handler(RequestHandler, "POST /", body=b"12345")
    handler.max_body_size = limit
    if limit == 4:
        with pytest.raises(HTTPError, match=r"413.*Body larger than 4 bytes"):
            handler._check_body_size()
    else:
        handler._check_body_size()
