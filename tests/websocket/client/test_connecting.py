"""websocket_connect(), as programs call it."""

import asyncio
import contextlib
import threading

import pytest

from tests.running import on_every_loop
from tests.websocket.client.sites import site
from tornadolike import gen
from tornadolike.ioloop import IOLoop
from tornadolike.websocket import (
    websocket_connect,
)


def test_where_no_loop_is():
    failed = []

    def connect():
        try:
            websocket_connect("ws://127.0.0.1")
        except RuntimeError as error:
            failed.append(str(error))

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    assert "no event loop" in failed[0]


# As Tornado's programs do it


@on_every_loop
async def test_callbacks_of_tornado():
    loop = IOLoop.current()
    async with site() as (url, _):
        connected, heard = asyncio.Event(), asyncio.Event()
        with pytest.warns(DeprecationWarning, match="await"):
            future = websocket_connect(url, lambda future: connected.set())
        await connected.wait()
        connection = future.result()
        connection.write_message("hello")
        future = connection.read_message(lambda future: heard.set())
        await heard.wait()
        assert future.result() == "hello"
        assert loop is IOLoop.current()
        connection.close()
        await connection.wait_closed()


@on_every_loop
async def test_generators():
    @gen.coroutine
    def talk(url):
        connection = yield websocket_connect(url)
        with contextlib.closing(connection):
            yield connection.write_message("hello")
            message = yield connection.read_message()
        yield connection.wait_closed()
        return message

    async with site() as (url, _):
        assert await talk(url) == "hello"


def test_before_the_loop_runs(io_loop):
    async def begin():
        return await stack.enter_async_context(site())

    async def end(connection):
        connection.close()
        await stack.aclose()

    stack = contextlib.AsyncExitStack()
    url, _ = io_loop.run_sync(begin)
    connecting = websocket_connect(url)
    connection = io_loop.run_sync(lambda: connecting)
    io_loop.run_sync(lambda: end(connection))
