"""A folder with the figures of several processes."""

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike.metrics import folder as folders
from tornadolike.metrics.figures import Figures
from tornadolike.metrics.folder import Folder, usual_folder
from tornadolike.metrics.tables import CONNECTIONS, Snapshot


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write(path: Path, requests: float) -> None:
    """What a process leaves behind that has counted so much."""
    figures = Figures(memory := bytearray(1024 * 1024), 10)
    figures.values[figures.row("requests", ("/",))] = requests
    figures.values[figures.row(CONNECTIONS)] = requests
    figures.close()
    path.write_bytes(memory)


def numbers(snapshot: Snapshot) -> tuple[float, float]:
    return (
        snapshot["requests"]["/",][0],
        snapshot.get(CONNECTIONS, {}).get((), [0.0])[0],
    )


def test_one_process_sees_what_another_counts(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    memory = folder.new_memory(1)
    figures = Figures(memory, 10)
    place = figures.row("requests", ("/",))
    for count in (1.0, 2.0):
        figures.values[place] = count
        snapshot, living = Folder(tmp_path).snapshot()
        assert snapshot["requests"] == {("/",): [count]}
        assert living == [os.getpid()]
    assert isinstance(memory, mmap.mmap)
    figures.close()
    memory.close()


def test_nothing_decreases_when_a_process_ends(tmp_path: Path, gone: int) -> None:
    folder = Folder(tmp_path)
    write(tmp_path / f"{os.getpid()}-1.figures", 5)
    write(tmp_path / f"{gone}-1.figures", 3)
    write(tmp_path / f"{gone}-2.figures", 4)
    # Who reads need not wait for the supervisor.
    for _ in range(2):
        snapshot, living = folder.snapshot()
        assert numbers(snapshot) == (12.0, 5.0)
        assert living == [os.getpid()]
    assert sorted(path.name for path in tmp_path.glob("*.figures")) == sorted(
        ["ended.figures", f"{os.getpid()}-1.figures"]
    )
    folder.forget(os.getpid())
    folder.forget(gone)
    assert numbers(folder.snapshot()[0]) == (12.0, 0.0)


def test_a_number_that_comes_again(tmp_path: Path) -> None:
    write(tmp_path / f"{os.getpid()}-1.figures", 5)
    folder = Folder(tmp_path)
    memory = folder.new_memory(1)
    figures = Figures(memory, 10)
    figures.values[figures.row("requests", ("/",))] = 2.0
    assert numbers(folder.snapshot()[0]) == (7.0, 0.0)
    figures.close()
    memory.close()


def test_no_room(
    tmp_path: Path, gone: int, monkeypatch: pytest.MonkeyPatch, expect_log: object
) -> None:
    folder = Folder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(folders.os, "write", lambda fd, data: 10)
        with pytest.raises(OSError, match="no room"):
            folder.new_memory(1)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / f"{gone}-1.figures", 3)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", _full)
        with expect_log("tornadolike.general", "cannot add up"):  # type: ignore[operator]
            folder.forget(gone)
    assert numbers(folder.snapshot()[0]) == (3.0, 0.0)


def _full(path: Path, data: bytes) -> int:
    raise OSError("no space left")


def test_files_of_others_are_left_alone(tmp_path: Path, gone: int) -> None:
    others = [f"counter_{gone}.db", "x-1.figures", "notes"]
    for name in others:
        (tmp_path / name).write_text("text")
    write(tmp_path / f"{gone}-1.figures", 3)
    assert numbers(Folder(tmp_path).snapshot()[0]) == (3.0, 0.0)
    assert {path.name for path in tmp_path.iterdir()} == {*others, "ended.figures", "lock"}


def test_the_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORNADOLIKE_METRICS_DIR", raising=False)
    assert usual_folder() is None
    monkeypatch.setenv("TORNADOLIKE_METRICS_DIR", str(tmp_path))
    found = usual_folder()
    assert found is not None
    assert found.path == tmp_path
