#!/usr/bin/env python3
"""Measure HTTP clients side by side: ours, the peers that are installed, on the loops that they run on.

    http_clients.py                                          all clients, all jobs
    http_clients.py "tornadolike;aiohttp, uvloop" --jobs small,large --rounds 5
    http_clients.py --jobs script
    http_clients.py --imports tornadolike                    what the modules of its script cost, the dearest first

small       GETs of 1 KiB, 64 at once, on connections that are kept
large       the same with 1 MiB each; all of them are collected in memory
download    one GET of 1 GiB, whose pieces are counted and thrown away
script      a program of one line in a fresh interpreter, which gets 1 KiB and ends; its imports are in it

The server is a C program that answers at once (apps/client_server.c; needs gcc); it has one core to itself, the client
another. The tables have medians over the rounds, which go through all clients in turn: requests or MiB a second, the
CPU time of the client (the figure to trust on a shared machine), and this as a ratio to aiohttp on the standard loop
(higher is better). For downloads they say by how many MiB the client's memory was larger at the highest than
before; for scripts the time from start to end, the CPU time, and from another run how many modules were imported, and
how long that took.
"""

import argparse
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from http_servers import APPS, CACHE, ROOT, machine, start, stop
from reactor import CORES

KIB, MIB = 1024, 1024 * 1024
CONCURRENCY = 64
SERVER = CACHE / "client_server"
REFERENCE = "aiohttp"
OURS = "tornadolike"


@dataclass(frozen=True)
class Kind:
    """A client on a loop."""

    program: str
    """In apps/, with its first arguments."""
    loop: str
    needs: tuple[str, ...] = ()
    """What has to be installed."""


KINDS = {
    OURS: Kind("client_tornado.py tornadolike.simple_httpclient", "tornadolike"),
    "tornadolike, asyncio": Kind("client_tornado.py tornadolike.simple_httpclient", "asyncio"),
    "tornadolike, uvloop": Kind(
        "client_tornado.py tornadolike.simple_httpclient", "uvloop", ("uvloop",)
    ),
    "tornadolike, curl": Kind(
        "client_tornado.py tornadolike.curl_httpclient", "tornadolike", ("pycurl",)
    ),
    "aiohttp": Kind("client_aiohttp.py", "asyncio", ("aiohttp",)),
    "aiohttp, uvloop": Kind("client_aiohttp.py", "uvloop", ("aiohttp", "uvloop")),
    "httpx": Kind("client_httpx.py", "asyncio", ("httpx",)),
    "tornado": Kind("client_tornado.py tornado.simple_httpclient", "asyncio", ("tornado",)),
    "tornado, curl": Kind(
        "client_tornado.py tornado.curl_httpclient", "asyncio", ("tornado", "pycurl")
    ),
}

SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("", ()),
    OURS: (
        "from tornadolike.httpclient import HTTPClient; print(HTTPClient().fetch(URL).body)",
        (),
    ),
    "tornadolike, a coroutine": (
        "from tornadolike import run; from tornadolike.httpclient import AsyncHTTPClient\n"
        "async def main(): print((await AsyncHTTPClient().fetch(URL)).body)\n"
        "run(main())",
        (),
    ),
    "python -m tornadolike fetch": (
        "import runpy; sys.argv[:] = ['tornadolike', 'fetch', URL]; "
        "runpy.run_module('tornadolike', run_name='__main__')",
        (),
    ),
    "aiohttp": (
        "import asyncio, aiohttp\n"
        "async def main():\n"
        "    async with aiohttp.ClientSession() as session, session.get(URL) as response:\n"
        "        print(await response.read())\n"
        "asyncio.run(main())",
        ("aiohttp",),
    ),
    "httpx": ("import httpx; print(httpx.get(URL).content)", ("httpx",)),
    "requests": ("import requests; print(requests.get(URL).content)", ("requests",)),
    "tornado": (
        "from tornado.httpclient import HTTPClient; print(HTTPClient().fetch(URL).body)",
        ("tornado",),
    ),
    "urllib": ("import urllib.request; print(urllib.request.urlopen(URL).read())", ()),
}
"""What is run with ``URL`` there already."""


def installed(needs: tuple[str, ...]) -> bool:
    return all(importlib.util.find_spec(name) for name in needs)


# The two sides


@contextmanager
def serving() -> Iterator[str]:
    """The server; its URL."""
    source = APPS / "client_server.c"
    if not SERVER.exists() or SERVER.stat().st_mtime < source.stat().st_mtime:
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", SERVER, source], check=True)
    port = 23000 + os.getpid() % 2000
    server = start([SERVER, "{port}"], port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def on_the_other_core(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start a client. Its modules were compiled before, whoever they are from."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment["PYTHONPYCACHEPREFIX"] = str(CACHE / "bytecode")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.Popen(
        ["taskset", "-c", str(CORES[-1]), *command],
        cwd=APPS,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def said_by(command: list[str]) -> tuple[bytes, bytes]:
    """What a program said on both its outputs; it ends this one if it failed."""
    process = on_the_other_core(command)
    out, errors = process.communicate()
    if process.returncode:
        raise SystemExit(errors.decode()[-2000:])  # (before it is what was imported)
    return out, errors


# The jobs: what each measures, by the name of a figure.


def gets(kind: str, url: str, size: int, options: argparse.Namespace) -> dict[str, float]:
    return client(kind, "gets", url, size, CONCURRENCY, options.seconds)


def small(kind: str, url: str, options: argparse.Namespace) -> dict[str, float]:
    return gets(kind, url, KIB, options)


def large(kind: str, url: str, options: argparse.Namespace) -> dict[str, float]:
    return gets(kind, url, MIB, options)


def download(kind: str, url: str, options: argparse.Namespace) -> dict[str, float]:
    return client(kind, "download", url, options.mebibytes * MIB)


def client(kind: str, job: str, url: str, *arguments: float) -> dict[str, float]:
    program, *first = KINDS[kind].program.split()
    words = [sys.executable, program, *first, KINDS[kind].loop, job, url, *map(str, arguments)]
    figures: dict[str, float] = json.loads(said_by(words)[0])
    return figures


def script(kind: str, url: str, options: argparse.Namespace) -> dict[str, float]:
    imported = imports(kind, url)  # this run writes the bytecode, too
    begin = time.perf_counter()
    process = on_the_other_core(program_of(kind, url))
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    if process.returncode or (kind != "nothing" and len(answer) < KIB):
        raise SystemExit(f"{kind}: {errors.decode()}")
    return {
        "ms": took * 1e3,
        "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1e3,
        "modules": len(imported),
        "import_ms": sum(imported.values()) / 1e3,
    }


def program_of(kind: str, url: str, *switches: str) -> list[str]:
    text = f"import sys; URL = sys.argv[1]\n{SCRIPTS[kind][0]}"
    return [sys.executable, *switches, "-c", text, f"{url}/{KIB}"]


def imports(kind: str, url: str) -> dict[str, int]:
    """The modules that the script imports, and the microseconds of each by itself."""
    _, profile = said_by(program_of(kind, url, "-X", "importtime"))
    lines = re.findall(rb"^import time: +(\d+) \| +\d+ \| +(\S+)$", profile, re.MULTILINE)
    return {name.decode(): int(time) for time, name in lines}


JOBS: dict[str, tuple[Callable[[str, str, argparse.Namespace], dict[str, float]], str]] = {
    "small": (small, f"GETs of 1 KiB, {CONCURRENCY} at once"),
    "large": (large, f"GETs of 1 MiB, {CONCURRENCY} at once"),
    "download": (download, "one body, streamed"),
    "script": (script, "one line, from start to end"),
}

COLUMNS = {
    "small": {"rate": "requests/s", "cost": "CPU us/request"},
    "large": {"rate": "requests/s", "cost": "CPU us/request"},
    "download": {"rate": "MiB/s", "cost": "CPU s/GiB", "grown": "MiB more"},
    "script": {
        "ms": "ms",
        "cpu_ms": "CPU ms",
        "modules": "modules",
        "import_ms": "ms of imports",
    },
}
COST = {"small": "cost", "large": "cost", "download": "cost", "script": "cpu_ms"}
"""Which figure the ratio is of."""


def measure(
    chosen: list[str] | None, jobs: list[str], options: argparse.Namespace
) -> dict[tuple[str, str], list[dict[str, float]]]:
    samples: dict[tuple[str, str], list[dict[str, float]]] = {}
    with serving() as url:
        for number in range(options.rounds):
            for job in jobs:
                for kind in those_of(job, chosen):
                    sample = JOBS[job][0](kind, url, options)
                    samples.setdefault((job, kind), []).append(sample)
            print(f"round {number + 1} of {options.rounds} is done", file=sys.stderr)
    return samples


def those_of(job: str, chosen: list[str] | None) -> list[str]:
    """The kinds that do ``job``, of those that were asked for."""
    known = {kind: needs for kind, (_, needs) in SCRIPTS.items()}
    if job != "script":
        known = {name: kind.needs for name, kind in KINDS.items()}
    return [
        kind
        for kind, needs in known.items()
        if (chosen is None or kind in chosen) and installed(needs)
    ]


def report(samples: dict[tuple[str, str], list[dict[str, float]]], jobs: list[str]) -> None:
    for job in jobs:
        columns = COLUMNS[job]
        medians = {
            kind: {name: statistics.median(sample[name] for sample in seen) for name in columns}
            for (of, kind), seen in samples.items()
            if of == job
        }
        reference = medians.get(REFERENCE)
        print(f"\n**{job}**: {JOBS[job][1]}\n")
        print(f"| client | {' | '.join(columns.values())} | ratio |")
        print(f"|---|{'---:|' * (len(columns) + 1)}")
        for kind, figures in medians.items():
            cells = [f"{figure:,.{digits(figure)}f}" for figure in figures.values()]
            ratio = f"{reference[COST[job]] / figures[COST[job]]:.2f}" if reference else "-"
            print(f"| {' | '.join((kind, *cells, ratio))} |")


def digits(figure: float) -> int:
    return 0 if figure >= 1000 else 1 if figure >= 10 else 2


def show_imports(kind: str) -> None:
    """What the modules of one script cost, the dearest first."""
    if kind not in SCRIPTS:
        raise SystemExit(f"no such script: {kind} (there are {'; '.join(SCRIPTS)})")
    with serving() as url:
        imports(kind, url)
        found = imports(kind, url)
        floor = imports("nothing", url)
    print(f"{kind}: {len(found)} modules, {sum(found.values()) / 1e3:.1f} ms\n")
    for name, micros in sorted(found.items(), key=lambda item: -item[1])[:50]:
        print(f"{micros:8} us  {name}{'  (any Python)' if name in floor else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="?", help=f"some of {'; '.join({**KINDS, **SCRIPTS})}")
    parser.add_argument("--jobs", default=",".join(JOBS), help=f"some of {', '.join(JOBS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of each small and large")
    parser.add_argument("--mebibytes", type=int, default=1024, help="of a download")
    parser.add_argument("--imports", metavar="SCRIPT", help="tell what its imports cost")
    options: Any = parser.parse_args()
    if options.imports:
        show_imports(options.imports)
        return
    jobs = options.jobs.split(",")
    chosen = options.kinds.split(";") if options.kinds else None
    missing = [
        kind for kind in chosen or () if not any(kind in those_of(job, None) for job in jobs)
    ]
    if missing:
        raise SystemExit(f"not there, or not installed: {'; '.join(missing)}")
    print(f"{machine()}; {options.rounds} rounds")
    report(measure(chosen, jobs, options), jobs)


if __name__ == "__main__":
    main()
