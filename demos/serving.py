"""What every demo does around its application: the command line, a free port, a quiet end.

Nothing here is needed to use tornadolike (``app.run()`` is); it is what makes a program that a
stranger starts behave.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import tornadolike
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application

PORTS_TO_TRY = 100
DRAIN_SECONDS = 5
CERTIFICATES = Path(__file__).parents[1] / ".certificates"

EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (known, not bound)
"""Addresses that stand for all of this machine's, each with one to visit."""

MakeApp = Callable[..., AbstractAsyncContextManager[Application]]
"""Makes the application and what it needs while it is served. The context is left when all is over."""


class Misconfigured(Exception):
    """What the environment says is of no use."""


def main(
    name: str,
    make_app: MakeApp,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    **server_options: Any,
) -> int:
    """Read the command line, serve until Ctrl-C or SIGTERM, and return the exit status.

    :arg settings: what ``make_app`` takes, by its name, with how the command line is told of it. A
        setting that is not there comes from the environment: ``NAME_SETTING``.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m demos.{name.lower()}", description=f"{name}: a demo of tornadolike."
    )
    parser.add_argument("--port", type=port_number, default=8888, help="default: %(default)s")
    parser.add_argument("--address", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS")
    parser.add_argument(
        "--certificates",
        type=Path,
        default=CERTIFICATES,
        metavar="FOLDER",
        help="where the certificates for --tls are, or are made; default: %(default)s",
    )
    parser.add_argument(
        "--share-port",
        action="store_true",
        help="let other processes that are started so have the same port, at the same time",
    )
    for setting, told in (settings or {}).items():
        default = os.environ.get(f"{name}_{setting}".upper())
        parser.add_argument(f"--{setting}", default=default, **told)
    options = parser.parse_args()
    try:
        given = {setting: getattr(options, setting) for setting in settings or ()}
        if options.tls:
            server_options["ssl_options"] = certificate(options.certificates, options.address)
        where = options.address, options.port, options.share_port
        tornadolike.run(serve(name, partial(make_app, **given), *where, **server_options))
    except OSError as error:
        reason = (
            f"{error.filename}: " if error.filename else f"Cannot listen on {options.address}: "
        )
        print(reason + (error.strerror or str(error)), file=sys.stderr)
        return 1
    except Misconfigured as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def certificate(folder: Path, address: str) -> dict[str, str]:
    """Options for a server at `address` with a certificate that this machine has signed itself."""
    # Only here: it takes a while to import, and who serves plain HTTP does not need it.
    from tornadolike.tls.development import development_certificate

    names = [] if address in EVERYWHERE else [address.partition("%")[0]]
    made = development_certificate(folder, names)
    print(f"Browsers warn of the certificate until they trust {made.ca_certs}")
    return made.ssl_options


def port_number(text: str) -> int:
    """A TCP port that can be listened on."""
    port = int(text)
    if not 0 < port < 65_536:
        raise argparse.ArgumentTypeError(f"{port} is not between 1 and 65535")
    return port


async def serve(
    name: str, make_app: MakeApp, address: str, port: int, share: bool = False, **options: Any
) -> None:
    """Serve until Ctrl-C or SIGTERM; then let everybody finish, and return."""
    async with make_app() as app:
        sockets = listen(address, port, share)
        actual = sockets[0].getsockname()[1]
        if actual != port:
            print(f"Port {port} is taken; using {actual}.")
        scheme = "https" if "ssl_options" in options else "http"
        said = f"{name} on {url(address, actual, scheme)}  (Ctrl-C stops)"
        # Not before signals are listened to: who reads it may stop us at once.
        saying = asyncio.get_running_loop().call_soon(partial(print, said, flush=True))
        try:
            await app.serve(sockets=sockets, drain_seconds=DRAIN_SECONDS, **options)
        except ValueError as error:  # of a secret that can be guessed
            saying.cancel()
            for sock in sockets:
                sock.close()
            raise Misconfigured(str(error)) from error


def listen(address: str, port: int, share: bool = False) -> list[socket.socket]:
    """Listen on `port`, or on the first free one after it; with `share` beside others who do."""
    if share:
        return bind_sockets(port, address, reuse_port=True)
    for candidate in range(port, min(port + PORTS_TO_TRY, 65_536)):
        try:
            return bind_sockets(candidate, address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"none of {PORTS_TO_TRY} ports from {port} on is free")


def url(address: str, port: int, scheme: str = "http") -> str:
    """Where to point a browser."""
    host = EVERYWHERE.get(address, address)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def a_folder(named: str | None, prefix: str) -> Iterator[Path]:
    """The folder of that name, or a temporary one, whose name begins like this.

    What is in it is for nobody else on this machine to read.
    """
    with nullcontext(named) if named else tempfile.TemporaryDirectory(prefix=prefix) as path:
        folder = Path(path)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder
