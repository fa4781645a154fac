"""What every demo does around its application: the command line, a free port, a quiet end.

Nothing here is needed to use tornadolike (``app.listen(8888)`` is); it is what makes a program that a
stranger starts behave.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.web import Application

PORTS_TO_TRY = 100
DRAIN_SECONDS = 5
CERTIFICATES = Path(__file__).parents[1] / ".certificates"

EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (known, not bound)
"""Addresses that stand for all of this machine's, each with one to visit."""

MakeApp = Callable[[], AbstractAsyncContextManager[Application]]
"""Makes the application and what it needs while it is served; leaving the context says goodbye."""


def main(name: str, make_app: MakeApp, **server_options: Any) -> int:
    """Read the command line, serve until Ctrl-C or SIGTERM, and return the exit status."""
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
    options = parser.parse_args()
    try:
        if options.tls:
            server_options["ssl_options"] = certificate(options.certificates, options.address)
        tornadolike.run(serve(name, make_app, options.address, options.port, **server_options))
    except OSError as error:
        reason = (
            f"{error.filename}: " if error.filename else f"Cannot listen on {options.address}: "
        )
        print(reason + (error.strerror or str(error)), file=sys.stderr)
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
    name: str, make_app: MakeApp, address: str, port: int, **server_options: Any
) -> None:
    """Serve until Ctrl-C or SIGTERM; then let everybody finish, and return."""
    async with make_app() as app:
        server, actual = listen(app, address, port, **server_options)
        if actual != port:
            print(f"Port {port} is taken; using {actual}.")
        scheme = "https" if "ssl_options" in server_options else "http"
        print(f"{name} on {url(address, actual, scheme)}  (Ctrl-C stops)", flush=True)
        await stop_signal()
    await server.drain(DRAIN_SECONDS)


def listen(
    app: Application, address: str, port: int, **server_options: Any
) -> tuple[HTTPServer, int]:
    """Listen on `port`, or on the first free one after it."""
    for candidate in range(port, min(port + PORTS_TO_TRY, 65_536)):
        try:
            return app.listen(candidate, address, **server_options), candidate
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"none of {PORTS_TO_TRY} ports from {port} on is free")


async def stop_signal() -> None:
    """Wait for the first Ctrl-C or SIGTERM. A second one does what it always does."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, arrived.set)
    try:
        await arrived.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def url(address: str, port: int, scheme: str = "http") -> str:
    """Where to point a browser."""
    host = EVERYWHERE.get(address, address)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
