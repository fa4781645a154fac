"""The same file, asked for in the same ways, of us, of Starlette's FileResponse and of Flask's send_file."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flask
import pytest
from starlette.responses import FileResponse

from tests.web.helpers import Site
from tornadolike.web import RequestHandler

CONTENT = b"0123456789"
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
BEFORE = "Tue, 31 Dec 2019 00:00:00 GMT"

Told = tuple[int, str | None]
"""The status, and the Content-Range or the body where there is none."""

WHOLE = (200, "0123456789")

# ETAG stands for the Etag that each of them has given. What is in a row: the fields of the request, what we answer, and
# what the others do where that is different.
TABLE: list[tuple[str, list[str], Told, dict[str, Told]]] = [
    ("GET", [], WHOLE, {}),
    ("HEAD", [], (200, ""), {}),
    ("GET", ["Range: bytes=2-4"], (206, "bytes 2-4/10"), {}),
    ("GET", ["Range: bytes=-3"], (206, "bytes 7-9/10"), {}),
    ("GET", ["Range: bytes=0-1,5-6"], (206, None), {"flask": (416, "bytes */10")}),
    ("GET", ["Range: bytes=10-"], (416, "bytes */10"), {}),
    # RFC 9110 section 14.2: what is no range is passed over.
    ("GET", ["Range: bytes=b-a"], WHOLE, {"starlette": (400, None), "flask": (416, "bytes */10")}),
    ("GET", ["Range: items=0-1"], WHOLE, {"starlette": (400, None), "flask": (416, "bytes */10")}),
    ("GET", ["If-None-Match: ETAG"], (304, ""), {"starlette": WHOLE}),
    ("GET", ["If-None-Match: W/ETAG"], (304, ""), {"starlette": WHOLE}),
    ("GET", ['If-None-Match: "x"'], WHOLE, {}),
    ("GET", [f"If-Modified-Since: {DATE}"], (304, ""), {"starlette": WHOLE}),
    ("GET", ['If-Match: "x"'], (412, None), {"starlette": WHOLE}),
    # The first condition that RFC 9110 section 13.2.2 wants, where there is no If-Match.
    (
        "GET",
        [f"If-Unmodified-Since: {BEFORE}"],
        (412, None),
        {"starlette": WHOLE, "flask": WHOLE},
    ),
    ("GET", ["Range: bytes=0-1", "If-Range: ETAG"], (206, "bytes 0-1/10"), {}),
    ("GET", ["Range: bytes=0-1", 'If-Range: "x"'], WHOLE, {}),
    ("POST", ["Range: bytes=0-1"], WHOLE, {}),
]

NAMES: list[tuple[str, str, dict[str, str]]] = [
    (
        "a b.txt",
        'attachment; filename="a b.txt"',
        {"starlette": "attachment; filename*=utf-8''a%20b.txt"},
    ),
    (
        "\u20ac.txt",
        "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt",
        {
            "starlette": "attachment; filename*=utf-8''%E2%82%AC.txt",
            "flask": "attachment; filename=.txt; filename*=UTF-8''%E2%82%AC.txt",
        },
    ),
    # Directories are none of the client's business.
    (
        "../b.txt",
        'attachment; filename="b.txt"',
        {
            "starlette": 'attachment; filename="../b.txt"',
            "flask": 'attachment; filename="../b.txt"',
        },
    ),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small.txt"
    path.write_bytes(CONTENT)
    os.utime(path, (1577836800, 1577836800.5))
    return path


Answer = tuple[int, dict[str, str], bytes]


def by_starlette(path: Path, method: str, fields: list[str], name: str | None) -> Answer:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        pairs = [field.split(": ", 1) for field in fields]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": method,
            "path": "/",
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs],
            "extensions": {},
        }
        await FileResponse(path, filename=name)(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(run())
    headers = {name.decode(): value.decode("latin1") for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers, body


def by_flask(path: Path, method: str, fields: list[str], name: str | None) -> Answer:
    app = flask.Flask("downloads")

    @app.route("/", methods=["GET", "POST"])
    def send() -> Any:
        return flask.send_file(path, as_attachment=True, download_name=name)

    headers = [tuple(field.split(": ", 1)) for field in fields]
    answer = app.test_client().open("/", method=method, headers=headers, buffered=True)  # type: ignore[arg-type]
    found = {key.lower(): value for key, value in answer.headers.items()}
    return answer.status_code, found, answer.get_data()


PEERS = {"starlette": by_starlette, "flask": by_flask}


@pytest.fixture
def by_us(site: Callable[..., Site], path: Path) -> Callable[..., Answer]:
    class Handler(RequestHandler):
        async def get(self) -> None:
            await self.send_download(path, self.get_query_argument("name", None))

        head = post = get

    served = site(("/", Handler))

    def ask(method: str, fields: list[str], name: str | None) -> Answer:
        query = f"?name={quote(name)}" if name else ""
        body = b"" if method == "POST" else None
        answer = served.ask(f"{method} /{query}", *fields, body=body)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        return answer.status, headers, answer.body

    return ask


def told(answer: Answer) -> Told:
    status, headers, body = answer
    return status, headers.get("content-range", body.decode())


def agrees(found: Told, expected: Told) -> bool:
    """None stands for a text that is each one's own."""
    return found[0] == expected[0] and (expected[1] is None or found[1] == expected[1])


def test_requests(by_us: Callable[..., Answer], path: Path) -> None:
    answering: dict[str, Callable[..., Answer]] = {"we": by_us}
    for peer, ask in PEERS.items():
        answering[peer] = lambda method, fields, name, ask=ask: ask(path, method, fields, name)
    for who, ask_it in answering.items():
        etag = ask_it("GET", [], None)[1]["etag"]
        for method, fields, ours, others in TABLE:
            asked = [field.replace("ETAG", etag) for field in fields]
            found = told(ask_it(method, asked, None))
            assert agrees(found, others.get(who, ours)), (who, method, fields, found)


def test_names(by_us: Callable[..., Answer], path: Path) -> None:
    for name, ours, others in NAMES:
        assert by_us("GET", [], name)[1]["content-disposition"] == ours
        for peer, ask in PEERS.items():
            found = ask(path, "GET", [], name)[1]["content-disposition"]
            assert found == others.get(peer, ours), (peer, name)
