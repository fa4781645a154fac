"""A Redis server of a test's own, which may be stopped."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path


def address_in(folder: Path) -> str:
    """Where a server of this folder listens when it runs."""
    return f"unix://{folder / 'redis.sock'}"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server of the test's own; its address."""
    with process(folder):
        yield address_in(folder)


@contextlib.contextmanager
def process(folder: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The same; its process. It is killed in the end."""
    path = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", *options]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen([*command, "--dir", str(folder)], stdout=log, stderr=log)
    try:
        while True:  # the test's own time is the limit
            with socket.socket(socket.AF_UNIX) as client:
                if client.connect_ex(str(path)) == 0:
                    break
            assert server.poll() is None
        yield server
    finally:
        server.kill()
        server.wait()
