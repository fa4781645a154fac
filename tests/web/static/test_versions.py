"""Versions of files, and the threads in which those of large files are worked out."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site
from tests.web.static.conftest import sha512
from tornadolike.web import HTTPError, StaticFileHandler
from tornadolike.web.static import content, versions
from tornadolike.web.static.versions import version_of_file


class Large(StaticFileHandler):
    LARGE_SIZE = 2


@dataclass
class Hashing:
    """The threads in which files were hashed, which go on when they may."""

    threads: list[threading.Thread] = field(default_factory=list)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, path: str, state: versions.State) -> str | None:
        self.threads.append(threading.current_thread())
        assert self.may_go_on.wait(10)
        return version_of_file(path, state)


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Hashing:
    found = Hashing()
    found.may_go_on.set()
    monkeypatch.setattr(versions, "version_of_file", found)
    monkeypatch.setattr(content, "version_of_file", found)
    Large.reset()
    return found


def test_pages_do_not_wait_for_the_version_of_a_large_file(
    settings: dict[str, Any], hashing: Hashing
) -> None:
    async def main() -> None:
        hashing.may_go_on.clear()
        for _ in range(2):
            assert Large.make_static_url(settings, "a.txt") == "/static/a.txt"
        (future,) = Large._versions._underway.values()
        hashing.may_go_on.set()
        await future
        assert Large.get_version(settings, "a.txt") == sha512(b"one")

    asyncio.run(main())
    (thread,) = hashing.threads
    assert thread is not threading.main_thread()


def test_who_asks_for_a_version_gets_one(settings: dict[str, Any], hashing: Hashing) -> None:
    """And puts it into an address of its own, as Bokeh does: ``?v=None`` would be kept for ten years."""

    class OfItsOwn(Large):
        @classmethod
        def make_static_url(
            cls, settings: dict[str, Any], path: str, include_version: bool = True
        ) -> str:
            return f"/static/{cls.get_version(settings, path)}/{path}"

    class Short(Large):
        @classmethod
        def get_version(cls, settings: dict[str, Any], path: str) -> str | None:
            return str(super().get_version(settings, path))[:8]

    async def main() -> None:
        version = sha512(b"one")
        assert Large.get_version(settings, "a.txt") == version
        assert OfItsOwn.make_static_url(settings, "a.txt") == f"/static/{version}/a.txt"
        assert Short.make_static_url(settings, "a.txt") == f"/static/a.txt?v={version[:8]}"

    asyncio.run(main())
    assert not hashing.threads


def test_where_there_is_no_loop_nothing_is_held_up(
    settings: dict[str, Any], hashing: Hashing
) -> None:
    assert Large.make_static_url(settings, "a.txt") == f"/static/a.txt?v={sha512(b'one')}"


def test_the_etag_of_a_large_file_is_worked_out_once(
    site: Callable[..., Site], settings: dict[str, Any], tmp_path: Path, hashing: Hashing
) -> None:
    served = site((r"/(.*)", Large, {"path": str(tmp_path)}))
    with served.connect() as one, served.connect() as other:
        one.send("GET /a.txt")
        other.send("GET /a.txt")
        for connection in (one, other):
            assert connection.receive().header("Etag") == f'"{sha512(b"one")}"'
    assert len(hashing.threads) == 1


class Hasher:
    """In the place of :func:`hashlib.sha512`."""

    def __init__(self, update: Callable[[bytes], Any]) -> None:
        self.update = update

    def __call__(self, **kwargs: Any) -> "Hasher":
        return self

    def hexdigest(self) -> str:
        return "hash"


def test_a_version_is_of_one_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    state = versions.state_at(str(file))
    assert state is not None
    seen: list[bytes] = []
    monkeypatch.setattr(hashlib, "sha512", Hasher(seen.append))
    assert version_of_file(str(file), state) == "hash"
    # One that is another already is not even read.
    assert version_of_file(str(file), state._replace(size=4)) is None
    assert seen == [b"one"]
    monkeypatch.setattr(hashlib, "sha512", Hasher(lambda _: os.truncate(file, 1)))
    assert version_of_file(str(file), state) is None


def test_a_file_that_changes_while_it_is_hashed_has_no_etag(
    site: Callable[..., Site],
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_open = versions.open_regular

    def grow(path: str) -> Any:
        with open(path, "ab") as file:
            file.write(b"x")
        return really_open(path)

    monkeypatch.setattr(versions, "open_regular", grow)
    for handler_class in (Large, StaticFileHandler):
        served = site((r"/(.*)", handler_class, {"path": str(tmp_path)}))
        answer = served.ask("GET /a.txt")
        assert (answer.status, answer.header("Etag")) == (200, None)
        assert answer.body.startswith(b"one")


def test_a_file_that_goes_while_it_is_hashed(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: str) -> Any:
        raise HTTPError(404)

    monkeypatch.setattr(versions, "open_regular", gone)
    Large.reset()

    async def main() -> None:
        assert Large.make_static_url(settings, "a.txt") == "/static/a.txt"
        (future,) = Large._versions._underway.values()
        await future
        assert not Large._versions._underway
        assert len(Large._versions) == 0

    asyncio.run(main())


def test_what_is_remembered_is_bounded() -> None:
    known = versions.Versions()
    for key, version in (("a", "1"), ("b", "1"), ("b", "2")):
        known.remember(key, None, version, limit=2)
    # Another version of what is known takes no room from the others.
    assert (known.find("a", None), known.find("b", None)) == (("1",), ("2",))
    known.remember("a", None, "2", limit=2)
    known.remember("c", None, "1", limit=2)
    # To be told anew is to be used.
    assert (known.find("a", None), known.find("b", None)) == (("2",), None)
    known.remember("d", None, "1", limit=1)
    assert (len(known), known.find("d", None)) == (1, ("1",))
    known.remember("e", None, "1", limit=0)  # of no use, but no mistake
    assert len(known) == 1
