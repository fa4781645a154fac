"""What a program tells the service manager that started it: that it serves, that it stops, that it is well.

sd_notify(3) says how: a datagram of lines ``NAME=value`` to the socket that the variable ``NOTIFY_SOCKET`` names.
systemd sets it for units with ``Type=notify``, ``Type=notify-reload`` or ``WatchdogSec=``; other managers do, too.
"""

import os
import re
import socket
from typing import Final

from ..log import Seldom, gen_log

SEND_TIMEOUT: Final = 5.0
"""Seconds that the service manager may take to have room for what it is told."""

_SOCKET: Final = "NOTIFY_SOCKET"
_WATCHDOG: Final = "WATCHDOG_USEC"
_WATCHED_PROCESS: Final = "WATCHDOG_PID"

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")

_troubles: Final = Seldom(gen_log)


def notify_service_manager(**fields: str) -> bool:
    """Tell the service manager something; return whether it was told.

    .. code-block:: python

        notify_service_manager(READY="1", STATUS="Serving on port 8888")

    :arg fields: what sd_notify(3) knows: ``READY="1"``, ``STOPPING="1"``, ``WATCHDOG="1"``, ``STATUS="one line"``,
        ``RELOADING="1"`` together with ``MONOTONIC_USEC=str(time.monotonic_ns() // 1000)``, and so on. What is given
        in one call is told at once.

    Without a service manager nothing happens, and the answer is False. That it cannot be told is no reason to stop
    serving: a line of the log says so, and the answer is False as well. It blocks for as long as the manager has no
    room, which is :data:`SEND_TIMEOUT` seconds at the most.

    Raises :exc:`ValueError` for fields that are none: without a value, in lower case, of several lines.
    """
    message = _message(fields)
    address = os.environ.get(_SOCKET)
    if not address:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(SEND_TIMEOUT)
            sock.connect(_as_bound(address))
            sock.sendall(message)
    except OSError as error:
        _troubles.warning("The service manager at %s is not to be reached: %s", address, error)
        return False
    return True


def watchdog_seconds() -> float | None:
    """Seconds within which the service manager wants to hear ``WATCHDOG="1"`` again, each time; None if it does not.

    If it hears nothing it takes the program for stuck and ends it: tell it twice as often as it wants.

    Raises :exc:`ValueError` if the variables of the environment make no sense.
    """
    interval = os.environ.get(_WATCHDOG)
    if interval is None:
        return None
    process = os.environ.get(_WATCHED_PROCESS)
    if process is not None and _number(_WATCHED_PROCESS, process) != os.getpid():
        return None
    return _number(_WATCHDOG, interval) / 1e6


def _message(fields: dict[str, str]) -> bytes:
    if not fields:
        raise ValueError("there is nothing to tell: notify_service_manager(READY='1')")
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a field: they are like READY and X_MINE")
        if not value or not value.isprintable():
            raise ValueError(f"the value of {name} is one line of text, not {value!r}")
    return "\n".join(f"{name}={value}" for name, value in fields.items()).encode()


def _as_bound(address: str) -> str:
    """The address of a socket: with ``@`` one without a file begins, which the kernel writes as a zero byte."""
    return "\0" + address[1:] if address.startswith("@") else address


def _number(variable: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**63):
        raise ValueError(f"{variable} is {value!r}, which is no number that a service manager sets")
    return int(value)
