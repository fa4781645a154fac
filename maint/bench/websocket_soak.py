#!/usr/bin/env python3
"""Thousands of WebSockets for a while, of which some do not read, some vanish, and at last the server stops.

    websocket_soak.py                                     5,000 connections, 60 seconds
    websocket_soak.py --connections 500 --seconds 10 --policy skip
    websocket_soak.py --seconds 180 --rounds 4 --tls --compressed

A server in a process of its own says something to all of them, at so many messages a second. In turn

quiet       all read, nothing else happens;
slow        every tenth has stopped reading;
deaths      a hundred a second vanish (a third by a reset, a third by an end without a Close frame, a third in the
            middle of a message) and others come in their place;
drain       the server is told to stop; every twentieth does not answer.

For each the table says what the server needed: CPU microseconds for each message that it sent, its memory at the most
and its descriptors at the end, and how long an echo took meanwhile, at half of the times and at the worst. With several
rounds all but the drain happens again and again: a server that keeps something grows from round to round.

It fails if anybody who reads misses a message or gets one that is wrong, if descriptors are left at the end, or if the
server does not stop in time.
"""

import argparse
import asyncio
import base64
import gc
import json
import os
import random
import resource
import select
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from http_servers import cpu_seconds, machine
from idle_connections import memory
from wires import client_context, make_certificate, server_context

HERE = Path(__file__).resolve()
REQUEST = (
    b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
OFFER = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
CLOSE_TIMEOUT = 3.0
SIZE = 2000
"""Bytes of a message: its number, and filling."""
FILLING = base64.b64encode(random.Random(9).randbytes(SIZE)).decode()[: SIZE - 10]
LIMIT = 32 * 1024
"""Bytes that may wait for one that does not read."""
SEND_BUFFER, RECEIVE_BUFFER = 16 * 1024, 8192
"""What the kernel may hold for one, so that it does not take minutes until something waits."""
PROBING = 0.05
"""Seconds from one echo to the next."""
MIB = 1 << 20


# The server


async def serve(policy: str, rate: float, compressed: bool, folder: str | None) -> None:
    from tornadolike.httpserver import HTTPServer
    from tornadolike.netutil import bind_sockets
    from tornadolike.web import Application, RequestHandler
    from tornadolike.websocket import SlowReaders, WebSocketHandler, broadcast

    slow = SlowReaders(policy)
    totals = {"said": 0, "sent": 0, "skipped": 0, "closed": 0, "gone": 0}

    class Room(WebSocketHandler):
        members: ClassVar[set[Any]] = set()

        def open(self) -> None:
            self.members.add(self)

        def on_close(self) -> None:
            self.members.discard(self)

    class Echo(WebSocketHandler):
        def on_message(self, message: str | bytes) -> Any:
            return self.write_message(message)

    class Stats(RequestHandler):
        def get(self) -> None:
            gc.collect()
            self.write(
                {
                    **totals,
                    "members": len(Room.members),
                    "descriptors": len(os.listdir("/proc/self/fd")),
                    "tasks": len(asyncio.all_tasks()),
                }
            )

    async def say() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            result = broadcast(
                Room.members, f"{totals['said']:010}{FILLING}", slow=slow, limit=LIMIT
            )
            totals["said"] += 1
            for name in ("sent", "skipped", "closed", "gone"):
                totals[name] += getattr(result, name)

    application = Application(
        [("/room", Room), ("/echo", Echo), ("/stats", Stats)],
        websocket_close_timeout=CLOSE_TIMEOUT,
        websocket_compression_options={} if compressed else None,
        log_function=lambda handler: None,
    )
    server = HTTPServer(application, ssl_options=server_context(folder) if folder else None)
    sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    saying = asyncio.create_task(say())
    await stop.wait()
    saying.cancel()
    server.stop()
    await server.drain(30)
    print(json.dumps({"members": len(Room.members), **totals}), flush=True)


# The clients


class Client:
    """One member, on a socket that does not block; with a ``context`` for TLS."""

    def __init__(
        self,
        port: int,
        number: int,
        path: bytes = b"/room",
        more: bytes = b"",
        sleepy: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        # Several source addresses: one has too few ports for very many connections.
        self.sock = socket.socket()
        if sleepy:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.sock.settimeout(30)
        self.sock.bind((f"127.0.1.{number // 20000 + 1}", 0))
        self.sock.connect(("127.0.0.1", port))
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.sock.sendall(REQUEST % (path, more))
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                raise SystemExit(f"no WebSocket: {data!r}")
            data += more
        self.buffer = data.partition(b"\r\n\r\n")[2]
        self.sock.setblocking(False)
        self.sleepy = sleepy
        self.expects: int | None = None
        """The number of the next message."""
        self.heard = 0
        self.close_code: int | None = None
        self.ended = False

    def read(self) -> None:
        while True:
            try:
                data = self.sock.recv(1 << 16)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                self.ended = True
                return
            self.take_all(self.buffer + data)
            # What TLS has taken from the socket already, epoll does not tell of.
            if not isinstance(self.sock, ssl.SSLSocket) or not self.sock.pending():
                return

    def take_all(self, data: bytes) -> None:
        at = 0
        while len(data) - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < start + length:
                break
            self.take(data[at], data[start : start + length])
            at = start + length
        self.buffer = data[at:]

    def take(self, first: int, payload: bytes) -> None:
        if first == 0x88:
            self.close_code = int.from_bytes(payload[:2], "big")
            return
        if first == 0xC1:  # (what is sent to many refers to nothing before it)
            first, payload = 0x81, zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")
        if first != 0x81 or len(payload) != SIZE:
            raise SystemExit(f"a wrong frame: {first:x}, {payload!r}")
        number = int(payload[:10])
        if self.expects is not None and number != self.expects:
            raise SystemExit(f"message {number} in the place of {self.expects}")
        self.expects = number + 1
        self.heard += 1

    def say_goodbye(self) -> None:
        try:
            self.sock.send(b"\x88\x82\0\0\0\0\x03\xe9")
        except OSError:
            self.ended = True


def probe(port: int, folder: str | None) -> None:
    """Ask for an echo now and then, in a process of its own, and write down in microseconds how long it took."""
    context = client_context(folder) if folder else None
    sock = Client(port, 0, b"/echo", context=context).sock
    sock.setblocking(True)
    while True:
        began = time.monotonic()
        try:
            sock.send(b"\x81\x81\0\0\0\0?")
            sock.recv(1000)
        except (ConnectionError, ssl.SSLError):  # the server was killed
            return
        print(round((time.monotonic() - began) * 1e6), flush=True)
        time.sleep(PROBING)


class Crowd:
    """All clients, and the server that they speak to."""

    def __init__(self, port: int, pid: int, offer: bytes, folder: str | None) -> None:
        self.offer = offer
        self.context = client_context(folder) if folder else None
        self.port = port
        self.pid = pid
        self.poll = select.epoll()
        self.by_descriptor: dict[int, Client] = {}
        self.made = 0
        command = [sys.executable, str(HERE), "--probe", str(port)]
        command += ["--tls-folder", folder] if folder else []
        self.probe = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.probe.stdout is not None
        self.probe.stdout.readline()  # it is there
        os.set_blocking(self.probe.stdout.fileno(), False)
        self.rows: list[str] = []

    def join(self) -> Client:
        self.made += 1
        sleepy = self.made % 10 == 0
        client = Client(self.port, self.made, more=self.offer, sleepy=sleepy, context=self.context)
        self.by_descriptor[client.sock.fileno()] = client
        self.poll.register(client.sock, select.EPOLLIN)
        return client

    def leave(self, client: Client) -> None:
        del self.by_descriptor[client.sock.fileno()]
        self.poll.unregister(client.sock)

    def stats(self) -> dict[str, int]:
        sock = socket.create_connection(("127.0.0.1", self.port), 30)
        if self.context is not None:
            sock = self.context.wrap_socket(sock, server_hostname="localhost")
        with sock:
            sock.sendall(b"GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = b""
            while more := sock.recv(65536):
                data += more
        found: dict[str, int] = json.loads(data.partition(b"\r\n\r\n")[2])
        return found

    def delays(self) -> list[float]:
        """How many milliseconds each echo took since this was asked last."""
        assert self.probe.stdout is not None
        said = self.probe.stdout.read() or b""
        return [int(line) / 1e3 for line in said.split()]

    def turn(self, wait: float = 0.05) -> list[Client]:
        """Read what there is. Who has come to an end."""
        ended = []
        for descriptor, _ in self.poll.poll(wait):
            client = self.by_descriptor[descriptor]
            client.read()
            if client.close_code is not None or client.ended:
                ended.append(client)
        return ended

    def phase(self, name: str, seconds: float, act: Callable[[float], None] | None = None) -> None:
        """Go on for so long, and have ``act`` called with the time that has gone."""
        before, cpu, began = self.stats(), cpu_seconds(self.pid), time.monotonic()
        self.delays()
        largest = 0
        while (gone := time.monotonic() - began) < seconds:
            if act is not None:
                act(gone)
            for client in self.turn():
                raise SystemExit(f"{name}: a reader was closed with {client.close_code}")
            largest = max(largest, memory(self.pid)["resident"])
        used = cpu_seconds(self.pid) - cpu
        delays = self.delays()
        after = self.stats()
        sent = after["sent"] - before["sent"]
        missed = after["skipped"] - before["skipped"]
        closed = after["closed"] - before["closed"]
        self.rows.append(
            f"| {name} | {sent:,} | {used / max(sent, 1) * 1e6:.1f} | {missed:,} | {closed:,} | "
            f"{largest / MIB:.0f} | {after['descriptors']:,} | {statistics.median(delays):.1f} | "
            f"{max(delays):.0f} |"
        )


def run(arguments: argparse.Namespace, folder: str | None) -> None:
    command = [sys.executable, str(HERE), "--serve", "--policy", arguments.policy]
    command += ["--compressed"] * arguments.compressed
    command += ["--tls-folder", folder] if folder else []
    environment = dict(os.environ, PYTHONPATH=str(HERE.parent.parent.parent))
    server = subprocess.Popen(
        [*command, "--rate", str(arguments.rate)], env=environment, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        crowd = Crowd(port, server.pid, OFFER * arguments.compressed, folder)
        soak(crowd, arguments)
        drain(crowd, server, arguments)
    finally:
        server.kill()
        server.wait()


def soak(crowd: Crowd, arguments: argparse.Namespace) -> None:
    count = arguments.connections
    for _ in range(20):
        crowd.join()
    empty = crowd.stats(), memory(crowd.pid)["private"]
    while len(crowd.by_descriptor) < count:
        crowd.join()
        crowd.turn(0)
    cost = (memory(crowd.pid)["private"] - empty[1]) / (count - 20)
    seconds = arguments.seconds / arguments.rounds / 3
    died = 0
    for _ in range(arguments.rounds):
        crowd.phase("quiet", seconds)
        some_sleep(crowd, seconds, arguments.policy)
        died += some_die(crowd, seconds)
    time.sleep(0.5)
    left = crowd.stats()
    crowd.probe.kill()
    crowd.probe.wait()
    expected = empty[0]["descriptors"] + count - 20
    if left["descriptors"] != expected or left["members"] != count:
        raise SystemExit(f"something is left: {left}, expected {expected} descriptors")
    print(machine())
    print(
        f"\n{count:,} connections, {arguments.rate:g} messages a second to each, `{arguments.policy}`"
        f"{', compressed' * arguments.compressed}{', TLS' * arguments.tls};"
    )
    print(f"{died:,} have vanished; KiB for each connection: {cost / 1024:.1f}\n")
    print(
        "| | messages sent | CPU us each | skipped | closed | MiB | descriptors | echo ms | at the worst |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    print("\n".join(crowd.rows))


def some_sleep(crowd: Crowd, seconds: float, policy: str) -> None:
    """Every tenth does not read for so long; others come in their place."""
    before = crowd.stats()
    sleepers = [client for client in crowd.by_descriptor.values() if client.sleepy]
    for sleeper in sleepers:
        crowd.leave(sleeper)
    crowd.phase("slow", seconds)
    what = "skipped" if policy == "skip" else "closed"
    suffered = crowd.stats()[what] - before[what]
    if suffered < len(sleepers):
        raise SystemExit(
            f"only {suffered} of {len(sleepers)} sleepers were noticed: more --seconds"
        )
    for sleeper in sleepers:
        sleeper.sock.close()
        crowd.join()


def some_die(crowd: Crowd, seconds: float) -> int:
    """A hundred a second vanish, and others come. How many it were."""
    died = 0

    def die(gone: float) -> None:
        nonlocal died
        while died < gone * 100:
            died += 1
            client = next(iter(crowd.by_descriptor.values()))
            crowd.leave(client)
            if died % 3 == 0:
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif died % 3 == 1:
                client.sock.send(b"\x81\xfe\x10\0abcdhalf")
            client.sock.close()
            crowd.join()

    crowd.phase("deaths", seconds, die)
    return died


def drain(crowd: Crowd, server: "subprocess.Popen[bytes]", arguments: argparse.Namespace) -> None:
    clients = list(crowd.by_descriptor.values())
    silent = set(clients[::20])
    cpu, began = cpu_seconds(crowd.pid), time.monotonic()
    server.send_signal(signal.SIGTERM)
    told = 0
    last = began
    waiting = set(clients)
    while waiting and time.monotonic() - began < 20:
        for descriptor, _ in crowd.poll.poll(0.05):
            client = crowd.by_descriptor[descriptor]
            client.read()
            if client.close_code is not None and client in waiting:
                waiting.discard(client)
                told += client.close_code == 1001
                last = time.monotonic()
                if client not in silent:
                    client.say_goodbye()
            if client.ended or client.close_code is not None:
                waiting.discard(client)
                crowd.poll.unregister(descriptor)
                del crowd.by_descriptor[descriptor]
    used = cpu_seconds(crowd.pid) - cpu
    assert server.stdout is not None
    report = json.loads(server.stdout.readline())
    took = time.monotonic() - began
    if told != len(clients) or report["members"]:
        raise SystemExit(f"{told} of {len(clients)} were told; {report}")
    print(
        f"\nDrain: all {told:,} were told with 1001 in {last - began:.2f} s ({used:.2f} s of CPU until then); "
        f"with {len(silent)} that did not answer it was over after {took:.2f} s (close_timeout {CLOSE_TIMEOUT:g} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=5.0, help="messages a second to each")
    parser.add_argument("--policy", choices=("skip", "close", "queue"), default="queue")
    parser.add_argument("--rounds", type=int, default=1, help="how often within these seconds")
    parser.add_argument("--compressed", action="store_true", help="offer permessage-deflate")
    parser.add_argument("--tls", action="store_true", help="wss instead of ws")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tls-folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probe:
        probe(arguments.probe, arguments.tls_folder)
        return
    if arguments.serve:
        import tornadolike

        options = (arguments.policy, arguments.rate, arguments.compressed, arguments.tls_folder)
        tornadolike.run(serve(*options))
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = arguments.connections + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"the limit of open files is {hard}, {wanted} are needed (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with tempfile.TemporaryDirectory() as folder:
        if arguments.tls:
            make_certificate(folder)
        run(arguments, folder if arguments.tls else None)


if __name__ == "__main__":
    main()
