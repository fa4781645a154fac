"""``python -m tornadolike fetch``: for scripts, and for containers that ask whether their site is well."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from typing import BinaryIO

from .. import ioloop
from ..httpclient.client import AsyncHTTPClient
from ..httpclient.downloading import download
from ..httpclient.failures import (
    BadRedirectError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    TooManyRedirectsError,
)
from ..httpclient.redirects import REDIRECTS
from ..httpclient.requests import HTTPRequest
from ..httpclient.responses import HTTPClientError
from ..httputil import HTTPInputError
from ..log import gen_log
from ..programs.failing import Failure
from .fetching.asking import ENGINES, client_of, request_of
from .fetching.progress import ProgressBar
from .fetching.statuses import INTERRUPTED, NOT_WRITTEN, OK, TERMINATED, WRONG_USE, status_of
from .parsing import Commands


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    fetch = commands.add_parser(
        "fetch",
        help="fetch what a URL names",
        description="Fetch what a URL names, to the standard output or to a file.",
        epilog="The status is 0 if it came, 2 for a wrong command line, 22 for an HTTP status that is an error"
        " (with --fail or -o), 6 for a name without address, 7 for nobody there, 28 for too late, 60 for a"
        " certificate that is not good, and others, which are those of curl.",
    )
    fetch.add_argument("url", metavar="URL", help="without a scheme it is http://")
    _add_request(fetch)
    _add_body(fetch)
    _add_way(fetch)
    _add_output(fetch)
    fetch.set_defaults(run=_run)


def _add_request(fetch: argparse.ArgumentParser) -> None:
    group = fetch.add_argument_group("the request")
    group.add_argument("-X", "--request", metavar="METHOD", help="the method")
    group.add_argument(
        "-H",
        "--header",
        metavar="NAME: VALUE",
        action="append",
        default=[],
        help="a header to send; may be given several times",
    )
    group.add_argument("-A", "--user-agent", metavar="NAME", help="who is asking: the program")
    group.add_argument("-u", "--user", metavar="NAME:PASSWORD", help="who is asking: the user")
    group.add_argument("--digest", action="store_true", help="with -u: by digest, not basic")
    group.add_argument(
        "-I", "--head", action="store_true", help="ask for the head only (HEAD), and show it"
    )
    group.add_argument(
        "-L",
        "--location",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go where redirects lead to (default: yes)",
    )
    group.add_argument(
        "--max-redirects", metavar="N", type=count, default=10, help="(default: %(default)s)"
    )
    group.add_argument(
        "--compressed", action="store_true", help="ask for a compressed response, and decompress it"
    )


def _add_body(fetch: argparse.ArgumentParser) -> None:
    group = fetch.add_argument_group("its body").add_mutually_exclusive_group()
    group.add_argument(
        "-d",
        "--data",
        metavar="DATA",
        action="append",
        help="the body: text, @FILE or @- for the standard input; several texts are joined by &",
    )
    group.add_argument("--json", metavar="TEXT", help="the body: JSON as text, @FILE or @-")
    group.add_argument(
        "-F",
        "--form",
        metavar="NAME=VALUE",
        action="append",
        help="a field of a form, or a file of it: NAME=@FILE",
    )


def _add_way(fetch: argparse.ArgumentParser) -> None:
    group = fetch.add_argument_group("the way there")
    group.add_argument(
        "-m",
        "--timeout",
        "--max-time",
        metavar="SECONDS",
        type=seconds,
        help="for all of it (default: no limit)",
    )
    group.add_argument(
        "--connect-timeout",
        metavar="SECONDS",
        type=seconds,
        default=20.0,
        help="(default: %(default)g)",
    )
    group.add_argument(
        "--retries",
        metavar="N",
        type=count,
        default=0,
        help="try again so many times what failed and may go better the next time (default: 0)",
    )
    group.add_argument("-x", "--proxy", metavar="URL", help="(default: what the environment says)")
    group.add_argument("--no-proxy", action="store_true", help="whatever the environment says")
    group.add_argument("--unix-socket", metavar="PATH", help="where the server listens")
    group.add_argument(
        "-k", "--insecure", action="store_true", help="take any certificate: anybody may listen"
    )
    group.add_argument("--cacert", metavar="FILE", help="whose signature on certificates is good")
    group.add_argument("--cert", metavar="FILE", help="our own certificate")
    group.add_argument("--key", metavar="FILE", help="its key, if it is not in there")
    group.add_argument(
        "--engine", choices=tuple(ENGINES), default="simple", help="(default: %(default)s)"
    )


def _add_output(fetch: argparse.ArgumentParser) -> None:
    group = fetch.add_argument_group("what comes of it")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write to a file, which is there when it is whole, and only if the status is no error",
    )
    group.add_argument(
        "-C",
        "--continue",
        dest="resume",
        action="store_true",
        help="with -o: keep what is not whole, and go on with it the next time",
    )
    group.add_argument(
        "-f",
        "--fail",
        action="store_true",
        help="an HTTP status that is an error is an error, and its page is not shown",
    )
    group.add_argument(
        "-i", "--include", action="store_true", help="show the head of the response, too"
    )
    group.add_argument(
        *("-q", "--quiet", "-s", "--silent"), action="store_true", help="no progress, no messages"
    )
    group.add_argument(
        "-v", "--verbose", action="store_true", help="tell what is sent and what comes"
    )


def seconds(text: str) -> float:
    """Seconds of the command line, which says ``invalid seconds value`` for others."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError
    return value


def count(text: str) -> int:
    """A count of the command line."""
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _run(options: argparse.Namespace) -> int:
    if sys.stderr is None:  # it was closed, by 2>&- say
        options.quiet, options.verbose = True, False
    try:
        _check(options)
        request = request_of(options)
    except (ValueError, OSError, HTTPInputError) as error:
        return _refuse(options, error, WRONG_USE)
    try:
        with _unlogged():
            return ioloop.run(_fetch(options, request))
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    except (ValueError, ImportError) as error:  # a URL that is none, an engine that is not there
        return _refuse(options, error, WRONG_USE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_WRITTEN
    except OSError as error:
        return _refuse(options, error, NOT_WRITTEN)


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep what is logged from the standard error, which gets it where nobody has set logging up: errors say it all."""
    handler = logging.NullHandler()
    gen_log.addHandler(handler)
    try:
        yield
    finally:
        gen_log.removeHandler(handler)


def _check(options: argparse.Namespace) -> None:
    """Raises :exc:`ValueError` for what does not go together."""
    if options.output == "-":
        options.output = None
    if options.resume and options.output is None:
        raise ValueError("--continue is for downloads to a file: give -o FILE")
    if options.output is not None and (options.include or options.head):
        raise ValueError("heads are shown on the standard output: not with -o (-v shows them, too)")


async def _fetch(options: argparse.Namespace, request: HTTPRequest) -> int:
    client = client_of(options)
    task = asyncio.current_task()
    assert task is not None
    # So that what is not whole does not stay on the disk.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        if options.output is None:
            await _Printer(options, request).fetch(client)
        else:
            await _download(options, request, client)
        return OK
    except HTTPClientError as error:
        return _refuse(options, error, status_of(error))
    finally:
        client.close()


async def _download(
    options: argparse.Namespace, request: HTTPRequest, client: AsyncHTTPClient
) -> None:
    bar = None
    if not options.quiet and sys.stderr.isatty():
        bar = ProgressBar(os.path.basename(options.output), sys.stderr)
    came = False

    def progress(done: int, total: int | None) -> None:
        nonlocal came
        came = True
        if bar is not None:
            bar.show(done, total)

    retries = options.retries if options.resume else 0
    try:
        while True:
            came = False
            try:
                await download(
                    client, request, options.output, resume=options.resume, progress=progress
                )
                return
            except (HTTPStreamClosedError, HTTPTimeoutError):
                # What broke off before it had begun has been tried again as often as that is wanted.
                if not came or retries == 0:
                    raise
                retries -= 1
    finally:
        if bar is not None:
            bar.end()


class _Printer:
    """Writes a response to the standard output as it comes."""

    def __init__(self, options: argparse.Namespace, request: HTTPRequest) -> None:
        self._fail: bool = options.fail
        self._unfollowed: bool = options.location and options.max_redirects == 0
        self._head: bool = options.include or options.head
        self._request = request
        if sys.stdout is None:  # it was closed, by >&- say
            raise OSError("there is no standard output: give -o FILE")
        self._out: BinaryIO = sys.stdout.buffer
        self._for_people = sys.stdout.isatty()
        request.header_callback = self._take_line
        request.streaming_callback = self._take_piece

    async def fetch(self, client: AsyncHTTPClient) -> None:
        response = await client.fetch(self._request, raise_error=False)
        if isinstance(response.error, (TooManyRedirectsError, BadRedirectError)):
            raise response.error
        if self._unfollowed and response.code in REDIRECTS and "Location" in response.headers:
            raise TooManyRedirectsError(response.code, "a redirect, and --max-redirects is 0")

    def _take_line(self, line: str) -> None:
        if self._head:
            self._write(line.encode("latin-1"))
        if self._fail and line.startswith("HTTP/"):
            _, status, *reason = line.rstrip().split(" ", 2)
            if int(status) >= 400:
                raise HTTPClientError(int(status), " ".join(reason))

    def _take_piece(self, piece: bytes) -> None:
        if self._for_people and b"\0" in piece:
            raise HTTPProtocolError("this is not text, and no good on a terminal: give -o FILE")
        self._write(piece)

    def _write(self, data: bytes) -> None:
        # Whoever reads slowly is waited for: there is nothing else to do meanwhile.
        self._out.write(data)
        self._out.flush()


def _refuse(options: argparse.Namespace, error: Exception, status: int) -> int:
    """Fail with this status: in a line, unless nobody wants to read it."""
    if options.quiet:
        return status
    raise Failure(str(error), status=status) from error
