"""Fixtures that run a demo as its user does: `python -m demos.<name>` in a process of its own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tornadolike.tls.development import DevelopmentCertificate, development_certificate

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Demo:
    """A demo that runs, and can be stopped and started again on the same port."""

    def __init__(
        self,
        name: str,
        port: int | None = None,
        certificates: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """
        :arg name: the demo's, or that of a module with dots in it.
        """
        self.name = name
        self.options = options
        self.certificates = certificates
        """Where the certificates are; None for a demo without TLS."""
        self.port = port or free_port()
        self.said: list[str] = []
        self.complaints = ""
        self.start()

    @property
    def url(self) -> str:
        scheme = "http" if self.certificates is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return when the address has been printed."""
        tls = [] if self.certificates is None else ["--tls", f"--certificates={self.certificates}"]
        module = self.name if "." in self.name else f"demos.{self.name}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", str(self.port), *tls, *self.options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # A server that starts but never says so must not hang the suite.
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                self.said.append(line.rstrip("\n"))
                if found := re.search(r"https?://127\.0\.0\.1:(\d+)", line):
                    self.port = int(found[1])
                    return
        finally:
            watchdog.cancel()
            watchdog.join()
        self.stop()
        raise AssertionError(f"{self.name} did not start: {self.said} {self.complaints}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process by a signal; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            out, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            err += f"\n{self.name} did not stop within {PATIENCE} s"
        self.said += out.splitlines()
        # A line for each request that was refused is in order; anything else is a complaint.
        self.complaints += "\n".join(
            line for line in err.splitlines() if not re.match(r"4\d\d [A-Z]+ /", line)
        )
        return self.process.returncode


@pytest.fixture
def demo() -> Iterator[Callable[..., Demo]]:
    """`demo("chat")` starts one; stopped at the end, when it must have had no complaints."""
    with contextlib.ExitStack() as stack:
        yield lambda name, **options: stack.enter_context(running(name, **options))


@pytest.fixture(scope="module")
def chat() -> Iterator[Demo]:
    """One chat server for a whole module: tests keep apart by using rooms of their own."""
    with running("chat") as server:
        yield server


@pytest.fixture(scope="module")
def blog() -> Iterator[Demo]:
    """One blog for a whole module."""
    with running("blog") as server:
        yield server


@pytest.fixture
def blog_store(tmp_path: Path) -> Iterator[Any]:
    """A database for a blog that runs in the test's own process."""
    from demos.blog.store import Store

    store = Store(tmp_path / "blog.sqlite")
    yield store
    store.close()


@pytest.fixture(scope="module")
def driver(certificates: DevelopmentCertificate) -> Iterator[Any]:
    """One Chromium for a module; each test opens windows of its own."""
    from .chat_pages import trusting  # needs selenium, which not all the tests here do

    with trusting(certificates) as driver:
        yield driver


@pytest.fixture
def pages(driver: Any) -> Iterator[Any]:
    """`pages(server, room, name)` opens a window with the chat, as a `chat_pages.Page`."""
    from .chat_pages import opening

    with opening(driver) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentCertificate:
    """Certificates for demos that serve HTTPS; their folder is that of each file."""
    return development_certificate(tmp_path_factory.mktemp("development"))


@contextlib.contextmanager
def running(name: str, **options: Any) -> Iterator[Demo]:
    server = Demo(name, **options)
    try:
        yield server
    finally:
        status = server.stop()
    assert status in (0, -signal.SIGTERM, -signal.SIGKILL)
    assert server.complaints == ""


@pytest.fixture(scope="session", autouse=True)
def _selenium_stays_at_home() -> None:
    """Selenium finds the browser where we say, downloads nothing and reports to nobody."""
    os.environ["SE_OFFLINE"] = "true"
    os.environ["SE_AVOID_STATS"] = "true"
