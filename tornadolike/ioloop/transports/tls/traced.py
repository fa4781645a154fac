"""What a TLS transport tells a :class:`~tornadolike.ioloop.tracing.ConnectionTrace`."""

import ssl
from typing import Any

from ...tracing import ConnectionTrace
from .failures import LATE, explain
from .machine import TLSMachine


def session_opened(machine: TLSMachine, trace: ConnectionTrace) -> None:
    """The handshake is done: tell of the session, and later of the first byte in it."""
    ssl_object = machine.ssl_object
    cipher = ssl_object.cipher()
    about = [ssl_object.version(), cipher[0] if cipher else None]
    alpn = alpn_of(ssl_object)
    if alpn is not None:
        about.append(f"alpn={alpn}")
    if ssl_object.session_reused:
        about.append("resumed")
    trace.tell("tls", " ".join(filter(None, about)))
    read = machine._read
    silent = True

    def watched(*args: Any) -> Any:
        nonlocal silent
        came = read(*args)
        if came and silent:
            silent = False
            trace.tell("first byte", "encrypted")
        return came

    machine._read = watched  # type: ignore[assignment]


def alpn_of(ssl_object: ssl.SSLObject) -> str | None:
    """What the server has chosen, which may be anything: in a form that fits into a line of a log."""
    try:
        alpn = ssl_object.selected_alpn_protocol()
    except UnicodeDecodeError as error:
        return repr(error.object)
    return alpn if alpn is None or alpn.isprintable() else repr(alpn)


def session_ends(machine: TLSMachine, trace: ConnectionTrace, error: Exception | None) -> None:
    """We are about to close, because of ``error`` or because the protocol wants it."""
    error = error or machine.failure
    if isinstance(error, ssl.SSLError):
        why = explain(error, server_side=machine.ssl_object.server_side)
        trace.ends(f"TLS failure: {why}")
    elif error is not None and str(error).startswith(LATE):
        trace.ends("time-out")
    elif machine.peer_closed:
        trace.ends("peer ended")
