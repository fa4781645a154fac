"""Runs Autobahn's test suite, which is written for Python 2.7, against our server and our client.

    python -m tests.conformance.autobahn                              # all, which takes half an hour
    python -m tests.conformance.autobahn server --cases '5.*' '12.1.1'
    python -m tests.conformance.autobahn client --plain               # without compression

The suite and what it needs (``autobahn.txt``) are installed once, below ``~/.cache``; this takes the package
index, pip for Python 2.7, and ten seconds. A run of everything writes what came of it to ``AUTOBAHN.md``.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application
from tornadolike.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketHandler,
    websocket_connect,
)

NEEDS = Path(__file__).with_name("autobahn.txt")
VERSION = NEEDS.read_text().partition("autobahntestsuite==")[2].split()[0]
AGENT = "tornadolike"
BIGGEST = 32 * 2**20
"""Bytes that a message may have here: the suite sends some of 16 MiB."""

GOOD = {"OK", "INFORMATIONAL"}
"""Verdicts that are as good as can be. Some cases only look what a peer does: they have no right or wrong."""

NOT_STRICT = {
    "client": (
        ["3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"],
        "A message and behind it a wrong frame: the client, which is asked for its messages, answers the wrong "
        "frame at once, and then the message cannot be answered any more. RFC 6455 (section 7.1.7) wants no "
        "more, and the suite calls it right, only not strict.",
    )
}
"""Where we may be less than strict: the cases of a side, and why."""

# Begins the suite's own program with its packages on the path, and says when it listens.
LAUNCHER = """\
import site, sys
site.addsitedir(sys.argv.pop(1))
sys.argv[0] = "wstest"
from autobahntestsuite.wstest import reactor, run
def started():
    sys.stdout.write("started\\n")
    sys.stdout.flush()
reactor.callWhenRunning(started)
run()
"""


class Unavailable(Exception):
    """The suite cannot be run here, for this reason."""


@dataclass(frozen=True)
class Outcome:
    """What the suite says of a case: of the messages, and of the end of the connection."""

    side: str
    case: str
    behavior: str
    close: str

    @property
    def verdict(self) -> str:
        """The worse of both."""
        return self.close if self.behavior in GOOD else self.behavior

    @property
    def good(self) -> bool:
        """Whether it is as it should be, or known not to be."""
        cases, _reason = NOT_STRICT.get(self.side, ([], ""))
        known = self.verdict == "NON-STRICT" and self.case in cases and self.close in GOOD
        return known or self.verdict in GOOD


@dataclass(frozen=True)
class Suite:
    """The installed suite."""

    python: str
    packages: Path

    @classmethod
    def find(cls) -> "Suite":
        """Install it, if that was not done before. Raises :exc:`Unavailable`."""
        python = python27()
        key = hashlib.sha256(NEEDS.read_bytes() + python.encode()).hexdigest()[:12]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        packages = cache / "tornadolike" / f"autobahn-{key}"
        if not packages.exists():
            install(python, packages)
        return cls(python, packages)

    @asynccontextmanager
    async def running(
        self, mode: str, specification: dict[str, Any]
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """``wstest --mode MODE`` while the block lasts; it listens (or has begun) when that begins."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as spec:
            json.dump(specification, spec)
            spec.flush()
            options = ["--mode", mode, "--spec", spec.name, "--webport", "0"]
            process = await asyncio.create_subprocess_exec(
                *[self.python, "-W", "ignore", "-c", LAUNCHER, str(self.packages), *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert process.stdout is not None
            said = b""
            while not said.endswith(b"started\n"):
                line = await process.stdout.readline()
                if not line:
                    await process.wait()
                    raise RuntimeError(f"the suite did not start: {said.decode(errors='replace')}")
                said += line
            # What it goes on to say has to be read, or it would wait for ever.
            rest = asyncio.create_task(process.stdout.read())
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()
                await rest


def python27() -> str:
    """The path of a Python 2.7 that works; pyenv's are found though none of them is selected."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    candidates = [Path(folder) / "python2.7" for folder in folders]
    candidates += sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python2.7"))
    for path in candidates:
        if path.is_file() and quietly(str(path), "-c", "import pip").returncode == 0:
            return str(path)
    raise Unavailable("Autobahn's test suite needs a Python 2.7 that has pip, and here is none")


def quietly(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def install(python: str, folder: Path) -> None:
    """Into a draft first, so that what is there is whole. Two at once do no harm."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = tempfile.mkdtemp(prefix="draft-", dir=folder.parent)
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    pip += ["--no-compile", "--retries", "1", "--target", draft]
    try:
        done = quietly(*pip, "-r", str(NEEDS))
        if done.returncode:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise Unavailable(f"Autobahn's test suite could not be installed: {''.join(last)}")
        # In C, and many times as fast at checking text. It has no wheels: a compiler makes it.
        quietly(*pip, "wsaccel==0.6.2")
        try:
            os.rename(draft, folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


# What is tested


class Echo(WebSocketHandler):
    """Answers each message with itself; waits until the client has read the answer."""

    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message, binary=isinstance(message, bytes))


async def of_server(
    suite: Suite, cases: Sequence[str], compression: bool, but: Sequence[str] = ()
) -> list[Outcome]:
    """What the suite, as a client, says of our server in these cases (``but`` are left out)."""
    options: dict[str, Any] = {"websocket_max_message_size": BIGGEST}
    if compression:
        options["websocket_compression_options"] = {}
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/", Echo)], **options))
    server.add_sockets(sockets)
    url = f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/"
    try:
        with tempfile.TemporaryDirectory() as folder:
            specification = {
                "outdir": folder,
                "servers": [{"agent": AGENT, "url": url}],
                "cases": list(cases),
                "exclude-cases": list(but),
            }
            async with suite.running("fuzzingclient", specification) as process:
                await process.wait()
            return read(folder, "server")
    finally:
        server.stop()
        await server.close_all_connections()


async def of_client(
    suite: Suite, cases: Sequence[str], compression: bool, but: Sequence[str] = ()
) -> list[Outcome]:
    """What the suite, as a server, says of our client in these cases (``but`` are left out)."""
    options: dict[str, Any] = {"max_message_size": BIGGEST}
    if compression:
        options["compression_options"] = {}
    with tempfile.TemporaryDirectory() as folder, ReservedPort() as port:
        url = f"ws://127.0.0.1:{port}"
        specification = {
            "outdir": folder,
            "url": url,
            "cases": list(cases),
            "exclude-cases": list(but),
        }
        async with suite.running("fuzzingserver", specification):
            async with websocket_connect(f"{url}/getCaseCount") as connection:
                count = int(await connection.read_message() or 0)
            for number in range(1, count + 1):
                where = f"{url}/runCase?case={number}&agent={AGENT}"
                async with websocket_connect(where, **options) as connection:
                    await echo(connection)
            async with websocket_connect(f"{url}/updateReports?agent={AGENT}") as connection:
                await connection.wait_closed()
        return read(folder, "client")


async def echo(connection: WebSocketClientConnection) -> None:
    with suppress(WebSocketClosedError):  # the suite has closed while there was something to answer
        async for message in connection:
            await connection.write_message(message, binary=isinstance(message, bytes))


class ReservedPort:
    """``with ReservedPort() as port:``, a port that nobody else is given, and who asks for it gets."""

    def __enter__(self) -> int:
        self._socket = socket.socket()
        # As the suite sets it too: then both may be bound, of which one listens.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # On every address, as the suite does: a port that is free on one of them may be somebody's on another.
        self._socket.bind(("", 0))
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def read(folder: str, side: str) -> list[Outcome]:
    """The suite's report, in the order of the cases."""
    report = json.loads((Path(folder) / "index.json").read_text())[AGENT]
    outcomes = [
        Outcome(side, case, found["behavior"], found["behaviorClose"])
        for case, found in report.items()
    ]
    return sorted(outcomes, key=lambda outcome: [int(part) for part in outcome.case.split(".")])


# The command

SIDES = {"server": of_server, "client": of_client}
PLAIN = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
"""What does not need compression."""

CATEGORIES = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragments",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits and performance",
    "10": "cut into pieces by the sender",
    "12": "compression, by kind of text and size",
    "13": "compression, by its parameters",
}

HEAD = """\
# Autobahn's test suite

What version {version} says, as `python -m tests.conformance.autobahn` writes it here: how many cases of each
category went well. "Informational" cases look what a peer does where several things are right.

"""


def table(runs: dict[str, list[Outcome]]) -> str:
    """One line for each category, one column for each run, and what is not simply good below."""
    lines = ["| | " + " | ".join(runs) + " |", "|---" * (len(runs) + 1) + "|"]
    lines += [
        f"| {category}. {title} | "
        + " | ".join(
            count([o for o in run if o.case.split(".")[0] == category]) for run in runs.values()
        )
        + " |"
        for category, title in CATEGORIES.items()
    ]
    lines.append("| **all** | " + " | ".join(count(run) for run in runs.values()) + " |")
    others = [
        f"- {name}: {outcome.case} {outcome.verdict}"
        for name, run in runs.items()
        for outcome in run
        if not outcome.good
    ]
    told = [
        f"Not strict, {side}: {', '.join(cases)}. {reason}"
        for side, (cases, reason) in NOT_STRICT.items()
    ]
    return (
        "\n".join([*lines, "", *told, "", *(others or ["Nothing else was said of any case."])])
        + "\n"
    )


def count(outcomes: list[Outcome]) -> str:
    """As in "44 OK, 3 informational"."""
    numbers = Counter(outcome.verdict for outcome in outcomes)
    told = [f"{numbers.pop('OK', 0)} OK"]
    told += [f"{number} {verdict.lower()}" for verdict, number in sorted(numbers.items())]
    return ", ".join(told) if outcomes else "-"


async def run_all(suite: Suite, options: argparse.Namespace) -> dict[str, list[Outcome]]:
    runs = {}
    for side in [options.side] if options.side else SIDES:
        for compression in [False] if options.plain else [False, True]:
            cases = options.cases or (["*"] if compression else PLAIN)
            name = f"{side}, {'with' if compression else 'without'} compression"
            runs[name] = await SIDES[side](suite, cases, compression)
            print(f"{name}: {count(runs[name])}", flush=True)
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(description="Autobahn's test suite against our WebSockets")
    parser.add_argument("side", nargs="?", choices=SIDES, help="only this side of ours")
    parser.add_argument("--cases", nargs="+", help="only these: '5.*' 12.1.1")
    parser.add_argument("--plain", action="store_true", help="only without compression")
    options = parser.parse_args()
    try:
        suite = Suite.find()
    except Unavailable as reason:
        parser.exit(3, f"{reason}\n")
    runs = tornadolike.run(run_all(suite, options))
    text = HEAD.format(version=VERSION) + table(runs)
    if options.side or options.cases or options.plain:
        print(table(runs))
    else:
        NEEDS.with_name("AUTOBAHN.md").write_text(text)
    return 0 if all(outcome.good for run in runs.values() for outcome in run) else 1


if __name__ == "__main__":
    sys.exit(main())
