"""Forms that are read part by part."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.forms import CONTENT_TYPE, LAST, field, file
from tests.web.helpers import Site
from tests.web.streaming import WHOLE_AND_IN_PIECES, Sender, post
from tornadolike.httputil import ParseMultipartConfig
from tornadolike.web import RequestHandler, reads_request_body

FORM = field("a", b"1") + file("f", "x.png", b"\x00\xff" * 100_000) + field("b", b"2") + LAST


def form_handler(read: Callable[..., Any]) -> type[RequestHandler]:
    """A handler that calls ``await read(self)`` and answers with the result."""

    @reads_request_body
    class Form(RequestHandler):
        async def post(self) -> None:
            self.finish({"read": await read(self)})

    return Form


@WHOLE_AND_IN_PIECES
def test_parts(site: Callable[..., Site], way: str) -> None:
    async def read(handler: RequestHandler) -> Any:
        found: list[Any] = []
        async for part in handler.form_parts():
            size = 0
            async for chunk in part:
                assert chunk
                size += len(chunk)
            async for _ in part:
                raise AssertionError("it is over")
            assert part.headers["content-disposition"].startswith("form-data")
            found.append([part.name, part.filename, part.content_type, size])
        return found

    assert post(site(("/", form_handler(read))), way, FORM, CONTENT_TYPE).json["read"] == [
        ["a", None, None, 1],
        ["f", "x.png", "image/png", 200_000],
        ["b", None, None, 1],
    ]


@WHOLE_AND_IN_PIECES
def test_what_is_not_read_is_passed_over(site: Callable[..., Site], way: str) -> None:
    async def read(handler: RequestHandler) -> Any:
        names = []
        async for part in handler.form_parts():
            names.append(part.name)
            if part.name == "f":
                async for _ in part:
                    break
        return names

    with Sender(site(("/", form_handler(read))).server) as sender:
        for _ in range(2):
            sender.post(way, FORM, CONTENT_TYPE)
            assert sender.receive().json["read"] == ["a", "f", "b"]


def test_a_part_is_over_when_the_next_is_asked_for(site: Callable[..., Site]) -> None:
    async def read(handler: RequestHandler) -> Any:
        parts = [part async for part in handler.form_parts()]
        with pytest.raises(RuntimeError, match="'f' is over"):
            await parts[1].read()
        return True

    assert post(site(("/", form_handler(read))), "whole", FORM, CONTENT_TYPE).json == {"read": True}


def test_read_and_text(site: Callable[..., Site]) -> None:
    async def read(handler: RequestHandler) -> Any:
        parts = handler.form_parts()
        first = await anext(parts)
        assert await first.read() == "é".encode()
        assert await first.read() == b""
        return [first.name, await (await anext(parts)).text(), await (await anext(parts)).text(3)]

    body = field("a", "é".encode()) + field("b", "é".encode()) + field("c", b"123") + LAST
    answer = post(site(("/", form_handler(read))), "pieces", body, CONTENT_TYPE)
    assert answer.json["read"] == ["a", "é", "123"]


@pytest.mark.parametrize(
    ("read", "body", "status"),
    [
        (lambda part: part.read(3), field("a", b"1234") + LAST, 413),
        (lambda part: part.read(), field("a", bytes(11)) + LAST, 413),
        (lambda part: part.read(), field("a", bytes(10)) + LAST, 200),
        (lambda part: part.text(), field("a", b"\xff") + LAST, 400),
        (lambda part: part.read(), b"no form", 400),
        (lambda part: part.read(), field("a", b"1"), 400),
        (lambda part: part.read(), field("a", b"1") + LAST + LAST, 400),
        (lambda part: part.read(), field("", b"1") + LAST, 400),
        (lambda part: part.read(), field("a", b"1") * 4 + LAST, 413),
    ],
)
@WHOLE_AND_IN_PIECES
def test_what_is_refused(
    site: Callable[..., Site], read: Any, body: bytes, status: int, way: str
) -> None:
    async def read_all(handler: RequestHandler) -> Any:
        config = ParseMultipartConfig(max_field_size=10, max_parts=3)
        async for part in handler.form_parts(config):
            await read(part)

    assert post(site(("/", form_handler(read_all))), way, body, CONTENT_TYPE).status == status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((), 415),
        (("Content-Type: application/x-www-form-urlencoded",), 415),
        (("Content-Type: multipart/mixed; boundary=b",), 415),
        (("Content-Type: multipart/form-data",), 400),
        ((CONTENT_TYPE, "Content-Encoding: br"), 415),
        (("Content-Type: Multipart/Form-Data;boundary=boundary-of-the-tests",), 200),
    ],
)
def test_other_bodies(site: Callable[..., Site], fields: tuple[str, ...], status: int) -> None:
    async def read(handler: RequestHandler) -> Any:
        return [part.name async for part in handler.form_parts()]

    assert post(site(("/", form_handler(read))), "whole", FORM, *fields).status == status


# Saving


@WHOLE_AND_IN_PIECES
def test_saving(site: Callable[..., Site], tmp_path: Path, way: str) -> None:
    async def read(handler: RequestHandler) -> Any:
        return [await part.save(tmp_path / part.name) async for part in handler.form_parts()]

    (tmp_path / "a").write_text("older")
    body = field("a", b"1") + file("f", "x", b"12" * 1_000_000) + file("e", "x", b"") + LAST
    answer = post(site(("/", form_handler(read))), way, body, CONTENT_TYPE)
    assert answer.json["read"] == [1, 2_000_000, 0]
    saved = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert saved == {"a": b"1", "f": b"12" * 1_000_000, "e": b""}
    (tmp_path / "new").touch()
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "new").stat().st_mode


def test_a_part_that_breaks_off_leaves_no_file(
    site: Callable[..., Site], tmp_path: Path, expect_log: Any
) -> None:
    async def read(handler: RequestHandler) -> Any:
        async for part in handler.form_parts():
            if part.name == "f":
                await part.save(tmp_path / "f")

    (tmp_path / "f").write_text("older")
    served = site(("/", form_handler(read)))
    with expect_log("tornadolike.general", "the body did not come whole", count=1):
        with served.connect() as connection:
            connection.send("POST /", CONTENT_TYPE, "Content-Length: 10000000")
            connection.sock.sendall(FORM[:100_000])
            while len(os.listdir(tmp_path)) == 1:
                served.settle()
        while not served.finished:
            served.settle()
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_text() == "older"


def test_a_handler_that_is_cancelled_while_it_saves(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    async def read(handler: RequestHandler) -> Any:
        async for part in handler.form_parts():
            if part.name == "f":
                async with asyncio.timeout(0.1):
                    await part.save(tmp_path / "f")

    async def patient(handler: RequestHandler) -> Any:
        with pytest.raises(TimeoutError):
            await read(handler)
        return os.listdir(tmp_path)

    served = site(("/", form_handler(patient)))
    with served.connect() as connection:
        connection.send("POST /", CONTENT_TYPE, "Content-Length: 10000000")
        connection.sock.sendall(FORM[:100_000])
        assert connection.receive("POST").json == {"read": []}


def test_a_file_that_cannot_be_written(
    site: Callable[..., Site], tmp_path: Path, expect_log: Any
) -> None:
    async def read(handler: RequestHandler) -> Any:
        async for part in handler.form_parts():
            await part.save(tmp_path / "no" / "such" / "folder")

    served = site(("/", form_handler(read)))
    with expect_log("tornadolike.application", "Uncaught exception", count=1) as expected:
        assert post(served, "whole", FORM, CONTENT_TYPE).status == 500
    assert expected.matched[0].exc_info[0] is FileNotFoundError
