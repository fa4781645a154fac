"""Workers that are not what they should be: one that leaks, one whose loop is blocked."""

import asyncio
import contextlib
import time

from ..processes import held_ports, is_alive
from ..reports import Report
from ..service import GLANCE
from ..wire import Address, Gone, Wire
from .stage import Stage

LIMIT = 100
"""MiB that a worker may have."""
LEAKED = 4
"""MiB that one request leaves behind."""
LEAK = b"GET /leak/%d HTTP/1.1\r\nHost: site.example\r\n\r\n" % (LEAKED << 10)
WORKER_TIMEOUT = 4
UNTIL_BLOCKED = WORKER_TIMEOUT / 4
"""Seconds until a handler certainly has the request that blocks it, and the worker certainly lives."""
BLOCK = b"GET /block/3600 HTTP/1.1\r\nHost: site.example\r\n\r\n"


async def worker_leaks(stage: Stage) -> Report:
    """Each request for it leaves something behind; a worker that has grown too large is replaced, and drains."""
    async with stage.play("--max-memory", f"{LIMIT}M") as (service, traffic):
        report = stage.report(f"a leak, --max-memory {LIMIT}M", traffic)
        for _ in range(stage.rounds):
            began = time.monotonic()
            pid = await _leak(traffic.course.address)
            await service.replaced(pid)
            report.notes.append(f"replaced, and at its end, after {time.monotonic() - began:.2f} s")
            await stage.flow(traffic)
    return report


async def _leak(address: Address) -> int:
    """Ask until a worker has left behind as much as it may have; its process number."""
    while True:
        wire = await Wire.open(address)
        answer = await wire.ask(LEAK)
        await wire.close()
        if int(answer.body) * LEAKED > LIMIT:
            return int(answer.fields["x-worker"].split()[0])


async def worker_blocks(stage: Stage) -> Report:
    """A handler never comes back: the worker cannot say that it is well, is killed, and replaced."""
    async with stage.play("--worker-timeout", str(WORKER_TIMEOUT)) as (service, traffic):
        report = stage.report(f"a blocked loop, --worker-timeout {WORKER_TIMEOUT}", traffic)
        for _ in range(stage.rounds):
            wire = await Wire.open(traffic.course.address)
            answer = await wire.ask(b"GET /number/1 HTTP/1.1\r\nHost: site.example\r\n\r\n")
            pid = int(answer.fields["x-worker"].split()[0])
            report.since = report.since or time.monotonic()
            began = time.monotonic()
            blocking = asyncio.create_task(wire.ask(BLOCK))
            report.ports |= await _held_at_the_end(pid)
            await service.replaced(pid)
            report.notes.append(f"replaced {time.monotonic() - began:.2f} s behind the request")
            with contextlib.suppress(Gone):
                await blocking
            wire.abort()
            await stage.flow(traffic)
    return report


async def _held_at_the_end(pid: int) -> set[int]:
    """What a worker that is blocked holds, until it ends: meanwhile it accepts nothing, and closes nothing."""
    held: set[int] = set()
    await asyncio.sleep(UNTIL_BLOCKED)
    while is_alive(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            held |= held_ports(pid)
        await asyncio.sleep(GLANCE)
    return held
