"""The environments of the scripts: made in the clone, kept while they fit, remade when they don't.

Each purpose and each Python has a folder of its own, `.venvs/<purpose>-<version>`. One shared
folder would be smaller, but then the demo would wait for the test tools to be installed, and the
tests would pass with what some other purpose had installed. The usual `.venv` is left to
whoever works in the clone: what is under `.venvs` is ours, and may be deleted at any time.

Two files stand beside the folder: a lock, and what pip and the compiler said. A third one inside,
the stamp, says what the folder was made from. It is written last, so a folder without it is half-made.

The native core is compiled in the clone, beside its sources, where all environments of a Python have
it in common: whenever its sources have changed, and if there is a compiler. Without it all works, too.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from maint import _native, _python

ROOT = Path(__file__).resolve().parent.parent
OLDEST = ".".join(map(str, _python.OLDEST))

FAILED = 1  # something that was checked isn't right
USAGE = 2  # the command line isn't right (argparse's number)
UNPREPARED = 3  # the environment could not be made
INTERRUPTED = 130  # as a shell says it of Ctrl-C

# Things that pip says when it can't reach the index.
_NO_NETWORK = (
    "no matching distribution",
    "could not find a version",
    "connection",
    "name resolution",
    "timed out",
    "max retries",
    "network is unreachable",
)


class Failure(Exception):
    """Something went wrong that the user can mend: the text says what and how."""

    def __init__(self, text: str, status: int = UNPREPARED) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Interpreter:
    """A Python that an environment can be made with."""

    path: str
    version: tuple[int, ...]  # (3, 11, 2)

    @classmethod
    def find(cls, wanted: str | None = None) -> "Interpreter":
        """Return the Python called `wanted`: a path, a command, or a version such as "3.12".

        The default is the Python that runs this script. Raises `Failure` when there is none, or
        when it is too old.
        """
        if wanted is None:
            return cls(sys.executable, sys.version_info[:3])
        path = shutil.which(wanted)
        if path is None and wanted.replace(".", "").isdigit():
            found = (path for path, _ in _python.find_all() if path.endswith("python" + wanted))
            path = next(found, None)
        version = _python.version_of(path) if path else None
        if path is None or version is None:
            raise Failure(
                f"There is no working Python called {wanted!r}: give a path, or a version.\n"
                "./maint/test --pythons lists those that were found.",
                USAGE,
            )
        if version < _python.OLDEST:
            raise Failure(
                f"{path} is Python {'.'.join(map(str, version))}; {OLDEST} or newer is needed.",
                USAGE,
            )
        return cls(path, version)


class Environment:
    """A virtual environment of this clone, with tornadolike installed editable in it.

    `purpose` names the folder, `extras` are tornadolike's optional dependencies it needs.
    """

    def __init__(self, purpose: str, interpreter: Interpreter, extras: Sequence[str] = ()) -> None:
        self.interpreter = interpreter
        self.extras = tuple(extras)
        name = f"{purpose}-{interpreter.version[0]}.{interpreter.version[1]}"
        self.path = ROOT / ".venvs" / name
        self.python = self.path / "bin" / "python"
        self._stamp = self.path / "tornadolike.json"
        self._log = self.path.with_name(name + ".log")
        self._lock = -1

    def prepare(self, *, fresh: bool = False) -> None:
        """Make the environment, or mend it, unless it already fits. Raises `Failure`.

        Until this process ends (and whatever it turns into by `exec`) nobody else can remake the
        environment: using it takes the lock shared, making it takes the lock alone.
        """
        self.path.parent.mkdir(exist_ok=True)
        lock = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        # Inherited, so that a pip that outlives its killed parent keeps the others waiting.
        os.set_inheritable(lock, True)
        self._lock = lock
        self._take(fcntl.LOCK_SH)
        if fresh or not self._fits():
            fcntl.flock(lock, fcntl.LOCK_UN)
            self._take(fcntl.LOCK_EX)
            if fresh or not self._fits():  # somebody else may just have made it
                self._make(fresh)
            self._take(fcntl.LOCK_SH)
        self._build()

    def variables(self) -> dict[str, str]:
        """Return the variables for programs that run in this environment, and in nothing else."""
        variables = dict(os.environ)
        for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
            variables.pop(name, None)
        variables["VIRTUAL_ENV"] = str(self.path)
        variables["PATH"] = f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return variables

    def _take(self, kind: int) -> None:
        try:
            fcntl.flock(self._lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another command that uses {self._shown()}; Ctrl-C gives up.")
            fcntl.flock(self._lock, kind)

    def _fits(self) -> bool:
        return self._read_stamp() == self._wanted_stamp() and self.python.exists()

    def _read_stamp(self) -> dict[str, str]:
        try:
            stamp = json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _wanted_stamp(self) -> dict[str, str]:
        path = os.path.realpath(self.interpreter.path)
        version = ".".join(map(str, self.interpreter.version))
        return {"base": f"{path} {version} at {self.path}", "installed": self._fingerprint()}

    def _fingerprint(self) -> str:
        """Hash all that decides what pip would install, but not the settings of our tools."""
        try:
            settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
        except tomllib.TOMLDecodeError as error:
            raise Failure(f"pyproject.toml can't be read: {error}") from None
        parts = [settings.get("build-system"), settings.get("project"), self.extras]
        parts.append(settings.get("tool", {}).get("setuptools"))
        fingerprint = hashlib.sha256(repr(parts).encode())
        for path in [ROOT / "setup.cfg", ROOT / "setup.py"]:
            if path.exists():
                fingerprint.update(path.read_bytes())
        return fingerprint.hexdigest()

    def _make(self, fresh: bool) -> None:
        wanted, found = self._wanted_stamp(), self._read_stamp()
        if fresh or found.get("base") != wanted["base"] or not self.python.exists():
            if self.path.exists():
                elsewhere = "made with another Python or in another place"
                why = "as asked" if fresh else elsewhere if found else "half-made"
                say(f"Removing {self._shown()}: {why}.")
                shutil.rmtree(self.path)
            self._create()
        self._stamp.unlink(missing_ok=True)
        self._install()
        draft = self._stamp.with_suffix(".new")
        draft.write_text(json.dumps(wanted, indent=2) + "\n")
        draft.replace(self._stamp)

    def _create(self) -> None:
        python = self.interpreter.path
        version = ".".join(map(str, self.interpreter.version))
        if works([python, "-c", "import venv, ensurepip"]):
            maker = [python, "-m", "venv"]
        elif works([python, "-m", "virtualenv", "--version"]):
            maker = [python, "-m", "virtualenv"]
        elif program := shutil.which("virtualenv"):
            maker = [program, "--python", python]
        else:
            raise Failure(
                f"{python} can't make environments: its venv or ensurepip module is missing.\n"
                "Debian and Ubuntu keep them in a package of their own:\n"
                f"    sudo apt-get install python3-venv   (or python{version[:4]}-venv)\n"
                f"then run {sys.argv[0]} again. An installed virtualenv will do as well."
            )
        self._step(f"Making {self._shown()} with Python {version}", [*maker, str(self.path)])

    def _install(self) -> None:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        pip = [str(self.python), "-m", "pip", "install", "--no-input", "--editable", "." + extras]
        needs = f" for {self.extras[0]}" if self.extras else ""
        # Without the native core, which pip would compile in a folder of its own, all of it each time.
        # But with what that is built by, so that it can be built without pip and its index.
        pip += tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
        self._step(f"Installing tornadolike and what it needs{needs}", pip, {_native.PURE: "1"})

    def _build(self) -> None:
        """Build the native core, if it has to be. Only who relies on it is told of a failure by `Failure`."""

        def run(command: list[str]) -> str:
            try:
                self._step("Building the native core", command)
            except Failure as failure:
                if _native.is_set(_native.NEEDED):
                    raise Failure(str(failure), FAILED) from None
                return str(failure)
            return ""

        if _native.build(ROOT, self.python, run):
            said = self._log.read_text(errors="replace").split("error: ")[-1].strip()
            why = said.splitlines()[0] if said else "?"
            say(f"Going on without it, which is slower: {why} (all of it: {self._log})")

    def _step(self, title: str, command: list[str], more: dict[str, str] | None = None) -> None:
        """Run one step of making the environment, with its output in the log."""
        say(f"{title} ...", end=" ")
        start = time.monotonic()
        # PIP_USER from somebody's settings would make pip refuse to work in an environment.
        variables = {**self.variables(), "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        variables |= more or {}
        with self._log.open("wb") as log:
            status = call(command, variables, output=log.fileno(), keep=self._lock)
        if status == 0:
            say(f"{time.monotonic() - start:.0f} s")
            return
        say("failed")
        output = self._log.read_text(errors="replace").strip()
        last = "\n".join("    " + line for line in output.splitlines()[-12:])
        raise Failure(
            f"\n{title} failed with status {status}. The last of what it said:\n\n{last}\n\n"
            f"{_advice(output)}\nAll of it: {self._log.relative_to(ROOT)}"
        )

    def _shown(self) -> str:
        return str(self.path.relative_to(ROOT))


def _advice(output: str) -> str:
    again = f"then run {sys.argv[0]} again."
    if any(phrase in output.lower() for phrase in _NO_NETWORK):
        return (
            "It looks as if pip could not reach its package index, which it needs this once.\n"
            "Look at the network, at a proxy (HTTPS_PROXY) and at pip's settings "
            f"(pip config list),\n{again}"
        )
    if "no space left" in output.lower():
        return f"The disk is full: make room, {again}"
    return f"Mend what it says, {again}"


def say(text: str, end: str = "\n") -> None:
    """Tell the user something that isn't the output of the program he asked for."""
    print(text, end=end, file=sys.stderr, flush=True)


def works(command: Sequence[str]) -> bool:
    """Return whether `command` can be run and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def call(
    command: Sequence[str],
    variables: dict[str, str],
    output: int | None = None,
    keep: int | None = None,
) -> int:
    """Run `command` from the clone's root to its end and return its status.

    `output` is a descriptor for what it prints, `keep` one that it inherits. When we are
    interrupted the command is too (the terminal tells both); it is given time to end by itself.
    """
    sys.stdout.flush()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL if output is not None else None,
        stdout=output,
        stderr=output,
        pass_fds=() if keep is None else (keep,),
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str]
) -> tuple[argparse.Namespace, list[str]]:
    """Return our options, and the rest: what `parser` doesn't know, and all that follows `--`."""
    ours, theirs = list(arguments), []
    if "--" in ours:
        border = ours.index("--")
        ours, theirs = ours[:border], ours[border + 1 :]
    options, unknown = parser.parse_known_args(ours)
    return options, unknown + theirs


def command(work: Callable[[Sequence[str]], int]) -> int:
    """Run a script's `work` with its arguments; turn what goes wrong into a line and a status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        return work(sys.argv[1:])
    except Failure as failure:
        say(str(failure))
        return failure.status
    except OSError as error:
        say(f"{sys.argv[0]}: {error}")
        return UNPREPARED
    except KeyboardInterrupt:
        say("")
        return INTERRUPTED


def _end(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
