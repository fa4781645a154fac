"""``tornadolike bench``: how many requests a site answers, and how long each takes."""

import argparse
import contextlib
import json
import re
import ssl
import sys
from collections.abc import Iterator
from textwrap import fill
from typing import Any, Final

from .. import ioloop
from ..httpclient.addresses import Address, parse_url
from ..httputil import HTTPOutputError
from ..programs.failing import Failure
from .benching.load import Load, measure, reason_of
from .benching.results import Results
from .benching.served import served
from .parsing import Commands

MOST_CONNECTIONS: Final = 10_000
MOST_PIPELINED: Final = 1000

ABOUT: Final = (
    "This is one process of Python: it finds out what has become slower, and not how much a fast server can do. It"
    " asks the same thing again and again, from the same machine if that is where the site is."
)
OMISSION: Final = (
    "Each connection waits for its answer before it asks again, so while the site stands still hardly anybody asks:"
    " such a pause counts once, and not for all who would have come (coordinated omission). With --rate it does count."
)


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    bench = commands.add_parser(
        "bench",
        help="ask a site again and again, and tell how it answers",
        description="Ask a site, or an application that is served for it in a process of its own, again and again, and"
        " tell how many requests were answered and how long that took.",
        epilog=f"{ABOUT} {OMISSION}",
    )
    bench.add_argument(
        "target", metavar="URL|MODULE:NAME", help="http://127.0.0.1:8888/, or main:app"
    )
    bench.add_argument(
        "--path", default="/", help="with MODULE:NAME: what is asked for (default: %(default)s)"
    )
    _add_amounts(bench)
    request = bench.add_argument_group("the request")
    request.add_argument("-X", "--request", metavar="METHOD", help="the method")
    request.add_argument(
        "-H", "--header", metavar="NAME: VALUE", action="append", default=[], help="a header"
    )
    request.add_argument("-d", "--data", metavar="TEXT", default="", help="the body")
    request.add_argument(
        "-k", "--insecure", action="store_true", help="take any certificate of the server"
    )
    request.add_argument("--cacert", metavar="FILE", help="whose signature on certificates is good")
    bench.add_argument("--json", action="store_true", help="for programs; times are in seconds")
    bench.set_defaults(run=_run)


def _add_amounts(bench: argparse.ArgumentParser) -> None:
    amounts = bench.add_argument_group("how much")
    amounts.add_argument(
        "-c",
        "--connections",
        metavar="N",
        type=_count(MOST_CONNECTIONS),
        default=10,
        help="(default: %(default)s)",
    )
    amounts.add_argument(
        "-t",
        "--duration",
        metavar="SECONDS",
        type=_positive,
        default=5.0,
        help="(default: %(default)g)",
    )
    amounts.add_argument(
        "-n", "--requests", metavar="N", type=_count(sys.maxsize), help="end after so many"
    )
    amounts.add_argument(
        "--pipeline",
        metavar="N",
        type=_count(MOST_PIPELINED),
        default=1,
        help="requests that a connection sends at once (default: %(default)s)",
    )
    amounts.add_argument(
        "--rate",
        metavar="N",
        type=_positive,
        help="requests in a second, of all connections; a latency counts from when a request was due",
    )


def _count(most: int) -> Any:
    def count(text: str) -> int:
        value = int(text)
        if not 1 <= value <= most:
            raise argparse.ArgumentTypeError(f"it is a number from 1 to {most}, not {value}")
        return value

    return count


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"it is a number above 0, not {text}")
    return value


def _run(options: argparse.Namespace) -> int:
    with _address(options) as address:
        load = _load(options, address)
        try:
            results = ioloop.run(measure(load))
        except OSError as error:
            raise Failure(f"{address.host}, port {address.port}: {reason_of(error)}") from error
    if options.json:
        sys.stdout.write(json.dumps(results.facts(), indent=2) + "\n")
    else:
        sys.stdout.write(_told(load, results))
    return 0 if results.latencies and not results.failures else 1


@contextlib.contextmanager
def _address(options: argparse.Namespace) -> Iterator[Address]:
    """Where it is asked. An application is served for that long."""
    target: str = options.target
    if "://" in target:
        try:
            yield parse_url(target)
        except ValueError as error:
            raise Failure(str(error)) from error
    elif re.fullmatch(r"[\w.-]*:\d+(/.*)?", target):
        raise Failure(
            f"{target!r} is no application; a URL begins with http://, as http://{target}"
        )
    elif not options.path.startswith("/"):
        raise Failure(f"--path begins with a slash, {options.path!r} does not")
    else:
        with served(target) as port:
            yield parse_url(f"http://127.0.0.1:{port}{options.path}")


def _load(options: argparse.Namespace, address: Address) -> Load:
    headers = []
    for header in options.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise Failure(f"a header is NAME: VALUE, not {header!r}")
        headers.append((name.strip(), value.strip()))
    load = Load(
        address,
        options.request or ("POST" if options.data else "GET"),
        tuple(headers),
        options.data.encode(),
        options.connections,
        options.pipeline,
        options.duration,
        options.requests,
        options.rate,
        _ssl_context(options) if address.secure else None,
    )
    try:
        load.request()
    except (HTTPOutputError, ValueError) as error:
        raise Failure(str(error)) from error
    return load


def _ssl_context(options: argparse.Namespace) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.cacert)
    except OSError as error:
        raise Failure(f"--cacert {options.cacert}: {error.strerror or error}") from error
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


# What came of it


def _told(load: Load, results: Results) -> str:
    facts = results.facts()
    pipelined = f", {load.pipeline} requests at once" if load.pipeline > 1 else ""
    lines = [
        f"{load.method} {load.address.url}, {load.connections} connections{pipelined}, {facts['seconds']:.2f} s",
        "",
        f"responses    {facts['responses']}, {facts['responses_per_second']:,.0f} a second",
        f"received     {_bytes(results.received)}, {_bytes(facts['bytes_per_second'])} a second",
    ]
    if facts["latency"]:
        times = "  ".join(
            f"{name} {_milliseconds(value)}" for name, value in facts["latency"].items()
        )
        lines.append(f"latency, ms  {times}")
    lines.append(f"statuses     {_counted(facts['statuses']) or 'none'}")
    if facts["failures"]:
        lines.append(f"failures     {_counted(facts['failures'])}")
    if facts["unanswered"]:
        lines.append(f"unanswered   {facts['unanswered']}, on their way when the time was over")
    note = OMISSION
    if load.rate is not None:
        note = f"Latencies count from when a request was due, {load.rate:g} a second."
    return "\n".join([*lines, "", fill(f"{note} {ABOUT}", 100), ""])


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name}: {number}" for name, number in numbers.items())


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"
