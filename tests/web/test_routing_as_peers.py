"""Typed paths, methods and mounts, as the table at the end of docs/routing.rst tells of them.

Starlette, Flask, aiohttp and Sanic (``sanic_site.py``) have rules of the same types: a status and what their handler
was given, or None where they have no such type. Where ours is another one, the reason stands beside it. The versions
that are told of there are 1.10.0, 3.1.3, 3.14.5 and 25.12.1.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp.web
import flask
import httpx
import pytest
import starlette.applications
import starlette.responses
import starlette.routing

from tests.web.helpers import Site
from tests.web.sanic_answers import sanic_answers
from tornadolike.web import Application, Mount, RequestHandler, route

MANY = "9" * 5000
ONE_UUID = "12345678-1234-5678-1234-567812345678"


class Row(NamedTuple):
    asked: str
    ours: tuple[int, str | None]
    starlette: tuple[int, str | None] | None
    flask: tuple[int, str | None] | None
    aiohttp: tuple[int, str | None] | None
    sanic: tuple[int, str | None] | None
    why: str = ""
    """Why ours is not what the most of them answer."""


NO = (404, None)
GUARDS = "what guards a path should see what the rules see, and an encoded slash is none"

TABLE = [
    Row("/int/7", (200, "7"), (200, "7"), (200, "7"), (200, "'7'"), (200, "7")),
    Row("/int/007", (200, "7"), (200, "7"), (200, "7"), (200, "'007'"), (200, "7")),
    Row("/int/-7", NO, NO, NO, NO, (200, "-7")),
    Row("/int/%37", NO, (200, "7"), (200, "7"), (200, "'7'"), NO, GUARDS),
    Row(f"/int/{MANY}", NO, (500, None), NO, (200, repr(MANY)), NO),
    Row("/int/7/", NO, (307, None), NO, NO, (200, "7")),
    Row("/int/x", NO, NO, NO, NO, NO),
    Row("/float/1.5", (200, "1.5"), (200, "1.5"), (200, "1.5"), None, (200, "1.5")),
    Row("/float/2", (200, "2.0"), (200, "2.0"), NO, None, (200, "2.0")),
    Row("/float/1e5", NO, NO, NO, None, (200, "100000.0")),
    Row(
        "/str/a%20b",
        (200, "'a b'"),
        (200, "'a b'"),
        (200, "'a b'"),
        (200, "'a b'"),
        (200, "'a%20b'"),
    ),
    Row("/str/a%2Fb", (200, "'a/b'"), NO, NO, (200, "'a/b'"), (200, "'a%2Fb'")),
    Row("/str/", NO, NO, NO, NO, NO),
    Row(
        *("/str/%FF", (400, None), (200, "'\ufffd'"), (200, "'\ufffd'"), (200, "'%FF'")),
        *((200, "'%FF'"), "as in Tornado: what is no UTF-8 is not guessed"),
    ),
    Row("/path/", (200, "''"), (200, "''"), NO, (200, "''"), (200, "''")),
    Row("/path/a//b", (200, "'a//b'"), *[(200, "'a//b'")] * 4),
    Row(
        f"/uuid/{ONE_UUID}", *[(200, f"UUID('{ONE_UUID}')")] * 3, None, (200, f"UUID('{ONE_UUID}')")
    ),
    Row(
        *("/uuid/" + ONE_UUID.replace("-", ""), NO, (200, f"UUID('{ONE_UUID}')"), NO, None),
        *((200, f"UUID('{ONE_UUID}')"), "one thing has one address"),
    ),
]


class Shows(RequestHandler):
    def get(self, x: object = None) -> None:
        self.write(repr(x))


class Posts(RequestHandler):
    def post(self) -> None:
        self.write("post")


TYPED = [route(f"/{kind}/{{x:{kind}}}", Shows) for kind in ("int", "float", "str", "path", "uuid")]


def test_typed_paths(site: Any) -> None:
    here: Site = site(*TYPED)
    for row in TABLE:
        answer = here.ask(f"GET {row.asked}")
        assert (answer.status, answer.text if answer.status == 200 else None) == row.ours, row.asked


def test_differences_have_their_reasons() -> None:
    for row in TABLE:
        peers = [row.starlette, row.flask, row.aiohttp, row.sanic]
        # aiohttp converts nothing, Sanic decodes nothing.
        same = [peer for peer in peers if peer is not None and peer[0] == row.ours[0]]
        known = [peer for peer in peers if peer is not None]
        assert row.why or 2 * len(same) >= len(known), row.asked


# The others

Answers = dict[str, tuple[int, str | None]]
KINDS = ("int", "float", "str", "path", "uuid")
METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS")


def by_starlette(paths: list[str]) -> Answers:
    async def show(request: Any) -> Any:
        return starlette.responses.PlainTextResponse(repr(request.path_params["x"]))

    async def page(request: Any) -> Any:
        return starlette.responses.PlainTextResponse("page")

    inner = [starlette.routing.Route(path, page) for path in ("/", "/x")]
    app = starlette.applications.Starlette(
        routes=[
            *(starlette.routing.Route(f"/{kind}/{{x:{kind}}}", show) for kind in KINDS),
            starlette.routing.Mount("/sub", routes=inner),
        ]
    )

    async def ask() -> Answers:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        answers: Answers = {}
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            for path in paths:
                answer = await client.get(path)
                answers[path] = answer.status_code, answer.text
        return answers

    return asyncio.run(ask())


def by_flask(paths: list[str]) -> Answers:
    app = flask.Flask("routing")
    for kind in KINDS:
        app.add_url_rule(
            f"/{kind}/<{'string' if kind == 'str' else kind}:x>", kind, lambda x: repr(x)
        )
    client = app.test_client()
    answers = {path: client.get(path) for path in paths}
    return {path: (answer.status_code, answer.text) for path, answer in answers.items()}


def by_aiohttp(paths: list[str]) -> Answers:
    async def show(request: Any) -> Any:
        return aiohttp.web.Response(text=repr(request.match_info["x"]))

    async def page(request: Any) -> Any:
        return aiohttp.web.Response(text="page")

    async def ask() -> Answers:
        app, inner = aiohttp.web.Application(), aiohttp.web.Application()
        for kind, pattern in {"int": r":\d+", "str": "", "path": ":.*"}.items():
            app.router.add_get(f"/{kind}/{{x{pattern}}}", show)
        for path in ("/", "/x"):
            inner.router.add_get(path, page)
        app.add_subapp("/sub", inner)
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        answers: Answers = {}
        for path in paths:
            reader, writer = await asyncio.open_connection(*runner.addresses[0])
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
            writer.close()
            await writer.wait_closed()
            answers[path] = int(head.split()[1]), body
        await runner.cleanup()
        return answers

    return asyncio.run(ask())


def by_sanic(paths: list[str]) -> Answers:
    answers = sanic_answers("routing", [f"GET {path}" for path in paths])
    return {request[4:]: (answer.status, answer.text) for request, answer in answers.items()}


@pytest.mark.parametrize("by", [by_starlette, by_flask, by_aiohttp, by_sanic])
def test_the_others_answer_as_the_table_says(by: Callable[[list[str]], Answers]) -> None:
    name = by.__name__.removeprefix("by_")
    table = {row.asked: getattr(row, name) for row in TABLE}
    expected = {path: answer for path, answer in table.items() if answer is not None}
    for path, (status, text) in by(list(expected)).items():
        assert (status, text if status == 200 else None) == expected[path], path


def test_mounts_of_others() -> None:
    paths = ["/sub", "/sub/", "/sub/x", "/sub%2Fx", "/subx"]
    for by, expected in (
        (by_starlette, [307, 200, 200, 200, 404]),
        (by_aiohttp, [404, 200, 200, 404, 404]),
    ):
        answers = by(paths)
        assert [answers[path][0] for path in paths] == expected


def test_methods_of_sanic() -> None:
    answers = sanic_answers("routing", [f"{method} /m" for method in METHODS])
    assert [answers[f"{method} /m"].status for method in METHODS] == [200, 200, 405, 405, 405]
    assert set((answers["PUT /m"].allow or "").split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    ("settings", "head", "options", "allow"),
    [
        ({}, 405, 405, "GET, POST"),  # as aiohttp and Sanic; with a GET of its own for each
        (  # as Flask
            {"automatic_head": True, "automatic_options": True},
            *(200, 204, "GET, HEAD, POST, OPTIONS"),
        ),
    ],
)
def test_methods(site: Any, settings: Any, head: int, options: int, allow: str) -> None:
    rules = [route("/m", Shows, methods=["GET"]), route("/m", Posts, methods=["POST"])]
    here: Site = site(*rules, **settings)
    assert here.ask("GET /m").status == here.ask("POST /m").status == 200
    assert here.ask("HEAD /m").status == head
    assert here.ask("OPTIONS /m").status == options
    answer = here.ask("PUT /m")
    assert (answer.status, answer.header("Allow")) == (405, allow)


def test_mounts(site: Any) -> None:
    inner = Application([route("/", Shows), route("/x", Shows)])
    here: Site = site(Mount("/sub", inner))
    for path, status in (
        ("/sub", 307),  # as Starlette; aiohttp: 404
        ("/sub/", 200),
        ("/sub/x", 200),
        ("/sub%2Fx", 404),  # as aiohttp; Starlette takes it for /sub/x
        ("/subx", 404),
    ):
        assert here.ask(f"GET {path}").status == status, path
