"""Where a program is served: sockets, and the addresses to visit."""

import errno
import os
import socket
from typing import Final, NamedTuple

from ..netutil import bind_sockets, bind_unix_socket
from ..tls import ssl_options_to_context
from .failing import Failure

EVERYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (known, not bound)
"""Addresses that stand for all of this machine's, each with one to visit."""


class Place(NamedTuple):
    """Where to serve, as the command line has it."""

    host: str
    port: int
    unix_socket: str | None
    certificate: str | None
    key: str | None
    unix_mode: int = 0o600
    """The permissions of the Unix socket."""

    @property
    def tls(self) -> dict[str, str] | None:
        """What a server's ``ssl_options`` are."""
        if self.certificate is None:
            return None
        return {"certfile": self.certificate, **({"keyfile": self.key} if self.key else {})}


def bind(place: Place, reuse_port: bool = False) -> list[socket.socket]:
    """The sockets, listening; with ``reuse_port`` others may listen there, too.

    Raises :exc:`.Failure` if that cannot be, also if the certificate cannot be used.
    """
    check_certificate(place)
    try:
        if place.unix_socket is not None:
            return [bind_unix_socket(place.unix_socket, place.unix_mode)]
        return bind_sockets(place.port, place.host, reuse_port=reuse_port)
    except OSError as error:
        hint = ""
        if error.errno == errno.EADDRINUSE and place.unix_socket is None:
            hint = "; choose another by --port, or --port 0 for one that is free"
        elif error.errno == errno.EACCES and place.port < 1024 and place.unix_socket is None:
            hint = "; ports from 1024 on are for everybody"
        raise Failure(f"{error.strerror or error}{hint}") from error
    except ValueError as error:
        raise Failure(str(error)) from error


def check_certificate(place: Place) -> None:
    """Have it said now, once, and not by each process. Raises :exc:`.Failure` if there is one that cannot be used."""
    tls = place.tls
    if tls is None:
        return
    for option, file in (("--certificate", tls["certfile"]), ("--key", tls.get("keyfile"))):
        if file is not None and not os.access(file, os.R_OK):
            raise Failure(f"{option}: there is no file {file} that can be read")
    try:
        ssl_options_to_context(tls, server_side=True)
    except (OSError, ValueError) as error:
        raise Failure(f"--certificate {tls['certfile']} cannot be used: {error}") from error


def release(place: Place, sockets: list[socket.socket]) -> None:
    """Close the sockets, and remove the file of one that has one."""
    for sock in sockets:
        sock.close()
    if place.unix_socket is not None and not place.unix_socket.startswith("\0"):
        try:
            os.unlink(place.unix_socket)
        except OSError:
            pass  # somebody was quicker


def address_of(place: Place, sockets: list[socket.socket]) -> str:
    """What to visit, or at least what to connect to."""
    if place.unix_socket is not None:
        return f"unix:{place.unix_socket}"
    host = EVERYWHERE.get(place.host, place.host)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    scheme = "https" if place.tls else "http"
    return f"{scheme}://{host}:{sockets[0].getsockname()[1]}"
