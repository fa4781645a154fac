#!/usr/bin/env python3
"""Measure HTTP servers side by side: ours, the peers, and the bare C server that is the machine's limit.

    http_servers.py setup                         make the peers' environment (needs gcc; wrk from the system)
    http_servers.py run                           all servers, all jobs
    http_servers.py run tornadolike,tornado --jobs plain,pipelined --rounds 5
    http_servers.py run tornadolike --also pure="env TORNADOLIKE_PURE=1 python3 tornadolike_app.py {port}"

The server has one core to itself, the load generator (wrk, 64 connections) another; with two cores nothing
else should run. For each job the table says, as medians over the rounds: requests a second, the CPU time
that the server spent on a request (the kernel's accounting of its processes: the figure to trust on a
shared machine), and that as a ratio to the bare C server of the same run (1.00 is the limit, higher is
better). The rounds go through all servers in turn, so that a change of the machine's speed meets them all.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
APPS = HERE / "apps"
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache" / "tornadolike-bench"))
PEERS = CACHE / "new"
PYTHON_36 = CACHE / "py36"
LIMIT = CACHE / "limit"
PACKAGES = [
    "aiohttp",
    "fastapi",
    "hypercorn",
    "picows",
    "quart",
    "sanic",
    "socketify",
    "starlette",
    "tornado",
    "uvicorn[standard]",
    "uvloop",
    "websockets",
]
UVICORN = ["--port", "{port}", "--no-access-log", "--log-level", "warning"]

SERVERS: dict[str, list[object]] = {
    "limit": [LIMIT, "{port}"],
    "tornadolike": [sys.executable, "tornadolike_app.py", "{port}"],
    "tornado": [PEERS / "bin/python", "tornado_app.py", "{port}"],
    "aiohttp": [PEERS / "bin/python", "aiohttp_app.py", "{port}"],
    "sanic": [PEERS / "bin/python", "sanic_app.py", "{port}"],
    "starlette": [PEERS / "bin/uvicorn", "starlette_app:app", *UVICORN],
    "asgi": [PEERS / "bin/uvicorn", "raw_asgi:app", *UVICORN],
    "fastapi": [PEERS / "bin/uvicorn", "fastapi_app:app", *UVICORN],
    "quart": [PEERS / "bin/hypercorn", "quart_app:app", "-b", "127.0.0.1:{port}", "-k", "uvloop"],
    "socketify": [PEERS / "bin/python", "socketify_app.py", "{port}"],
    "japronto": [PYTHON_36 / "bin/python", "japronto_app.py", "{port}"],
}

JOBS: dict[str, tuple[str, str, str | None]] = {
    "plain": ("one small request after another", "/", None),
    "pipelined": ("16 requests in one write", "/", "pipeline.lua 16"),
    "pipelined100": ("100 requests in one write", "/", "pipeline.lua 100"),
    "json": ("path and query arguments, JSON", "/item/42?q=abc", None),
    "jsonpipelined": ("the same, 16 in one write", "/item/42?q=abc", "pipeline.lua 16"),
    "rich": ("Etag, prepare, on_finish, two headers, 16 in one write", "/rich", "pipeline.lua 16"),
    "fresh": ("a text that is new for each request, 16 in one write", "/fresh", "pipeline.lua 16"),
    "async": ("a coroutine that never waits, 16 in one write", "/async", "pipeline.lua 16"),
    "awaits": ("a coroutine that waits for a future", "/awaits", None),
    "browser": ("a browser's headers, no two requests alike", "/", "browser.lua"),
    "headers30": ("30 headers, no two requests alike", "/", "headers.lua 30"),
}


@dataclass
class Sample:
    """One server under one load."""

    rate: float
    """Requests a second."""
    cost: float
    """CPU microseconds a request."""
    wrong: str
    """What wrk complained of."""


def setup() -> None:
    """Make what the peers need: their packages, and Japronto's Python 3.6 where there is one."""
    CACHE.mkdir(parents=True, exist_ok=True)
    build_limit()
    subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    subprocess.run([PEERS / "bin/pip", "install", "-q", *PACKAGES], check=True)
    # (pyenv's own first: what it has in the path is only a pointer, which may point nowhere.)
    pyenvs = map(str, Path.home().glob(".pyenv/versions/3.6.*/bin/python3"))
    old = next(pyenvs, None) or shutil.which("python3.6")
    if old is None:
        print("No Python 3.6, for which Japronto's last wheels are: it is left out")
        return
    subprocess.run([old, "-m", "venv", PYTHON_36], check=True)
    pip = [PYTHON_36 / "bin/pip", "install", "-q"]
    subprocess.run([*pip, "--upgrade", "pip<21.4"], check=True)
    subprocess.run([*pip, "uvloop==0.14.0", "ujson==1.35"], check=True)
    subprocess.run([*pip, "--no-deps", "japronto"], check=True)


def build_limit() -> None:
    if not LIMIT.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", LIMIT, APPS / "limit.c"], check=True)


def process_tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        except OSError:
            continue
        found += map(int, children.split())
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children, from the scheduler's nanoseconds."""
    total = 0
    for member in process_tree(pid):
        for file in Path(f"/proc/{member}/task").glob("*/schedstat"):
            try:
                total += int(file.read_text().split()[0])
            except OSError:
                continue
    return total / 1e9


def start(command: list[object], port: int) -> subprocess.Popen[bytes]:
    words = [str(word).replace("{port}", str(port)) for word in command]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    server = subprocess.Popen(
        ["taskset", "-c", "0", *words],
        cwd=APPS,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
            continue
        time.sleep(0.3)
        return server
    stop(server)
    raise SystemExit(f"did not start: {shlex.join(words)}")


def stop(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def load(server: subprocess.Popen[bytes], port: int, job: str, seconds: int) -> Sample:
    _, path, words = JOBS[job]
    script, _, argument = (words or "").partition(" ")
    options = ["-s", str(APPS / script)] if script else []
    before = cpu_seconds(server.pid)
    report = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s"),
            *options,
            f"http://127.0.0.1:{port}{path}",
            *(["--", argument] if argument else []),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = cpu_seconds(server.pid) - before
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    count = re.search(r"(\d+) requests in", report)
    assert rate is not None
    assert count is not None
    wrong = re.search(r"Non-2xx.*|Socket errors.*", report)
    return Sample(float(rate[1]), used / max(int(count[1]), 1) * 1e6, wrong[0] if wrong else "")


def measure(
    servers: dict[str, list[object]], jobs: list[str], rounds: int, seconds: int
) -> dict[tuple[str, str], list[Sample]]:
    samples: dict[tuple[str, str], list[Sample]] = {}
    port = 21000 + os.getpid() % 2000
    for _ in range(rounds):
        for name, command in servers.items():
            port += 1
            server = start(command, port)
            try:
                for job in jobs:
                    samples.setdefault((name, job), []).append(load(server, port, job, seconds))
            finally:
                stop(server)
    return samples


def report(samples: dict[tuple[str, str], list[Sample]], jobs: list[str], names: list[str]) -> None:
    for job in jobs:
        print(f"\n**{job}**: {JOBS[job][0]}\n")
        print("| server | requests/s | CPU us/request | limit's CPU / its CPU |")
        print("|---|---:|---:|---:|")
        limit = statistics.median(sample.cost for sample in samples["limit", job])
        for name in names:
            seen = samples[name, job]
            rate = statistics.median(sample.rate for sample in seen)
            cost = statistics.median(sample.cost for sample in seen)
            wrong = next((f" ({s.wrong})" for s in seen if s.wrong), "")
            if "Non-2xx" in wrong:  # its program has nothing for this job
                continue
            print(f"| {name}{wrong} | {rate:,.0f} | {cost:.2f} | {limit / cost:.2f} |")


def chosen(names: str | None) -> dict[str, list[object]]:
    """The commands of the servers with these names (commas between them; None: all that are there)."""
    there = {name: command for name, command in SERVERS.items() if Path(str(command[0])).exists()}
    if names is None:
        return there
    missing = [name for name in names.split(",") if name not in there]
    if missing:
        raise SystemExit(f"not there: {', '.join(missing)} (http_servers.py setup makes the peers)")
    return {name: there[name] for name in names.split(",")}


def server_python(name: str) -> object:
    """The interpreter that the server ``name`` runs on."""
    return chosen(name)[name][0]


def machine() -> str:
    """What the figures were measured on."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()}, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["setup", "run"])
    parser.add_argument("names", nargs="?", help="servers, with commas between them (default: all)")
    parser.add_argument("--jobs", default=",".join(JOBS), help=f"some of {', '.join(JOBS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=COMMAND", help="another server"
    )
    arguments = parser.parse_args()
    if arguments.verb == "setup":
        setup()
        return
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    build_limit()
    servers = {"limit": SERVERS["limit"], **chosen(arguments.names)}
    for also in arguments.also:
        name, _, command = also.partition("=")
        servers[name] = list(shlex.split(command))
    jobs = arguments.jobs.split(",")
    print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s")
    samples = measure(servers, jobs, arguments.rounds, arguments.seconds)
    report(samples, jobs, list(servers))


if __name__ == "__main__":
    main()
