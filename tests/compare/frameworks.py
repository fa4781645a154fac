"""A program of a Tornado user, run by Tornado and, with its imports changed, by us."""

import asyncio
import importlib
import logging
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tornadolike.ioloop import IOLoop

PROGRAMS = Path(__file__).parent / "programs"
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "tornado": asyncio.new_event_loop,
    "tornadolike": IOLoop,
}
PATIENCE = 10.0


def load(program: str, package: str) -> ModuleType:
    """The module ``programs/<program>.py``, in which ``tornado`` is called ``package``."""
    path = PROGRAMS / f"{program}.py"
    source = re.sub(r"\btornado\b", package, path.read_text())
    module = ModuleType(f"{package}_{program}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # some of its rules are names to import
    exec(compile(source, path, "exec"), vars(module))
    return module


class Lines(logging.Handler):
    """Keeps what a package logs: ``"access WARNING"``, say."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name.rpartition('.')[2]} {record.levelname}")

    def take(self) -> list[str]:
        taken, self.lines = self.lines, []
        return sorted(taken)


@contextmanager
def logged(package: str) -> Iterator[Lines]:
    """What ``package`` logs from INFO on, which goes nowhere else meanwhile."""
    logger = logging.getLogger(package)
    before = logger.level, logger.propagate
    lines = Lines()
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class Running:
    """A program that is served by a package on a loop of its kind, in a thread of its own."""

    def __init__(self, program: str, package: str, folder: Path, lines: Lines) -> None:
        self.package = package
        self.lines = lines
        self._module = load(program, package)
        self._started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(folder,), name=f"{package} server")
        self._thread.start()
        self.port = self._started.result(PATIENCE)

    def _run(self, folder: Path) -> None:
        httpserver = importlib.import_module(f"{self.package}.httpserver")
        netutil = importlib.import_module(f"{self.package}.netutil")

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            options = getattr(self._module, "SERVER", {})
            server = httpserver.HTTPServer(self._module.make_app(folder), **options)
            sockets = netutil.bind_sockets(0, "127.0.0.1")
            server.add_sockets(sockets)
            self._started.set_result(sockets[0].getsockname()[1])
            await self._stopping.wait()
            server.stop()
            await server.close_all_connections()

        try:
            with asyncio.Runner(loop_factory=LOOPS[self.package]) as runner:
                runner.run(main())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def settle(self) -> None:
        """Wait until the loop has had some turns: what it had to do by now is done."""

        async def turns() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(turns(), self._loop).result(PATIENCE)

    def unload(self, folder: Path) -> None:
        """Take back what the program has done to the whole process."""
        if hasattr(self._module, "unload"):
            self._module.unload(folder)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"the server of {self.package} did not stop"


@contextmanager
def running(program: str, package: str, folder: Path) -> Iterator[Running]:
    with logged(package) as lines:
        server = Running(program, package, folder, lines)
        try:
            yield server
        finally:
            server.stop()
            server.unload(folder)
            del sys.modules[f"{package}_{program}"]
