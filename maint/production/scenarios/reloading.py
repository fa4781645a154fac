"""HUP: another version of the program, worker by worker."""

import signal
import time

from ..reports import Report
from ..service import Service
from ..traffic import Traffic
from .stage import Stage


async def reloaded(stage: Stage) -> Report:
    """With workers that are started anew."""
    return await _reloaded(stage, "HUP")


async def reloaded_preloading(stage: Stage) -> Report:
    """With workers that are forked from one that has loaded the program."""
    return await _reloaded(stage, "HUP, --preload", "--preload")


async def reloaded_reusing(stage: Stage) -> Report:
    """With a socket for each worker."""
    return await _reloaded(stage, "HUP, --reuse-port", "--reuse-port")


async def bad_version(stage: Stage) -> Report:
    """The new version cannot be loaded: the old one goes on, until there is one that can."""
    async with stage.play() as (service, traffic):
        report = stage.report("HUP to a version that cannot be loaded", traffic)
        for _ in range(stage.rounds):
            before = service.log.stat().st_size
            service.become("broken")
            service.signal(signal.SIGHUP)
            await service.says("this version cannot be loaded", before)
            await service.all_ready()
            await stage.flow(traffic)
        service.become("2")
        service.signal(signal.SIGHUP)
        await answered_by(service, traffic, "2")
        await stage.flow(traffic)
    return report


async def _reloaded(stage: Stage, name: str, *arguments: str) -> Report:
    took = []
    async with stage.play(*arguments) as (service, traffic):
        report = stage.report(name, traffic)
        for number in range(stage.rounds):
            began = time.monotonic()
            service.become(str(number + 2))
            service.signal(signal.SIGHUP)
            await answered_by(service, traffic, str(number + 2))
            took.append(time.monotonic() - began)
            await stage.flow(traffic)
    report.notes.append(f"{len(took)} reloads took {max(took):.2f} s at the most")
    return report


async def answered_by(service: Service, traffic: Traffic, version: str) -> None:
    """Wait until a version has answered, all workers are ready, and no other one answers any more."""
    versions = traffic.course.tally.versions
    while not versions[version]:
        await traffic.flow(answers=1)
    status = await service.all_ready()
    await service.generation(status["generation"])
    others = versions.total() - versions[version]
    await traffic.flow()
    others = versions.total() - versions[version] - others
    if others:
        traffic.course.tally.wrong.append(f"{others} answers of a version before {version}")
