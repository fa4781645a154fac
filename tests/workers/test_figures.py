"""Where workers count."""

import os

import pytest

from tests.running import run_on
from tornadolike.ioloop import IOLoop
from tornadolike.workers.figures import LIBRARYS_VARIABLE, VARIABLE, FiguresFolder


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
    assert os.listdir(path) == []
    folder.forget(1)
    assert scraped(folder) == ("text/plain; charset=utf-8", b"")
    folder.remove()
    assert not os.path.exists(path)


def test_the_program_may_have_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setenv(LIBRARYS_VARIABLE, "/elsewhere")
    folder = FiguresFolder()
    assert folder.environment == {VARIABLE: str(tmp_path), LIBRARYS_VARIABLE: "/elsewhere"}
    folder.remove()
    assert tmp_path.exists()
