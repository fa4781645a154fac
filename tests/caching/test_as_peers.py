"""The same requests to the same pages, behind nginx and Flask-Caching.

The peers' answers are those of nginx 1.22.1 (``proxy_cache`` with ``proxy_cache_valid 200 60s`` and the key
``$scheme$http_host$request_uri``) in front of these pages without a cache, and of Flask-Caching 2.5.1
(``@cache.cached(timeout=60, query_string=True)`` around views that do the same). Each page answers with a number that
is another one each time its handler is at work: ``K`` stands for the same number twice (it was kept), ``N`` for a new
one.
"""

from typing import Any

import pytest

from tests.caching.helpers import counting
from tests.web.helpers import Site
from tornadolike.caching import Cached

PAGES = {
    "plain": lambda handler: None,
    "cookie": lambda handler: handler.set_cookie("a", "b"),
    "private": lambda handler: handler.set_header("Cache-Control", "private"),
    "no-store": lambda handler: handler.set_header("Cache-Control", "no-store"),
    "max-age-0": lambda handler: handler.set_header("Cache-Control", "max-age=0"),
    "expires": lambda handler: handler.set_header("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "vary": lambda handler: handler.set_header("Vary", "X-A"),
    "vary-star": lambda handler: handler.set_header("Vary", "*"),
    "looks": lambda handler: handler.request.headers.get("X-A"),
    "looks-at-cookie": lambda handler: handler.get_cookie("a"),
    "status": lambda handler: handler.set_status(404),
    "error": lambda handler: handler.set_status(500),
}

BASIC = "Authorization: Basic eDp5"

# What is asked for, twice with these fields; what became of it with us, nginx and Flask-Caching.
TABLE = [
    ("/plain?1", [], "/plain?1", [], "KKK"),
    ("/plain?a=1&b=2", [], "/plain?b=2&a=1", [], "KNK"),
    ("/plain?2", [], "/plain?3", [], "NNN"),
    ("/plain?4", [], "/plain?4", ["Host: other.example"], "NNK"),
    ("/plain?5", [], "/plain?5", ["Cache-Control: no-cache"], "KKK"),
    # Theirs may be somebody's own page.
    ("/plain?6", [], "/plain?6", [BASIC], "NKK"),
    ("/plain?7", [BASIC], "/plain?7", [], "NKK"),
    ("/looks-at-cookie", ["Cookie: a=1"], "/looks-at-cookie", ["Cookie: a=2"], "NKK"),
    ("/looks", ["X-A: 1"], "/looks", ["X-A: 2"], "NKK"),
    ("/vary", ["X-A: 1"], "/vary", ["X-A: 1"], "KKK"),
    ("/vary?1", ["X-A: 1"], "/vary?1", ["X-A: 2"], "NNK"),
    ("/vary-star", [], "/vary-star", [], "NNK"),
    # A handler may find an argument in the body.
    ("/plain?8", [], "/plain?8", ["Content-Length: 3\r\n\r\nx=1"], "NKK"),
    ("/cookie", [], "/cookie", [], "NNK"),
    ("/private", [], "/private", [], "NNK"),
    ("/no-store", [], "/no-store", [], "NNK"),
    ("/max-age-0", [], "/max-age-0", [], "NNK"),
    ("/expires", [], "/expires", [], "NNK"),
    ("/status", [], "/status", [], "NNK"),
    ("/error", [], "/error", [], "NNK"),
]


@pytest.fixture
def pages(site: Any) -> Site:
    def page(respond: Any) -> type:
        def get(self: Any) -> None:
            self.write(str(self.number))
            respond(self)

        return counting(get=get)

    rules = [(f"/{name}", page(respond)) for name, respond in PAGES.items()]
    return site(*rules, middleware=[Cached(60)])


def number(pages: Site, path: str, fields: list[str]) -> bytes:
    if not any(field.startswith("Host:") for field in fields):
        fields = ["Host: site.example", *fields]
    head = "\r\n".join([f"GET {path} HTTP/1.1", *fields])
    with pages.connect() as connection:
        connection.sock.sendall(
            f"{head}\r\n\r\n".encode() if "\r\n\r\n" not in head else head.encode()
        )
        return connection.receive().body


def test_what_is_kept(pages):
    for path, fields, other, other_fields, expected in TABLE:
        same = number(pages, path, fields) == number(pages, other, other_fields)
        assert "NK"[same] == expected[0], (path, fields, other_fields)
