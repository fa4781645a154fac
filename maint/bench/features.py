#!/usr/bin/env python3
"""Measure what sites are put together from, side by side: the CPU time that a request costs.

    features.py                                       all servers that are there, all rows
    features.py tornadolike,starlette --rows session  some of them

Each server has what it brings for the purpose, and is left out where that is nothing. As http_servers.py, whose
environment of peers this uses; the figures are medians over the rounds.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from http_servers import JOBS, PEERS, UVICORN, Sample, chosen, machine, measure, server_python

ALL = ("tornadolike", "starlette", "aiohttp", "sanic")
TWO = ALL[:2]
OURS = ALL[:1]

ROWS: dict[str, tuple[str, str, str | None, tuple[str, ...]]] = {
    "class": ("a line of text, by a class", "/class", None, ALL[:3]),
    "function": ("the same, by a function", "/function", None, ALL),
    "typed": ("two typed parameters", "/story/2026/news", None, ALL),
    "cors": ("CORS", "/cors", "fields.lua Origin: https://app.example.com", TWO),
    "session": ("a session in the cookie is read", "/session", "session.lua", TWO),
    "in memory": ("one in memory", "/session/memory", "session.lua", OURS),
    "in SQLite": ("one in SQLite", "/session/sqlite", "session.lua", OURS),
    "security": ("SecurityHeaders", "/security", None, OURS),
    "rate": ("RateLimit", "/rate", None, OURS),
    "cached": ("a response from the cache", "/cached", None, OURS),
    "stream": ("100 pieces of 100 bytes", "/stream", None, ALL),
    "events": ("100 server-sent events", "/events", None, OURS),
    "download": ("a download of 1 MB", "/download", None, ALL),
}


def command(name: str) -> list[object]:
    if name == "starlette":
        return [PEERS / "bin/uvicorn", "features_starlette:app", *UVICORN]
    return [server_python(name), f"features_{name}.py", "{port}"]


def cell(samples: list[Sample] | None) -> str:
    if samples is None:
        return ""
    if any(one.wrong for one in samples):
        return "(fails)"
    return f"{statistics.median(one.cost for one in samples):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", help=f"some of {', '.join(ALL)}")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"some of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=1, help="of each load")
    arguments = parser.parse_args()
    names = [name for name in chosen(arguments.names) if name in ALL]
    rows = arguments.rows.split(",")
    JOBS.update({row: told[:3] for row, told in ROWS.items()})
    samples: dict[tuple[str, str], list[Sample]] = {}
    with tempfile.TemporaryDirectory() as directory:
        os.environ["BENCH_FILES"] = directory
        Path(directory, "1m.bin").write_bytes(os.urandom(1024 * 1024))
        print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s\n")
        for _ in range(arguments.rounds):
            for name in names:
                jobs = [row for row in rows if name in ROWS[row][3]]
                for key, seen in measure({name: command(name)}, jobs, 1, arguments.seconds).items():
                    samples.setdefault(key, []).extend(seen)
    print("| CPU us/request | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(names))
    for row in rows:
        cells = [cell(samples.get((name, row))) for name in names]
        print(f"| `{row}`: {ROWS[row][0]} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
