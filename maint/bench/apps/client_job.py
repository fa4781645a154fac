"""What the programs client_*.py have in common: one job, done by one client, and what it has cost.

Usage of each: ``client_X.py LOOP gets URL SIZE CONCURRENCY SECONDS`` or ``client_X.py LOOP download URL SIZE``. The
result is a line of JSON. The client is measured where it runs, by the processor time of its own process.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reactor import cpu_seconds, make_loop

MIB = 1024 * 1024
WARM_UP = 0.3
"""Seconds: until connections are there, and Python has specialized its bytecode."""


class Client(Protocol):
    """A client that is to be measured; its constructor is given how many requests it may have at once."""

    async def get(self, url: str) -> int:
        """GET ``url``; how long the body is, which was collected."""

    async def download(self, url: str) -> int:
        """GET ``url``; how long the body is, which was thrown away piece by piece."""

    async def close(self) -> None:
        """End it."""


async def gets(client: Client, url: str, size: int, concurrency: int, seconds: float) -> Any:
    """So many at once, each one after another, on connections that are kept."""
    url = f"{url}/{size}"
    count = 0

    async def repeat() -> None:
        nonlocal count
        while not over:
            assert await client.get(url) == size
            count += 1

    over = False
    repeating = [asyncio.ensure_future(repeat()) for _ in range(concurrency)]
    await asyncio.sleep(WARM_UP)
    before, cpu, start = count, cpu_seconds(), time.perf_counter()
    await asyncio.sleep(seconds)
    done, used, took = count - before, cpu_seconds() - cpu, time.perf_counter() - start
    over = True
    await asyncio.gather(*repeating)
    return {"rate": done / took, "cost": used / max(done, 1) * 1e6}


async def download(client: Client, url: str, size: int) -> Any:
    """One large body, of which nothing is kept."""
    assert await client.download(f"{url}/{MIB}") == MIB
    forget_highest()
    before, cpu, start = memory("VmRSS"), cpu_seconds(), time.perf_counter()
    assert await client.download(f"{url}/{size}") == size
    used, took = cpu_seconds() - cpu, time.perf_counter() - start
    grown = (memory("VmHWM") - before) / MIB
    return {"rate": size / MIB / took, "cost": used * 1024 * MIB / size, "grown": grown}


def forget_highest() -> None:
    """From here on the highest use of memory is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")


def memory(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def main(make: Callable[[int], Client]) -> None:
    """Do what the command line says."""
    kind, job, url, size, *rest = sys.argv[1:]

    async def run() -> Any:
        client = make(int(rest[0]) if rest else 1)
        try:
            if job == "gets":
                return await gets(client, url, int(size), int(rest[0]), float(rest[1]))
            return await download(client, url, int(size))
        finally:
            await client.close()

    with asyncio.Runner(loop_factory=lambda: make_loop(kind)) as runner:
        print(json.dumps(runner.run(run())))
