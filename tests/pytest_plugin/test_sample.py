"""The tests of a sample project, with the plugin from a wheel of this tree, as pytest finds it there."""

import os
import shutil
import site
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = Path(__file__).parent / "sample"
SOURCES = ("pyproject.toml", "setup.py", "setup.cfg", "README.md", "LICENSE", "MANIFEST.in")
PATIENCE = 240.0

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(600)]


def run(command: list[str | Path], folder: Path, **environment: str) -> str:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHON", "TORNADOLIKE"))
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the tree, without the native core."""
    pytest.importorskip("setuptools")
    pytest.importorskip("Cython")
    tree = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        shutil.copy(ROOT / name, tree)
    ignored = shutil.ignore_patterns("*.so", "__pycache__", "built.*.txt")
    shutil.copytree(ROOT / "tornadolike", tree / "tornadolike", ignore=ignored)
    program = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    run([sys.executable, "-c", program], tree, TORNADOLIKE_PURE="1")
    (found,) = (tree / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel in it; for the rest it sees what this one has."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/*/site-packages")
    here = [path for path in site.getsitepackages() if os.path.isdir(path)]
    (packages / "these.pth").write_text("\n".join([*here, ""]))
    shutil.unpack_archive(wheel, packages, "zip")  # a pure one is installed by this
    return folder / "bin" / "python"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


def test_with_the_plugin_alone(python: Path, sample: Path) -> None:
    where = run([python, "-c", "import tornadolike; print(tornadolike.__file__)"], sample)
    assert where.startswith(str(python.parents[1])), where
    off = [f"-pno:{name}" for name in ("asyncio", "anyio", "xdist", "base_url")]
    said = run([python, "-m", "pytest", "-q", *off], sample)
    assert "10 passed" in said, said


def test_beside_all_other_plugins(python: Path, sample: Path) -> None:
    options = (
        ["-oasyncio_default_fixture_loop_scope=function"] if find_spec("pytest_asyncio") else []
    )
    said = run([python, "-m", "pytest", "-q", "-Wdefault", *options], sample)
    assert "10 passed" in said, said


def test_switched_off(python: Path, sample: Path) -> None:
    ini = sample / "pytest.ini"
    ini.write_text("[pytest]\npythonpath = .\n")
    said = run([python, "-m", "pytest", "-q", "-pno:tornadolike", "-k", "test_sync"], sample)
    assert "1 passed" in said, said
