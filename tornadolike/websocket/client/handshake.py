"""The client's side of the opening handshake (RFC 6455, section 4.1), as functions on headers."""

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...httputil import HTTPHeaders
from ...httputil.headers import NAME
from ..handshake import VERSION, HandshakeError, accept_value, header_items

OURS: Final = (
    "Connection",
    "Content-Length",
    "Expect",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Transfer-Encoding",
    "Upgrade",
)
"""Headers of which a program has no say."""


def new_key() -> str:
    """A ``Sec-WebSocket-Key``: 16 random bytes, for one handshake."""
    return base64.b64encode(os.urandom(16)).decode()


def add_headers(headers: HTTPHeaders, more: Mapping[str, str]) -> None:
    """Take over what a program wants to be sent. Raises :exc:`TypeError` for what is no header."""
    try:
        headers.update(more)
    except (AttributeError, TypeError, ValueError) as error:
        raise TypeError(f"headers are a dict of names and values: {error}") from None
    for name, value in headers.get_all():
        if not isinstance(value, str):  # which may be secret
            raise TypeError(f"the header {name} is a str, not {type(value).__name__}")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise :exc:`ValueError` if among a program's own ``headers`` are some that the handshake needs."""
    taken = [name for name in OURS if name in headers]
    if taken:
        raise ValueError(
            f"the handshake of a WebSocket has its own {', '.join(taken)}: leave that out"
        )


def check_subprotocols(subprotocols: Sequence[str]) -> list[str]:
    """The list of ``subprotocols``. Raises :exc:`ValueError` if it cannot be offered, and :exc:`TypeError`."""
    if isinstance(subprotocols, str) or not isinstance(subprotocols, Iterable):
        raise TypeError(f"subprotocols are a list of names: [{subprotocols!r}]")
    for name in subprotocols:
        if not isinstance(name, str):
            raise TypeError(f"the name of a subprotocol is a str, not {name!r}")
        if not NAME.fullmatch(name):
            raise ValueError(f"not the name of a subprotocol: {name!r}")
    if len(set(subprotocols)) < len(subprotocols):
        raise ValueError(f"a subprotocol is offered once: {subprotocols!r}")
    return list(subprotocols)


def opening_headers(
    key: str, subprotocols: Sequence[str], extensions: str | None
) -> dict[str, str]:
    """What makes a GET request the opening of a WebSocket."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": VERSION,
    }
    if subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
    if extensions is not None:
        headers["Sec-WebSocket-Extensions"] = extensions
    return headers


def check_accepted(headers: HTTPHeaders, key: str, subprotocols: Sequence[str]) -> str | None:
    """The subprotocol that a 101 response has chosen, or None.

    Raises :exc:`.HandshakeError` for one that does not open the WebSocket that was asked for. (What it
    says about extensions is looked at elsewhere.)
    """
    if headers.get("Upgrade", "").lower() != "websocket":
        raise _wrong(f"its Upgrade is {headers.get('Upgrade')!r:.100}, not 'websocket'")
    if "upgrade" not in header_items(headers.get("Connection", "").lower()):
        raise _wrong(f"its Connection is {headers.get('Connection')!r:.100}, not 'Upgrade'")
    if headers.get("Sec-WebSocket-Accept") != accept_value(key):
        raise _wrong("its Sec-WebSocket-Accept does not answer our key")
    chosen = headers.get("Sec-WebSocket-Protocol")
    if chosen is not None and chosen not in subprotocols:
        raise _wrong(f"it has chosen the subprotocol {chosen!r:.100}, which was not offered")
    return chosen


def _wrong(what: str) -> HandshakeError:
    return HandshakeError(101, f"the server's answer opens no WebSocket: {what}")
