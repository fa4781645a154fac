"""Connecting sockets without blocking the loop: one to an address, or whichever is first of several.

``create_connection`` and :class:`.TCPClient` both stand on this.
"""

import asyncio
import functools
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

from .core import Core
from .racing import first_to_succeed
from .readiness import writable
from .resolving import AddressInfo

BUSY_PAUSE: Final = 0.01
"""Seconds until a Unix socket whose server's backlog is full is tried again."""


async def connect(loop: Core, sock: socket.socket, address: Any) -> None:
    """Connect the non-blocking ``sock`` to ``address``, which needs no resolving.

    The socket stays the caller's, also after an error: whoever made it closes it. Cancelling leaves
    nothing behind in the loop. Raises :exc:`OSError` if the connection fails, with the address in its
    text, and :exc:`RuntimeError` if a transport owns the socket.
    """
    while True:
        try:
            sock.connect(address)
        except (BlockingIOError, InterruptedError) as error:
            busy = isinstance(error, BlockingIOError) and sock.family == socket.AF_UNIX
        except OSError as error:
            if error.errno is None or isinstance(error, socket.gaierror):
                raise  # (not the kernel's words)
            raise refused(error.errno, address) from None
        else:
            return
        if busy:
            # Not "in progress": the backlog is full, and no event will tell when it is not any more.
            await asyncio.sleep(BUSY_PAUSE)
            continue
        await writable(loop, sock)
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise refused(number, address)
        return


def refused(number: int, address: Any) -> OSError:
    """What to raise if the kernel has said ``number`` to a connection."""
    return OSError(number, f"cannot connect to {address}: {os.strerror(number)}")


async def connect_unix(loop: Core, path: str | bytes) -> socket.socket:
    """A socket connected to the Unix socket at ``path``."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await connect(loop, sock, path)
    except BaseException:
        sock.close()
        raise
    return sock


async def connect_to_one(
    loop: Core,
    infos: Sequence[AddressInfo],
    local: Sequence[AddressInfo] | None,
    delay: float | None,
    *,
    all_errors: bool = False,
    unanswered: list[Any] | None = None,
) -> socket.socket:
    """A socket connected to one of the addresses, which are tried in their order.

    :arg local: addresses to connect from: each socket takes the first of its family that it can have.
    :arg delay: seconds after which the next address is tried at the same time; None: one after another.
    :arg all_errors: raise an :exc:`ExceptionGroup` of what failed at each address.
    :arg unanswered: the addresses that are being tried and have not failed are kept here, so that
        whoever loses patience can say which they are.

    Raises :exc:`OSError` if none can be connected to; its text tells of all of them.
    """
    if unanswered is None:
        unanswered = []
    errors: list[list[OSError]] = [[] for _ in infos]
    attempts = [
        functools.partial(_connect_to, loop, info, local, unanswered, noted)
        for info, noted in zip(infos, errors, strict=True)
    ]
    sock: socket.socket | None = None
    try:
        if delay is not None and len(attempts) > 1:
            sock = await first_to_succeed(loop, attempts, delay, socket.socket.close)
        else:
            for attempt in attempts:
                try:
                    sock = await attempt()
                    break
                except OSError:
                    pass
        if sock is None:
            raise combined([error for noted in errors for error in noted], all_errors)
        return sock
    finally:
        # An exception that is raised here would hold itself, through this frame.
        errors = attempts = attempt = None  # type: ignore[assignment]


async def _connect_to(
    loop: Core,
    info: AddressInfo,
    local: Sequence[AddressInfo] | None,
    unanswered: list[Any],
    errors: list[OSError],
) -> socket.socket:
    """A socket connected to ``info``; what goes wrong is raised, and added to ``errors``."""
    family, kind, proto, _, address = info
    sock: socket.socket | None = None
    unanswered.append(address)
    try:
        sock = socket.socket(family, kind, proto)
        sock.setblocking(False)
        if local is not None and not _bind(sock, local, errors):
            raise errors.pop()
        await connect(loop, sock, address)
    except BaseException as error:
        if sock is not None:
            sock.close()
        if isinstance(error, OSError):
            errors.append(error)
            unanswered.remove(address)
        raise
    else:
        return sock
    finally:
        del errors


def _bind(sock: socket.socket, local: Sequence[AddressInfo], errors: list[OSError]) -> bool:
    """Bind to the first local address that the socket can have; what goes wrong is added to ``errors``."""
    suitable = [address for family, _, _, _, address in local if family == sock.family]
    for address in suitable:
        try:
            sock.bind(address)
        except OSError as error:
            errors.append(OSError(error.errno, f"cannot bind to {address!r}: {error.strerror}"))
        else:
            return True
    if not suitable:
        errors.append(OSError(f"no local address of the family of {sock.family!r} was found"))
    return False


def combined(errors: list[OSError], all_errors: bool) -> Exception:
    """What to raise if no address could be connected to."""
    if all_errors:
        return ExceptionGroup("create_connection failed", errors)
    if len({str(error) for error in errors}) == 1:
        return errors[0]
    text = "Multiple exceptions: " + ", ".join(str(error) for error in errors)
    numbers = {error.errno for error in errors}
    if len(numbers) == 1 and None not in numbers:
        return OSError(numbers.pop(), text)  # of the subclass that goes with the number
    return OSError(text)
