"""Handlers whose files go to the disk, and are gone behind them."""

import asyncio
import gc
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.forms import CONTENT_TYPE, LAST, field, file
from tests.web.helpers import Site
from tests.web.streaming import WHOLE_AND_IN_PIECES, Sender, post
from tornadolike.httputil import HTTPFile
from tornadolike.web import HTTPError, RequestHandler, UploadedFile, spool_uploads
from tornadolike.web.bodies.spool import Spool

SMALL = {"upload_memory_size": 100}
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


@spool_uploads
class Upload(RequestHandler):
    def prepare(self) -> Awaitable[None] | None:
        assert self.request.body == b""
        assert self.get_arguments("a") == self.get_query_arguments("a")
        assert self.request.files == {}
        return None

    def post(self) -> None:
        self.finish(
            {
                "a": self.get_arguments("a"),
                "body a": self.get_body_arguments("a"),
                "body": self.request.body.decode(),
                "files": {
                    name: [[file.filename, file.content_type, file.size] for file in files]
                    for name, files in self.request.files.items()
                },
            }
        )


@WHOLE_AND_IN_PIECES
@pytest.mark.parametrize("settings", [{}, SMALL])
@pytest.mark.parametrize("wire", ["plain", "tls"])
def test_fields_and_files(site: Callable[..., Site], settings: dict[str, Any], way: str) -> None:
    big = b"x" * 1_500_000
    form = field("a", b"1") + file("f", "x.png", b"12") + field("a", b"2")
    form += file("f", "big", big, "text/x") + file("g", "empty", b"") + file("h", "", b"") + LAST
    served = site(("/", Upload), **settings)
    with Sender(served.server) as sender:
        for _ in range(2):
            sender.post(way, form, CONTENT_TYPE, path="/?a=0")
            assert sender.receive().json == {
                "a": ["0", "1", "2"],
                "body a": ["1", "2"],
                "body": "",
                "files": {
                    "f": [["x.png", "image/png", 2], ["big", "text/x", len(big)]],
                    "g": [["empty", "image/png", 0]],
                },
            }


@WHOLE_AND_IN_PIECES
def test_other_bodies_are_as_ever(site: Callable[..., Site], way: str) -> None:
    served = site(("/", Upload), **SMALL)
    answer = post(served, way, b"a=1&a=2", URLENCODED).json
    assert (answer["a"], answer["body"]) == (["1", "2"], "a=1&a=2")
    assert post(served, way, b"{}", "Content-Type: application/json").json["body"] == "{}"
    assert served.ask("POST /?a=1").json["a"] == ["1"]
    assert served.ask("POST /", CONTENT_TYPE).status == 200


@WHOLE_AND_IN_PIECES
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"x" * 100, "Content-Type: text/plain", 200),
        (b"x" * 101, "Content-Type: text/plain", 413),
        (b"no form", CONTENT_TYPE, 400),
        (field("a", b"x" * 60) + field("b", b"x" * 40) + LAST, CONTENT_TYPE, 200),
        (field("a", b"x" * 60) + field("b", b"x" * 41) + LAST, CONTENT_TYPE, 413),
        (file("a", "x", b"x" * 200), CONTENT_TYPE, 400),
        (b"&".join([b"a=1"] * 1001), URLENCODED, 413),
        (b"x", "Content-Type: multipart/form-data", 400),
    ],
)
def test_what_is_refused(
    site: Callable[..., Site], body: bytes, content_type: str, status: int, way: str
) -> None:
    size = 10_000 if "urlencoded" in content_type else 100
    served = site(("/", Upload), upload_memory_size=size)
    assert post(served, way, body, content_type).status == status


def test_prepare_refuses_before_the_body_comes(site: Callable[..., Site]) -> None:
    @spool_uploads
    class Closed(RequestHandler):
        async def prepare(self) -> None:
            raise HTTPError(403)

    with site(("/", Closed)).connect() as connection:
        connection.send("POST /", CONTENT_TYPE, "Content-Length: 1000000")
        assert connection.receive("POST").status == 403


def files_under(folder: Path) -> list[str]:
    """What this process has open there: files without a name, too."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            where = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if where.startswith(str(folder)):
            found.append(where)
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks at /proc")
def test_the_disk_is_used_when_memory_is_full_and_left_clean(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    seen: list[Any] = []

    @spool_uploads
    class Looks(RequestHandler):
        def post(self) -> None:
            seen.append(len(files_under(tmp_path)))

        def on_finish(self) -> None:
            self.kept = self.request.files["f"]
            seen.append([file.body for file in self.kept])

    settings = SMALL | {"upload_directory": str(tmp_path)}
    served = site(("/", Looks), **settings)
    parts = [b"x" * 60, b"y" * 60, b"z"]
    for count, on_disk in ((1, 0), (3, 1)):
        form = b"".join(file("f", "x", part) for part in parts[:count]) + LAST
        assert post(served, "pieces", form, CONTENT_TYPE).status == 200
        assert seen == [on_disk, parts[:count]]
        seen.clear()
        assert files_under(tmp_path) == os.listdir(tmp_path) == []
        (handler,) = served.finished
        served.finished.clear()
        with pytest.raises(ValueError, match="save"):
            handler.kept[0].body  # noqa: B018 # type: ignore[attr-defined]


@pytest.mark.parametrize("settings", [{}, SMALL])
def test_working_with_files(
    site: Callable[..., Site], settings: dict[str, Any], tmp_path: Path
) -> None:
    @spool_uploads
    class Works(RequestHandler):
        async def post(self) -> None:
            first, second = self.request.files["f"]
            assert isinstance(first, HTTPFile)
            assert isinstance(first, UploadedFile)
            assert first.body == first["body"] == b"1" * 200
            assert (first.filename, first["content_type"]) == ("x", "image/png")
            with pytest.raises(AttributeError):
                first.nothing  # noqa: B018 - it is read now, and raises
            with pytest.raises(KeyError):
                first["nothing"]
            assert isinstance(second, UploadedFile)
            assert json.load(second.file) == [1, 2]
            with second.file as opened:
                assert opened.read(3) == b"[1,"
                assert opened.seek(-2, os.SEEK_END) == 4
                assert opened.read() == b"2]"
                assert opened.seek(100) == 100
                assert opened.read() == b""
                assert opened.seek(-99, os.SEEK_CUR) == 1
                assert opened.read(1) == b"1"
                with pytest.raises(ValueError, match="before the beginning"):
                    opened.seek(-1)
                assert not opened.writable()
            assert second.file.read() == b"[1, 2]"
            assert await asyncio.to_thread(second.file.readline) == b"[1, 2]"
            assert await first.save(tmp_path / "saved") == first.size
            assert (tmp_path / "saved").read_bytes() == first.body
            self.write("ok")

    form = file("f", "x", b"1" * 200) + file("f", "y", b"[1, 2]") + LAST
    assert post(site(("/", Works), **settings), "whole", form, CONTENT_TYPE).text == "ok"
    assert os.listdir(tmp_path) == ["saved"]


def test_the_last_of_a_large_file(site: Callable[..., Site]) -> None:
    @spool_uploads
    class Whole(RequestHandler):
        def post(self) -> None:
            self.write(self.request.files["f"][0].body)

    content = bytes(range(256)) * 10_000
    form = file("f", "x", content) + LAST
    assert post(site(("/", Whole)), "chunks", form, CONTENT_TYPE).body == content


def test_a_client_that_goes_away(site: Callable[..., Site], tmp_path: Path) -> None:
    served = site(("/", Upload), upload_directory=str(tmp_path), **SMALL)
    with served.connect() as connection:
        connection.send("POST /", CONTENT_TYPE, "Content-Length: 100000")
        connection.sock.sendall(file("f", "x", b"x" * 10_000))
    # (A thread may be writing still, and what it writes to is not closed before it has done so.)
    while not served.finished or files_under(tmp_path):
        served.settle()


def test_a_disk_that_fails(site: Callable[..., Site], tmp_path: Path, expect_log: Any) -> None:
    served = site(("/", Upload), upload_directory=str(tmp_path / "missing"), **SMALL)
    with expect_log("tornadolike.application", "Uncaught exception", count=1) as expected:
        answer = post(served, "pieces", file("f", "x", b"x" * 200_000) + LAST, CONTENT_TYPE)
    assert answer.status == 500
    assert expected.matched[0].exc_info[0] is FileNotFoundError


def test_a_handler_that_is_never_finished(site: Callable[..., Site], tmp_path: Path) -> None:
    """Its files go with it."""

    @spool_uploads
    class Waits(RequestHandler):
        _auto_finish = False

        def post(self) -> None:
            self.application.settings["waiting"].append(self)

    waiting: list[Waits] = []
    settings = SMALL | {"upload_directory": str(tmp_path), "waiting": waiting}
    served = site(("/", Waits), server={"linger_timeout": 0.1}, **settings)
    with served.connect() as connection:
        connection.send("POST /", CONTENT_TYPE, body=file("f", "x", b"x" * 200) + LAST)
        while not waiting:
            served.settle()
        assert len(files_under(tmp_path)) == 1
    served.server.call(waiting.clear)
    while served.server.call(lambda: len(served.server.server._connections().going_on())):
        pass
    gc.collect()
    assert files_under(tmp_path) == []


def test_a_spool_without_a_directory_of_its_own() -> None:
    async def fill() -> Spool:
        spool = Spool(1, None)
        await spool.write(b"ab")
        await spool.write(b"c")
        await spool.finish()
        return spool

    with asyncio.Runner() as runner:
        spool = runner.run(fill())
    assert tempfile.gettempdir()
    assert spool.read_at(1, 10) == b"bc"
    spool.close()
    spool.close()
