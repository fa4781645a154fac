"""What classes of an author's own may say otherwise."""

import datetime
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.helpers import Site, open_files
from tests.web.static.conftest import DATE, ETAG, HELLO
from tornadolike.web import HTTPError, StaticFileHandler
from tornadolike.web.static.content import CHUNK_SIZE


def test_where_a_file_is_may_be_said_by_the_author(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    class Elsewhere(StaticFileHandler):
        LARGE_SIZE = 10

        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            return str(tmp_path / "other.txt")

    class Changed(Elsewhere):
        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            assert StaticFileHandler.validate_absolute_path(self, root, absolute_path)
            return str(tmp_path / "other.txt")

    (tmp_path / "a.txt").write_text("something that is longer")
    (tmp_path / "other.txt").write_bytes(HELLO)
    Elsewhere.reset()
    for handler_class in (Elsewhere, Changed):
        served = site((r"/(.*)", handler_class, {"path": str(tmp_path)}))
        answer = served.ask("GET /a.txt")
        assert (answer.body, answer.header("Etag")) == (HELLO, ETAG)
        assert served.ask("GET /a.txt", "Range: bytes=1-3").body == HELLO[1:4]
    assert open_files(tmp_path) == []


def test_a_file_may_be_looked_for_twice(site: Callable[..., Site], tmp_path: Path) -> None:
    class Newest(StaticFileHandler):
        def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
            assert super().validate_absolute_path(root, absolute_path)
            return super().validate_absolute_path(root, str(tmp_path / "other.txt"))

    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "other.txt").write_bytes(HELLO)
    served = site((r"/(.*)", Newest, {"path": str(tmp_path)}))
    assert served.ask("GET /a.txt").body == HELLO
    assert open_files(tmp_path) == []


def test_content_without_a_version_has_no_etag(
    site: Callable[..., Site], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    class Own(StaticFileHandler):
        MAX_VERSION_CONTENT_SIZE = 4

        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> bytes:
            return b"hello"[start:end]

    class Database(Own):
        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            return "db:a"

        def get_content_size(self) -> int:
            return 5

        def get_modified_time(self) -> None:
            return None

    (tmp_path / "a").write_text("HELLO")
    for handler_class in (Own, Database):
        served = site((r"/(.*)", handler_class, {"path": str(tmp_path)}))
        with expect_log("tornadolike.general", "Could not open static file.*larger", count=1):
            answer = served.ask("GET /a")
        assert (answer.status, answer.text, answer.header("Etag")) == (200, "hello", None)


def test_a_version_of_ones_own_may_be_that_of_a_very_large_file(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    class Own(StaticFileHandler):
        MAX_VERSION_CONTENT_SIZE = 4

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            return "seven"

    (tmp_path / "a").write_text("hello")
    served = site((r"/(.*)", Own, {"path": str(tmp_path)}))
    assert served.ask("GET /a").header("Etag") == '"seven"'


def test_a_date_without_a_zone_is_in_utc(site: Callable[..., Site], tree: Path) -> None:
    class Naive(StaticFileHandler):
        def get_modified_time(self) -> datetime.datetime:
            return datetime.datetime(2020, 1, 1)

    served = site((r"/(.*)", Naive, {"path": str(tree)}))
    assert served.ask("GET /hello.txt").header("Last-Modified") == DATE
    assert served.ask("GET /hello.txt", f"If-Modified-Since: {DATE}").status == 304
    assert served.ask("GET /hello.txt", f"If-Unmodified-Since: {DATE}").status == 200


def test_content_from_elsewhere(site: Callable[..., Site]) -> None:
    large = bytes(3 * CHUNK_SIZE)

    class Database(StaticFileHandler):
        content = {"db:a.txt": b"from the database", "db:big": large}  # noqa: RUF012 (of one test)

        @classmethod
        def get_absolute_path(cls, root: str, path: str) -> str:
            return f"{root}:{path}"

        def validate_absolute_path(self, root: str, absolute_path: str) -> str:
            if absolute_path not in self.content:
                raise HTTPError(404)
            return absolute_path

        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> bytes | list[bytes]:
            content = cls.content[abspath][slice(start, end)]
            return content if len(content) < 100 else [content[:100], content[100:]]

        def get_content_size(self) -> int:
            return len(self.content[self.absolute_path])

        def get_modified_time(self) -> None:
            return None

        def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
            return 60

    served = site((r"/(.*)", Database, {"path": "db"}))
    answer = served.ask("GET /a.txt")
    assert answer.text == "from the database"
    assert answer.header("Etag") == f'"{hashlib.sha512(answer.body).hexdigest()}"'
    assert answer.header("Last-Modified") is None
    assert answer.header("Cache-Control") == "max-age=60"
    assert served.ask("GET /a.txt", "Range: bytes=5-7").text == "the"
    assert served.ask("GET /a.txt", f"If-None-Match: {answer.header('Etag')}").status == 304
    assert served.ask("GET /a.txt", f"If-Modified-Since: {DATE}").status == 200
    assert served.ask("GET /big").body == large
    assert served.ask("GET /nope").status == 404


def test_an_initialize_of_ones_own_need_not_call_ours(
    site: Callable[..., Site], tree: Path
) -> None:
    class Own(StaticFileHandler):
        def initialize(self) -> None:
            self.root = str(tree)
            self.default_filename = None

    served = site((r"/(.*)", Own))
    assert served.ask("GET /hello.txt").body == HELLO
    assert served.ask("GET /secret.txt").status == 403
