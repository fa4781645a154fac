#!/usr/bin/env python3
"""Measure what handlers do all day, side by side: the CPU time that a request costs.

    site.py                                     all servers that are there, all rows
    site.py tornadolike,tornado --rows plain,user --rounds 5

Tornado and we run the same handlers (apps/site_rules.py), the others what they have of the like; where they have
nothing of it, the table is empty. The server has one core to itself, the load generator (wrk, 64 connections) another.
As for http_servers.py, whose environment of peers this uses, the figures are medians over the rounds.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from http_servers import (
    APPS,
    JOBS,
    PEERS,
    ROOT,
    UVICORN,
    Sample,
    chosen,
    machine,
    measure,
    server_python,
)

sys.path[:0] = [str(ROOT), str(APPS)]

from site_rules import SETTINGS  # noqa: E402 - the path had to be set

from tornadolike.web import create_signed_value  # noqa: E402 - the path had to be set

NAMES = ("tornadolike", "tornado", "aiohttp", "sanic", "starlette")
SAME_SITE = frozenset({"tornadolike", "tornado"})

USER = create_signed_value(SETTINGS["cookie_secret"], "user", "somebody").decode()
TOKEN = "2|01020304|00112233445566778899aabbccddeeff|1700000000"
ROWS: dict[str, tuple[str, str, str | None]] = {
    "plain": ("a line of text", "/", None),
    "path": ("two path arguments", "/story/2026/news", None),
    "query": ("two query arguments", "/query?q=some+thing&page=3", None),
    "json": ("a dict as JSON", "/json", None),
    "cookie": (
        "a cookie is read",
        "/cookie",
        "fields.lua Cookie: theme=dark; session=0123456789abcdef",
    ),
    "redirect": ("301", "/old", None),
    "missing": ("404: no rule matches", "/nothing/here", None),
    "many": ("the last of 100 rules", "/many/99/2026/news", None),
    "1k": ("a static file of 1 KB", "/static/1k.bin", None),
    "100k": ("one of 100 KB", "/static/100k.bin", None),
    "not modified": ("304: the page is known", "/", "unchanged.lua"),
    "async": ("a coroutine", "/async", None),
    "nested": ("a rule in a rule", "/nested/2026/news", None),
    "user": ("a signed cookie is read", "/user", f"fields.lua Cookie: user={USER}"),
    "sign-in": ("one is set", "/sign-in", None),
    "links": ("a page with two static_url()", "/links", None),
    "xsrf": ("a page with xsrf_form_html()", "/xsrf", f"fields.lua Cookie: _xsrf={TOKEN}"),
}
OURS = frozenset({"not modified", "async", "nested", "user", "sign-in", "links", "xsrf"})
"""The rows of Tornado's own features."""

PAGES = {
    "links.html": '<link href="{{ static_url("1k.bin") }}"><a href="{{ static_url("100k.bin") }}">data</a>',
    "xsrf.html": '<form method="post">{% module xsrf_form_html() %}</form>',
}


def command(name: str) -> list[object]:
    if name == "starlette":
        return [PEERS / "bin/uvicorn", "site_starlette:app", *UVICORN]
    return [server_python(name), f"site_{name}.py", "{port}"]


def measure_all(
    names: list[str], rows: list[str], rounds: int, seconds: int
) -> dict[tuple[str, str], list[Sample]]:
    samples: dict[tuple[str, str], list[Sample]] = {}
    for _ in range(rounds):
        for name in names:
            jobs = [row for row in rows if name in SAME_SITE or row not in OURS]
            for key, seen in measure({name: command(name)}, jobs, 1, seconds).items():
                samples.setdefault(key, []).extend(seen)
    return samples


def cell(row: str, samples: list[Sample] | None) -> str:
    if samples is None:
        return ""
    if row != "missing" and any(one.wrong for one in samples):
        return "(fails)"
    return f"{statistics.median(one.cost for one in samples):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--rows", default=",".join(ROWS), help=f"some of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=1, help="of each load")
    arguments = parser.parse_args()
    names = list(chosen(arguments.names))
    if arguments.names is None:
        names = [name for name in names if name in NAMES]
    rows = arguments.rows.split(",")
    JOBS.update(ROWS)
    with tempfile.TemporaryDirectory() as directory:
        os.environ["BENCH_FILES"] = directory
        for name, size in (("1k.bin", 1024), ("100k.bin", 100 * 1024)):
            Path(directory, name).write_bytes(os.urandom(size))
        for name, text in PAGES.items():
            Path(directory, name).write_text(text)
        print(f"{machine()}; {arguments.rounds} rounds of {arguments.seconds} s\n")
        samples = measure_all(names, rows, arguments.rounds, arguments.seconds)
    print("| CPU us/request | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(names))
    for row in rows:
        cells = [cell(row, samples.get((name, row))) for name in names]
        print(f"| `{row}`: {ROWS[row][0]} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
