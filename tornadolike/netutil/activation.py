"""Socket activation: sockets that a service manager opened, and hands to the program it starts.

systemd listens before the program runs and goes on listening while it is restarted, so no connection is
refused meanwhile, and the program needs no rights of its own for a low port. sd_listen_fds(3) says how the
sockets are handed over: as the descriptors from 3 on, with three variables of the environment.
"""

import os
import socket
import stat
from typing import Final

from ..log import gen_log

FIRST_DESCRIPTOR: Final = 3
"""Where the descriptors that are handed over begin (``SD_LISTEN_FDS_START``)."""

_COUNT: Final = "LISTEN_FDS"
_PROCESS: Final = "LISTEN_PID"
_NAMES: Final = "LISTEN_FDNAMES"
_VARIABLES: Final = (_COUNT, _PROCESS, _NAMES, "LISTEN_PIDFDID")


class ActivatedSocket(socket.socket):
    """A socket that was handed over."""

    __slots__ = ("name",)

    name: str
    """What the socket unit calls it (``FileDescriptorName=``): by default the unit's own name, as
    ``"site.socket"``; ``"unknown"`` if nothing was said."""


def activated_sockets() -> list[ActivatedSocket]:
    """The sockets that the service manager handed to this process; an empty list if it handed none.

    They are the caller's, who closes them; they don't block, and other programs that this one starts don't
    inherit them. The variables of the environment are removed, so a second call, or a child, finds nothing.
    Call it before :func:`~tornadolike.process.fork_processes`: the sockets are handed to one process, and
    its workers share them as they share others.

    .. code-block:: python

        server.add_sockets(activated_sockets() or bind_sockets(8888))

    Raises :exc:`ValueError` if the variables make no sense, or if something was handed over that is no
    socket.
    """
    count, process, names, _ = (os.environ.pop(name, None) for name in _VARIABLES)
    if count is None or process is None:
        return []
    if _number(_PROCESS, process) != os.getpid():
        gen_log.info(
            "The service manager's sockets are for process %s, and this is %d: if a script or a tool "
            "starts this program, it should do so by exec",
            process,
            os.getpid(),
        )
        return []
    descriptors = range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + _number(_COUNT, count))
    sockets: list[ActivatedSocket] = []
    try:
        for descriptor, name in zip(descriptors, _split(names, len(descriptors)), strict=True):
            sockets.append(_adopt(descriptor, name))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _number(variable: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**31):
        raise ValueError(f"{variable} is {value!r}, which is no number that a service manager sets")
    return int(value)


def _split(names: str | None, count: int) -> list[str]:
    if names is None:
        return ["unknown"] * count
    found = names.split(":")
    if len(found) != count:
        raise ValueError(f"{_NAMES} has {len(found)} names ({names!r}) for {count} descriptors")
    return found


def _adopt(descriptor: int, name: str) -> ActivatedSocket:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError as error:
        raise ValueError(f"descriptor {descriptor} ({name}) was not handed over: {error}") from None
    if not stat.S_ISSOCK(mode):
        raise ValueError(
            f"descriptor {descriptor} ({name}) is no socket: use ListenStream= in the socket unit"
        )
    os.set_inheritable(descriptor, False)
    sock = ActivatedSocket(fileno=descriptor)
    sock.name = name
    sock.setblocking(False)
    return sock
