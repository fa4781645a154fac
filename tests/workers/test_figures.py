"""Where workers count."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from tests.running import run_on
from tornadolike.ioloop import IOLoop
from tornadolike.process import SHARED_SIZE
from tornadolike.workers.figures import (
    LIBRARYS_VARIABLE,
    PREFIX,
    SECONDS_OF_A_BEGINNING,
    VARIABLE,
    FiguresFolder,
)
from tornadolike.workers.tasks import SHARED_VARIABLE


def scraped(folder):
    return run_on(lambda: IOLoop(make_current=False), folder.scrape())


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(LIBRARYS_VARIABLE, raising=False)


def test_a_folder_that_nobody_uses():
    folder = FiguresFolder()
    path = folder.environment[VARIABLE]
    assert folder.environment[LIBRARYS_VARIABLE] == path
    shared = Path(folder.environment[SHARED_VARIABLE])
    assert list(Path(path).iterdir()) == [shared]
    assert shared.read_bytes() == bytes(SHARED_SIZE)
    folder.forget(1)
    assert scraped(folder) == ("text/plain; charset=utf-8", b"")
    folder.remove()
    assert not os.path.exists(path)


def test_the_program_may_have_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setenv(LIBRARYS_VARIABLE, "/elsewhere")
    folder = FiguresFolder()
    assert folder.environment == {
        VARIABLE: str(tmp_path),
        LIBRARYS_VARIABLE: "/elsewhere",
        SHARED_VARIABLE: str(tmp_path / f"shared-{os.getpid()}"),
    }
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_in_a_slot():
    folder = FiguresFolder()
    path = Path(folder.environment[SHARED_VARIABLE])
    path.write_bytes(b"\x05" * SHARED_SIZE)
    folder.nobody_in(2)
    assert path.read_bytes() == b"\x05" * 8 + bytes(8) + b"\x05" * (SHARED_SIZE - 16)
    folder.remove()


def test_what_was_forgotten_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    used = FiguresFolder()
    forgotten, new, other = (
        tmp_path / f"{PREFIX}forgotten",
        tmp_path / f"{PREFIX}new",
        tmp_path / "other",
    )
    for path in (forgotten, new, other):
        path.mkdir()
        (path / "counts").write_text("")
    long_ago = time.time() - 2 * SECONDS_OF_A_BEGINNING
    for path in (forgotten, other, used.environment[VARIABLE]):
        os.utime(path, (long_ago, long_ago))
    another = FiguresFolder()
    assert (forgotten.exists(), new.exists(), other.exists()) == (False, True, True)
    assert os.path.exists(used.environment[VARIABLE])
    another.remove()
    used.remove()
    used.remove()
