"""How handlers end. What they see while their body comes is in test_streaming.py."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.running import turns
from tests.web.forms import CONTENT_TYPE, LAST, file
from tests.web.helpers import make_handler
from tornadolike.iostream import StreamClosedError
from tornadolike.web import (
    RequestBody,
    RequestHandler,
    reads_request_body,
    spool_uploads,
    stream_request_body,
)


@reads_request_body
class ReadsElsewhere(RequestHandler):
    """Has another task read its body, and does not wait for it."""

    async def post(self) -> None:
        self.reading = asyncio.ensure_future(self.request_body.read())
        await turns(1)


@spool_uploads
class Spools(RequestHandler):
    """Has files, on which it does nothing."""

    async def post(self) -> None:
        (self.file,) = self.request.files["f"]


def reads_elsewhere(finishes: bool) -> Any:
    """A handler whose body has not come."""
    handler = make_handler(ReadsElsewhere, "POST /")
    handler._auto_finish = finishes
    handler.request._incoming = RequestBody()
    return handler


def test_whoever_still_reads_the_body_is_told_when_the_handler_has_finished() -> None:
    async def main() -> None:
        handler = reads_elsewhere(finishes=True)
        await handler._run_streaming((), {})
        await turns(2)
        assert handler.reading.done()
        with pytest.raises(StreamClosedError):
            handler.reading.result()

    asyncio.run(main())


def test_the_body_stays_open_until_the_handler_has_finished() -> None:
    async def main() -> None:
        handler = reads_elsewhere(finishes=False)
        await handler._run_streaming((), {})
        body = handler.request_body
        body.bring(b"12")
        body.end()
        await turns(2)
        assert handler.reading.result() == b"12"

    asyncio.run(main())


@pytest.mark.parametrize("finishes", [True, False])
def test_files_are_there_until_the_handler_has_finished(finishes: bool) -> None:
    async def main() -> None:
        handler = make_handler(
            Spools,
            "POST /",
            {"Content-Type": CONTENT_TYPE.partition(": ")[2]},
            file("f", "x", b"12") + LAST,
        )
        handler._auto_finish = finishes
        await handler._run_streaming((), {})
        if finishes:
            with pytest.raises(ValueError, match="gone when their request is over"):
                handler.file.body  # noqa: B018 - a spool that is closed raises
        else:
            assert handler.file.body == b"12"

    asyncio.run(main())


def test_nothing_is_brought_to_a_handler_that_prepare_has_finished() -> None:
    @stream_request_body
    class Refuses(RequestHandler):
        def prepare(self) -> None:
            self.finish("no")

        def data_received(self, chunk: bytes) -> None:
            raise AssertionError("it is answered")

    async def main() -> None:
        handler = make_handler(Refuses, "POST /", body=b"12")
        await handler._run_streaming((), {})
        assert handler.request.connection.body == b"no"

    asyncio.run(main())


def test_a_handler_that_is_cancelled_and_cannot_say_so(expect_log: Callable[..., Any]) -> None:
    class Fails(RequestHandler):
        async def get(self) -> None:
            await asyncio.Event().wait()

        def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
            raise ZeroDivisionError

    async def main() -> None:
        handler = make_handler(Fails)
        task = asyncio.ensure_future(handler._run_request((), {}))
        await turns(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (handler.request.connection.status, handler.request.connection.whole) == (500, True)

    with expect_log("tornadolike.application", "Exception in exception handler", count=1):
        asyncio.run(main())
