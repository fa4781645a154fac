"""The site, nginx and HAProxy as processes, each by the very file that the pages show.

What is this machine's alone (paths, ports) is put into a copy of the file, and has to be found there. Ports are
sockets that the test has opened and hands down, so that none can be taken.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ROOT / "demos" / "deploy"

PATIENCE = 60.0
"""Seconds after which what should happen soon is taken as never happening."""

TORNADOLIKE = [sys.executable, "-m", "tornadolike"]


def command(name: str, package: str) -> str:
    """Where a program is; skips the test where it is not installed."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed: on Debian it is the package {package}")
    return path


def filled(file: Path, values: Mapping[str, str]) -> str:
    """The text of a file with this machine's values in the place of the file's own."""
    text = file.read_text()
    for written, value in values.items():
        assert written in text, f"{file.name} has no {written!r} any more"
        text = text.replace(written, value)
    return text


def port_of(sock: socket.socket) -> int:
    """The port that a socket listens on."""
    port: int = sock.getsockname()[1]
    return port


class Program:
    """A process with a log, which is ended at the end, and may be started again."""

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        inherits: Sequence[socket.socket] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._arguments = arguments
        self._log = log
        self._inherits = inherits
        self._environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                self._arguments,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[sock.fileno() for sock in self._inherits],
                env=self._environment,
            )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log(self) -> str:
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """End it in good order; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it does not end: {self.log()}") from None

    @property
    def port(self) -> int:
        """Which a site was given for ``--port 0``, as soon as it says so."""
        found = re.search(r" is served on https?://[^ ]*:(\d+)", self.log())
        assert found, self.log()
        return int(found[1])

    def wait_until(self, there: Callable[[], bool]) -> None:
        """Wait for something that the process does."""
        deadline = time.monotonic() + PATIENCE
        while not there():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.01)


def connects(address: str | tuple[str, int]) -> bool:
    """Whether somebody listens there, on a Unix socket or a port."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as sock:
        return sock.connect_ex(address) == 0


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """One for Unix sockets, whose paths must be short; pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="dep") as folder:
        yield Path(folder)


NGINX = """\
{modules}
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
{http}
"""

HTTP = """\
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/other;
    uwsgi_temp_path {folder}/other;
    scgi_temp_path {folder}/other;
    include {included};
}}
"""


def nginx(
    folder: Path, name: str, values: Mapping[str, str], listening: Sequence[socket.socket]
) -> Program:
    """An nginx that has the file of this name included where the file says that it belongs."""
    program = command("nginx", "nginx-light")
    included = folder / name
    included.write_text(filled(FILES / "nginx" / name, values))
    in_http = not included.read_text().count("\nstream {")
    http = HTTP.format(folder=folder, included=included) if in_http else f"include {included};"
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX.format(
            modules="" if in_http else f"load_module {stream_module()};",
            # Who is root would be nobody, who may not come to pytest's folders.
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            http=http,
        )
    )
    inherited = "".join(f"{sock.fileno()};" for sock in listening)
    started = Program(
        [program, "-p", str(folder), "-c", str(configuration), "-e", f"{folder}/error.log"],
        folder / "output",
        listening,
        {"NGINX": inherited},
    )
    error_log = folder / "error.log"
    started.wait_until(
        lambda: error_log.exists() and "start worker process " in error_log.read_text()
    )
    return started


def stream_module() -> str:
    """nginx's module for TCP; skips the test where it is not installed."""
    for folder in ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"):
        module = Path(folder, "ngx_stream_module.so")
        if module.exists():
            return str(module)
    pytest.skip("nginx has no stream module: on Debian it is the package libnginx-mod-stream")


def haproxy(folder: Path, values: Mapping[str, str], listening: Sequence[socket.socket]) -> Program:
    """A HAProxy with the file."""
    return Program(haproxy_command(folder, values), folder / "output", listening)


def haproxy_command(folder: Path, values: Mapping[str, str]) -> list[str]:
    """How one is started that has the file."""
    program = command("haproxy", "haproxy")
    configuration = folder / "haproxy.cfg"
    everywhere = {
        # It stays who started it: nobody else may come to pytest's folders.
        "    user haproxy\n    group haproxy\n": "",
        " inter 1s ": " inter 200ms ",
    }
    configuration.write_text(filled(FILES / "haproxy" / "haproxy.cfg", {**everywhere, **values}))
    return [program, "-db", "-f", str(configuration)]


class Site(Program):
    """The small site, served as the pages say, once it can be visited."""

    def __init__(self, folder: Path, *options: str, name: str = "site", workers: int = 2) -> None:
        arguments = [*TORNADOLIKE, "run", "demos.deploy.site:app", "--workers", str(workers)]
        super().__init__([*arguments, *options], folder / f"{name}.log")

    def start(self) -> None:
        before = self._log.stat().st_size if self._log.exists() else 0
        super().start()
        self.wait_until(lambda: " is served on " in self.log()[before:])

    def reload(self) -> None:
        """Have new workers, and wait until they serve."""
        done = "All workers are of generation "
        before = self.log().count(done)
        self.signal(signal.SIGHUP)
        self.wait_until(lambda: self.log().count(done) > before)
