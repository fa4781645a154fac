#!/usr/bin/env python3
"""Measure streams and TLS side by side: ours, Tornado's, and asyncio's on our loop, the standard one and uvloop.

    wires.py                                    all jobs, all kinds
    wires.py --jobs transfer,transfer_tls --rounds 5 --mebibytes 1024
    wires.py --jobs idle_tls --connections 10000
    wires.py --jobs handshakes,resumptions --kinds tornadolike,asyncio

transfer, transfer_tls    one connection, so much in writes of 256 KiB, each awaited; MiB a second, and the CPU
                          seconds for a GiB of who sends (on a core of its own) and of who receives (on another)
handshakes, resumptions   TLS 1.3 with a P-256 certificate; the server is measured, the client is the same blocking
                          one for all: handshakes a second, and the server's CPU microseconds for each
idle_tls                  KiB by which the server has grown for each connection that has shaken hands, has sent and
                          received a line, and is silent now

Kinds: `tornadolike` and `tornado` are their IOStreams; `streams on X` are asyncio's StreamReader and StreamWriter on
the loop X. The figures are medians over the rounds, which go through all kinds in turn.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from idle_connections import memory
from reactor import CORES, cpu_seconds, make_loop

KIB, MIB = 1024, 1024 * 1024
PIECE = bytes(256 * KIB)
KINDS = (
    "tornadolike",
    "tornado",
    *(f"streams on {x}" for x in ("tornadolike", "asyncio", "uvloop")),
)
JOBS = ("transfer", "transfer_tls", "handshakes", "resumptions", "idle_tls")


# The two ends of a connection, by kind: what a job needs of them.


class End(Protocol):
    async def write(self, data: bytes) -> None: ...
    async def read(self) -> bytes: ...
    def close(self) -> None: ...


class StreamEnd:
    """asyncio's streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self) -> bytes:
        return await self.reader.read(256 * KIB)

    def close(self) -> None:
        self.writer.close()


class IOStreamEnd:
    """Ours, and Tornado's."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    async def write(self, data: bytes) -> None:
        await self.stream.write(data)

    async def read(self) -> bytes:
        try:
            return bytes(await self.stream.read_bytes(256 * KIB, partial=True))
        except OSError:
            return b""

    def close(self) -> None:
        self.stream.close()


def tornado_like(kind: str) -> Any:
    """The modules of Tornado's names."""
    if kind == "tornado":
        from tornado import iostream, tcpserver
    else:
        from tornadolike import iostream, tcpserver
    return iostream, tcpserver


def loop_for(kind: str) -> asyncio.AbstractEventLoop:
    if kind == "tornado":
        return asyncio.new_event_loop()
    return make_loop(kind.removeprefix("streams on "))


async def serve(kind: str, context: ssl.SSLContext | None, handler: Callable[[End], Any]) -> int:
    """Serve connections by ``handler``; the port."""
    if kind.startswith("streams"):

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await handler(StreamEnd(reader, writer))

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context, backlog=1000)
        KEPT.append(server)
        return int(server.sockets[0].getsockname()[1])
    _, tcpserver = tornado_like(kind)

    class Server(tcpserver.TCPServer):  # type: ignore[misc, name-defined]
        async def handle_stream(self, stream: Any, address: Any) -> None:
            if context is not None:
                await stream.wait_for_handshake()
            await handler(IOStreamEnd(stream))

    sock = socket.create_server(("127.0.0.1", 0), backlog=1000)
    sock.setblocking(False)
    server = Server(ssl_options=context)
    server.add_socket(sock)
    KEPT.append(server)
    return int(sock.getsockname()[1])


KEPT: list[object] = []
"""Servers: nobody else holds them."""


async def connect(kind: str, port: int, context: ssl.SSLContext | None) -> End:
    if kind.startswith("streams"):
        name = "localhost" if context else None
        return StreamEnd(
            *await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        )
    iostream, _ = tornado_like(kind)
    if context is None:
        stream = iostream.IOStream(socket.socket())
    else:
        stream = iostream.SSLIOStream(socket.socket(), ssl_options=context)
    await stream.connect(("127.0.0.1", port), server_hostname="localhost")
    return IOStreamEnd(stream)


# Children


def run_server(kind: str, job: str, folder: str) -> None:
    """Serve until standard input ends. A line of it is answered with the CPU seconds used so far."""
    context = server_context(folder) if job != "transfer" else None

    async def send(end: End) -> None:
        size = int(await end.read())
        while size > 0:
            await end.write(PIECE)
            size -= len(PIECE)
        end.close()

    async def greet(end: End) -> None:
        await end.write(b"hello")
        while data := await end.read():
            await end.write(data)
        end.close()

    loop = loop_for(kind)

    async def start() -> None:
        asyncio.set_event_loop(loop)
        print(await serve(kind, context, send if "transfer" in job else greet), flush=True)
        loop.add_reader(sys.stdin.fileno(), on_line)

    def on_line() -> None:
        if sys.stdin.readline():
            print(cpu_seconds(), flush=True)
        else:
            loop.stop()

    starting = loop.create_task(start())
    loop.run_forever()
    starting.result()


def run_receiver(kind: str, job: str, folder: str, port: int, size: int) -> None:
    """Receive so many bytes; print the seconds and the CPU seconds it took."""
    context = client_context(folder) if job != "transfer" else None

    async def receive() -> tuple[float, float]:
        end = await connect(kind, port, context)
        before, started = cpu_seconds(), time.monotonic()
        await end.write(b"%d" % size)
        received = 0
        while received < size and (data := await end.read()):
            received += len(data)
        if received < size:
            raise SystemExit(f"only {received} of {size} bytes came")
        figures = time.monotonic() - started, cpu_seconds() - before
        end.close()
        return figures

    print(json.dumps(loop_for(kind).run_until_complete(receive())))


def child(core: int, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class ServerChild:
    """A server in a process on the first core."""

    def __init__(self, kind: str, job: str, folder: str) -> None:
        self.process = child(CORES[0], "serve", kind, job, folder)
        self.port = int(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server has died")
        return line

    def cpu(self) -> float:
        print(file=self.process.stdin, flush=True)
        return float(self._line())

    def __enter__(self) -> "ServerChild":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.communicate()


# Certificates


def make_certificate(folder: str) -> None:
    words = (
        "openssl req -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout key.pem -out certificate.pem"
    )
    subprocess.run(
        words.split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )


def server_context(folder: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
    return context


def client_context(folder: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(f"{folder}/certificate.pem")
    return context


# Jobs


def transfer(kind: str, job: str, folder: str, options: argparse.Namespace) -> list[float]:
    """MiB a second, CPU seconds a GiB of the sender and of the receiver."""
    size = options.mebibytes * MIB
    with ServerChild(kind, job, folder) as server:
        before = server.cpu()
        receiver = child(CORES[-1], "receive", kind, job, folder, server.port, size)
        out, _ = receiver.communicate()
        if receiver.returncode:
            raise SystemExit(f"{job} failed with {kind}")
        seconds, used = json.loads(out)
        gibibytes = size / 1024 / MIB
        return [
            options.mebibytes / seconds,
            (server.cpu() - before) / gibibytes,
            used / gibibytes,
        ]


def shake_hands(kind: str, job: str, folder: str, options: argparse.Namespace) -> list[float]:
    """Handshakes a second, and the server's CPU microseconds for each."""
    context = client_context(folder)
    resume = job == "resumptions"
    session: ssl.SSLSession | None = None

    def once(port: int) -> None:
        nonlocal session
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as sock,
        ):
            sock.recv(100)
            if resume:
                if session is not None and not sock.session_reused:
                    raise SystemExit(f"{kind} does not resume sessions")
                session = sock.session

    with ServerChild(kind, job, folder) as server:
        for _ in range(20):
            once(server.port)
        before, started, count = server.cpu(), time.monotonic(), 0
        while time.monotonic() < started + options.seconds:
            once(server.port)
            count += 1
        elapsed = time.monotonic() - started
        return [count / elapsed, (server.cpu() - before) / count * 1e6]


def idle(kind: str, job: str, folder: str, options: argparse.Namespace) -> list[float]:
    """KiB for each idle connection."""
    context = client_context(folder)
    held: list[ssl.SSLSocket] = []

    def open_one(number: int, port: int) -> None:
        source = (f"127.0.1.{number // 20000 + 1}", 0)
        plain = socket.create_connection(("127.0.0.1", port), 10, source)
        sock = context.wrap_socket(plain, server_hostname="localhost")
        held.append(sock)
        talk(sock, b"hello")

    def talk(sock: ssl.SSLSocket, expected: bytes) -> None:
        while expected:
            expected = expected[len(sock.recv(len(expected))) :]

    with ServerChild(kind, job, folder) as server:
        try:
            for number in range(options.connections + 100):
                if number == 100:  # the first ones warm the server up
                    before = memory(server.process.pid)
                open_one(number, server.port)
                held[-1].sendall(b"a line")
                talk(held[-1], b"a line")
            after = memory(server.process.pid)
            return [(after["private"] - before["private"]) / options.connections / KIB]
        finally:
            for sock in held:
                sock.close()


RUN: dict[str, tuple[Callable[..., list[float]], tuple[str, ...]]] = {
    "transfer": (transfer, ("MiB/s", "CPU s/GiB sending", "CPU s/GiB receiving")),
    "transfer_tls": (transfer, ("MiB/s", "CPU s/GiB sending", "CPU s/GiB receiving")),
    "handshakes": (shake_hands, ("handshakes/s", "CPU us each")),
    "resumptions": (shake_hands, ("handshakes/s", "CPU us each")),
    "idle_tls": (idle, ("private KiB each",)),
}


def installed(kind: str) -> bool:
    name = kind.removeprefix("streams on ")
    if name in ("tornadolike", "asyncio"):
        return True
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def table(job: str, figures: dict[str, list[list[float]]]) -> Iterator[str]:
    columns = RUN[job][1]
    yield f"\n**{job}**\n"
    yield f"| kind | {' | '.join(columns)} |"
    yield "|---|" + "---:|" * len(columns)
    for kind, rounds in figures.items():
        medians = map(statistics.median, zip(*rounds, strict=True))
        yield f"| {kind} | {' | '.join(f'{each:,.2f}' for each in medians)} |"


def allow_descriptors(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise SystemExit(f"the limit of open files is {hard}, {count} are needed (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, 1024), hard))


def main() -> None:
    match sys.argv[1:]:
        case ["serve", kind, job, folder]:
            return run_server(kind, job, folder)
        case ["receive", kind, job, folder, port, size]:
            return run_receiver(kind, job, folder, int(port), int(size))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--kinds", default=",".join(filter(installed, KINDS)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=1024, help="to be transferred")
    parser.add_argument("--seconds", type=float, default=3.0, help="of handshakes")
    parser.add_argument("--connections", type=int, default=10_000, help="that are idle")
    options = parser.parse_args()
    allow_descriptors(options.connections + 1000)
    os.sched_setaffinity(0, {CORES[-1]})
    print(f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        for job in options.jobs.split(","):
            figures: dict[str, list[list[float]]] = {}
            for _ in range(1 if job == "idle_tls" else options.rounds):
                for kind in options.kinds.split(","):
                    figures.setdefault(kind, []).append(RUN[job][0](kind, job, folder, options))
            for line in table(job, figures):
                print(line, flush=True)
    return None


if __name__ == "__main__":
    main()
