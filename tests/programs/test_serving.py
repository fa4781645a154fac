"""Applications of all kinds, on sockets that are there already."""

import asyncio

import pytest

from tests.running import run_on
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornadolike.ioloop import IOLoop
from tornadolike.netutil import bind_sockets
from tornadolike.programs.serving import Site
from tornadolike.web import Application, RequestHandler


class Slow(RequestHandler):
    async def get(self):
        self.settings["asked"].set()
        await self.settings["go_on"].wait()
        self.finish("at last")


def answer(request: HTTPServerRequest) -> None:
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    request.connection.write_headers(line, HTTPHeaders({"Content-Length": "2"}), b"hi")
    request.connection.finish()


def served(main):
    run_on(lambda: IOLoop(make_current=False), asyncio.wait_for(main(), 50))


async def begun(application):
    sockets = bind_sockets(0, "127.0.0.1")
    ready, told = asyncio.Event(), []
    site = Site(application, {}, ready.set, lambda: told.append("stopping"))
    serving = asyncio.create_task(site.serve(sockets, 30.0))
    await ready.wait()
    return site, serving, told, f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"


def test_an_application_drains_and_says_when():
    async def main():
        asked, go_on = asyncio.Event(), asyncio.Event()
        app = Application([("/", Slow)], asked=asked, go_on=go_on)
        site, serving, told, address = await begun(app)
        client = AsyncHTTPClient()
        fetching = asyncio.ensure_future(client.fetch(address))
        await asked.wait()
        assert site.counts[:2] == (1, 1)
        assert told == []
        site.stop()
        site.stop()
        while not told:
            await asyncio.sleep(0)
        assert not serving.done()
        go_on.set()
        assert (await fetching).body == b"at last"
        await serving
        assert told == ["stopping"]
        client.close()

    served(main)


def test_in_a_hurry_nobody_is_waited_for():
    async def main():
        asked = asyncio.Event()
        app = Application([("/", Slow)], asked=asked, go_on=asyncio.Event())
        site, serving, _, address = await begun(app)
        client = AsyncHTTPClient()
        fetching = asyncio.ensure_future(client.fetch(address))
        await asked.wait()
        site.stop(0.0)
        await serving
        with pytest.raises(OSError):  # noqa: PT011 (however it is cut)
            await fetching
        client.close()

    served(main)


def test_a_function_is_served_as_well():
    async def main():
        site, serving, told, address = await begun(answer)
        client = AsyncHTTPClient()
        assert (await client.fetch(address)).body == b"hi"
        assert site.counts.requests == 1
        client.close()
        site.stop(1.0)
        await serving
        assert told == ["stopping"]

    served(main)
