"""Large files come whole, hold nobody up, and may change on their way."""

import asyncio
import http.client
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site, open_files
from tornadolike.web import StaticFileHandler
from tornadolike.web.static.content import CHUNK_SIZE
from tornadolike.web.static.partial import CHUNKS_IN_A_ROW

BIG = 40 * CHUNK_SIZE + 123


def in_pieces(site: Callable[..., Site], path: Path, between: Callable[[int], None]) -> Site:
    """Serve ``path``; ``between`` is called after each chunk that was read."""

    class Watched(StaticFileHandler):
        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> Iterator[bytes]:
            for number, chunk in enumerate(super().get_content(abspath, start, end)):
                yield chunk
                between(number)

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            return "version"

    return site((r"/(.*)", Watched, {"path": str(path)}))


def test_big_files_come_whole(site: Callable[..., Site], tmp_path: Path) -> None:
    content = os.urandom(BIG)
    (tmp_path / "big").write_bytes(content)
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}))
    with served.connect() as connection:
        answer = connection.ask("GET /big")
        assert answer.body == content
        assert answer.header("Content-Length") == str(BIG)
        assert answer.header("Transfer-Encoding") is None
        part = connection.ask("GET /big", f"Range: bytes=1-{BIG - 2}")
        assert part.body == content[1:-1]
        assert connection.ask("HEAD /big").header("Content-Length") == str(BIG)


def test_no_more_is_read_than_the_client_takes(site: Callable[..., Site], tmp_path: Path) -> None:
    with open(tmp_path / "big", "wb") as file:
        file.truncate(10_000 * CHUNK_SIZE)  # takes no room on the disk
    read: list[int] = []
    served = in_pieces(site, tmp_path, read.append)
    with served.connect() as connection:
        connection.send("GET /big")
        connection.sock.recv(1000)
        for _ in range(100):
            served.settle()
        assert len(read) < 1000
        assert len(open_files(tmp_path)) == 1
    # The client is gone: the file is closed, and that is no error.
    while open_files(tmp_path) or not served.finished:
        served.settle()
    assert [handler.get_status() for handler in served.finished] == [200]


@pytest.mark.parametrize(
    ("compress", "flushes"),
    [(False, CHUNKS_IN_A_ROW), (True, 1)],
    ids=["as it is", "compressed, which takes longer"],
)
def test_content_of_ones_own_leaves_others_a_turn(
    site: Callable[..., Site], tmp_path: Path, compress: bool, flushes: int
) -> None:
    (tmp_path / "big.txt").write_bytes(bytes(BIG))
    turns: list[int] = []

    class ToAFastClient(StaticFileHandler):
        pieces = 0

        @classmethod
        def get_content(cls, *args: Any) -> Any:
            return super().get_content(*args)

        def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
            super().flush(include_footers)
            self.pieces += 1
            loop = asyncio.get_running_loop()
            if self.pieces == 1:
                loop.call_soon(lambda: turns.append(self.pieces))
            done = loop.create_future()
            done.set_result(None)  # more may be written at once, whatever has been written
            return done

    served = site((r"/(.*)", ToAFastClient, {"path": str(tmp_path)}), compress_response=compress)
    assert served.ask("GET /big.txt", "Accept-Encoding: gzip").status == 200
    assert turns == [flushes]


def test_a_file_that_is_cut_short_cuts_the_response(
    site: Callable[..., Site], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    (tmp_path / "big").write_bytes(bytes(BIG))

    def between(number: int) -> None:
        if number == 1:
            os.truncate(tmp_path / "big", 10)

    served = in_pieces(site, tmp_path, between)
    with expect_log("tornadolike.application", "cut off.* became shorter", count=1):
        sent = served.server.exchange(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(sent) < BIG
    assert served.ask("GET /big").body == bytes(10)


def test_a_small_file_that_is_cut_short_is_a_500(
    site: Callable[..., Site], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    (tmp_path / "small").write_bytes(bytes(100))

    class Shrinking(StaticFileHandler):
        def get_content_size(self) -> int:
            return 200

    served = site((r"/(.*)", Shrinking, {"path": str(tmp_path)}))
    with expect_log("tornadolike.general", "'.*/small'.* became shorter", count=1):
        assert served.ask("GET /small").status == 500


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_that_becomes_shorter_before_it_is_sent(
    site: Callable[..., Site], tmp_path: Path, compress: bool, expect_log: Callable[..., Any]
) -> None:
    """As long as nothing was sent it is a 500, then a connection that is cut; with one line in the log."""

    class Shrinking(StaticFileHandler):
        def set_extra_headers(self, path: str) -> None:
            os.truncate(self.absolute_path, int(self.get_argument("to")))

    served = site((r"/(.*)", Shrinking, {"path": str(tmp_path)}), compress_response=compress)
    for size, to, ranges in (
        (100, 10, None),
        (100, 10, "50-"),
        (100, 10, "0-1,60-80"),
        (10 * CHUNK_SIZE, 10, None),
        (10 * CHUNK_SIZE, 10, "60-"),
        (10 * CHUNK_SIZE, 2 * CHUNK_SIZE, "60-"),
        (10 * CHUNK_SIZE, 10, f"0-{2 * CHUNK_SIZE},-2"),
    ):
        (tmp_path / "a.txt").write_bytes(bytes(size))
        fields = ["Accept-Encoding: gzip", *([f"Range: bytes={ranges}"] if ranges else [])]
        with expect_log("tornadolike.general", r"^500 GET .*a\.txt.* became shorter", count=1):
            assert served.ask(f"GET /a.txt?to={to}", *fields).status == 500
    for last in (f"{5 * CHUNK_SIZE}-", "-2"):
        (tmp_path / "a.txt").write_bytes(bytes(10 * CHUNK_SIZE))
        ranges = f"0-{2 * CHUNK_SIZE},{last}"
        with (
            expect_log("tornadolike.application", "^A response was cut off: .*a.txt", count=1),
            served.connect() as connection,
            pytest.raises((OSError, http.client.HTTPException)),
        ):
            connection.ask(f"GET /a.txt?to={3 * CHUNK_SIZE}", f"Range: bytes={ranges}")


def test_a_file_that_grows_ends_where_it_did(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(BIG))

    def between(number: int) -> None:
        with open(tmp_path / "big", "ab") as file:
            file.write(b"x" * CHUNK_SIZE)

    served = in_pieces(site, tmp_path, between)
    with served.connect() as connection:
        assert connection.ask("GET /big").body == bytes(BIG)
        assert connection.ask("HEAD /big").status == 200


def test_a_client_that_leaves_amid_a_large_file(site: Callable[..., Site], tmp_path: Path) -> None:
    with open(tmp_path / "big", "wb") as file:
        file.truncate(10_000 * CHUNK_SIZE)
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}), cancel_on_disconnect=True)
    with served.connect() as connection:
        connection.send("GET /big", "Range: bytes=1-")
        connection.sock.recv(1000)
        served.settle()
    while not served.finished or open_files(tmp_path):
        served.settle()
    assert [handler.get_status() for handler in served.finished] == [206]
