"""Which of the two runs, and why; in processes of their own, since that is settled by the import."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import tornadolike
from tornadolike import _native, util
from tornadolike._native import built

PACKAGE = Path(tornadolike.__file__).parent
ROOM = PACKAGE / "_native"
TELL = "import json; from tornadolike import _native as n; print(json.dumps([n.RUNNING, n.REASON]))"

Ask = Callable[..., tuple[bool, str]]

compiled = pytest.mark.skipif(bool(built.changed(str(ROOM))), reason="the native core is not built")


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """``ask(first, PURE="1")``: whether it runs, and why not: in a copy, behind these lines, with this variable."""
    room = tmp_path / "tornadolike" / "_native"
    shutil.copytree(ROOM, room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tornadolike" / "__init__.py").touch()

    def ask(first: str = "pass", **variables: str) -> tuple[bool, str]:
        kept = {name: value for name, value in os.environ.items() if "TORNADOLIKE" not in name}
        kept |= {f"TORNADOLIKE_{name}": value for name, value in variables.items()}
        kept["PYTHONPATH"] = str(tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", f"{first}\n{TELL}"],
            env=kept,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ImportError(done.stderr.splitlines()[-1])
        running, reason = json.loads(done.stdout)
        return running, reason

    return ask


@compiled
def test_it_runs(ask: Ask) -> None:
    assert ask() == (True, "")
    assert ask(NATIVE="1") == (True, "")
    assert ask(PURE="0") == (True, "")


def test_it_is_switched_off(ask: Ask) -> None:
    assert ask(PURE="1") == (False, "TORNADOLIKE_PURE is set")
    assert ask(PURE="1", NATIVE="1") == (False, "TORNADOLIKE_PURE is set")


@compiled
def test_what_is_stale_is_never_used(ask: Ask, tmp_path: Path) -> None:
    with (tmp_path / "tornadolike" / "_native" / "watching.pyx").open("a") as source:
        source.write("# another\n")
    reason = "it was not built from these sources: watching.pyx changed"
    assert ask() == (False, reason)
    with pytest.raises(ImportError, match=f"TORNADOLIKE_NATIVE is set, .*: {reason}"):
        ask(NATIVE="1")


@compiled
def test_one_module_that_is_missing_switches_all_off(ask: Ask, tmp_path: Path) -> None:
    room = tmp_path / "tornadolike" / "_native"
    (room / f"watching{sysconfig.get_config_var('EXT_SUFFIX')}").unlink()
    running, reason = ask()
    assert not running
    assert reason.startswith("it was not built for this interpreter (")
    assert "watching" in reason


def test_a_free_threaded_build_is_refused(ask: Ask) -> None:
    first = "import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1"
    assert ask(first) == (
        False,
        "it needs the global interpreter lock, and this is a free-threaded build",
    )


def test_another_interpreter_is_refused(ask: Ask) -> None:
    first = "import sysconfig, sys; sysconfig.get_config_vars(); sys.implementation.name = 'pypy'"
    assert ask(first) == (False, "it is for CPython, and this is pypy")


def test_everybody_can_see_which_runs() -> None:
    assert util.native is _native.RUNNING
    assert _native.described() == ("native" if util.native else f"pure Python ({_native.REASON})")


def test_what_is_compiled_is_listed() -> None:
    assert {path.stem for path in ROOM.glob("*.pyx")} == set(_native.MODULES)
    assert {path.stem for path in ROOM.glob("*.pyi")} <= set(_native.MODULES)


def test_a_twin_takes_the_place_of_its_reference() -> None:
    class Watched:
        """Not the one that is compiled."""

    made: type = _native.twin("watching")(Watched)
    assert (made is Watched) is not util.native
    assert _native.references.pop("watching.Watched") is Watched


def test_a_front_stands_before_the_reference() -> None:
    class Reference:
        def __call__(self, events: int) -> None:
            raise AssertionError

    class Both(_native.front("watching", "Watched"), Reference):  # type: ignore[misc]
        pass

    both = Both()
    with pytest.raises(NotImplementedError if util.native else AssertionError):
        both(1)
