#!/usr/bin/env python3
"""What one line of an access log costs, ours and others': CPU time of the whole process, in microseconds.

    maint/bench/access_logs.py [--lines N] [--rounds N]

Each kind writes its usual line about the same request into a file. Tornado and aiohttp are measured if they are
installed; they log through ``logging``, as we do by default, to a ``logging.FileHandler``. ``whole`` is the CPU time
for each line until the file is closed; ``request`` is what the thread that answers requests spends of it.
"""

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tornadolike.accesslog import CombinedLog, JSONLog
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest
from tornadolike.web import Application, RequestHandler

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
FIELDS = {"Host": "a.example", "Referer": "https://a.example/", "User-Agent": AGENT}
URI = "/articles/2026/11/a-title?page=2"
BODY = b"x" * 512

Log = Callable[[], object]


def our_handler(**settings: Any) -> RequestHandler:
    """A handler that has answered."""
    connection: Any = SimpleNamespace(context=SimpleNamespace(remote_ip="192.0.2.1"))
    request = HTTPServerRequest("GET", URI, "HTTP/1.1", HTTPHeaders(FIELDS), connection=connection)
    handler = RequestHandler(Application(**settings), request)
    handler._write_buffer = [BODY]
    handler._headers_written = True
    return handler


@contextmanager
def logged_by(name: str, path: Path) -> Iterator[logging.Logger]:
    """The logger, at INFO, with a file of its own."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    try:
        yield logger
    finally:
        logger.removeHandler(handler)
        handler.close()


@contextmanager
def combined(path: Path) -> Iterator[Log]:
    handler = our_handler()
    with CombinedLog(path) as log:
        yield lambda: log(handler)


@contextmanager
def json_lines(path: Path) -> Iterator[Log]:
    handler = our_handler()
    with JSONLog(path) as log:
        yield lambda: log(handler)


@contextmanager
def logger(path: Path) -> Iterator[Log]:
    handler = our_handler()
    with logged_by("tornadolike.access", path):
        yield lambda: handler.application.log_request(handler)


@contextmanager
def logger_off(path: Path) -> Iterator[Log]:
    handler = our_handler()
    with logged_by("tornadolike.access", path) as access_log:
        access_log.setLevel(logging.ERROR)
        yield lambda: handler.application.log_request(handler)


@contextmanager
def tornado(path: Path) -> Iterator[Log]:
    from tornado import httputil, web

    connection: Any = SimpleNamespace(
        context=SimpleNamespace(remote_ip="192.0.2.1", protocol="http"),
        set_close_callback=lambda callback: None,
    )
    request = httputil.HTTPServerRequest(
        start_line=httputil.RequestStartLine("GET", URI, "HTTP/1.1"),
        headers=httputil.HTTPHeaders(FIELDS),
        connection=connection,
    )
    application = web.Application()
    handler = web.RequestHandler(application, request)
    with logged_by("tornado.access", path):
        yield lambda: application.log_request(handler)


@contextmanager
def aiohttp(path: Path) -> Iterator[Log]:
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request
    from aiohttp.web_log import AccessLogger

    async def make() -> tuple[Any, Any]:
        return make_mocked_request("GET", URI, FIELDS), web.Response(body=BODY)

    request, response = asyncio.run(make())
    with logged_by("aiohttp.access", path) as access_log:
        access_logger = AccessLogger(access_log, AccessLogger.LOG_FORMAT)
        yield lambda: access_logger.log(request, response, 0.001)


KINDS = {
    "CombinedLog": combined,
    "JSONLog": json_lines,
    "logger `tornadolike.access`": logger,
    "logger, off": logger_off,
    "tornado": tornado,
    "aiohttp": aiohttp,
}


def measure(kind: Callable[[Path], Any], lines: int) -> tuple[float, float]:
    """CPU microseconds for each line: of the thread that logs, and of the process."""
    with tempfile.TemporaryDirectory() as folder:
        with kind(Path(folder) / "access.log") as log:
            log()
            whole, thread = time.process_time(), time.thread_time()
            for _ in range(lines):
                log()
            thread = time.thread_time() - thread
        whole = time.process_time() - whole
        written = Path(folder, "access.log").read_bytes().count(b"\n")
        assert written in (0, lines + 1), f"{written} lines of {lines + 1}"
    return thread / lines * 1e6, whole / lines * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| access log | request | whole |\n|---|---:|---:|")
    for name, kind in KINDS.items():
        try:
            measured = [measure(kind, options.lines) for _ in range(options.rounds)]
        except ModuleNotFoundError as error:
            print(f"(without {name}: {error})", file=sys.stderr)
            continue
        request, whole = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"| {name} | {request:.2f} | {whole:.2f} |")


if __name__ == "__main__":
    main()
