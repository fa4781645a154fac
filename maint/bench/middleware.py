#!/usr/bin/env python3
"""Measure what middleware that does nothing costs, side by side: the CPU time of a request with none, one and ten.

    middleware.py --rounds 5

As http_servers.py, whose environment of peers this uses.
"""

import argparse
import statistics

from http_servers import PEERS, UVICORN, machine, measure, server_python

COUNTS = (0, 1, 10)


def commands() -> dict[str, list[object]]:
    """A command for each framework and count."""
    made: dict[str, list[object]] = {}
    starlette = [PEERS / "bin/uvicorn", "middleware_starlette:app", *UVICORN]
    for count in COUNTS:
        for name in ("tornadolike", "aiohttp"):
            program = f"middleware_{name}.py"
            made[f"{name} {count}"] = [server_python(name), program, "{port}", count]
        for name, variable in (("starlette", "HTTP"), ("starlette-asgi", "ASGI")):
            made[f"{name} {count}"] = ["env", f"BENCH_{variable}={count}", *starlette]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=1, help="of each load")
    arguments = parser.parse_args()
    print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s\n")
    samples = measure(commands(), ["plain"], arguments.rounds, arguments.seconds)
    costs = {
        name: statistics.median(one.cost for one in seen) for (name, _), seen in samples.items()
    }
    print("| CPU us/request | none | one | ten | one costs | ten cost |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, what in (
        ("tornadolike", "tornadolike"),
        ("starlette", "Starlette, BaseHTTPMiddleware"),
        ("starlette-asgi", "Starlette, ASGI middleware"),
        ("aiohttp", "aiohttp"),
    ):
        none, one, ten = (costs[f"{name} {count}"] for count in COUNTS)
        cells = (none, one, ten, one - none, ten - none)
        print(f"| {what} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
