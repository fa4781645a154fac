"""All of it at once: faults and signals in an order that nobody has thought of."""

import random
import signal
import time

from ..processes import descendants, is_alive, kill
from ..reports import Report
from ..service import Service
from .stage import Stage

SIGNALS = [
    *(signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1),
    *(signal.SIGTTIN, signal.SIGTTOU),  # a worker more, a worker less
]


async def chaos(stage: Stage) -> Report:
    """Processes are killed and signals sent, three in a round, without waiting for what becomes of it."""
    seed = random.randrange(1000)
    chance = random.Random(seed)
    async with stage.play() as (service, traffic):
        report = stage.report(f"chaos, of seed {seed}", traffic)
        report.since = time.monotonic()
        done = []
        for number in range(stage.rounds * 3):
            if chance.random() < 0.4:
                done.append(_kill_one(service, chance, report))
            else:
                wanted = chance.choice(SIGNALS)
                service.become(str(number + 2))
                service.signal(wanted)
                done.append(wanted.name)
            await traffic.flow(chance.random() * 2, answers=5)
        service.become("last")
        service.signal(signal.SIGHUP)
        while not traffic.course.tally.versions["last"]:
            await traffic.flow(answers=1)
        await service.all_ready()
        await stage.flow(traffic)
    report.notes.append(" ".join(done))
    return report


def _kill_one(service: Service, chance: random.Random, report: Report) -> str:
    """Kill a worker, or what else there is below the supervisor."""
    below = [pid for pid in descendants(service.process.pid) if is_alive(pid)]
    if not below:
        return "(nobody to kill)"
    report.ports |= kill(chance.choice(below))
    return "KILL"
