"""Requests that no handler has seen, and the log that has a line for each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.wire.client import PLAIN_AND_TLS, error, expect_end, get, read_all, undated
from tornadolike.accesslog import CombinedLog, JSONLog
from tornadolike.web import Application, RequestHandler, stream_request_body

Refusals = list[tuple[str | None, str | None, int, int]]


class Page(RequestHandler):
    def get(self) -> None:
        self.write("hello")

    post = get


@stream_request_body
class Taker(Page):
    def data_received(self, chunk: bytes) -> None:
        pass


@PLAIN_AND_TLS
def test_each_has_a_line_and_only_one(serve: Any) -> None:
    lines: Refusals = []

    def log(handler: Any) -> None:
        request = handler.request
        assert request.remote_ip == "127.0.0.1"
        assert request.request_time() >= 0
        lines.append((request.method, request.uri, handler.get_status(), handler.body_size))

    app = Application([("/", Page), ("/take", Taker)], log_function=log)
    server = serve(app, refusal_log=log, max_body_size=10)
    large = ("Content-Length: 11",)
    cases: list[tuple[bytes, int, tuple[str, str, int] | None]] = [
        (b"oops\r\n\r\n", 400, ("-", "-", 400)),
        (get("/?" + "x" * 20_000), 414, ("-", "-", 414)),
        (get("/", "Expect: more"), 417, ("GET", "/", 417)),
        (get("/", *large, method="POST"), 413, ("POST", "/", 413)),
        (get("/nope", *large, method="POST"), 413, ("POST", "/nope", 413)),
        (get("/take", *large, method="POST"), 413, ("POST", "/take", 413)),
        (get("/", "Transfer-Encoding: chunked", method="POST") + b"z\r\n", 400, ("POST", "/", 400)),
        (
            get("/take", "Transfer-Encoding: chunked", method="POST") + b"z\r\n",
            400,
            ("POST", "/take", 400),
        ),
        (get("/", *large, method="HEAD"), 413, ("HEAD", "/", 413)),
    ]
    for sent, status, line in cases:
        lines.clear()
        with server.connect() as sock:
            sock.sendall(sent)
            answer = read_all(sock, bare=False)
        assert undated(answer) == error(status, head_only=sent.startswith(b"HEAD"))
        server.call(lambda: None)
        assert [one[:3] for one in lines] == [line], sent[:50]
        if sent.startswith(b"HEAD") or line == ("POST", "/", 413):
            assert lines[0][3] == len(answer.partition(b"\r\n\r\n")[2])
    lines.clear()
    with server.connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        assert sock.recv(5) == b"HTTP/"
    server.call(lambda: None)
    assert lines == [("GET", "/", 200, 5)]


@pytest.mark.parametrize("kind", [CombinedLog, JSONLog])
def test_access_logs_can_be_it(serve: Any, tmp_path: Path, kind: Callable[..., Any]) -> None:
    with kind(tmp_path / "log") as log:
        server = serve(Application([("/", Page)]), refusal_log=log)
        for sent in (b"oops\r\n\r\n", get("/\x7f"), get("/", "Expect: a\x7f")):
            with server.connect() as sock:
                sock.sendall(sent)
                expect_end(sock, error(400))
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 3
    if kind is CombinedLog:
        assert lines[0].startswith("127.0.0.1 - - [")
        assert lines[0].endswith('"- - -" 400 45 "-" "-"')
    else:
        assert json.loads(lines[0])["status"] == 400


def test_a_log_that_fails(serve: Any, expect_log: Any) -> None:
    def log(handler: Any) -> None:
        raise ZeroDivisionError

    server = serve(Application([("/", Page)]), refusal_log=log)
    with (
        expect_log("tornadolike.application", "^Uncaught exception in", count=1),
        server.connect() as sock,
    ):
        sock.sendall(b"oops\r\n\r\n")
        expect_end(sock, error(400))
