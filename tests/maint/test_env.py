"""The environments: made, kept, mended, remade; by the real scripts in a small clone, no network.

The clone installs with a build backend of its own, which needs nothing from anywhere.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maint import _env
from maint._env import Environment, Failure, Interpreter

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent.parent
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
PATIENCE = 60

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tornadolike"
version = "0"
dependencies = []
"""

BACKEND = """\
import os, time, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    if os.path.exists("wait"):
        open("waiting", "w").close()
        while os.path.exists("wait"):
            time.sleep(0.02)
    with open("pyproject.toml", "rb") as settings:
        needs = tomllib.load(settings)["project"]["dependencies"]
    info = "tornadolike-0.dist-info"
    lines = ["Metadata-Version: 2.1", "Name: tornadolike", "Version: 0"]
    lines += [f"Requires-Dist: {name}" for name in needs]
    name = "tornadolike-0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "\\n".join(lines) + "\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name

build_editable = build_wheel
"""

DEMO = """\
import sys
print(sys.prefix, *sys.argv[1:])
"""


class Clone:
    """A small clone in which the scripts are run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = path / ".venvs" / f"demo-{VERSION}"
        shutil.copytree(ROOT / "maint", path / "maint", ignore=shutil.ignore_patterns("bench"))
        (path / "backend.py").write_text(BACKEND)
        self.settings = path / "pyproject.toml"
        self.settings.write_text(PROJECT)
        demo = path / "demos" / "hello" / "__main__.py"
        demo.parent.mkdir(parents=True)
        demo.write_text(DEMO)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "maint/demo", *arguments],
            env={**variables, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a signal can be sent as the terminal sends it
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        said, notes = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in notes, notes
        return process.returncode, said, notes

    @property
    def greeting(self) -> str:
        return f"{self.environment} --port 8888 --address 127.0.0.1\n"

    def wait_for(self, name: str) -> None:
        end = time.monotonic() + PATIENCE
        while not (self.path / name).exists():
            assert time.monotonic() < end, f"{name} did not come"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    # With a space in its name, as some people's folders have.
    return Clone(tmp_path_factory.mktemp("a clone"))


# Each of these would pass alone; in this order each finds what the one before left behind.


@pytest.mark.slow
def test_an_interruption_ends_it_quietly(clone: Clone) -> None:
    (clone.path / "wait").touch()
    process = clone.start("hello")
    try:
        clone.wait_for("waiting")
        os.killpg(process.pid, signal.SIGINT)
        said, notes = process.communicate(timeout=PATIENCE)
    finally:
        (clone.path / "wait").unlink()
        (clone.path / "waiting").unlink(missing_ok=True)
    assert (process.returncode, said) == (130, "")
    assert notes.endswith("Installing tornadolike and what it needs for demos ... \n")
    assert clone.environment.exists()


@pytest.mark.slow
def test_two_at_once(clone: Clone) -> None:
    """What is there is remade, once: the second waits for the first."""
    clone.environment.mkdir(parents=True, exist_ok=True)
    (clone.path / "wait").touch()
    first = clone.start("hello", "--fresh")
    clone.wait_for("waiting")
    (clone.path / "waiting").unlink()
    second = clone.start("hello")
    try:
        assert second.stderr is not None
        line = second.stderr.readline()
    finally:
        (clone.path / "wait").unlink()
    assert line.startswith(f"Waiting for another command that uses .venvs/demo-{VERSION};")
    said, notes = first.communicate(timeout=PATIENCE)
    assert (first.returncode, said) == (0, clone.greeting)
    assert "as asked" in notes
    assert "Making" in notes
    assert second.communicate(timeout=PATIENCE) == (
        clone.greeting,
        "Starting demos.hello; Ctrl-C stops it.\n",
    )
    assert second.returncode == 0


@pytest.mark.slow
def test_what_fits_is_kept(clone: Clone) -> None:
    clone.run("hello")
    start = time.monotonic()
    assert clone.run("hello") == (0, clone.greeting, "Starting demos.hello; Ctrl-C stops it.\n")
    assert time.monotonic() - start < 3  # about 0.1, on a machine that has nothing else to do

    clone.settings.write_text(PROJECT + "[tool.ruff]\nline-length = 100\n")
    assert "Installing" not in clone.run("hello")[2]

    clone.settings.write_text(PROJECT.replace('version = "0"', 'version = "1"'))
    notes = clone.run("hello")[2]
    assert "Installing" in notes
    assert "Making" not in notes

    (clone.path / "setup.cfg").write_text("[metadata]\n")
    assert "Installing" in clone.run("hello")[2]
    assert "Installing" not in clone.run("hello")[2]


@pytest.mark.slow
def test_a_pip_that_outlives_its_killed_parent(clone: Clone) -> None:
    clone.settings.write_text(PROJECT.replace('version = "0"', 'version = "2"'))
    (clone.path / "wait").touch()
    process = clone.start("hello")
    clone.wait_for("waiting")
    (clone.path / "waiting").unlink()
    process.kill()
    process.communicate(timeout=PATIENCE)
    second = clone.start("hello")
    try:
        assert second.stderr is not None
        assert second.stderr.readline().startswith("Waiting for another command")
    finally:
        (clone.path / "wait").unlink()
    said, notes = second.communicate(timeout=PATIENCE)
    assert (second.returncode, said) == (0, clone.greeting)
    assert "half-made" in notes


@pytest.mark.slow
def test_without_a_network_it_says_so(clone: Clone) -> None:
    clone.settings.write_text(PROJECT.replace("[]\n", '["babel-of-nowhere"]\n'))
    try:
        status, said, notes = clone.run("hello")
    finally:
        clone.settings.write_text(PROJECT)
    assert (status, said) == (3, "")
    assert "No matching distribution found for babel-of-nowhere" in notes
    assert "could not reach its package index" in notes
    assert f"All of it: .venvs/demo-{VERSION}.log" in notes


@pytest.mark.slow
def test_a_settings_file_that_is_broken(clone: Clone) -> None:
    clone.settings.write_text("[project\n")
    try:
        status, _, notes = clone.run("hello")
    finally:
        clone.settings.write_text(PROJECT)
    assert status == 3
    assert notes.startswith("pyproject.toml can't be read: ")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    monkeypatch.setattr(_env, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return Environment("demo", Interpreter("/usr/bin/python3", (3, 11, 2)))


def test_without_venv_it_says_what_to_install(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_env, "works", lambda command: False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Failure, match=r"apt-get install python3-venv   \(or python3\.11-venv\)"):
        environment._create()


@pytest.mark.parametrize(
    ("working", "maker"),
    [
        ("venv", ["/usr/bin/python3", "-m", "venv"]),
        ("virtualenv", ["/usr/bin/python3", "-m", "virtualenv"]),
        ("", ["/opt/virtualenv", "--python", "/usr/bin/python3"]),
    ],
)
def test_what_makes_environments(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, working: str, maker: list[str]
) -> None:
    lines: list[list[str]] = []
    monkeypatch.setattr(
        _env, "works", lambda command: bool(working) and any(working in word for word in command)
    )
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(environment, "_step", lambda title, command: lines.append(command))
    environment._create()
    assert lines == [[*maker, str(environment.path)]]


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: No matching distribution found for babel>=2", "package index"),
        ("Temporary failure in name resolution", "package index"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: metadata-generation-failed", "Mend what it says"),
    ],
)
def test_advice(output: str, advice: str) -> None:
    assert advice in _env._advice(output)


@pytest.mark.parametrize("wanted", ["nowhere", "3.99", "/nowhere/python", "sh"])
def test_a_python_that_is_not_there(wanted: str) -> None:
    with pytest.raises(Failure, match="There is no working Python called") as caught:
        Interpreter.find(wanted)
    assert caught.value.status == 2


def test_a_python_that_is_too_old(fake: Callable[[str, str], Path]) -> None:
    old = fake("python", "echo 3.10.4")
    with pytest.raises(Failure, match=r"is Python 3\.10\.4; 3\.11 or newer is needed"):
        Interpreter.find(str(old))


def test_a_python_by_its_version(
    fake: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fake("python3.13", "echo 3.13.2")
    monkeypatch.setenv("PATH", str(found.parent))
    monkeypatch.setenv("HOME", str(found.parent))
    assert Interpreter.find("3.13") == Interpreter(str(found), (3, 13, 2))
    assert Interpreter.find("python3.13") == Interpreter(str(found), (3, 13, 2))


def test_programs_run_in_the_environment_alone(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PATH", "/usr/bin")
    variables = environment.variables()
    assert "PYTHONPATH" not in variables
    assert variables["PATH"] == f"{environment.path}/bin:/usr/bin"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Failure("Do this.", 2), 2, "Do this.\n"),
        (PermissionError(13, "Permission denied", "/x"), 3, "[Errno 13] Permission denied: '/x'\n"),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_no_traceback(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    def work(arguments: object) -> int:
        raise error

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert _env.command(work) == status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err.endswith(said)
