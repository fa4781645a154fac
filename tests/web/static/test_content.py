"""Addresses of files with their versions, and how versions are remembered."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site, make_handler
from tests.web.static.conftest import sha512
from tornadolike.web import RequestHandler, StaticFileHandler


def test_the_version_follows_the_file(settings: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    assert StaticFileHandler.get_version(settings, "a.txt") == sha512(b"one")
    # Not in place, so that the clock may be coarse; and as old as the one before.
    (tmp_path / "new").write_bytes(b"two")
    os.utime(tmp_path / "new", ns=(0, file.stat().st_mtime_ns))
    (tmp_path / "new").replace(file)
    assert StaticFileHandler.get_version(settings, "a.txt") == sha512(b"two")


def test_there_is_no_version_of_what_is_no_file(
    settings: dict[str, Any], tmp_path: Path, expect_log: Callable[..., Any]
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, reason in (
        ("nope.txt", "Not Found"),
        ("nope\0", "Not Found"),
        ("a.txt/b", "Not Found"),
        ("folder", "is not a file"),
        ("fifo", "is not a file"),
        ("zero", "is not a file"),
    ):
        with expect_log("tornadolike.general", f"Could not open static file.*{reason}", count=1):
            for _ in range(2):  # it is told once
                assert StaticFileHandler.get_version(settings, name) is None
                assert StaticFileHandler.make_static_url(settings, name).find("?") < 0
    (tmp_path / "nope.txt").write_bytes(b"now it is")
    assert StaticFileHandler.get_version(settings, "nope.txt") == sha512(b"now it is")


def test_a_file_that_may_not_be_read_has_no_version(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., Any]
) -> None:
    def refuse(*args: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    StaticFileHandler.reset()
    with expect_log("tornadolike.general", "Could not open static file.*is not readable", count=1):
        assert StaticFileHandler.get_version(settings, "a.txt") is None


def test_a_file_that_is_too_large_has_no_version(
    settings: dict[str, Any], expect_log: Callable[..., Any]
) -> None:
    class Small(StaticFileHandler):
        MAX_VERSION_CONTENT_SIZE = 3

    assert Small.get_version(settings, "a.txt") == sha512(b"one")
    Small.reset()
    Small.MAX_VERSION_CONTENT_SIZE = 2
    with expect_log("tornadolike.general", "Could not open static file.*larger than", count=1):
        assert Small.get_version(settings, "a.txt") is None


def test_the_versions_that_were_used_last_are_kept(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    read = []

    class Counting(StaticFileHandler):
        MAX_CACHED_VERSIONS = 2

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            read.append(Path(abspath).name)
            return super().get_content_version(abspath)

    Counting.reset()
    for name in "abc":
        (tmp_path / name).write_text(name)
    for name in "abacab":
        assert Counting.get_version(settings, name) == sha512(name.encode())
    assert read == ["a", "b", "c", "b"]
    assert len(Counting._versions) == 2
    Counting.reset()
    Counting.get_version(settings, "b")
    assert read[4:] == ["b"]


@pytest.mark.parametrize(("cached", "hashed"), [(True, 1), (False, 2)])
def test_what_comes_from_elsewhere_is_hashed_again_only_if_the_setting_says_so(
    cached: bool, hashed: int
) -> None:
    count = 0

    class Database(StaticFileHandler):
        @classmethod
        def get_absolute_path(cls, root: str, path: str) -> str:
            return f"db:{path}"

        @classmethod
        def get_content(
            cls, abspath: str, start: int | None = None, end: int | None = None
        ) -> bytes:
            nonlocal count
            count += 1
            return abspath.encode()

    settings = {"static_path": "db", "static_hash_cache": cached}
    for _ in range(2):
        assert Database.make_static_url(settings, "a") == f"/static/a?v={sha512(b'db:a')}"
    assert count == hashed


def test_a_file_is_hashed_once_in_any_case(settings: dict[str, Any]) -> None:
    class Counting(StaticFileHandler):
        count = 0

        @classmethod
        def get_content_version(cls, abspath: str) -> str:
            cls.count += 1
            return "1"

    for _ in range(2):
        Counting.get_version({**settings, "static_hash_cache": False}, "a.txt")
    assert Counting.count == 1


def test_debug_does_not_remember() -> None:
    assert make_handler(settings={"debug": True}).settings["static_hash_cache"] is False
    kept = make_handler(settings={"debug": True, "static_hash_cache": True})
    assert kept.settings["static_hash_cache"] is True


def test_a_class_of_ones_own_makes_the_addresses(site: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "foo.txt").write_bytes(b"bar")

    class InTheName(StaticFileHandler):
        @classmethod
        def make_static_url(cls, settings: Any, path: str, **kwargs: Any) -> str:
            stem, _, extension = path.rpartition(".")
            return f"/static/{stem}.{cls.get_version(settings, path)}.{extension}"

        def parse_url_path(self, url_path: str) -> str:
            stem, _, extension = url_path.split(".")
            return f"{stem}.{extension}"

        @classmethod
        def get_version(cls, settings: Any, path: str) -> str:
            return "42"

    class Page(RequestHandler):
        def get(self) -> None:
            self.write(self.static_url("foo.txt", shown="small"))

    served = site(("/", Page), static_path=str(tmp_path), static_handler_class=InTheName)
    address = served.ask("GET /").text
    assert address == "/static/foo.42.txt"
    assert served.ask(f"GET {address}").text == "bar"
