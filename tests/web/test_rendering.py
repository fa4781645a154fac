"""Pages are rendered: at once, later, and as a stream."""

import asyncio
import gc
import http.client
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.conftest import read_all
from tests.web.helpers import Site, make_handler
from tornadolike.template import DictLoader
from tornadolike.web import HTTPError, RequestHandler, UIModule

PAGE = "<html><head></head><body>{% block body %}{% end %}</body></html>"


def handler_for(templates: dict[str, str], **settings: Any) -> Any:
    return make_handler(settings={"template_loader": DictLoader(templates), **settings})


class Page(RequestHandler):
    """Renders ``page.html`` in the way that its rule says, with the names that it gives."""

    def initialize(self, way: str = "render", **names: Any) -> None:
        self.way = way
        self.names = names

    def get(self) -> Any:
        return getattr(self, self.way)("page.html", **self.names)

    head = get


def serve_page(site: Any, page: str, way: str = "render", **names: Any) -> Site:
    loader = DictLoader({"page.html": page})
    served: Site = site(("/", Page, {"way": way, **names}), template_loader=loader)
    return served


each_way = pytest.mark.parametrize("way", ["render", "render_async", "render_stream"])


# What all ways have in common


@each_way
def test_a_page(site: Callable[..., Site], way: str) -> None:
    served = serve_page(site, "<p>{{ name }}</p>", way, name="<You>")
    answer = served.ask("GET /")
    assert (answer.status, answer.text) == (200, "<p>&lt;You&gt;</p>")
    assert answer.header("Content-Type") == "text/html; charset=UTF-8"
    assert answer.header("Etag") is not None
    assert served.finished[0].get_status() == 200


@each_way
def test_an_empty_page(site: Callable[..., Site], way: str) -> None:
    assert serve_page(site, "", way).ask("GET /").body == b""


@each_way
def test_to_head_there_is_no_page(site: Callable[..., Site], way: str) -> None:
    served = serve_page(site, "<p>page</p>", way)
    with served.connect() as connection:
        head = connection.ask("HEAD /")
        page = connection.ask("GET /")
    assert (head.status, head.body, page.body) == (200, b"", b"<p>page</p>")
    assert head.header("Content-Type") == page.header("Content-Type")
    if way != "render_stream":
        for name in ("Content-Length", "Etag"):
            assert head.header(name) == page.header(name)


@each_way
def test_no_page_behind_the_end(way: str) -> None:
    handler = handler_for({"page.html": ""})
    handler.finish()
    with pytest.raises(RuntimeError, match=rf"Cannot {way}\(\) after finish"):
        getattr(handler, way)("page.html")


@each_way
def test_an_error_in_a_template(site: Callable[..., Site], expect_log: Any, way: str) -> None:
    served = serve_page(site, "first\n{{ 1 / 0 }}\n", way)
    with expect_log("tornadolike.application", "Uncaught exception GET /") as logged:
        answer = served.ask("GET /")
    assert answer.status == 500
    (record,) = logged.matched
    assert record.exc_info[0] is ZeroDivisionError


@each_way
def test_debug_shows_the_line(site: Callable[..., Site], expect_log: Any, way: str) -> None:
    loader = DictLoader(
        {"page.html": "first\n{% include part.html %}", "part.html": "\n\n{{ 1 / 0 }}"}
    )
    served = site(("/", Page, {"way": way}), template_loader=loader, debug=True)
    with expect_log("tornadolike.application", "Uncaught exception GET /"):
        answer = served.ask("GET /")
    assert answer.header("Content-Type") == "text/plain"
    assert 'part.html", line 3' in answer.text
    assert "{{ 1 / 0 }}" in answer.text


@each_way
def test_debug_shows_the_tag_that_is_wrong(
    site: Callable[..., Site], expect_log: Any, way: str
) -> None:
    loader = DictLoader({"page.html": "first\n{% iff x %}"})
    served = site(("/", Page, {"way": way}), template_loader=loader, debug=True)
    with expect_log("tornadolike.application", "Uncaught exception GET /"):
        answer = served.ask("GET /")
    assert 'page.html", line 2' in answer.text
    assert "{% iff x %}" in answer.text
    assert "^^^" in answer.text


@each_way
def test_what_modules_want(site: Callable[..., Site], way: str) -> None:
    class Styled(UIModule):
        def render(self) -> str:
            return "<p>"

        def css_files(self) -> str:
            return "/style.css"

        def html_body(self) -> str:
            return "<footer>"

    page = "<head>{% module Styled() %}</head><body></body>"
    loader = DictLoader({"page.html": page})
    served = site(("/", Page, {"way": way}), template_loader=loader, ui_modules={"Styled": Styled})
    assert served.ask("GET /").text == (
        '<head><p><link href="/style.css" type="text/css" rel="stylesheet"/>\n</head>'
        "<body><footer>\n</body>"
    )


# At once


def test_rendering_gives_what_finishing_gives(site: Callable[..., Site]) -> None:
    waited: list[Any] = []

    class Waiting(RequestHandler):
        async def get(self) -> None:
            sent: Any = self.render("page.html")
            waited.append(await sent)

    loader = DictLoader({"page.html": "page"})
    assert site(("/", Waiting), template_loader=loader).ask("GET /").text == "page"
    assert waited == [None]


def test_a_page_that_the_client_has(site: Callable[..., Site]) -> None:
    served = serve_page(site, "page")
    etag = served.ask("GET /").header("Etag")
    assert served.ask("GET /", f"If-None-Match: {etag}").status == 304


def test_a_string_is_no_response() -> None:
    handler = handler_for({"page.html": "{{ x }}"})
    assert handler.render_string("page.html", x=1) == b"1"
    assert not handler._write_buffer
    assert not handler._finished


def test_a_page_that_awaits_needs_another_method() -> None:
    handler = handler_for({"page.html": "{{ await x() }}"})
    with pytest.raises(RuntimeError, match=r"page.html awaits .*: await self.render_async\('page"):
        handler.render("page.html")
    with pytest.raises(RuntimeError, match=r"await self.render_string_async\('page.html', ...\)"):
        handler.render_string("page.html")


# What templates know


def test_the_names_of_every_template() -> None:
    handler = handler_for({}, static_path="/srv", ui_methods={"method": lambda handler: handler})
    names = handler.get_template_namespace()
    assert names["handler"] is handler
    assert names["request"] is handler.request
    assert names["locale"] is handler.locale
    assert names["_"]("text") == "text"
    assert names["pgettext"]("context", "text") == "text"
    assert names["static_url"]("a.css", include_version=False) == "/static/a.css"
    assert names["reverse_url"] == handler.reverse_url
    assert names["modules"] is names["_tt_modules"]
    assert names["method"]() is handler


def test_users_are_known_where_there_are_any() -> None:
    asked = []

    class WithUser(RequestHandler):
        @property
        def current_user(self) -> str:
            asked.append(self)
            return "me"

    assert make_handler(WithUser).get_template_namespace()["current_user"] == "me"
    assert len(asked) == 1
    handler = make_handler()
    handler.current_user = None
    assert handler.get_template_namespace()["current_user"] is None
    assert make_handler().get_template_namespace()["current_user"] is None


def test_an_error_in_asking_for_the_user_is_not_hidden() -> None:
    class Failing(RequestHandler):
        @property
        def current_user(self) -> str:
            raise AttributeError("the database")

    with pytest.raises(AttributeError, match="the database"):
        make_handler(Failing).get_template_namespace()


def test_a_handler_may_add_names() -> None:
    shared = {"a": 1, "b": 2}

    class Own(RequestHandler):
        def get_template_namespace(self) -> dict[str, Any]:
            return shared

    handler = make_handler(
        Own, settings={"template_loader": DictLoader({"page.html": "{{ a }}{{ b }}{{ c }}"})}
    )
    assert handler.render_string("page.html", b=3, c=4) == b"134"
    assert shared == {"a": 1, "b": 2}


def test_what_a_handler_puts_into_its_ui_is_known() -> None:
    handler = handler_for({"page.html": "{{ here }}{{ method() }}"}, ui_methods={"method": str})
    handler.ui["here"] = "here"
    handler.ui.method = lambda: "!"
    assert handler.render_string("page.html") == b"here!"


def test_a_page_keeps_nobody_alive() -> None:
    handler = handler_for({"page.html": "{{ method() }}"}, ui_methods={"method": lambda handler: 7})
    gone = weakref.ref(handler)
    gc.collect()
    gc.disable()
    try:
        assert handler.render_string("page.html") == b"7"
        del handler
        assert gone() is None
    finally:
        gc.enable()


# Later


def test_a_page_that_awaits(site: Callable[..., Site]) -> None:
    async def fetch(number: int) -> str:
        await asyncio.sleep(0)
        return f"<{number}>"

    page = "{% for n in range(2) %}{{ await fetch(n) }}{% end %}"
    for way in ("render_async", "render_stream"):
        served = serve_page(site, page, way, fetch=fetch)
        assert served.ask("GET /").text == "&lt;0&gt;&lt;1&gt;"


def test_a_string_that_awaits(io_loop: Any) -> None:
    async def fetch() -> str:
        await asyncio.sleep(0)
        return "fetched"

    handler = handler_for({"page.html": "{{ await fetch() }}", "plain.html": "plain"})
    making = handler.render_string_async("page.html", fetch=fetch)
    assert io_loop.run_until_complete(making) == b"fetched"
    assert io_loop.run_until_complete(handler.render_string_async("plain.html")) == b"plain"


def test_an_http_error_in_a_page_that_awaits(site: Callable[..., Site]) -> None:
    async def fetch() -> str:
        await asyncio.sleep(0)
        raise HTTPError(404)

    for way in ("render_async", "render_stream"):
        assert serve_page(site, "{{ await fetch() }}", way, fetch=fetch).ask("GET /").status == 404


# As a stream


def stream_page(site: Any, page: str, names: dict[str, Any], **settings: Any) -> Site:
    rule = ("/", Page, {"way": "render_stream", **names})
    served: Site = site(rule, template_loader=DictLoader({"page.html": page}), **settings)
    return served


def test_a_page_goes_out_while_it_is_made(site: Callable[..., Site]) -> None:
    gate = asyncio.Event()

    async def wait() -> str:
        await gate.wait()
        return "late"

    served = stream_page(site, "<head></head><p>early</p>{{ await wait() }}</body>", {"wait": wait})
    with served.connect() as connection:
        connection.send("GET /")
        response = http.client.HTTPResponse(connection.sock, method="GET")
        response.begin()
        early = b"<head></head><p>early</p>"
        assert response.read(len(early)) == early
        served.server.call(gate.set)
        assert response.read() == b"late</body>"


def test_an_error_in_the_middle_cuts_the_connection(site: Any, expect_log: Any) -> None:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise ArithmeticError

    served = stream_page(site, "<p>early</p>{{ await fail() }}", {"fail": fail})
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /"),
        expect_log("tornadolike.general", "Cannot send error response after headers written"),
        served.connect() as connection,
    ):
        connection.send("GET /")
        received = read_all(connection.sock)
        served.settle()
    assert b"early" in received
    assert not received.endswith(b"0\r\n\r\n")
    assert served.finished[0].get_status() == 200


def test_to_head_a_template_runs_up_to_its_first_piece(site: Callable[..., Site]) -> None:
    done = []

    async def wait() -> str:
        done.append("waited")
        return ""

    page = (
        "{% try %}early{{ await wait() }}late{% finally %}{% set _ = done.append('end') %}{% end %}"
    )
    served = stream_page(site, page, {"wait": wait, "done": done})
    assert served.ask("HEAD /").status == 200
    assert done == ["end"]


def test_a_client_that_goes_away_ends_the_template(
    site: Callable[..., Site], expect_log: Any
) -> None:
    ended: list[Any] = []

    async def numbers() -> AsyncIterator[str]:
        try:
            while True:
                yield "x" * 100_000
                await asyncio.sleep(0)
        finally:
            ended.append(True)

    page = "{% try %}{% async for n in numbers() %}{{ n }}{% end %}{% finally %}{{ ended.append(1) }}{% end %}"
    served = stream_page(site, page, {"numbers": numbers, "ended": ended})
    with expect_log("tornadolike.general", "the client closed the connection"):
        with served.connect() as connection:
            connection.send("GET /")
            assert connection.sock.recv(10)
        served.server.call(until, lambda: served.finished)
    assert 1 in ended
    assert served.finished[0].get_status() == 200


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def test_a_template_that_waits_can_be_cancelled(site: Callable[..., Site]) -> None:
    ended: list[int] = []

    async def forever() -> str:
        await asyncio.get_running_loop().create_future()
        return ""

    class Cancelled(Page):
        cancel_on_disconnect = True

    page = "early{% try %}{{ await forever() }}{% finally %}{{ ended.append(1) }}{% end %}"
    names = {"way": "render_stream", "forever": forever, "ended": ended}
    served = site(("/", Cancelled, names), template_loader=DictLoader({"page.html": page}))
    with served.connect() as connection:
        connection.send("GET /")
        assert connection.sock.recv(10)
    served.server.call(until, lambda: served.finished)
    assert ended == [1]


def test_a_stream_waits_for_its_client(site: Callable[..., Site]) -> None:
    made = []

    async def numbers() -> AsyncIterator[str]:
        for number in range(400):
            made.append(number)
            yield "x" * 100_000

    served = stream_page(
        site, "{% async for n in numbers() %}{{ n }}{% end %}", {"numbers": numbers}
    )
    with served.connect() as connection:
        connection.send("GET /")
        response = http.client.HTTPResponse(connection.sock, method="GET")
        response.begin()
        served.settle()
        assert len(made) < 200
        assert len(response.read()) == 40_000_000
    served.settle()


def test_what_need_not_be_waited_for_is_sent_together(site: Callable[..., Site]) -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(100):
            yield number

    page = "{% async for n in numbers() %}<{{ n }}>{% end %}"
    served = stream_page(site, page, {"numbers": numbers})
    answer = served.ask("GET /")
    assert answer.text == "".join(f"<{number}>" for number in range(100))
    assert answer.header("Content-Length") == str(len(answer.body))


def test_a_large_page_goes_out_in_pieces_also_without_a_wait(site: Callable[..., Site]) -> None:
    async def numbers() -> AsyncIterator[str]:
        for number in range(100):
            yield f"{number}" * 1000

    served = stream_page(
        site, "{% async for n in numbers() %}{{ n }}{% end %}", {"numbers": numbers}
    )
    answer = served.ask("GET /")
    assert answer.text == "".join(f"{number}" * 1000 for number in range(100))
    assert answer.header("Transfer-Encoding") == "chunked"


def test_styles_that_are_late_come_at_the_end(site: Callable[..., Site]) -> None:
    class Styled(UIModule):
        def __init__(self, handler: RequestHandler) -> None:
            super().__init__(handler)
            self.names: list[str] = []

        def render(self, name: str) -> str:
            self.names.append(name)
            return name

        def css_files(self) -> list[str]:
            return [f"/{name}.css" for name in self.names]

        def embedded_css(self) -> str:
            return "".join(f"{name} {{}}" for name in self.names)

    async def wait() -> str:
        await asyncio.sleep(0)
        return ""

    page = "<head>{% module Styled('a') %}</head><body>{{ await wait() }}{% module Styled('b') %}</body>"
    served = stream_page(site, page, {"wait": wait}, ui_modules={"Styled": Styled})
    head, _, body = served.ask("GET /").text.partition("</head>")
    assert ("/a.css" in head, "a {}" in head, "b" in head.partition("</style>")[0][-9:]) == (
        True,
        True,
        False,
    )
    assert body == (
        '<body>b<link href="/b.css" type="text/css" rel="stylesheet"/>\n'
        '<style type="text/css">\nb {}\n</style>\n</body>'
    )


def test_a_stream_is_compressed_as_it_goes(site: Callable[..., Site]) -> None:
    served = stream_page(site, "{{ x }}", {"x": "x" * 100_000}, compress_response=True)
    answer = served.ask("GET /", "Accept-Encoding: gzip")
    assert answer.header("Content-Encoding") == "gzip"
    assert len(answer.body) < 2000
