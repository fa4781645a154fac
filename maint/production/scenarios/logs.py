"""USR1: log files are opened anew, after they were moved away."""

import signal
from collections import Counter
from pathlib import Path

from ..reports import Report
from .stage import Stage


async def logs_rotated(stage: Stage) -> Report:
    """Every answer has its line, in one of the files; and what was moved away is written to no more."""
    log = stage.folder / "access.log"
    files = [log]
    async with stage.play(environment={"SITE_LOG": str(log)}, ends=True) as (service, traffic):
        report = stage.report("USR1, log moved away", traffic)
        for number in range(stage.rounds):
            files.append(log.rename(stage.folder / f"access.log.{number}"))
            service.signal(signal.SIGUSR1)
            while not log.exists():
                await traffic.flow(answers=1)
            await stage.flow(traffic)
            size = files[-1].stat().st_size
            await stage.flow(traffic)
            if files[-1].stat().st_size != size:
                report.tally.wrong.append(f"{files[-1].name} is still written to")
        service.signal(signal.SIGTERM)
        traffic.course.leaving.set()
        await service.ended()
    report.may_refuse = True
    lines = numbers_in(files)
    answered = report.tally.good - report.tally.answered[101]
    report.notes.append(f"{lines.total()} lines of {answered} answers in {len(files)} files")
    if lines.total() != answered or max(lines.values()) > 1:
        report.tally.wrong.append(f"{lines.total()} lines of {answered} answers")
    return report


def numbers_in(files: list[Path]) -> Counter[str]:
    """Which requests have a line, and how many, by their targets."""
    lines = (line for file in files for line in file.read_text().splitlines())
    targets = (line.split('"')[1].split()[1] for line in lines)
    return Counter(target for target in targets if target != "/echo")
