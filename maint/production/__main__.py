"""``python -m maint.production run``: make faults under traffic, and print what became of every request.

    python -m maint.production run                           all scenarios
    python -m maint.production run worker-killed reload --seconds 10 --rounds 5
    python -m maint.production run reload --with --preload   more arguments for ``tornadolike run``
    python -m maint.production list                          what there is

Behind the table are notes, and whatever is against the promise: nobody refused, nothing lost but what was in the
hands of a process that was killed. Then the exit status is 1.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from .reports import Report, table
from .scenarios import SCENARIOS, Stage
from .service import LOG, NotInTime
from .tally import Tally


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m maint.production",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("list", help="what scenarios there are")
    run = commands.add_parser("run", help="play some of them, or all")
    run.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS])
    run.add_argument("--seconds", type=float, default=5.0, help="of traffic around each fault")
    run.add_argument("--rounds", type=int, default=3, help="how often the fault is made")
    run.add_argument("--wrk", type=int, default=0, metavar="N", help="N connections of wrk beside")
    run.add_argument("--with", dest="arguments", nargs=argparse.REMAINDER, default=[])
    options = parser.parse_args()
    if options.command == "list":
        print("\n".join(f"{name:20} {play.__doc__}" for name, play in SCENARIOS.items()))
        return 0
    reports = []
    for name in options.scenario or SCENARIOS:
        print(f"{name} ...", file=sys.stderr)
        reports.append(play(name, options))
    print(table(reports), end="\n\n")
    for report in reports:
        for text in [*report.notes, *(f"FAULT: {fault}" for fault in report.faults)]:
            print(f"{report.scenario}: {text}")
    return int(any(report.faults for report in reports))


def play(name: str, options: argparse.Namespace) -> Report:
    """Play one scenario in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(
            Path(folder),
            seconds=options.seconds,
            rounds=options.rounds,
            arguments=tuple(options.arguments),
            witnesses=options.wrk,
        )
        try:
            report = asyncio.run(SCENARIOS[name](stage))
        except NotInTime as error:
            report = Report(name, Tally(), trouble=f"it has not happened: {error}")
        report.notes += stage.testimony
        if report.faults:
            print(f"its log ends so:\n{(stage.folder / LOG).read_text()[-3000:]}", file=sys.stderr)
        return report


if __name__ == "__main__":
    sys.exit(main())
