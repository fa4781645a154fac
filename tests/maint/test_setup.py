"""setup.py: with a compiler, without one, and what a wheel has; in a small clone, without a network."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(300)]

pytest.importorskip("Cython", reason="Cython is not installed")
if not shutil.which("gcc"):
    pytest.skip("there is no gcc", allow_module_level=True)

ROOT = Path(__file__).parent.parent.parent
MODULES = ("counters", "watching")
WARNING = "warning: tornadolike is built without its native core, all is there and slower: "


class Tree:
    """A small clone to build in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.room = path / "tornadolike" / "_native"
        self.room.mkdir(parents=True)
        settings = (
            "setup.py",
            "setup.cfg",
            "pyproject.toml",
            "MANIFEST.in",
            "README.md",
            "LICENSE",
        )
        for name in settings:
            shutil.copy(ROOT / name, path)
        shutil.copy(ROOT / "tornadolike" / "__init__.py", self.room.parent)
        own = ROOT / "tornadolike" / "_native"
        sources = [f"{name}.{end}" for name in MODULES for end in ("pyx", "pxd", "pyi")]
        for name in ("built.py", "__init__.pxd", *sources):
            shutil.copy(own / name, self.room)
        # A name that is not there is of a module that this clone does not have.
        listed = re.sub(
            r"(?s)^MODULES: Final = \(.*?^\)",
            f"MODULES: Final = {MODULES}",
            (own / "__init__.py").read_text(),
            flags=re.M,
        )
        (self.room / "__init__.py").write_text(listed)

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run Python, with these variables more."""
        kept = {name: value for name, value in os.environ.items() if "TORNADOLIKE" not in name}
        kept |= {"PYTHONPATH": "", **variables}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.path, env=kept, capture_output=True, text=True, check=False
        )

    def backend(self, what: str, **variables: str) -> tuple[Path, list[str]]:
        """Have setuptools make something, as pip does: where it is, and our warnings."""
        program = f"import setuptools.build_meta as b; print(b.{what}('dist'))"
        done = self.run("-c", program, **variables)
        assert done.returncode == 0, done.stderr
        warnings = [line for line in done.stderr.splitlines() if "native core" in line]
        return self.path / "dist" / done.stdout.splitlines()[-1], warnings

    def clean(self) -> None:
        shutil.rmtree(self.path / "build", ignore_errors=True)
        for path in (*self.room.glob("*.so"), *self.room.glob("built.*.txt")):
            path.unlink()

    @property
    def state(self) -> str:
        """What this clone says of itself."""
        tell = (
            "from tornadolike import _native as n; print(n.RUNNING, n.counts_objects(), n.REASON)"
        )
        return self.run("-c", tell).stdout.strip()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree(tmp_path_factory.mktemp("a clone"))


@pytest.fixture
def tree(whole: Tree) -> Iterator[Tree]:
    kept = {path: path.read_bytes() for path in whole.room.iterdir() if path.is_file()}
    yield whole
    whole.clean()
    for path, content in kept.items():
        path.write_bytes(content)


def in_wheel(wheel: Path) -> set[str]:
    """What of the native core is in a wheel, without what differs by interpreter."""
    with zipfile.ZipFile(wheel) as file:
        names = {name.rpartition("/")[2] for name in file.namelist() if "/_native/" in name}
    return {re.sub(r"\..*\.so$", ".so", name) for name in names}


def test_a_wheel_has_modules_and_stubs_but_no_sources(tree: Tree) -> None:
    wheel, warnings = tree.backend("build_wheel")
    assert not wheel.name.endswith("py3-none-any.whl")
    assert warnings == []
    assert in_wheel(wheel) == {
        *("__init__.py", "built.py"),
        *(f"{name}.{end}" for name in MODULES for end in ("pyi", "so")),
    }


@pytest.mark.parametrize(
    ("variables", "reasons"),
    [
        ({"CC": "nowhere-cc"}, ["there is no C compiler: 'nowhere-cc' cannot be run"]),
        ({"CC": "false"}, ["the C compiler does not find Python.h"]),
        ({"TORNADOLIKE_PURE": "1"}, []),
    ],
)
def test_without_it_the_wheel_is_for_everybody(
    tree: Tree, variables: dict[str, str], reasons: list[str]
) -> None:
    wheel, warnings = tree.backend("build_wheel", **variables)
    assert wheel.name.endswith("py3-none-any.whl")
    assert warnings == [WARNING + reason for reason in reasons]
    stubs = {f"{name}.pyi" for name in MODULES}
    assert in_wheel(wheel) == {"__init__.py", "built.py", *stubs}


def test_who_relies_on_it_is_told(tree: Tree) -> None:
    program = "import setuptools.build_meta as b; b.build_wheel('dist')"
    done = tree.run("-c", program, CC="nowhere-cc", TORNADOLIKE_NATIVE="1")
    assert done.returncode != 0
    said = "error: the native core cannot be built: there is no C compiler"
    assert said in done.stderr
    done = tree.run("setup.py", "-q", "build_ext", "--inplace", CC="nowhere-cc")
    assert done.returncode != 0
    assert said in done.stderr


def test_half_of_it_is_nothing(tree: Tree) -> None:
    (tree.room / "watching.pyx").write_text("cdef extern from 'nowhere.h':\n    int nowhere\n")
    wheel, warnings = tree.backend("build_wheel")
    assert [warning.partition(": it could")[0] + ": " for warning in warnings] == [WARNING]
    assert not any(name.endswith(".so") for name in in_wheel(wheel))


def test_the_source_distribution_has_what_it_is_built_from(tree: Tree) -> None:
    distribution, warnings = tree.backend("build_sdist")
    assert warnings == []
    with tarfile.open(distribution) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {"setup.py", "tornadolike/_native/__init__.pxd"} <= names
    for module in MODULES:
        assert {f"tornadolike/_native/{module}.{end}" for end in ("pyx", "pxd", "pyi")} <= names
    assert not any(name.endswith((".so", ".c")) or "/built.c" in name for name in names)


def test_in_place(tree: Tree) -> None:
    build = ("setup.py", "-q", "build_ext", "--inplace")
    assert tree.run(*build).returncode == 0
    assert tree.state == "True False"
    assert tree.run(*build, TORNADOLIKE_DEBUG="1").returncode == 0
    assert tree.state == "True True"

    # Another one, that is older than what was compiled: say, by git stash, or by rsync.
    source = tree.room / "watching.pyx"
    source.write_text(source.read_text() + "\nother = 42\n")
    os.utime(source, (1, 1))
    assert tree.state == "False False it was not built from these sources: watching.pyx changed"
    assert tree.run(*build).returncode == 0
    ask = "from tornadolike._native import watching, counters; print(watching.other, counters.counting)"
    assert tree.run("-c", ask).stdout.split() == ["42", "False"]

    # What cannot be compiled leaves nothing behind that would run.
    source.write_text("cdef extern from 'nowhere.h':\n    int nowhere\n")
    assert tree.run(*build).returncode != 0
    assert tree.state.startswith("False False it was not built from these sources")
