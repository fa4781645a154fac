"""The notes of what was compiled."""

import os
from pathlib import Path

import pytest

from tornadolike._native import built


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "c").mkdir()
    for name in ("a.pyx", "a.pxd", "c/sha1.h"):
        (tmp_path / name).write_text(name)
    (tmp_path / "a.pyi").write_text("for people, and for mypy")
    built.write(built.note_of(str(tmp_path)), {"[how]": "1", **built.fingerprints(str(tmp_path))})
    return tmp_path


def test_what_was_compiled_is_what_is_there(room: Path) -> None:
    assert built.changed(str(room)) == []
    (room / "a.pyi").write_text("else")
    os.utime(room / "a.pyx", (0, 0))
    assert built.changed(str(room)) == []


@pytest.mark.parametrize("name", ["a.pyx", "a.pxd", "c/sha1.h", "c/new.h", "b.pyx"])
def test_what_has_changed_is_seen_whatever_its_date(room: Path, name: str) -> None:
    (room / name).write_text("else")
    os.utime(room / name, (0, 0))
    assert built.changed(str(room)) == [name]


def test_what_is_gone_is_seen(room: Path) -> None:
    (room / "a.pxd").unlink()
    assert built.changed(str(room)) == ["a.pxd"]


def test_what_was_compiled_for_another_python_does_not_count(room: Path) -> None:
    assert built.changed(str(room), ".cpython-399.so") == ["a.pxd", "a.pyx", "c/sha1.h"]


def test_without_sources_there_is_nothing_to_compare(tmp_path: Path) -> None:
    """As in a wheel."""
    assert built.changed(str(tmp_path)) == []
