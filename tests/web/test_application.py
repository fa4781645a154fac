"""Rules, hosts and settings."""

import asyncio
import logging
import re
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tornadolike
from tests.web.helpers import FakeConnection, Site
from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing import AnyMatches
from tornadolike.web import (
    Application,
    ErrorHandler,
    RequestHandler,
    StaticFileHandler,
    URLSpec,
    url,
)


class Says(RequestHandler):
    def initialize(self, what: str = "") -> None:
        self.what = what

    def get(self, *args: str, **kwargs: str) -> None:
        self.write(f"{self.what}{args or ''}{kwargs or ''}")


def says(what: str) -> dict[str, str]:
    return {"what": what}


def test_the_first_rule_that_matches_answers(site: Callable[..., Site]) -> None:
    served = site(
        ("/a", Says, says("a")),
        [r"/([b-c])", Says, says("group")],
        url(r"/(?P<n>\d+)", Says, says("named"), name="number"),
        URLSpec(r"/b", Says, says("never")),
        ("/d$", Says, says("d")),
        (re.compile(r"/begins"), Says, says("begins")),
    )
    with served.connect() as connection:
        for path, text in (
            ("/a", "a"),
            ("/a?b=c", "a"),
            ("/b", "group('b',)"),
            ("/7", "named{'n': '7'}"),
            ("/d", "d"),
            ("/begins-with-it", "begins"),
        ):
            assert connection.ask(f"GET {path}").text == text
        for path in ("/", "/A", "/a/", "/aa", "/d/", "//a", "/a%2F", "/e"):
            assert connection.ask(f"GET {path}").status == 404


def test_handlers_by_name() -> None:
    application = Application([("/", "tornadolike.web.ErrorHandler", {"status_code": 418})])
    assert application.wildcard_router.rules[0].target is ErrorHandler
    with pytest.raises(ImportError):
        Application([("/", "tornadolike.web.Nothing")])


async def coroutine(request: HTTPServerRequest) -> None:
    pass


# The rule, and what is said of it.
NO_RULES = [
    (("/",), "a rule is"),
    ((), "a rule is"),
    ("/", "a rule is"),
    (None, "a rule is"),
    (("/", Says, {}, "name", "more"), "a rule is"),
    (("/", None), "a rule's target is"),
    (("/", int), "a rule's target is .*not <class 'int'>"),
    (("/", [("/", 7)]), "a rule's target is"),
    (("/", coroutine), "a coroutine function"),
    (("/", Says, "name"), r"are a dict, not 'name' \(its name comes behind"),
    (("/", Says, {}, 7), "the name of a rule is text"),
    ((7, Says), "a rule begins with a Matcher"),
    ((AnyMatches, Says), "a rule begins with a Matcher"),
    ((re.compile(b"/"), Says), "a regular expression for text"),
]


def test_what_is_no_rule_is_refused_at_once() -> None:
    for rule, text in NO_RULES:
        with pytest.raises(TypeError, match=text):
            Application([rule])
    with pytest.raises(TypeError, match="rules are a list"):
        Application("/")  # type: ignore[arg-type]
    with pytest.raises(re.error, match=r"in the rule '/\(' at position 1"):
        Application([("/(", Says)])
    with pytest.raises(ImportError):
        Application([("/", "tornadolike.web.Nothing")])


def test_hosts(site: Callable[..., Site]) -> None:
    served = site(
        ("/", Says, says("all")), ("/both", Says, says("all")), default_host="www.example.com"
    )
    application = served.application
    application.add_handlers(r"www\.example\.com", [("/", Says, says("www")), ("/www", Says)])
    application.add_handlers(
        r".*\.example\.com", [("/", Says, says("any")), ("/both", Says, says("any"))]
    )
    application.add_handlers(r"www\.example\.com$", [("/", Says, says("too late"))])
    # path, host, more headers, status, text
    for path, host, headers, expected in (
        ("/", "www.example.com", [], "www"),
        ("/", "WWW.Example.COM:8080", [], "www"),
        ("/both", "www.example.com", [], "any"),
        ("/", "other.example.com", [], "any"),
        ("/", "example.com", [], "all"),
        ("/", "www.example.com.evil.com", [], "all"),
        # Everybody's rules come before those of the default host.
        ("/", "unknown", [], "all"),
        ("/www", "unknown", [], ""),
        ("/www", "unknown", ["X-Real-Ip: 1.2.3.4"], 404),
        ("/www", "www.example.com", ["X-Real-Ip: 1.2.3.4"], ""),
        ("/nope", "www.example.com", [], 404),
    ):
        lines = "".join(
            f"{line}\r\n" for line in [f"GET {path} HTTP/1.1", f"Host: {host}", *headers]
        )
        with served.connect() as connection:
            connection.sock.sendall(f"{lines}\r\n".encode())
            answer = connection.receive()
        assert (answer.text if isinstance(expected, str) else answer.status) == expected, (
            path,
            host,
        )


def test_without_a_default_host(site: Callable[..., Site]) -> None:
    served = site(("/", Says, says("all")))
    served.application.add_handlers("www", [("/www", Says)])
    assert served.ask("GET /www").status == 404


def test_reverse_url(caplog: pytest.LogCaptureFixture) -> None:
    application = Application([("/", Says, {}, "home"), url(r"/(\d+)", Says, name="number")])
    application.add_handlers(
        "host", [url("/there", Says, name="there"), ("/back", Says, {}, "home")]
    )
    assert not caplog.records
    application.wildcard_router.add_rules([("/number", Says, {}, "number")])
    assert application.reverse_url("number") == "/number"
    assert application.reverse_url("there") == "/there"
    assert application.reverse_url("home") == "/back"
    assert "named number" in caplog.text
    with pytest.raises(KeyError, match="nope"):
        application.reverse_url("nope")


class Custom404(RequestHandler):
    def initialize(self, text: str = "nothing here") -> None:
        self.text = text

    def get(self) -> None:
        self.set_status(404)
        self.write(self.text)


def test_default_handler_class(site: Callable[..., Site]) -> None:
    served = site(("/", Says, says("home")), default_handler_class=Custom404)
    assert served.ask("GET /").text == "home"
    answer = served.ask("GET /nope")
    assert (answer.status, answer.text) == (404, "nothing here")
    served.application.settings["default_handler_args"] = {"text": "still nothing"}
    assert served.ask("GET /nope").text == "still nothing"


def test_404(site: Callable[..., Site]) -> None:
    served = site(("/", Says))
    answer = served.ask("GET /%3Cscript%3E")
    assert (answer.status, answer.reason) == (404, "Not Found")
    assert answer.text == ("<html><title>404: Not Found</title><body>404: Not Found</body></html>")
    assert served.ask("POST /nope", body=b"x").status == 404


def test_static_settings(site: Callable[..., Site], tmp_path: Path) -> None:
    for name in ("a.txt", "robots.txt", "favicon.ico"):
        (tmp_path / name).write_text(name)

    class Own(StaticFileHandler):
        def set_extra_headers(self, path: str) -> None:
            self.set_header("X-Own", path)

    served = site((r"/(.*)", Says, says("handler")), static_path=str(tmp_path))
    for path, text in (
        ("/static/a.txt", "a.txt"),
        ("/robots.txt", "robots.txt"),
        ("/favicon.ico", "favicon.ico"),
        ("/a.txt", "handler('a.txt',)"),
    ):
        assert served.ask(f"GET {path}").text == text
    served = site(
        static_path=str(tmp_path),
        static_url_prefix="/s.s/",
        static_handler_class=Own,
        static_handler_args={"default_filename": "a.txt"},
    )
    answer = served.ask("GET /s.s/")
    assert (answer.text, answer.header("X-Own")) == ("a.txt", "")
    assert served.ask("GET /sxs/a.txt").status == 404


def test_the_access_log(
    serve: Callable[..., Any], caplog: pytest.LogCaptureFixture, expect_log: Callable[..., Any]
) -> None:
    class Status(RequestHandler):
        def get(self, status: str) -> None:
            self.set_status(int(status))

    caplog.set_level(logging.INFO, "tornadolike.access")
    served = Site(serve, [(r"/(\d+)", Status)], {}, {"log_function": None})
    with expect_log("tornadolike.access", r"^500 GET /500 \(127\.0\.0\.1\) \d+\.\d\dms$", count=1):
        for path in ("/200", "/304?x=1", "/404", "/500"):
            served.ask(f"GET {path}")
    assert [
        (record.levelname, record.getMessage().rpartition(" ")[0]) for record in caplog.records
    ] == [
        ("INFO", "200 GET /200 (127.0.0.1)"),
        ("INFO", "304 GET /304?x=1 (127.0.0.1)"),
        ("WARNING", "404 GET /404 (127.0.0.1)"),
        ("ERROR", "500 GET /500 (127.0.0.1)"),
    ]


def test_the_access_log_has_no_control_sequences(
    serve: Callable[..., Any], expect_log: Callable[..., Any]
) -> None:
    served = Site(serve, [], {}, {"log_function": None})
    with expect_log("tornadolike.access", r"^404 GET /\\x9b31m\?caf\\xe9 \(127", count=1):
        served.ask("GET /\x9b31m?caf\xe9")


def test_listen() -> None:
    def ask(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
            return sock.recv(1000)

    async def main() -> bytes:
        server = Application([("/", Says)]).listen(
            0, "127.0.0.1", backlog=5, reuse_port=False, max_body_size=10
        )
        (sock,) = server._sockets.values()
        answer = await asyncio.to_thread(ask, sock.getsockname()[1])
        server.stop()
        await server.close_all_connections()
        return answer

    assert tornadolike.run(main()).startswith(b"HTTP/1.1 413 ")


def test_listen_on_a_unix_socket(tmp_path: Path) -> None:
    file = tmp_path / "site.sock"

    def ask() -> bytes:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(str(file))
            sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
            return sock.recv(1000)

    async def main() -> bytes:
        application = Application([("/", Says)])
        server = application.listen_unix(file, 0o660, max_body_size=10)
        assert stat.S_IMODE(file.stat().st_mode) == 0o660
        answer = await asyncio.to_thread(ask)
        await server.drain()
        return answer

    assert tornadolike.run(main()).startswith(b"HTTP/1.1 413 ")
    assert not file.exists()


def test_an_unknown_argument_of_listen_is_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        Application().listen(0, nonsense=1)


def test_a_request_whose_path_is_no_text(site: Callable[..., Site]) -> None:
    served = site((r"/(.*)", Says))
    assert served.ask("GET /caf\xc3\xa9").text == "('café',)"
    assert served.ask("GET /caf\xe9").status == 400


def test_a_request_made_by_hand() -> None:
    connection: Any = FakeConnection()
    application = Application([(r"/(.*)", Says)], log_function=lambda handler: None)
    application(HTTPServerRequest("GET", "/\u20ac", connection=connection))
    assert connection.status == 400
