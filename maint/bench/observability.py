#!/usr/bin/env python3
"""Measure what it costs to watch a site: the CPU time of a small request, with and without.

    observability.py --rounds 5
    observability.py metrics,sampled --seconds 3

Metrics, a request id, access logs as lines of the combined format and of JSON, a middleware that does nothing (which
is the least that tracing costs), and tracing: without an SDK, with one that does not sample the request, and with one
that does and whose exporter throws the spans away. As http_servers.py, with wrk.
"""

import argparse
import statistics
import sys

from http_servers import JOBS, machine, measure

KINDS = {
    "nothing": "nothing",
    "metrics": "metrics",
    "combined-log": "access log, combined",
    "json-log": "access log, JSON",
    "middleware": "a middleware that does nothing",
    "request-id": "request id",
    "no-sdk": "tracing, no SDK",
    "not-sampled": "tracing, not sampled",
    "sampled": "tracing, sampled",
    "all": "metrics, JSON log, request id, tracing not sampled",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="?", default=",".join(KINDS), help="commas between them")
    parser.add_argument("--jobs", default="plain,pipelined")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=1, help="of each load")
    arguments = parser.parse_args()
    kinds, jobs = arguments.kinds.split(","), arguments.jobs.split(",")
    if unknown := {*kinds} - {*KINDS} or {*jobs} - {*JOBS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    kinds = list(dict.fromkeys(["nothing", *kinds]))
    commands: dict[str, list[object]] = {
        kind: [sys.executable, "observability_tornadolike.py", "{port}", kind] for kind in kinds
    }
    print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s")
    samples = measure(commands, jobs, arguments.rounds, arguments.seconds)
    for job in jobs:
        print(f"\n**{job}**: {JOBS[job][0]}\n")
        print("| watched by | CPU us/request | more than without |\n|---|---:|---:|")
        costs = {kind: statistics.median(one.cost for one in samples[kind, job]) for kind in kinds}
        for kind, cost in costs.items():
            print(f"| {KINDS[kind]} | {cost:.2f} | {cost - costs['nothing']:.2f} |")


if __name__ == "__main__":
    main()
