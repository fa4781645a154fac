"""TERM: the service ends. And before it, nothing: what the traffic is like when all is well."""

import signal
import time

from ..reports import Report
from .killing import report_on_next
from .stage import Stage, listening_socket


async def quiet(stage: Stage) -> Report:
    """Nothing happens."""
    async with stage.play() as (_, traffic):
        await stage.flow(traffic)
        report = stage.report("nothing", traffic)
    shares = sorted(report.tally.workers.values())
    report.notes.append(f"the workers have answered {' and '.join(f'{n:,}' for n in shares)}")
    return report


async def terminated(stage: Stage) -> Report:
    """Whoever was taken is answered, and whoever comes too late is refused: nobody is left hanging."""
    async with stage.play(ends=True) as (service, traffic):
        report = stage.report("TERM", traffic)
        traffic.course.leaving.set()
        began = time.monotonic()
        service.signal(signal.SIGTERM)
        await traffic.gone_home()
        status = await service.ended()
        await service.nobody_left()
        report.notes.append(f"exit status {status} after {time.monotonic() - began:.2f} s")
    return report


async def successor(stage: Stage) -> Report:
    """TERM, and then another service on the same socket, which a service manager keeps: a restart."""
    with listening_socket() as sock:
        async with stage.play(activated=sock) as (service, traffic):
            report = stage.report("TERM and start anew, socket of systemd", traffic)
            for _ in range(stage.rounds):
                service.signal(signal.SIGTERM)
                await report_on_next(stage, service, report)
                await stage.flow(traffic)
    return report
