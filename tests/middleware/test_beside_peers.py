"""The same requests to Starlette's middleware, to aiohttp-cors and to ours.

Of CORS it is compared what a browser makes of the answers, which is what they are for. What is another with us, and
why, docs/ready-middleware.rst tells too.

aiohttp-cors (0.8.1) is asked where it is installed: it is in the extra ``peers``.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp.web
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.middleware.helpers import RULES, ask_host
from tests.web.helpers import Site
from tornadolike.middleware import CORS, HTTPSRedirect, TrustedHosts

APP, EVIL = "https://app.test", "https://evil.test"


class Said(NamedTuple):
    status: int
    headers: dict[str, str]
    """By their names in lower case."""


def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse("plain")


def failing(request: Request) -> PlainTextResponse:
    raise HTTPException(418)


STARLETTE = Starlette(
    routes=[Route("/", plain, methods=["GET", "PUT"]), Route("/failing", failing)]
)


def ask_starlette(app: Any, method: str, path: str, headers: dict[str, str]) -> Said:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": fields, "root_path": "", "scheme": "http"}
    scope |= {"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "http_version": "1.1"}
    asyncio.run(app(scope, receive, send))
    fields = sent[0]["headers"]
    return Said(sent[0]["status"], {name.decode(): value.decode() for name, value in fields})


def ask_us(site: Site, method: str, path: str, headers: dict[str, str]) -> Said:
    answer = site.ask(f"{method} {path}", *(f"{name}: {value}" for name, value in headers.items()))
    return Said(answer.status, {name.lower(): value for name, value in answer.headers.items()})


# CORS


def decided(said: Said, origin: str | None, method: str | None, names: list[str]) -> str:
    """What a browser makes of it, whose page wants to see a response, or asks beforehand (Fetch 4.8, 4.9, 4.10)."""
    allowed = said.headers.get("access-control-allow-origin")
    if allowed not in (origin, "*") or origin is None:
        return "no"
    if said.headers.get("access-control-allow-credentials") != "true" or allowed == "*":
        return "no cookies"
    if method is None:
        return f"reads {said.status}"
    listed = {
        header: [
            name.strip()
            for name in said.headers.get(f"access-control-allow-{header}", "").split(",")
        ]
        for header in ("methods", "headers")
    }
    known = {name.lower() for name in listed["headers"]}
    if not 200 <= said.status <= 299 or not known.issuperset(names):
        return "no"
    return "sends" if method in (*listed["methods"], "GET", "HEAD", "POST") else "no"


ASKED: list[tuple[str, str | None, str | None, list[str], str, str, str]] = [
    # path, Origin, the method and the headers that a preflight asks for; what a browser makes of the answers of
    # Starlette, aiohttp-cors and us
    ("/", None, None, [], "no", "no", "no"),
    ("/", APP, None, [], "reads 200", "reads 200", "reads 200"),
    ("/", EVIL, None, [], "no", "no", "no"),
    ("/", "null", None, [], "no", "no", "no"),
    ("/failing", APP, None, [], "reads 418", "reads 418", "reads 418"),
    # aiohttp-cors is about routes, and there is none: its page does not learn why.
    ("/nowhere", APP, None, [], "reads 404", "no", "reads 404"),
    ("/nowhere", APP, "PUT", [], "sends", "no", "sends"),
    ("/", APP, "PUT", [], "sends", "sends", "sends"),
    ("/", APP, "PUT", ["x-token", "content-type"], "sends", "sends", "sends"),
    ("/", APP, "GET", ["x-token"], "sends", "sends", "sends"),
    # A method that needs nobody's leave, wherever it is not listed: Fetch 4.8, step 7.5. The handler says 405.
    ("/", APP, "POST", ["x-token"], "no", "no", "sends"),
    ("/", EVIL, "PUT", [], "no", "no", "no"),
    ("/", APP, "DELETE", [], "no", "no", "no"),
    ("/", APP, "put", [], "no", "no", "no"),
    ("/", APP, "PUT", ["x-other"], "no", "no", "no"),
    # Browsers ask for it only with a value that is no ordinary one; Starlette lets it pass.
    ("/", APP, "PUT", ["accept"], "sends", "no", "no"),
]


def request_of(
    path: str, origin: str | None, method: str | None, names: list[str]
) -> tuple[str, str, dict[str, str]]:
    headers = {} if origin is None else {"Origin": origin}
    if method is not None:
        headers["Access-Control-Request-Method"] = method
        if names:
            headers["Access-Control-Request-Headers"] = ", ".join(names)
    return "GET" if method is None else "OPTIONS", path, headers


def test_browsers_are_told_as_by_others(site: Callable[..., Site]) -> None:
    starlette = CORSMiddleware(
        STARLETTE,
        allow_origins=[APP],
        allow_methods=["GET", "PUT"],
        allow_headers=["Content-Type", "X-Token"],
        allow_credentials=True,
    )
    cors = CORS([APP], methods=["PUT"], headers=["Content-Type", "X-Token"], credentials=True)
    ours = site(*RULES, middleware=[cors])
    for path, origin, method, names, by_starlette, _, by_us in ASKED:
        asked = request_of(path, origin, method, names)
        case = (path, origin, method, names)
        said = ask_starlette(starlette, *asked), ask_us(ours, *asked)
        assert decided(said[0], origin, method, names) == by_starlette, case
        assert decided(said[1], origin, method, names) == by_us, case
        assert "Origin" in said[0].headers["vary"], case
        assert "Origin" in said[1].headers["vary"], case
        if by_us == "no" and origin != APP:  # Starlette says the rest all the same
            assert not any(name.startswith("access-control") for name in said[1].headers), case


def test_browsers_are_told_by_aiohttp_cors_as_the_table_says() -> None:
    aiohttp_cors = pytest.importorskip("aiohttp_cors", reason="asks a peer (the extra peers)")

    async def get(request: Any) -> Any:
        return aiohttp.web.Response(text="plain")

    async def fail(request: Any) -> Any:
        return aiohttp.web.Response(status=418)

    async def ask() -> list[Said]:
        app = aiohttp.web.Application()
        cors = aiohttp_cors.setup(app)
        options = aiohttp_cors.ResourceOptions(
            allow_credentials=True,
            allow_headers=["Content-Type", "X-Token"],
            allow_methods=["GET", "PUT"],
        )
        for path, function in (("/", get), ("/failing", fail)):
            resource = cors.add(app.router.add_resource(path))
            for method in ("GET", "PUT"):
                cors.add(resource.add_route(method, function), {APP: options})
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0]
        said = []
        async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
            for row in ASKED:
                method, path, headers = request_of(*row[:4])
                async with client.request(method, path, headers=headers) as answer:
                    fields = {name.lower(): value for name, value in answer.headers.items()}
                    said.append(Said(answer.status, fields))
        await runner.cleanup()
        return said

    for (path, origin, method, names, _, by_them, _), said in zip(
        ASKED, asyncio.run(ask()), strict=True
    ):
        assert decided(said, origin, method, names) == by_them, (path, origin, method, names)


# Hosts

HOSTS = [
    # Host, Starlette's status, ours
    ("example.com", 200, 200),
    ("example.com:8080", 200, 200),
    ("www.example.com", 200, 200),
    ("a.b.example.com", 200, 200),
    ("evil.test", 400, 400),
    ("example.com.evil.test", 400, 400),
    ("evilexample.com", 400, 400),
    # The same host, written in another way.
    ("EXAMPLE.com", 200, 200),
    ("example.com.", 400, 200),
    ("[0:0:0:0:0:0:0:1]:80", 400, 200),
]


def test_hosts_are_told_apart_as_by_starlette(site: Callable[..., Site]) -> None:
    starlette = TrustedHostMiddleware(STARLETTE, ["example.com", "*.example.com", "[::1]"])
    ours = site(*RULES, middleware=[TrustedHosts(["example.com", "*.example.com", "[::1]"])])
    answers = [
        (
            host,
            ask_starlette(starlette, "GET", "/", {"Host": host}).status,
            ask_host(ours, host).status,
        )
        for host, _, _ in HOSTS
    ]
    assert answers == HOSTS


# HTTPS


@pytest.mark.parametrize(
    ("host", "target", "by_starlette", "by_us"),
    [
        ("a.test", "/", "https://a.test/", "https://a.test/"),
        ("a.test", "/b%20c", "https://a.test/b%20c", "https://a.test/b%20c"),
        ("a.test:80", "/", "https://a.test/", "https://a.test/"),
        # It keeps other ports, at which nobody speaks TLS as a rule; with us port= says which.
        ("a.test:8080", "/", "https://a.test:8080/", "https://a.test/"),
        # Who signs certificates asks in the clear.
        (
            "a.test",
            "/.well-known/acme-challenge/x",
            "https://a.test/.well-known/acme-challenge/x",
            None,
        ),
    ],
)
def test_redirects_as_of_starlette(
    site: Callable[..., Site], host: str, target: str, by_starlette: str, by_us: str | None
) -> None:
    theirs = ask_starlette(
        HTTPSRedirectMiddleware(STARLETTE), "GET", target.replace("%20", " "), {"Host": host}
    )
    assert (theirs.status, theirs.headers["location"]) == (307, by_starlette)
    ours = ask_host(site(*RULES, middleware=[HTTPSRedirect()]), host, target)
    assert ours.header("Location") == by_us
    assert ours.status == (404 if by_us is None else 307)
