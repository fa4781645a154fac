"""Files are taken while they come, listed, given back and thrown away; whatever they are called."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.forms import CONTENT_TYPE, LAST, field, file

from .conftest import PATIENCE, Demo

pytestmark = pytest.mark.once

NAME, VALUE = CONTENT_TYPE.split(": ")


class Visitor:
    """A client of the demo."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def send(self, *parts: bytes, **headers: str) -> tuple[int, Any]:
        body = b"".join(parts) + LAST
        status, _, answer = self.ask("POST", "/files", body, **{NAME: VALUE}, **headers)
        return status, json.loads(answer)["files"] if status == 201 else answer

    def files(self) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = json.loads(self.ask("GET", "/files")[2])["files"]
        return files


@pytest.fixture
def visitor(demo: Callable[..., Demo]) -> Visitor:
    return Visitor(demo("uploads").port)


def test_the_page_is_there_and_keeps_to_itself(visitor: Visitor) -> None:
    for path, content in (("/", b"Drop files here"), ("/uploads.js", b"textContent")):
        status, headers, body = visitor.ask("GET", path)
        assert status == 200
        assert content in body
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_files_come_and_go(visitor: Visitor) -> None:
    large = bytes(range(256)) * 8192
    status, added = visitor.send(
        file("f", "a.bin", large), field("note", b"is no file"), file("f", "b.txt", b"")
    )
    assert (status, [(one["name"], one["size"]) for one in added]) == (
        201,
        [("a.bin", len(large)), ("b.txt", 0)],
    )
    assert visitor.files() == added
    status, headers, body = visitor.ask("GET", f"/files/{added[0]['id']}")
    assert (status, body) == (200, large)
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.bin"
    assert visitor.ask("DELETE", f"/files/{added[0]['id']}")[0] == 204
    assert visitor.files() == added[1:]
    for method in ("GET", "DELETE"):
        assert visitor.ask(method, f"/files/{added[0]['id']}")[0] == 404


def test_a_name_is_no_path_and_no_markup(visitor: Visitor) -> None:
    names = ["../../etc/passwd", "..\\\\evil.exe", "<script>alert(1)</script>", "\xe9\u2028" * 200]
    _, added = visitor.send(*[file("f", name, b"<b>hi", "text/html") for name in names])
    assert [one["name"] for one in added][:2] == ["passwd", "evil.exe"]
    assert added[2]["name"] == "script>"
    assert len(added[3]["name"]) == 120
    for one in added:
        status, headers, _ = visitor.ask("GET", f"/files/{one['id']}")
        assert status == 200
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment; ")
        assert headers["Content-Disposition"].isascii()


def test_another_site_can_leave_nothing_and_take_nothing_away(visitor: Visitor) -> None:
    own, other = f"http://127.0.0.1:{visitor.port}", "https://evil.example"
    status, added = visitor.send(file("f", "x", b"x"), Origin=own)
    assert status == 201
    assert visitor.send(file("f", "y", b"y"), Origin=other)[0] == 403
    assert visitor.ask("DELETE", f"/files/{added[0]['id']}", Origin=other)[0] == 403
    assert visitor.files() == added


def test_what_does_not_come_whole_leaves_nothing(visitor: Visitor) -> None:
    body = file("f", "x", b"x" * 1_000_000)
    status, _, _ = visitor.ask("POST", "/files", body, **{NAME: VALUE})
    assert status == 400
    assert visitor.ask("POST", "/files", b"a=b", **{NAME: "text/plain"})[0] == 415
    assert visitor.files() == []


def test_there_is_an_end_to_it(visitor: Visitor) -> None:
    status, _ = visitor.send(*[file("f", "x", b"x")] * 101)
    assert status == 413
    assert len(visitor.files()) == 100


def test_nothing_is_left_when_it_stops(
    demo: Callable[..., Demo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = demo("uploads")
    assert Visitor(server.port).send(file("f", "x", b"x"))[0] == 201
    assert len(list(tmp_path.glob("*/*"))) == 1
    server.stop()
    assert list(tmp_path.iterdir()) == []
