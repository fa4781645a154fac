"""The native core of a clone: built when its sources have changed, and tried once where that fails."""

import shutil
import sys
from pathlib import Path

import pytest

from maint import _native

pytestmark = pytest.mark.once

ROOM = Path(__file__).parent.parent.parent / "tornadolike" / "_native"


class Clone:
    """A clone with one source, and a build that only leaves its note."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs: list[list[str]] = []
        self.failure = ""
        room = path / "tornadolike" / "_native"
        room.mkdir(parents=True)
        (path / ".venvs").mkdir()
        (path / "setup.py").touch()
        shutil.copy(ROOM / "built.py", room)
        self.source = room / "a.pyx"
        self.source.touch()

    def build(self) -> str:
        return _native.build(self.path, Path(sys.executable), self.run)

    def run(self, command: list[str]) -> str:
        self.runs.append(command)
        if not self.failure:
            from tornadolike._native import built

            room = str(self.source.parent)
            built.write(built.note_of(room), built.fingerprints(room))
        return self.failure


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    monkeypatch.delenv("TORNADOLIKE_PURE", raising=False)
    monkeypatch.delenv("TORNADOLIKE_NATIVE", raising=False)
    return Clone(tmp_path)


def test_when_its_sources_have_changed(clone: Clone) -> None:
    assert clone.build() == ""
    assert clone.runs == [[sys.executable, "setup.py", "-q", "build_ext", "--inplace"]]
    assert clone.build() == ""
    assert len(clone.runs) == 1
    clone.source.write_text("else")
    assert clone.build() == ""
    assert len(clone.runs) == 2


def test_what_fails_is_not_tried_again_before_something_changes(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.failure = "no compiler"
    assert clone.build() == "no compiler"
    assert clone.build() == ""
    assert len(clone.runs) == 1
    clone.source.write_text("else")
    assert clone.build() == "no compiler"
    (clone.path / "setup.py").write_text("else")
    assert clone.build() == "no compiler"
    monkeypatch.setenv("CC", sys.executable)  # now there is another
    assert clone.build() == "no compiler"
    assert clone.build() == ""
    monkeypatch.setenv("TORNADOLIKE_NATIVE", "1")
    assert clone.build() == "no compiler"
    clone.failure = ""
    assert clone.build() == ""
    assert len(clone.runs) == 6


def test_not_when_it_is_not_wanted(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORNADOLIKE_PURE", "1")
    assert clone.build() == ""
    assert clone.runs == []


def test_not_where_there_is_none(tmp_path: Path) -> None:
    assert _native.build(tmp_path, Path("nowhere"), lambda command: "not to be run") == ""
