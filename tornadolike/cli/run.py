"""``python -m tornadolike run``: serve an application while somebody works on it, or in production."""

import argparse
import asyncio
import contextlib
import os
import socket
import webbrowser
from collections.abc import Callable
from typing import Final

from .. import ioloop
from ..autoreload.folders import PROGRAM
from ..programs.failing import Failure
from ..programs.loading import load_in_loop
from ..programs.places import Place, address_of, bind, release
from ..programs.serving import Site, log_to_terminal
from ..programs.terminal import say
from ..web.life.life import DRAIN_SECONDS
from .parsing import Commands
from .running import production
from .running.supervisor import Supervisor, Wishes

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8888


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    run = commands.add_parser(
        "run",
        help="serve an application, and again when its files change",
        description="Serve an application while you work on it. It starts anew when a file of the program changes;"
        " templates, catalogues and static files are read again. If the program has an error, the terminal and the"
        " browser show it, and it goes on when the error is mended. With --workers it is served in production.",
        epilog="The status is 0 when it was stopped by Ctrl-C or SIGTERM, 2 if there was nothing to serve, or no"
        " place to serve it, and 1 if no worker could be started because of the program.",
    )
    run.add_argument(
        "application", metavar="MODULE:NAME", help="the application, or the function that makes it"
    )
    where = run.add_argument_group("where")
    where.add_argument("--host", help=f"the address (default: {DEFAULT_HOST})")
    where.add_argument("--port", type=_port, help=f"0 for a free one (default: {DEFAULT_PORT})")
    where.add_argument("--unix-socket", metavar="FILE", help="serve on a Unix socket instead")
    where.add_argument("--certificate", metavar="FILE", help="serve HTTPS with this (PEM)")
    where.add_argument("--key", metavar="FILE", help="its key, if that is in another file")
    watching = run.add_argument_group("changes")
    watching.add_argument(
        "--no-reload",
        action="store_true",
        help="do not look for changes, and leave the settings of the application as they are",
    )
    watching.add_argument(
        "--watch",
        metavar="FOLDER",
        action="append",
        default=[],
        help="look in this folder, too, beside the current one; may be given several times",
    )
    watching.add_argument(
        "--restart-on",
        metavar="PATTERN",
        action="append",
        default=[],
        help=f"start anew for files with such names, too, beside {' '.join(PROGRAM)}",
    )
    watching.add_argument(
        "--poll",
        action="store_true",
        help="look at all files twice a second: where the system does not tell of changes",
    )
    browser = run.add_argument_group("browsers")
    browser.add_argument("--open", action="store_true", help="open the site in a browser")
    browser.add_argument(
        "--browser-reload",
        action="store_true",
        help="have pages load themselves again, by a script that HTML gets at its end",
    )
    production.add_arguments(run)
    run.set_defaults(run=_run)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    if options.key and not options.certificate:
        raise Failure("--key belongs to a --certificate: give both")
    if options.workers is not None:
        production.serve(options)
        return 0
    production.refuse_without_workers(options)
    for folder in options.watch:
        if not os.path.isdir(folder):
            raise Failure(f"--watch {folder}: there is no such folder")
    host = DEFAULT_HOST if options.host is None else options.host
    port = DEFAULT_PORT if options.port is None else options.port
    place = Place(host, port, options.unix_socket, options.certificate, options.key)
    sockets = bind(place)
    try:
        serve = _serve_once if options.no_reload else _serve_and_watch
        ioloop.run(serve(options, place, sockets))
    finally:
        release(place, sockets)
    return 0


async def _serve_and_watch(
    options: argparse.Namespace, place: Place, sockets: list[socket.socket]
) -> None:
    wishes = Wishes(
        [os.curdir, *options.watch],
        [*PROGRAM, *options.restart_on],
        options.poll,
        options.browser_reload,
    )
    served = _told(options, place, sockets)
    await Supervisor(options.application, place, sockets, wishes, served).run()


async def _serve_once(
    options: argparse.Namespace, place: Place, sockets: list[socket.socket]
) -> None:
    application = await load_in_loop(options.application)
    log_to_terminal()
    served = _told(options, place, sockets)
    await Site(application, {"ssl_options": place.tls}, served).serve(sockets, DRAIN_SECONDS)


def _told(
    options: argparse.Namespace, place: Place, sockets: list[socket.socket]
) -> Callable[[], None]:
    """What is to be called when the site can be visited for the first time."""
    address = address_of(place, sockets)

    def served() -> None:
        say(f"{options.application} is served on {address}; Ctrl-C ends it")
        if options.open:
            _open(place, address)

    return served


def _open(place: Place, address: str) -> None:
    """Show the site, where there is something that shows it. Programs of the terminal take it over: not these."""
    if place.unix_socket is None:
        with contextlib.suppress(webbrowser.Error):
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)
