"""Certificates in the files of a site, and a server that shows them."""

import asyncio
import contextlib
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import PATIENCE
from tests.tls_certs import Authority
from tornadolike.ioloop import IOLoop

BOTH_VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"]
)


class Site:
    """A folder with an authority's certificate, ``ca.pem``, and what it signs: ``NAME.pem`` and ``NAME.key``."""

    def __init__(self, folder: Path, authority: Authority, rsa_key: Any) -> None:
        self.folder = folder
        self.authority = authority
        self.rsa_key = rsa_key
        self.ca = self.write("ca.pem", authority.certificate)

    def write(self, name: str, *certificates: Any) -> str:
        """Write certificates to a file."""
        path = self.folder / name
        path.write_bytes(
            b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
        )
        return str(path)

    def issue(
        self,
        file: str,
        *hosts: str,
        common_name: str | None = None,
        rsa: bool = False,
        authority: Authority | None = None,
        age: int = 0,
    ) -> tuple[str, str]:
        """A certificate for these hosts. By default its common name is the file's name."""
        certfile, keyfile = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        key = self.rsa_key if rsa else None
        whole = self.folder / f"{file}.whole"
        (authority or self.authority).issue(whole, common_name or file, list(hosts), age, key)
        certificate, mark, private = whole.read_text().partition("-----BEGIN PRIVATE KEY")
        whole.unlink()
        for path, text in ((keyfile, mark + private), (certfile, certificate)):
            path.write_text(text)
        return str(certfile), str(keyfile)

    def client(self, *files: str, **options: Any) -> ssl.SSLContext:
        """A client's context that trusts the authority; with ``files`` it has a certificate."""
        trusted = self.authority.certificate.public_bytes(serialization.Encoding.DER)
        context = ssl.create_default_context(cadata=trusted)
        for name, value in options.items():
            setattr(context, name, value)
        if files:
            context.load_cert_chain(*files)
        return context


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Whom the clients of the tests trust."""
    return Authority("authority of the site")


@pytest.fixture(scope="session")
def rsa_key() -> Any:
    """One for all: making them takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def site(tmp_path: Path, authority: Authority, rsa_key: Any) -> Site:
    """An empty folder for certificates."""
    return Site(tmp_path, authority, rsa_key)


TOLD = re.compile(r"(TLSv1\.\d)\|(new|resumed)\|([^|]+)\|(\w+)$", re.MULTILINE)
"""What the server below tells: the version, the session, the protocol, the client's name."""


class Listening:
    """A server on a loop of ours in a thread; it tells each client what it knows of its TLS, and echoes."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="TLS server")
        self._thread.start()
        assert self._started.wait(PATIENCE)

    def _run(self) -> None:
        async def main() -> None:
            self._stopping = asyncio.Event()
            self._loop = asyncio.get_running_loop()
            server = await asyncio.start_server(
                self._serve, "127.0.0.1", 0, ssl=self._context, ssl_handshake_timeout=PATIENCE
            )
            self.port = server.sockets[0].getsockname()[1]
            self._started.set()
            await self._stopping.wait()
            server.close()

        with asyncio.Runner(loop_factory=IOLoop) as runner:
            runner.run(main())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        client = dict(field[0] for field in (tls.getpeercert() or {}).get("subject", ()))
        told = [
            tls.version(),
            "resumed" if tls.session_reused else "new",
            str(tls.selected_alpn_protocol()),
            client.get("commonName", "nobody"),
        ]
        writer.write("|".join(told).encode() + b"\n")
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def listen() -> Iterator[Callable[[ssl.SSLContext], Listening]]:
    """``server = listen(context)``; stopped at the end of the test."""
    servers: list[Listening] = []

    def start(context: ssl.SSLContext) -> Listening:
        servers.append(Listening(context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def s_client(port: int, *options: str, leave_at_once: bool = False) -> str:
    """What ``openssl s_client`` says; it leaves when it has what the server tells, or at once."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = []
        if not leave_at_once:
            for line in process.stdout:
                said.append(line)
                if TOLD.search(line):
                    break
        with contextlib.suppress(BrokenPipeError):  # it has failed
            process.stdin.write("Q\n")
            process.stdin.close()
        said.extend(process.stdout)
    return "".join(said)
