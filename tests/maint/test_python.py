"""Finding a Python that is new enough, and what a user reads when there is none."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maint import _python

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = [ROOT / "maint" / name for name in ("demo", "test", "docs")]

# A fake Python: `python -c ...` asks for its version, all else is a script to run.
FAKE = 'if [ "$1" = -c ]; then echo {version}; else echo "started: $@"; fi'


def start_with(version: tuple[int, ...], folder: Path, **variables: str) -> tuple[int, str, str]:
    """Run a script as a Python of `version` would, with nothing but `folder` on the PATH."""
    program = (
        f"import sys; sys.version_info = {version}; sys.argv = ['./maint/demo', 'chat']\n"
        "from maint import _python; _python.run('maint._demo')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": str(folder), "HOME": str(folder), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_an_old_python_goes_on_with_a_newer_one(
    fake: Callable[[str, str], Path], tmp_path: Path
) -> None:
    found = fake("python3.12", FAKE.format(version="3.12.1"))
    fake("python3.11", FAKE.format(version="3.11.2"))
    status, said, notes = start_with((3, 8, 18), tmp_path / "bin")
    assert (status, said) == (0, "started: ./maint/demo chat\n")
    assert notes == f"Python 3.8.18 is too old; going on with {found}.\n"


def test_an_old_python_alone_says_what_to_do(
    fake: Callable[[str, str], Path], tmp_path: Path
) -> None:
    fake("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    fake("python3.12", FAKE.format(version="3.9.1"))  # somebody's wrong link
    fake("python3.11", "echo surprise")
    status, said, notes = start_with((3, 8, 18), tmp_path / "bin")
    assert (status, said) == (3, "")
    assert "needs Python 3.11 or newer. This is Python 3.8.18 (" in notes
    assert "apt-get install python3 python3-venv" in notes
    assert "then run ./maint/demo again" in notes
    assert "Traceback" not in notes


def test_a_python_that_lies_is_tried_once(fake: Callable[[str, str], Path], tmp_path: Path) -> None:
    fake("python3.12", FAKE.format(version="3.12.1"))
    variables = {_python.STARTED_AGAIN: "1"}
    status, _, notes = start_with((3, 8, 18), tmp_path / "bin", **variables)
    assert status == 3
    assert "needs Python 3.11" in notes


def test_each_version_is_found_once_the_newest_first(
    fake: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = fake("python3.13", "exit 127")
    newest = fake("python3.14", FAKE.format(version="3.14.0"))
    behind = tmp_path / "behind"
    behind.mkdir()
    for name, version in (("python3.13", "3.13.2"), ("python3.14", "3.14.9")):
        path = shutil.copy(shim, behind / name)
        path.write_text(f"#!/bin/sh\necho {version}\n")
    unusable = behind / "python3.12"
    unusable.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{behind}")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(_python.find_all()) == [
        (str(newest), (3, 14, 0)),
        (str(behind / "python3.13"), (3, 13, 2)),
    ]


def test_a_version_is_asked_of_the_program_itself(tmp_path: Path) -> None:
    assert _python.version_of(sys.executable) == sys.version_info[:3]
    assert _python.version_of(str(tmp_path / "nothing")) is None
    not_a_program = tmp_path / "file"
    not_a_program.write_text("")
    assert _python.version_of(str(not_a_program)) is None


@pytest.mark.parametrize("path", [*SCRIPTS, ROOT / "maint/_python.py"], ids=lambda path: path.name)
def test_what_old_pythons_read_is_in_their_syntax(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 7))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]


def old_pythons() -> list[str]:
    names = [f"python3.{minor}" for minor in range(5, _python.OLDEST[1])]
    homes = [str(home) for home in Path.home().glob(".pyenv/versions/*/bin")]
    places = os.pathsep.join([*homes, os.environ.get("PATH", os.defpath)])
    found = (shutil.which(name, path=places) for name in names)
    return [path for path in found if path and works(path)]


def works(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not old_pythons(), reason="no old Python on this machine")
@pytest.mark.parametrize("python", old_pythons())
def test_a_real_old_python(python: str, fake: Callable[[str, str], Path], tmp_path: Path) -> None:
    fake("python3.11", FAKE.format(version="3.11.2"))
    done = subprocess.run(
        [python, "maint/demo", "--list"],
        env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "started: maint/demo --list\n"), done.stderr
    assert "is too old" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_can_be_run_from_anywhere(script: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(script)
    for path in (script, link):
        done = subprocess.run([path, "--help"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"usage: ./maint/{script.name}")
