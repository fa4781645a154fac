"""The files that Unix sockets leave behind."""

import os
import socket
import stat

from .core import asyncio_log


def remove_stale_socket(path: str | bytes) -> None:
    """Remove the socket file that stands where a new one shall be bound, if there is one.

    Nothing else is removed, and nothing raised: binding will fail, if it must, and say what is wrong.
    """
    if path[:1] in ("\0", b"\0"):  # Linux's abstract names are no files
        return
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        asyncio_log.error("Unable to check or remove stale UNIX socket %r: %r", path, error)


def file_of_socket(sock: socket.socket) -> tuple[str, int] | None:
    """Path and inode of the file of a Unix socket; None for others."""
    name = sock.getsockname() if sock.family == getattr(socket, "AF_UNIX", None) else ""
    if not isinstance(name, str) or not name:
        return None  # abstract, or without a name
    try:
        return name, os.stat(name).st_ino
    except OSError:
        return None


def remove_socket_file(path: str, inode: int) -> None:
    """Remove the file of a socket that is closed, unless another server has replaced it."""
    try:
        found = os.stat(path)
        if found.st_ino == inode and stat.S_ISSOCK(found.st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        asyncio_log.error("The listening Unix socket %s could not be removed: %s", path, error)
