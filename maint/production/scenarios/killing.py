"""``kill -9``: of a worker, of all of them, of the supervisor."""

import time

from ..processes import held_ports, kill
from ..reports import Report
from ..service import Service
from .stage import Stage, listening_socket


async def worker_killed(stage: Stage) -> Report:
    """One worker after another; each time another takes its place."""
    took = []
    async with stage.play() as (service, traffic):
        report = stage.report("kill -9 of a worker", traffic)
        report.since = time.monotonic()
        for _ in range(stage.rounds):
            # That which has most to do.
            pids = [worker["pid"] for worker in await service.workers()]
            pid = max(pids, key=lambda pid: len(held_ports(pid)))
            began = time.monotonic()
            report.ports |= kill(pid)
            status = await service.replaced(pid)
            took.append(time.monotonic() - began)
            await stage.flow(traffic)
    report.notes.append(
        f"another was ready after {max(took):.2f} s at the most; {status['last_end']}"
    )
    return report


async def all_killed(stage: Stage) -> Report:
    """All workers at once: the supervisor has the sockets, so connections wait in their queue."""
    async with stage.play() as (service, traffic):
        report = stage.report("kill -9 of all workers", traffic)
        report.since = began = time.monotonic()
        pids = [worker["pid"] for worker in await service.workers()]
        for pid in pids:
            report.ports |= kill(pid)
        for pid in pids:
            await service.replaced(pid)
        report.notes.append(f"all were ready again after {time.monotonic() - began:.2f} s")
        await stage.flow(traffic)
    return report


async def supervisor_killed(stage: Stage) -> Report:
    """The workers notice, finish what they have begun, and end. Nobody listens then."""
    async with stage.play(ends=True) as (service, traffic):
        report = stage.report("kill -9 of the supervisor", traffic)
        began = time.monotonic()
        traffic.course.leaving.set()
        kill(service.process.pid)
        await traffic.gone_home()
        await service.nobody_left()
        report.notes.append(f"the workers had ended after {time.monotonic() - began:.2f} s")
    return report


async def supervisor_replaced(stage: Stage) -> Report:
    """The same with a service manager, who has the socket and starts the service again."""
    with listening_socket() as sock:
        async with stage.play(activated=sock) as (service, traffic):
            report = stage.report("kill -9 of the supervisor, socket of systemd", traffic)
            kill(service.process.pid)
            await report_on_next(stage, service, report)
            await stage.flow(traffic)
    return report


async def report_on_next(stage: Stage, service: Service, report: Report) -> None:
    """Wait for the end, start it again, and note how long nobody was there."""
    await service.ended()
    began = time.monotonic()
    service.start()
    await service.all_ready()
    report.notes.append(
        f"started anew, all workers were ready after {time.monotonic() - began:.2f} s"
    )
