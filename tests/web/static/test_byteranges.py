"""Several parts of a file in one response (RFC 9110 section 14.6)."""

import email
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.helpers import Answer, Site
from tornadolike.web import StaticFileHandler
from tornadolike.web.files.byteranges import MAX_RANGES
from tornadolike.web.static.content import CHUNK_SIZE

CONTENT = b"abcdefghijklmnopqrstuvwxyz"
ETAG = f'"{hashlib.sha512(CONTENT).hexdigest()}"'
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
BIG = os.urandom(3 * CHUNK_SIZE)


@pytest.fixture
def files(site: Callable[..., Site], tmp_path: Path) -> Site:
    (tmp_path / "a.txt").write_bytes(CONTENT)
    os.utime(tmp_path / "a.txt", (1577836800, 1577836800.5))
    (tmp_path / "big").write_bytes(BIG)
    return site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}))


def parts_of(answer: Answer) -> list[tuple[str | None, str | None, bytes]]:
    """The Content-Range, Content-Type and content of each part, read by the standard library."""
    assert answer.status == 206
    assert answer.header("Content-Range") is None
    assert answer.header("Content-Length") == str(len(answer.body))
    head = f"Content-Type: {answer.header('Content-Type')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.body)
    assert message.get_content_type() == "multipart/byteranges"
    assert not message.defects
    return [
        (part["Content-Range"], part["Content-Type"], part.get_payload(decode=True))  # type: ignore[misc]
        for part in message.get_payload()  # type: ignore[union-attr]
    ]


def test_several_ranges_are_parts(files: Site) -> None:
    answer = files.ask("GET /a.txt", "Range: bytes=20-, 0-1,3-4,-1")
    assert parts_of(answer) == [
        ("bytes 20-25/26", "text/plain", b"uvwxyz"),
        ("bytes 0-1/26", "text/plain", b"ab"),
        ("bytes 3-4/26", "text/plain", b"de"),
    ]
    assert answer.header("Etag") == ETAG
    head = files.ask("HEAD /a.txt", "Range: bytes=0-1,3-4")
    assert head.status == 206
    assert head.header("Content-Type").startswith("multipart/byteranges")  # type: ignore[union-attr]


def test_what_is_left_of_several_ranges(files: Site) -> None:
    for header, status, content_range in (
        ("bytes=0-1,2-3", 206, "bytes 0-3/26"),
        ("bytes=1-2,90-", 206, "bytes 1-2/26"),
        ("bytes=0-9,5-30", 200, None),
        ("bytes=26-,30-40", 416, "bytes */26"),
        ("bytes=0-1,x", 200, None),
    ):
        answer = files.ask("GET /a.txt", f"Range: {header}")
        assert (answer.status, answer.header("Content-Range")) == (status, content_range)


def test_so_many_ranges_and_no_more(files: Site) -> None:
    many = ",".join(f"{2 * n}-{2 * n}" for n in range(MAX_RANGES))
    parts = parts_of(files.ask("GET /big", f"Range: bytes={many}"))
    assert b"".join(content for _, _, content in parts) == BIG[: 2 * MAX_RANGES : 2]
    assert files.ask("GET /big", f"Range: bytes={many},300-300").body == BIG


def test_large_parts(files: Site) -> None:
    end = len(BIG) - 1
    with files.connect() as connection:
        answer = connection.ask("GET /big", f"Range: bytes=0-{2 * CHUNK_SIZE},{end}-{end}")
        assert [content for _, _, content in parts_of(answer)] == [
            BIG[: 2 * CHUNK_SIZE + 1],
            BIG[end:],
        ]
        assert connection.ask("GET /a.txt").body == CONTENT  # in step


def test_no_more_parts_are_read_than_the_client_takes(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(tmp_path / "big", "wb") as file:
        file.truncate(2 * MAX_RANGES * CHUNK_SIZE)  # takes no room on the disk
    written: list[int] = []
    write = StaticFileHandler.write

    def note_and_write(self: StaticFileHandler, chunk: str | bytes | dict[str, object]) -> None:
        write(self, chunk)
        written.append(sum(map(len, self._write_buffer)))

    monkeypatch.setattr(StaticFileHandler, "write", note_and_write)
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}))
    starts = range(0, 2 * MAX_RANGES * CHUNK_SIZE, 2 * CHUNK_SIZE)
    wanted = ",".join(f"{start}-{start + CHUNK_SIZE - 1}" for start in starts)
    parts = parts_of(served.ask("GET /big", f"Range: bytes={wanted}"))
    assert {content for _, _, content in parts} == {bytes(CHUNK_SIZE)}
    assert max(written) < 3 * CHUNK_SIZE


def test_parts_of_content_of_ones_own(site: Callable[..., Site]) -> None:
    class Alphabet(StaticFileHandler):
        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            return absolute_path

        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> bytes:
            return CONTENT[start:end]

        def get_content_size(self) -> int:
            return len(CONTENT)

        def get_modified_time(self) -> None:
            return None

        def get_content_type(self) -> str:
            return ""

    served = site((r"/(.*)", Alphabet, {"path": "/nowhere"}))
    answer = served.ask("GET /a", "Range: bytes=0-0,-2")
    assert [(r, c) for r, _, c in parts_of(answer)] == [
        ("bytes 0-0/26", b"a"),
        ("bytes 24-25/26", b"yz"),
    ]


def test_parts_of_a_compressed_response_are_of_what_it_is_made_of(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(CONTENT * 1000)
    served = site((r"/(.*)", StaticFileHandler, {"path": str(tmp_path)}), compress_response=True)
    answer = served.ask("GET /a.txt", "Range: bytes=0-1999,4000-5999", "Accept-Encoding: gzip")
    assert answer.header("Content-Encoding") is None
    assert [content for _, _, content in parts_of(answer)] == [
        (CONTENT * 1000)[:2000],
        (CONTENT * 1000)[4000:6000],
    ]


def test_a_hostile_header_takes_no_time(files: Site) -> None:
    begun = time.process_time()
    for value in (" " * 8000 + "x", "1" * 8000, "0-0" + " " * 8000 + "-", ("," + " " * 80) * 90):
        assert files.ask("GET /a.txt", f"Range: bytes={value}").status == 200
        assert files.ask("GET /a.txt", f"If-Match: {value}").status == 412
    assert files.ask("GET /a.txt", "If-Match: " + 'W/"' * 2000).status == 412
    assert time.process_time() - begun < 0.5
