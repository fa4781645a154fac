"""A body between those who bring it and those who take it. Handlers that do are in test_streaming.py."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.running import turns
from tornadolike.httputil import HTTPInputError
from tornadolike.iostream import StreamClosedError
from tornadolike.web import RequestBody
from tornadolike.web.bodies.incoming import HIGH_WATER, gather


def in_loop(test: Callable[[RequestBody], Awaitable[None]]) -> Callable[[], None]:
    async def main() -> None:
        await test(RequestBody())

    def run() -> None:
        asyncio.run(main())

    return run


@in_loop
async def test_it_is_taken_as_it_was_brought(body: RequestBody) -> None:
    large = bytes(4000)
    for piece in (large, b"1", b"2"):
        body.bring(piece)
    body.end()
    assert not body.empty
    assert await body.read(1000) == large[:1000]
    assert await body.read(5000) == large[1000:]
    assert await body.read(0) == b""
    assert await body.read() == b"12"
    assert body.empty
    assert await body.read() == await body.read(1) == b""


@in_loop
async def test_who_brings_much_waits_until_it_is_taken(body: RequestBody) -> None:
    assert body.bring(bytes(HIGH_WATER - 1)) is None
    waiting = body.bring(bytes(5000))
    assert waiting is not None
    await body.read(HIGH_WATER - 1)
    assert not waiting.done()
    await body.read(5000)
    assert waiting.done()


@in_loop
async def test_it_is_wanted_when_somebody_takes(body: RequestBody) -> None:
    wanted = body.when_wanted()
    assert wanted is not None
    taking = asyncio.ensure_future(body.read(10))
    await turns(2)
    assert wanted.done()
    assert body.when_wanted() is None
    with pytest.raises(RuntimeError, match="being read already"):
        await body.read(1)
    body.bring(b"here")
    assert await taking == b"here"


@in_loop
async def test_the_rest_that_does_not_come(body: RequestBody) -> None:
    body.bring(b"here")
    body.close()
    assert body.when_wanted() is None
    assert await body.read(10) == b"here"
    with pytest.raises(StreamClosedError):
        await body.read(10)


@in_loop
async def test_whoever_waits_for_it_is_told(body: RequestBody) -> None:
    taking = asyncio.ensure_future(body.read(10))
    await turns(1)
    body.close()
    with pytest.raises(StreamClosedError):
        await taking


@in_loop
async def test_nobody_brings_more_when_the_request_is_answered(body: RequestBody) -> None:
    body.answered = lambda: True
    with pytest.raises(StreamClosedError):
        await body.read(1)


@in_loop
async def test_gathering_has_a_limit(body: RequestBody) -> None:
    body.bring(b"1234")
    body.end()
    with pytest.raises(HTTPInputError, match="The form larger than 3 bytes") as caught:
        await gather(body, 3, "The form")
    assert caught.value.status == 413
