"""The files that Unix sockets leave behind."""

import os
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
