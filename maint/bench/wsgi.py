#!/usr/bin/env python3
"""Measure servers of WSGI side by side: what it costs them to call an application.

    pip install tornado waitress gunicorn
    wsgi.py                                  all of them
    wsgi.py tornadolike,tornado --rounds 5

A name with a + has eight threads for its applications, as waitress and gunicorn have; the others call them in the
loop. One core is the server's, another the load generator's (wrk, 64 connections). The figures are medians over the
rounds; the last column is Tornado's CPU time, without threads, by that of the server.
"""

import argparse
import statistics
import sys

from http_servers import machine, measure

NAMES = ("tornadolike", "tornadolike+", "tornado", "tornado+", "waitress", "gunicorn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="?", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    commands = {
        name: [sys.executable, "wsgi_servers.py", name, "{port}"]
        for name in options.names.split(",")
    }
    samples = measure(commands, ["plain"], options.rounds, options.seconds)
    print(machine())
    print("| server | requests a second | CPU us | ratio |\n|---|---:|---:|---:|")
    costs = {name: statistics.median(s.cost for s in found) for (name, _), found in samples.items()}
    for (name, _), found in samples.items():
        rate = statistics.median(sample.rate for sample in found)
        ratio = f"{costs['tornado'] / costs[name]:.2f}" if "tornado" in costs else ""
        print(f"| {name} | {rate:,.0f} | {costs[name]:.1f} | {ratio} |")


if __name__ == "__main__":
    main()
