"""Responses that are kept, on a site that is served."""

import http.client
import inspect
import itertools
import time
from typing import Any

import pytest

from tests.caching.helpers import cached, counting, ways
from tornadolike.caching import Cached
from tornadolike.web import (
    Application,
    HeaderVersions,
    HTTPError,
    Mount,
    RequestHandler,
    StaticFileHandler,
    route,
    url,
)


def test_a_handler_is_at_work_once(site, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)  # of Age and Date
    pages = cached()
    site = site(("/", counting()), middleware=[pages])
    assert ways(site, "GET /", "GET /", "GET /") == [("MISS", "1"), ("HIT", "1"), ("HIT", "1")]
    assert (pages.counts.hits, pages.counts.misses) == (2, 1)
    first, second = (site.ask("GET /?x") for _ in range(2))
    assert second.header("Age") == "0"
    assert first.header("Age") is None
    ours = {"X-Cache", "Age"}
    assert {(k, v) for k, v in first.headers.items() if k not in ours} == {
        (k, v) for k, v in second.headers.items() if k not in ours
    }


def test_what_tells_responses_apart(site):
    def get(self: Any) -> None:
        self.set_header("Vary", "X-Told")
        looked_at = self.request.headers.get("X-Looked-At", "")
        self.write(f"{self.number} {looked_at}")

    site = site((r"/.*", counting(get=get)), middleware=[cached(vary=["X-Always"])])
    same = [
        ("GET /a?x=1&y=2&x=3", "GET /a?y=2&x=1&x=3"),
        ("GET /a", ("GET /a", "X-Other: 1")),
        (("GET /b", "X-Told: a, b"), ("GET /b", "X-Told:  a,b ")),
        (("GET /c", "X-Told: a", "X-Told: b"), ("GET /c", "X-Told: a,b")),
    ]
    different = [
        ("GET /d", "GET /D"),
        ("GET /d?", "GET /d?x"),
        ("GET /e?x=1&x=2", "GET /e?x=2&x=1"),
        ("GET /e?a=1&%61=2", "GET /e?%61=2&a=1"),
        ("GET /f?x=1", "GET /f?x=2"),
        ("GET /g", ("GET /g", "X-Told: a")),
        ("GET /h", ("GET /h", "X-Looked-At: a")),
        ("GET /i", ("GET /i", "X-Always: a")),
        (("GET /j", "X-Told: a", "X-Looked-At: b"), ("GET /j", "X-Told: b", "X-Looked-At: a")),
    ]
    for one, other in same:
        (_, first), (how, second) = ways(site, one, other)
        assert (how, first) == ("HIT", second), (one, other)
    for one, other in different:
        (_, first), (how, second) = ways(site, one, other)
        assert how == "MISS", (one, other)
        assert first != second, (one, other)
        assert ways(site, one, other) == [("HIT", first), ("HIT", second)], (one, other)
    assert site.ask("GET /h").header("Vary") == "X-Told, X-Always, X-Looked-At"
    hosts = ["a.example", "b.example", "A.example", "a.example:81"]
    bodies = [site.ask("GET /k", "X-Told: 1", f"X: {n}").text for n in range(2)]
    assert bodies[0] == bodies[1]
    with site.connect() as connection:
        answers = []
        for host in hosts:
            connection.sock.sendall(f"GET /l HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answers.append(connection.receive().text)
    assert answers[0] == answers[2]
    assert len(set(answers)) == 3


def test_what_is_not_kept(site):
    def responds(respond: Any) -> type[RequestHandler]:
        def get(self: Any) -> Any:
            self.write(str(self.number))
            answer = respond(self)
            return answer if inspect.iscoroutine(answer) else None

        return counting(get=get, get_current_user=lambda self: None)

    async def flushes_a_lot(handler: Any) -> None:
        for _ in range(3):
            handler.write(bytes(100))
            await handler.flush()

    async def is_cut_short(handler: Any) -> None:
        handler.set_header("Content-Length", "10")
        await handler.flush()
        handler.request.connection.close()

    def fails(handler: Any) -> None:
        raise HTTPError(404)

    responses = {
        "cookie": lambda handler: handler.set_cookie("a", "b"),
        "cookie-header": lambda handler: handler.add_header("Set-Cookie", "a=b"),
        "private": lambda handler: handler.set_header("Cache-Control", "private"),
        "private-field": lambda handler: handler.set_header("Cache-Control", 'private="a, b"'),
        "no-store": lambda handler: handler.set_header("Cache-Control", "public, No-Store"),
        "no-cache": lambda handler: handler.set_header("Cache-Control", "no-cache"),
        "max-age": lambda handler: handler.set_header("Cache-Control", "max-age=0"),
        "s-maxage": lambda handler: handler.set_header("Cache-Control", "max-age=9, s-maxage=0"),
        "bad-age": lambda handler: handler.set_header("Cache-Control", "max-age=soon"),
        "expires": lambda handler: handler.set_header("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        "bad-expires": lambda handler: handler.set_header("Expires", "0"),
        "vary": lambda handler: handler.set_header("Vary", "Accept, *"),
        "vary-cookie": lambda handler: handler.set_header("Vary", "cookie"),
        "status": lambda handler: handler.set_status(201),
        "fails": fails,
        "trailers": lambda handler: handler.set_trailer("X-Sum", "1"),
        "large": lambda handler: handler.write(bytes(200)),
        "large-stream": flushes_a_lot,
        "get_cookie": lambda handler: handler.get_cookie("a"),
        "cookies": lambda handler: handler.cookies,
        "cookie-by-header": lambda handler: handler.request.headers.get("cookie"),
        "all-headers": lambda handler: dict(handler.request.headers),
        "copied-headers": lambda handler: handler.request.headers.copy(),
        "current_user": lambda handler: handler.current_user and None,
        "xsrf": lambda handler: handler.write(handler.xsrf_token),
        "remote_ip": lambda handler: handler.write(handler.request.remote_ip),
    }
    site = site(
        *[(f"/{name}", responds(respond)) for name, respond in responses.items()],
        middleware=[cached(max_size=150)],
    )
    for name in responses:
        for _ in range(2):
            first, second = site.ask(f"GET /{name}"), site.ask(f"GET /{name}", "Cookie: a=b")
            # Each was made for itself, by the same path and without a header that tells them apart.
            assert first.body != second.body or first.status != 200, name
            assert second.header("X-Cache") in ("PASS", "MISS"), name
    assert not [key for key in site_entries(site) if key[:1] == b"R"]


def site_entries(site: Any) -> list[bytes]:
    [pages] = site.application.middleware
    return [value for value, _ in pages.store._entries.values()]


def test_requests_that_are_the_handlers_own_affair(site):
    def post(self: Any) -> None:
        self.write(str(self.number))

    def get(self: Any) -> None:
        self.write(str(self.number) + self.get_argument("x", ""))

    site = site(("/", counting(get=get, post=post, head=get)), middleware=[cached()])
    assert ways(site, "GET /") == [("MISS", "1")]
    for fields in (
        ["Authorization: Basic eDp5"],
        ["X-Api-Key: 1"],
        ["Range: bytes=0-"],
        ['If-Match: "x"'],
        ["Upgrade: websocket"],
    ):
        assert site.ask("GET /", *fields).header("X-Cache") == "PASS", fields
    form = "Content-Type: application/x-www-form-urlencoded"
    assert site.ask("GET /", form, body=b"x=evil").text.endswith("evil")
    assert site.ask("POST /", body=b"").header("X-Cache") == "PASS"
    assert ways(site, "GET /", ("GET /", "Content-Length: 0")) == [("HIT", "1")] * 2


def test_conditions_and_head_are_answered_from_what_is_kept(site):
    def get(self: Any) -> None:
        self.set_header("Last-Modified", "Mon, 23 Nov 2020 00:00:00 GMT")
        self.write(str(self.number))

    site = site(("/", counting(get=get, head=get)), ("/get", counting()), middleware=[cached()])
    # Also the first one, whose handler has to make the whole response, for others.
    cold = site.ask("GET /", 'If-None-Match: "356a192b7913b04c54574d18c28d46e6395428ab"')
    assert (cold.status, cold.body, cold.header("X-Cache")) == (304, b"", "MISS")
    answer = site.ask("GET /")
    assert (answer.header("X-Cache"), answer.text) == ("HIT", "1")
    for field, status in (
        (f"If-None-Match: {answer.header('Etag')}", 304),
        (f"If-None-Match: W/{answer.header('Etag')}", 304),
        ("If-None-Match: *", 304),
        ('If-None-Match: "x"', 200),
        ("If-Modified-Since: Mon, 23 Nov 2020 00:00:00 GMT", 304),
        ("If-Modified-Since: Sun, 22 Nov 2020 00:00:00 GMT", 200),
        ("If-Modified-Since: whenever", 200),
    ):
        got = site.ask("GET /", field)
        assert (got.status, got.header("X-Cache")) == (status, "HIT"), field
        assert got.header("Etag") == answer.header("Etag")
    both = site.ask(
        "GET /", 'If-None-Match: "x"', "If-Modified-Since: Mon, 23 Nov 2020 00:00:00 GMT"
    )
    assert both.status == 200
    head = site.ask("HEAD /")
    assert (head.header("X-Cache"), head.header("Content-Length"), head.body) == ("HIT", "1", b"")
    # One who does not answer HEAD does not begin to because of the cache.
    assert [site.ask("GET /get").status, site.ask("HEAD /get").status] == [200, 405]


def test_a_condition_is_still_the_handlers_where_nothing_is_kept(site):
    def get(self: Any) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write("x")

    site = site((r"/.*", counting(get=get)), middleware=[cached()])
    etag = site.ask("GET /").header("Etag")
    for path in ("/", "/never-asked-for-before"):
        assert site.ask(f"GET {path}", f"If-None-Match: {etag}").status == 304, path


def test_a_stream_that_is_shorter_than_it_says_is_not_kept(site, expect_log):
    async def get(self: Any) -> None:
        self.set_header("Content-Length", "10")
        self.write(str(self.number))
        await self.flush()

    pages = cached()
    site = site(("/", counting(get=get)), middleware=[pages])
    with (
        expect_log("tornadolike.application", "Uncaught", count=2),
        expect_log("tornadolike.general", "Cannot send error", count=2),
    ):
        for _ in range(2):
            with pytest.raises(http.client.IncompleteRead):
                site.ask("GET /")
    assert (pages.counts.hits, pages.counts.misses) == (0, 2)


def test_streams_and_files_are_kept_whole(site, tmp_path):
    async def get(self: Any) -> None:
        for piece in ("a", "b", str(self.number)):
            self.write(piece)
            await self.flush()

    (tmp_path / "x.txt").write_bytes(b"x" * 3000)
    site = site(
        ("/", counting(get=get)),
        (r"/files/(.*)", StaticFileHandler, {"path": tmp_path}),
        middleware=[cached()],
        compress_response=True,
    )
    assert ways(site, "GET /", "GET /") == [("MISS", "ab1"), ("HIT", "ab1")]
    assert site.ask("GET /").header("Content-Length") == "3"
    first = site.ask("GET /files/x.txt", "Accept-Encoding: gzip")
    second = site.ask("GET /files/x.txt")
    zipped = site.ask("GET /files/x.txt", "Accept-Encoding: gzip")
    assert first.header("Content-Encoding") == zipped.header("Content-Encoding") == "gzip"
    assert (second.header("X-Cache"), second.header("Content-Encoding")) == ("HIT", None)
    assert second.body == b"x" * 3000
    assert zipped.header("X-Cache") == "HIT"
    assert zipped.header("Vary") == "Accept-Encoding"
    part = site.ask("GET /files/x.txt", "Range: bytes=0-9")
    assert (part.status, len(part.body), part.header("X-Cache")) == (206, 10, "PASS")


def test_statuses_by_choice(site):
    def get(self: Any) -> None:
        raise HTTPError(404, detail=str(self.number))

    site = site(("/", counting(get=get)), middleware=[cached(statuses=[200, 404])])
    first, second = site.ask("GET /"), site.ask("GET /")
    assert (first.status, second.status) == (404, 404)
    assert first.body == second.body
    assert second.header("X-Cache") == "HIT"


def test_a_head_that_is_gone_already(site):
    async def begin(handler: Any, call_next: Any) -> None:
        handler.write("begun ")
        handler.flush()
        await call_next(handler)

    pages = cached()
    site = site(("/", counting()), middleware=[begin, pages])
    assert [site.ask("GET /").text for _ in range(2)] == ["begun 1", "begun 2"]


def test_clients_may_ask_for_a_new_one_by_choice(site):
    new = ("GET /", "Cache-Control: no-cache")
    for obeys, expected in ((False, ["MISS", "HIT", "HIT"]), (True, ["MISS", "MISS", "HIT"])):
        served = site(("/", counting()), middleware=[cached(obeys_no_cache=obeys)])
        assert [how for how, _ in ways(served, "GET /", new, "GET /")] == expected


def test_default_headers_are_those_of_the_handler(site):
    class Page(counting()):  # type: ignore[misc]
        def set_default_headers(self) -> None:
            self.set_header("X-Frame-Options", "DENY")
            self.set_header("X-Number", str(next(numbers)))

        def get(self) -> None:
            self.clear_header("X-Frame-Options")
            self.add_header("Link", "<a>")
            self.add_header("Link", "<b>")
            self.set_status(200, "Fine")
            super().get()

    numbers = itertools.count(1)
    site = site(("/", Page), middleware=[cached()])
    answers = [site.ask("GET /") for _ in range(3)]
    for number, answer in enumerate(answers, 1):
        assert answer.header("X-Number") == str(number)  # made anew for each response
        assert answer.header("X-Frame-Options") is None
        assert answer.headers.get_all("Link") == ["<a>", "<b>"]
        assert (answer.reason, answer.text) == ("Fine", "1")


def test_what_is_mounted_twice(site):
    inner = Application([("/x", counting())])
    pages = cached()
    site = site(Mount("/a", inner), Mount("/b", inner), middleware=[pages])
    assert ways(site, "GET /a/x", "GET /b/x", "GET /a/x") == [
        ("MISS", "1"),
        ("MISS", "2"),
        ("HIT", "1"),
    ]
    site.server.call(pages.invalidate_path, "/a/x")
    assert [how for how, _ in ways(site, "GET /a/x", "GET /b/x")] == ["MISS", "HIT"]


def test_nested_and_twice(site):
    pages = cached()
    rule = url("/", counting(), middleware=[pages, cached()])
    site = site(rule, middleware=[pages])
    assert [body for _, body in ways(site, "GET /", "GET /")] == ["1", "1"]


def test_wrong_arguments():
    for error, options in (
        (ValueError, {"seconds": 0}),
        (ValueError, {"wait_seconds": -1}),
        (ValueError, {"stale_if_error": -1}),
        (ValueError, {"statuses": [206]}),
        (ValueError, {"personal": True}),
        (TypeError, {"names": "posts"}),
        (TypeError, {"names": [1]}),
        (TypeError, {"vary": "Accept"}),
        (TypeError, {"vary": [1]}),
        (TypeError, {"ignored": None}),
        (TypeError, {"seconds": "60"}),
        (TypeError, {"max_size": None}),
        (TypeError, {"statuses": ["200"]}),
        (TypeError, {"store": "redis://"}),
        (TypeError, {"key": "page"}),
        (ValueError, {"header": "X Cache"}),
        (ValueError, {"stale_if_error": float("nan")}),
    ):
        with pytest.raises(error):
            Cached(**options)


@pytest.mark.parametrize("around", ["rule", "application"])
def test_versions_by_header_are_told_apart(site, around):
    versions = HeaderVersions("api-version", default="1")
    pages = cached()
    inner, outer = ([pages], []) if around == "rule" else ([], [pages])

    class Says(RequestHandler):
        def initialize(self, what: str) -> None:
            self.what = what

        def get(self) -> None:
            self.write(self.what)

    rules = [
        route("/", Says, {"what": number}, version=versions(number), middleware=inner)
        for number in ("1", "2")
    ]
    site = site(*rules, middleware=outer)
    asked = [("GET /", "API-Version: 1"), ("GET /", "API-Version: 2"), "GET /"]
    assert ways(site, *asked) == [("MISS", "1"), ("MISS", "2"), ("MISS", "1")]
    assert ways(site, *asked) == [("HIT", "1"), ("HIT", "2"), ("HIT", "1")]
