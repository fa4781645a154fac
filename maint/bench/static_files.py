#!/usr/bin/env python3
"""Measure files from a directory side by side: what it costs a server to send one.

    static_files.py                                  all servers that are there, all sizes
    static_files.py tornadolike,aiohttp --jobs 1k --rounds 5

1k               a file of 1 KiB
64k              of 64 KiB
1m               of 1 MiB
unchanged        the file of 1 KiB, to a client that has it (If-None-Match: 304)

Each server does it as its documentation says; nginx, if it is installed, with ``sendfile on``. The server has one core
to itself, the load generator (wrk, 64 connections) another. As for http_servers.py, whose environment of peers this
uses, the figures are medians over the rounds; the last column is Tornado's CPU time by that of the server.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from http_servers import JOBS, PEERS, UVICORN, chosen, machine, measure, server_python

SIZES = {"1k": 1024, "64k": 64 * 1024, "1m": 1024 * 1024}
NAMES = ("tornadolike", "tornado", "aiohttp", "starlette", "nginx")
JOBS |= {job: (f"a file of {size} bytes", f"/files/{job}.bin", None) for job, size in SIZES.items()}
JOBS["unchanged"] = ("a client that has the file", "/files/1k.bin", "unchanged.lua")


def commands(names: list[str]) -> dict[str, list[object]]:
    """How the servers with these names are started; those that are not there are left out."""
    found: dict[str, list[object]] = {}
    for name in names:
        if name == "nginx":
            if shutil.which("nginx"):
                found[name] = [*server_command("tornadolike")[:1], "files_nginx.py", "{port}"]
        elif name in chosen(None):
            found[name] = server_command(name)
    return found


def server_command(name: str) -> list[object]:
    if name == "starlette":
        return [PEERS / "bin/uvicorn", "files_starlette:app", *UVICORN]
    return [server_python(name), f"files_{name}.py", "{port}"]


def main() -> None:
    jobs = ",".join((*SIZES, "unchanged"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", default=",".join(NAMES))
    parser.add_argument("--jobs", default=jobs, help=f"some of {jobs}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    arguments = parser.parse_args()
    servers = commands(arguments.names.split(","))
    with tempfile.TemporaryDirectory() as directory:
        os.environ["BENCH_FILES"] = directory
        for job, size in SIZES.items():
            Path(directory, f"{job}.bin").write_bytes(os.urandom(size))
        print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s")
        samples = measure(servers, arguments.jobs.split(","), arguments.rounds, arguments.seconds)
    for job in arguments.jobs.split(","):
        print(f"\n**{job}**: {JOBS[job][0]}\n")
        print("| server | requests/s | CPU us/request | Tornado's CPU / its CPU |")
        print("|---|---:|---:|---:|")
        costs = {
            name: statistics.median(sample.cost for sample in samples[name, job])
            for name in servers
        }
        for name, cost in costs.items():
            rate = statistics.median(sample.rate for sample in samples[name, job])
            wrong = next((f" ({s.wrong})" for s in samples[name, job] if s.wrong), "")
            ratio = f"{costs['tornado'] / cost:.1f}" if "tornado" in costs else ""
            print(f"| {name}{wrong} | {rate:,.0f} | {cost:.1f} | {ratio} |")


if __name__ == "__main__":
    main()
