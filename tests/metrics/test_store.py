"""The figures of one process."""

import os
from pathlib import Path
from typing import Any

import pytest

from tornadolike.metrics import folder as folders
from tornadolike.metrics.store import Store
from tornadolike.metrics.tables import BOUNDS, REQUESTS

BUCKETS = {REQUESTS: (0.1, 1.0)}


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORNADOLIKE_METRICS_DIR", raising=False)


def test_counting() -> None:
    store = Store(BUCKETS, 10)
    assert store.snapshot() == ({}, [])
    store.count("a", ("x",))
    store.count("a", ("x",), 2.0)
    store.set("b", 5.0)
    for seconds in (0.05, 0.1, 0.5, 2.0):
        store.took(REQUESTS, ("GET",), seconds)
    snapshot, processes = store.snapshot()
    assert snapshot == {
        BOUNDS: {(REQUESTS,): [0.1, 1.0]},
        "a": {("x",): [3.0]},
        "b": {(): [5.0]},
        REQUESTS: {("GET",): [2.0, 1.0, 1.0, 2.65]},
    }
    assert processes == []


def test_a_child_begins_with_nothing() -> None:
    store = Store(BUCKETS, 10)
    store.count("a")
    known = store.new_known()
    known["x"] = 1
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        try:
            store.count("a", (), 5.0)
            os.write(writing, repr((store.snapshot()[0]["a"], known)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "({(): [5.0]}, {})"
    assert os.waitpid(pid, 0)[1] == 0
    assert store.snapshot()[0]["a"] == {(): [1.0]}
    assert known == {"x": 1}


def test_in_a_folder_a_child_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORNADOLIKE_METRICS_DIR", str(tmp_path))
    store = Store(BUCKETS, 10)
    store.count("a")
    if not (pid := os.fork()):
        try:
            store.count("a", (), 5.0)
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    snapshot, processes = store.snapshot()
    assert snapshot["a"] == {(): [6.0]}
    assert processes == [os.getpid()]


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    monkeypatch.setenv("TORNADOLIKE_METRICS_DIR", str(tmp_path))
    monkeypatch.setattr(folders.os, "write", lambda fd, data: 10)
    store = Store(BUCKETS, 10)
    with expect_log("tornadolike.general", "tells nobody of its figures", count=1):
        store.count("a")
        store.count("a")
