"""``python -m tornadolike run --workers``: the arguments, and what becomes of them."""

import argparse
import re
from typing import Any, Final

from ...programs.failing import Failure
from ...workers import run
from ...workers.settings import DEFAULT_TRUST_HEADERS, Settings

UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}

DESK: Final = ("no_reload", "watch", "restart_on", "poll", "open", "browser_reload")
"""Arguments that are for the desk alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that only production has."""
    workers = parser.add_argument_group("production")
    workers.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help="serve by so many processes, which are looked after; auto: as many as there are processors to use."
        " Nothing is watched and nothing shown to visitors then. All that follows needs this",
    )
    workers.add_argument(
        "--preload",
        action="store_true",
        help="load the application once, and fork the workers, which share its memory",
    )
    workers.add_argument(
        "--reuse-port",
        action="store_true",
        help="a listening socket for each worker, among which the kernel spreads the connections",
    )
    workers.add_argument(
        "--unix-mode",
        type=_mode,
        metavar="MODE",
        help="permissions of the Unix socket, as of a file: 660 for a proxy in our group (default: 600)",
    )
    _add_limits(workers)
    proxies = parser.add_argument_group("production behind proxies")
    proxies.add_argument(
        "--trust",
        metavar="NETWORK",
        action="append",
        default=[],
        help="believe proxies in this network (10.0.0.0/8, unix) about who is asking; may be given several times",
    )
    proxies.add_argument(
        "--trust-header",
        metavar="NAME",
        action="append",
        default=[],
        help="a header that these set in every request; may be given several times (default: "
        f"{' and '.join(DEFAULT_TRUST_HEADERS)})",
    )
    proxies.add_argument(
        "--proxy-protocol",
        metavar="NETWORK",
        action="append",
        default=[],
        help="peers in this network begin with a PROXY header; may be given several times",
    )
    looking = parser.add_argument_group("production, to look after")
    looking.add_argument("--pid-file", metavar="FILE", help="write the process number there")
    looking.add_argument(
        "--admin",
        metavar="ADDRESS",
        help="serve a status page, probes and metrics at HOST:PORT or unix:FILE",
    )


def _add_limits(group: Any) -> None:
    default = Settings(application="")
    for option, kind, value, said in (
        ("--start-timeout", _seconds, default.start_timeout, "seconds in which a worker has to serve"),
        ("--drain-seconds", _seconds, default.drain_seconds, "for requests, when a worker is to end"),
        ("--worker-timeout", _seconds, default.worker_timeout, "for which a worker may be stuck"),
        ("--max-requests", _whole, default.max_requests, "after which a worker is replaced"),
        ("--max-age", _seconds, default.max_age, "seconds after which a worker is replaced"),
        ("--max-memory", _size, default.max_memory, "resident bytes (K, M, G) above which it is replaced"),
    ):  # fmt: skip
        group.add_argument(
            option, type=kind, metavar="N", help=f"{said}; 0: no limit (default: {value:g})"
        )


def serve(options: argparse.Namespace) -> None:
    """Serve by workers. Raises :exc:`.Failure` for arguments that are no use together."""
    for name in DESK:
        if getattr(options, name):
            raise Failure(f"--{name.replace('_', '-')} is for the desk: leave it or --workers out")
    settings = {name: getattr(options, name) for name in _SETTINGS if _is_given(options, name)}
    if options.workers != AUTO:
        settings["workers"] = options.workers
    if options.trust_header:
        settings["trust_headers"] = options.trust_header
    is_placed = any(
        value is not None for value in (options.host, options.port, options.unix_socket)
    )
    try:
        run(options.application, is_placed=is_placed, **settings)
    except ValueError as error:
        raise Failure(str(error)) from error


def _is_given(options: argparse.Namespace, name: str) -> bool:
    value = getattr(options, name)
    return not (value is None or value is False or value == [])


def refuse_without_workers(options: argparse.Namespace) -> None:
    """Raise :exc:`.Failure` if there is an argument that only production has."""
    for name in (*_OWN, "trust_header"):
        if _is_given(options, name):
            raise Failure(f"--{name.replace('_', '-')} belongs to --workers: give both")


AUTO: Final = 0

_OWN: Final = (
    *("preload", "reuse_port", "unix_mode", "trust", "proxy_protocol", "pid_file", "admin"),
    *("start_timeout", "drain_seconds", "worker_timeout"),
    *("max_requests", "max_age", "max_memory"),
)

_SETTINGS: Final = ("host", "port", "unix_socket", "certificate", "key", *_OWN)


def _workers(text: str) -> int:
    if text == "auto":
        return AUTO
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a number from 1 on, or auto, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d*)?", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"a number of seconds, not {text!r}")
    return float(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a number, not {text!r}")
    return int(text)


def _mode(text: str) -> int:
    if not re.fullmatch("[0-7]{3}", text):
        raise argparse.ArgumentTypeError(f"three digits from 0 to 7, as in 660, not {text!r}")
    return int(text, 8)


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([KMG]?)", text, re.ASCII | re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"a number of bytes, as in 512M, not {text!r}")
    return int(match[1]) * UNITS[match[2].upper()]
