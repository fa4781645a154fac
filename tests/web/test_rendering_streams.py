"""What else goes on while a page is sent that is made meanwhile."""

import asyncio
import gc
import http.client
import weakref
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.template import DictLoader
from tornadolike.web import RequestHandler


def stream_page(site: Any, page: str, names: dict[str, Any], **settings: Any) -> Site:
    """A site whose ``/`` streams the page, with these names."""

    class Page(RequestHandler):
        async def get(self) -> None:
            await self.render_stream("page.html", **names)

    loader = DictLoader({"page.html": page})
    served: Site = site(("/", Page), template_loader=loader, **settings)
    return served


def test_a_large_page_lets_others_in_however_fast_its_client_is(site: Callable[..., Site]) -> None:
    turns: list[int] = []
    seen = []

    def count() -> str:
        seen.append(len(turns))
        asyncio.get_running_loop().call_soon(turns.append, 1)
        return "x" * 5_000

    # Less than what the sockets hold on their way: nothing of it has to wait for the client.
    served = stream_page(site, "{% for _ in range(100) %}{{ count() }}{% end %}", {"count": count})
    assert len(served.ask("GET /").body) == 500_000
    assert seen[-1] > 50


def test_a_template_cannot_hide_that_its_page_could_not_be_sent(
    site: Callable[..., Site], expect_log: Any
) -> None:
    page = "more than three{% try %}{{ await wait() }}{% except Exception %}{% end %}end"

    async def wait() -> str:
        await asyncio.sleep(0)
        return ""

    class Short(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Length", "3")
            await self.render_stream("page.html", wait=wait)

    loader = DictLoader({"page.html": page})
    served = site(("/", Short), template_loader=loader)
    with expect_log("tornadolike.application", "Uncaught exception GET /") as logged:
        assert served.ask("GET /").status == 500
    assert "more data than Content-Length" in str(logged.matched[0].exc_info[1])


def test_what_was_written_before_comes_before(site: Callable[..., Site]) -> None:
    async def wait() -> str:
        await asyncio.sleep(0)
        return "waited"

    class Page(RequestHandler):
        async def get(self, flushes: str) -> None:
            self.write("written, ")
            if flushes:
                await self.flush()
            self.set_trailer("Checksum", "1")
            await self.render_stream("page.html", wait=wait)

    loader = DictLoader({"page.html": "{{ await wait() }}, rendered"})
    served = site(("/(flushed)?", Page), template_loader=loader)
    with served.connect() as connection:
        for path in ("/", "/flushed"):
            assert connection.ask(f"GET {path}").text == "written, waited, rendered"
    old = served.connect()
    with old:
        old.sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert old.receive().text == "written, waited, rendered"
    sent = len(b"written, waited, rendered")
    assert [handler.body_size for handler in served.finished] == [sent] * 3


def test_a_compressed_page_can_be_read_while_it_is_made(site: Callable[..., Site]) -> None:
    gate = asyncio.Event()

    async def wait() -> str:
        await gate.wait()
        return "late"

    served = stream_page(site, "early, {{ await wait() }}", {"wait": wait}, compress_response=True)
    with served.connect() as connection:
        connection.send("GET /", "Accept-Encoding: gzip")
        response = http.client.HTTPResponse(connection.sock, method="GET")
        response.begin()
        decoder = zlib.decompressobj(31)
        assert decoder.decompress(response.read1(1000)) == b"early, "
        served.server.call(gate.set)
        assert decoder.decompress(response.read()) == b"late"


@pytest.mark.parametrize("cancels", [False, True])
def test_a_page_that_waits_for_nothing_ends_when_its_client_leaves(
    site: Callable[..., Site], cancels: bool
) -> None:
    ended = asyncio.Event()

    def numbers() -> Iterator[str]:
        try:
            while True:
                yield "x" * 10_000
        finally:
            ended.set()

    page = "{% for number in numbers() %}{{ number }}{% end %}"
    served = stream_page(site, page, {"numbers": numbers}, cancel_on_disconnect=cancels)
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(10)
    served.server.call(ended.wait)


@pytest.mark.parametrize("page", ["{% for _ in always %}{{ large }}{% end %}", "{{ 1 / 0 }}"])
def test_a_page_that_fails_keeps_nobody_alive(site: Any, expect_log: Any, page: str) -> None:
    handlers = []

    class Page(RequestHandler):
        async def get(self) -> None:
            handlers.append(weakref.ref(self))
            await self.render_stream("page.html", always=iter(int, 1), large="x" * 10_000)

    async def go() -> None:
        async with asyncio.timeout(10):
            while handlers[0]() is not None:
                await asyncio.sleep(0.001)

    served = site(
        ("/", Page),
        template_loader=DictLoader({"page.html": page}),
        log_function=lambda handler: None,
    )
    gc.collect()
    gc.disable()
    try:
        with expect_log("tornadolike", "the client closed|Uncaught") as logged:
            with served.connect() as connection:
                connection.send("GET /")
                assert connection.sock.recv(10)
            while not logged.matched:
                served.settle()
            logged.matched[0].exc_info = None
            served.server.call(go)
    finally:
        gc.enable()
