"""An application in a process of its own, so that it does not share a processor with who asks."""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from ... import ioloop
from ...httpserver import HTTPServer
from ...netutil import bind_sockets
from ...programs.failing import Failure, tell
from ...programs.loading import load_in_loop
from ...web import Application

READY: Final = b"ready\n"
PATIENCE: Final = 10
"""Seconds that an application may take to stop."""


@contextlib.contextmanager
def served(name: str) -> Iterator[int]:
    """The port at which the application is served inside of this context. Raises :exc:`.Failure` if it cannot be."""
    [sock] = bind_sockets(0, "127.0.0.1")
    with tempfile.TemporaryFile() as errors, _process(name, sock, errors) as process:
        port: int = sock.getsockname()[1]
        sock.close()
        assert process.stdout is not None
        if process.stdout.readline() != READY:
            process.wait()
            errors.seek(0)
            first, _, rest = errors.read().decode(errors="replace").partition("\n")
            raise Failure(first.removeprefix("tornadolike: ") or f"{name} was not served", rest)
        yield port


@contextlib.contextmanager
def _process(
    name: str, sock: socket.socket, errors: BinaryIO
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", f"from {__name__} import serve; serve({name!r}, {sock.fileno()})"],
        pass_fds=[sock.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "NO_COLOR": "1"},
    )
    with process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def serve(name: str, descriptor: int) -> None:
    """In the process: serve on this socket until nobody holds the other end of the standard input."""
    logging.disable(logging.WARNING)
    sys.path.insert(0, os.getcwd())
    try:
        ioloop.run(_serve(name, socket.socket(fileno=descriptor)))
    except Failure as failure:
        sys.exit(tell(failure))


async def _serve(name: str, sock: socket.socket) -> None:
    application = await load_in_loop(name)
    server = HTTPServer(application)
    is_ours = isinstance(application, Application)
    if is_ours:
        await application.start()
    server.add_sockets([sock])
    os.write(sys.stdout.fileno(), READY)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    await server.drain(0)
    if is_ours:
        await application.stop(0)
