"""The same requests to the same site on real servers: ours, nginx, Python's; over TCP, TLS and Unix sockets."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.httpclient.behaviours import sites
from tests.httpclient.behaviours.engines import Engine, outcome
from tests.httpclient.behaviours.nginx import LARGE, PAGE
from tests.tls_certs import Certificates


@dataclass(frozen=True)
class Site:
    """Where the site is, and what is to be said to get there."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)


SITES = ["ours", "ours-tls", "nginx", "nginx-tls", "nginx-unix", "python", "python-1.0"]


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, certs: Certificates) -> Iterator[Site]:
    """Each server in turn."""
    server, _, way = request.param.partition("-")
    if server == "python":
        handler = sites.OldPythonHandler if way == "1.0" else sites.PythonHandler
        with sites.python_server(handler) as url:
            yield Site(url)
    elif server == "ours":
        serve: Callable[..., Any] = request.getfixturevalue("serve")
        tls = {"ssl_options": certs.server_context(), "client_context": certs.client_context()}
        made = serve(sites.our_application(), **(tls if way == "tls" else {}))
        yield Site(made.url, {"ca_certs": certs.ca} if way == "tls" else {})
    else:
        nginx = request.getfixturevalue("nginx")
        yield {
            "": Site(nginx.url),
            "tls": Site(nginx.tls_url, {"ca_certs": certs.ca}),
            "unix": Site("http://localhost", {"unix_socket": nginx.socket}),
        }[way]


@dataclass(frozen=True)
class Ask:
    """A request, and what comes of it."""

    path: str
    expected: str
    options: dict[str, Any] = field(default_factory=dict)


def ask(path: str, expected: str, **options: Any) -> Ask:
    return Ask(path, expected, options)


LONG = b"0123456789" * 50_000

ASKS = [
    ask("/hello", "200 hello"),
    ask("/hello", "200", method="HEAD"),
    ask("/hello?a=b#c", "200 hello"),
    ask("/large", f"200 with {len(LARGE)} bytes"),
    ask("/nothing", "204"),
    ask("/missing", "HTTPError 404"),
    ask("/page.html", f"200 with {len(PAGE)} bytes"),
    ask("/page.html", f"200 with {len(PAGE)} bytes", decompress_response=False),
    ask("/agent", "200 me", user_agent="me"),
    ask("/agent", "200 them", headers={"User-Agent": "them"}),
    # Redirects
    ask("/moved", "200 hello"),
    ask("/moved-for-good", "200 hello"),
    ask("/moved", "HTTPError 302", follow_redirects=False),
    ask("/moved", "HTTPError 302", max_redirects=0),
    ask("/round", "TooManyRedirectsError"),
    ask("/round", "TooManyRedirectsError", max_redirects=1),
    ask("/see-other", "200 GET", method="POST", body=b"a"),
    ask("/found", "200 GET", method="POST", body=b"a"),
    ask("/temporary", "200 POST", method="POST", body=b"a"),
    ask("/permanent", "200 POST", method="POST", body=b"a"),
    ask("/permanent", "200", method="HEAD"),
    # Who is asking
    ask("/private", "HTTPError 401"),
    ask("/private", "200 secret", auth_username=sites.USER, auth_password=sites.PASSWORD),
    ask("/private", "HTTPError 401", auth_username=sites.USER, auth_password="else"),
    # Bodies
    ask("/upload/a", "201", method="PUT", body=b"hello"),
    ask("/upload/a", "200 hello"),
    ask("/upload/a", "204", method="PUT", body=b""),
    ask("/upload/a", "200"),
    ask("/upload/a", "204", method="PUT", body=LONG),
    ask("/upload/a", f"200 with {len(LONG)} bytes"),
    ask("/upload/a", "204", method="DELETE"),
    ask("/upload/a", "HTTPError 404"),
]


def test_the_table(engine: Engine, site: Site) -> None:
    """All of it one after another, by one client."""

    async def main(client: Any) -> list[tuple[str, Any, str]]:
        return [
            (
                each.path,
                each.options,
                await outcome(client, site.url + each.path, **each.options, **site.options),
            )
            for each in ASKS
        ]

    assert engine.run(main) == [(each.path, each.options, each.expected) for each in ASKS]


def test_all_at_once(engine: Engine, site: Site) -> None:
    """More than the client has connections for; each gets the answer to its own question."""

    async def main(client: Any) -> None:
        paths = ["/hello", "/large", "/nothing", "/page.html", "/moved"] * 8
        fetches = [client.fetch(site.url + path, **site.options) for path in paths]
        responses = await asyncio.gather(*fetches)
        bodies = {"/large": LARGE, "/nothing": b"", "/page.html": PAGE}
        for path, response in zip(paths, responses, strict=True):
            assert response.body == bodies.get(path, b"hello")

    engine.run(main, max_clients=4)


def test_effective_url_and_request(engine: Engine, site: Site) -> None:
    async def main(client: Any) -> None:
        response = await client.fetch(f"{site.url}/moved", **site.options)
        assert response.effective_url == f"{site.url}/hello"
        assert response.request.url == f"{site.url}/moved"
        assert [(each.code, each.effective_url) for each in response.history] == [
            (302, f"{site.url}/moved")
        ]
        assert response.request_time > 0
        assert response.time_info["total"] > 0

    engine.run(main)


def test_streamed(engine: Engine, site: Site) -> None:
    async def main(client: Any) -> None:
        pieces: list[bytes] = []
        response = await client.fetch(
            f"{site.url}/large", streaming_callback=pieces.append, **site.options
        )
        assert response.body == b""
        assert b"".join(pieces) == LARGE

        lines: list[str] = []
        await client.fetch(f"{site.url}/hello", header_callback=lines.append, **site.options)
        assert lines[0].split()[1] == "200"
        assert lines[-1] == "\r\n"
        assert all(line.endswith("\r\n") for line in lines)

    engine.run(main)


def test_http_2(nginx: Any, certs: Certificates) -> None:
    """By curl, over TLS, without being asked to."""
    engine = Engine("curl")
    found = engine.outcome(f"{nginx.tls_url}/protocol", ca_certs=certs.ca)
    assert found == "200 HTTP/2.0"
    assert engine.outcome(f"{nginx.url}/protocol") == "200 HTTP/1.1"
