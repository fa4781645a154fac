#!/usr/bin/env python3
"""What several workers are good for, and what they cost.

    maint/bench/workers.py [--rounds N] [--seconds N] [--workers N] [--ballast MIB]

Speed: requests a second of one worker and of several, for a handler with some milliseconds of Python to do, so that
what makes the load (wrk) hardly counts. The rounds go through both in turn.

Times: from the start of the command to the first worker that is ready, to all of them, and of a rolling reload; as
medians. Memory: of one worker, with so many MiB that the program loads (``--ballast``). ``resident`` counts shared
pages in each worker, ``proportional`` (PSS) divides them among those who share them, ``private`` has only what would
be free if this worker ended; ``all`` is proportional, of the supervisor and all that is below it. Each for workers that
are started anew, and for those that are forked (``--preload``).
"""

import argparse
import asyncio
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from http_servers import machine

from maint.production.processes import descendants, memory
from maint.production.service import Service

WORK = 20
"""Thousands of rounds of a loop, for each request: more than a millisecond."""
CONNECTIONS = 16
MIB = 1 << 20
KINDS = {"started anew": (), "forked (`--preload`)": ("--preload",)}


def load(port: int, seconds: int) -> float:
    """Requests a second, as wrk counts them."""
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/work/{WORK}"],
        capture_output=True,
        text=True,
        check=True,
    )
    for complaint in ("Socket errors", "Non-2xx"):
        if complaint in done.stdout:
            raise SystemExit(done.stdout)
    found = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


async def rate(workers: int, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        async with Service(Path(folder), workers=workers) as service:
            return await asyncio.to_thread(load, await service.port(), seconds)


async def speed(options: argparse.Namespace) -> None:
    counts = (1, options.workers)
    rates: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(options.rounds):
        for count in counts:
            rates[count].append(await rate(count, options.seconds))
    one, several = (statistics.median(rates[count]) for count in counts)
    print("| workers | requests a second | ratio |\n|---|---:|---:|")
    print(f"| 1 | {one:,.0f} | 1.00 |")
    print(f"| {options.workers} | {several:,.0f} | {several / one:.2f} |\n")


class Sample:
    """One life of a service."""

    def __init__(self) -> None:
        self.first = self.all = self.reload = 0.0
        """Seconds."""
        self.memory: dict[str, float] = {}
        """MiB."""


async def sample(arguments: tuple[str, ...], options: argparse.Namespace) -> Sample:
    found = Sample()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"SITE_BALLAST": str(options.ballast)}
        service = Service(
            Path(folder), *arguments, workers=options.workers, environment=environment
        )
        began = time.monotonic()
        service.start()
        try:
            await service.until(
                lambda status: any(worker["state"] == "ready" for worker in status["workers"]),
                "a ready worker",
            )
            found.first = time.monotonic() - began
            status = await service.all_ready()
            found.all = time.monotonic() - began
            found.memory = memory_of(service, [worker["pid"] for worker in status["workers"]])
            began = time.monotonic()
            service.signal(signal.SIGHUP)
            await service.generation(status["generation"] + 1)
            found.reload = time.monotonic() - began
        finally:
            service.kill()
    return found


def memory_of(service: Service, workers: list[int]) -> dict[str, float]:
    below = [memory(pid) for pid in workers]
    everybody = [service.process.pid, *descendants(service.process.pid)]
    return {
        "resident": statistics.mean(one["Rss"] for one in below) / MIB,
        "proportional": statistics.mean(one["Pss"] for one in below) / MIB,
        "private": statistics.mean(one["Private_Clean"] + one["Private_Dirty"] for one in below)
        / MIB,
        "all": sum(memory(pid)["Pss"] for pid in everybody) / MIB,
    }


async def lives(options: argparse.Namespace) -> None:
    samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    for _ in range(options.rounds):
        for kind, arguments in KINDS.items():
            samples[kind].append(await sample(arguments, options))
    print(f"{options.workers} workers, {options.ballast} MiB loaded with the program\n")
    print(
        "| workers | first ready s | all ready s | reload s | resident MiB | proportional | private | all |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind, found in samples.items():
        times = [
            statistics.median(values)
            for values in zip(*((one.first, one.all, one.reload) for one in found), strict=True)
        ]
        sizes = [statistics.median(one.memory[name] for one in found) for name in found[0].memory]
        cells = [*(f"{value:.2f}" for value in times), *(f"{size:.1f}" for size in sizes)]
        print(f"| {kind} | {' | '.join(cells)} |")


async def measure(options: argparse.Namespace) -> None:
    print(machine(), end="\n\n")
    await speed(options)
    await lives(options)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of load in each round")
    parser.add_argument("--workers", type=int, default=2, help="how many are several")
    parser.add_argument("--ballast", type=int, default=32, help="MiB that the program loads")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
