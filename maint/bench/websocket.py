#!/usr/bin/env python3
"""Measure WebSocket servers side by side: echoes, one message for everybody, and memory.

    http_servers.py setup                          makes the peers' environment
    websocket.py                                   all servers, all jobs
    websocket.py tornadolike,picows --jobs echo32 --rounds 5
    websocket.py --memory                          KiB that an idle connection costs

The server has one core to itself, the load generator another. It is a loop over plain sockets that writes frames
made beforehand, and counts the bytes that come back. For each job the table says, as medians over the rounds: messages
a second, and the CPU time that the server spent on one (the kernel's accounting: the figure to trust on a shared
machine). The rounds go through all servers in turn, so that a change of the machine's speed meets them all.
"""

import argparse
import os
import re
import select
import socket
import statistics
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from http_servers import PEERS, cpu_seconds, machine, start, stop
from idle_connections import memory

PYTHON = PEERS / "bin/python"
SERVERS: dict[str, list[object]] = {
    "tornadolike": [sys.executable, "ws_tornadolike.py", "{port}"],
    "tornado": [PYTHON, "ws_tornado.py", "{port}"],
    "websockets": [PYTHON, "ws_websockets.py", "{port}"],
    "websockets, uvloop": [PYTHON, "ws_websockets.py", "{port}", "uvloop"],
    "aiohttp, uvloop": [PYTHON, "ws_aiohttp.py", "{port}"],
    "picows, uvloop": [PYTHON, "ws_picows.py", "{port}"],
    "socketify": [PYTHON, "ws_socketify.py", "{port}"],
}
MASK = b"\x37\xfa\x21\x3d"
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n"
)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
TEXT, BINARY = 1, 2
COMPRESSED = 0x40


def head(first: int, length: int, flag: int = 0) -> bytes:
    if length <= 125:
        return struct.pack("!BB", first, flag | length)
    if length <= 0xFFFF:
        return struct.pack("!BBH", first, flag | 126, length)
    return struct.pack("!BBQ", first, flag | 127, length)


def masked(opcode: int, payload: bytes, reserved: int = 0) -> bytes:
    """A frame as a client sends it."""
    key = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    body = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    first = 0x80 | reserved | opcode
    return head(first, len(payload), 0x80) + MASK + body.to_bytes(len(payload), "big")


@dataclass
class Client:
    """A connection that was opened, and what is expected on it."""

    sock: socket.socket
    expected: int = 0
    response: str = field(default="", repr=False)


def connect(port: int, number: int = 0, offer: str = "") -> Client:
    # Several source addresses: one has too few ports for very many connections.
    source = (f"127.0.2.{number // 20000 + 1}", 0)
    sock = socket.create_connection(("127.0.0.1", port), 10, source)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(HANDSHAKE.format(offer).encode())
    response = b""
    while not response.endswith(b"\r\n\r\n"):
        data = sock.recv(4096)
        if not data:
            raise SystemExit(f"no WebSocket: {response!r}")
        response += data
    return Client(sock, response=response.decode())


def echo(port: int, seconds: float, size: int, connections: int = 32) -> int:
    """How many messages came back: on each connection one after another."""
    payload = os.urandom(size)
    frame = masked(BINARY, payload)
    reply = head(0x82, size) + payload
    clients = {}
    for number in range(connections):
        client = connect(port, number)
        client.sock.sendall(frame)
        if received(client.sock, len(reply)) != reply:
            raise SystemExit("that was no echo")
        client.sock.setblocking(False)
        clients[client.sock.fileno()] = client
    poll = select.epoll()
    for descriptor, client in clients.items():
        poll.register(descriptor, select.EPOLLIN)
        client.sock.setblocking(True)
        client.sock.sendall(frame)
        client.expected = len(reply)
    count = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for descriptor, _ in poll.poll(1):
            client = clients[descriptor]
            client.expected -= len(client.sock.recv(1 << 17))
            if not client.expected:
                count += 1
                client.expected = len(reply)
                client.sock.sendall(frame)
    for client in clients.values():
        client.sock.close()
    return count


def received(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += sock.recv(size - len(data))
    return data


def everybody(port: int, seconds: float, connections: int = 2000) -> int:
    """How many copies came of one message after another that goes to all connections."""
    poll = select.epoll()
    clients = {}
    for number in range(connections):
        client = connect(port, number)
        clients[client.sock.fileno()] = client
        poll.register(client.sock, select.EPOLLIN)
    size = len(head(0x81, 100)) + 100
    ask = masked(TEXT, b"all")
    first = next(iter(clients.values()))
    count = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        first.sock.sendall(ask)
        left = connections * size
        while left:
            for descriptor, _ in poll.poll(5):
                left -= len(clients[descriptor].sock.recv(4096))
        count += connections
    for client in clients.values():
        client.sock.close()
    return count


JOBS: dict[str, tuple[str, Callable[[int, float], int]]] = {
    "echo32": ("echo of 32 bytes, 32 connections", lambda port, s: echo(port, s, 32)),
    "echo64k": ("echo of 64 KiB, 32 connections", lambda port, s: echo(port, s, 65536)),
    "everybody": ("100 bytes to each of 2,000 connections", everybody),
}


@dataclass
class Sample:
    rate: float
    """Messages a second."""
    cost: float
    """CPU microseconds a message."""


def measure(
    servers: dict[str, list[object]], jobs: list[str], rounds: int, seconds: float
) -> dict[tuple[str, str], list[Sample]]:
    samples: dict[tuple[str, str], list[Sample]] = {}
    port = 23000 + os.getpid() % 2000
    for _ in range(rounds):
        for name, command in servers.items():
            for job in jobs:
                port += 1
                server = start(command, port)
                try:
                    JOBS[job][1](port, 0.2)  # warms it up
                    used = cpu_seconds(server.pid)
                    began = time.perf_counter()
                    count = JOBS[job][1](port, seconds)
                    took = time.perf_counter() - began
                    used = cpu_seconds(server.pid) - used
                finally:
                    stop(server)
                rate = count / (seconds if job != "everybody" else took)
                samples.setdefault((name, job), []).append(Sample(rate, used / count * 1e6))
    return samples


def report(samples: dict[tuple[str, str], list[Sample]], jobs: list[str], names: list[str]) -> None:
    for job in jobs:
        print(f"\n**{job}**: {JOBS[job][0]}\n")
        print("| server | messages/s | CPU us/message | of ours |")
        print("|---|---:|---:|---:|")
        ours = statistics.median(s.cost for s in samples[names[0], job])
        for name in names:
            rate = statistics.median(s.rate for s in samples[name, job])
            cost = statistics.median(s.cost for s in samples[name, job])
            print(f"| {name} | {rate:,.0f} | {cost:.2f} | {cost / ours:.2f} |")


def idle(command: list[object], port: int, count: int, compressed: bool) -> float | None:
    """KiB of the server's for each connection that has said something once; None if it cannot compress."""
    server = start([*command, *(["compressed"] if compressed else [])], port)
    clients: list[Client] = []
    try:
        payload, reserved = b"some words, " * 10, 0
        if compressed:
            deflator = zlib.compressobj(wbits=-9)
            payload = (deflator.compress(payload) + deflator.flush(zlib.Z_SYNC_FLUSH))[:-4]
            reserved = COMPRESSED
        for number in range(count + 100):
            if number == 100:  # the first ones warm the server up
                before = memory(server.pid)["private"]
            client = connect(port, number, OFFER if compressed else "")
            if compressed and "permessage-deflate" not in client.response:
                return None
            client.sock.sendall(masked(TEXT, payload, reserved))
            client.sock.recv(4096)
            clients.append(client)
        time.sleep(3)
        return (memory(server.pid)["private"] - before) / count / 1024
    finally:
        stop(server)
        for client in clients:
            client.sock.close()


def report_memory(servers: dict[str, list[object]], count: int) -> None:
    print(f"\n{count} connections, after one message of 120 bytes and 3 s of silence\n")
    print("| server | KiB a connection | with compression |")
    print("|---|---:|---:|")
    port = 25000 + os.getpid() % 2000
    for name, command in servers.items():
        figures = []
        for compressed in (False, True):
            port += 1
            figure = idle(command, port, count, compressed)
            figures.append("-" if figure is None else f"{figure:.1f}")
        print(f"| {name} | {' | '.join(figures)} |")


def versions() -> str:
    packages = ["tornado", "websockets", "aiohttp", "picows", "socketify", "uvloop"]
    found = subprocess.run(
        [PYTHON, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout
    matched = (re.search(rf"^{name}==(.*)$", found, re.M) for name in packages)
    return ", ".join(
        f"{name} {match[1]}" for name, match in zip(packages, matched, strict=True) if match
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", help="servers, with commas between them (default: all)")
    parser.add_argument("--jobs", default=",".join(JOBS), help=f"some of {', '.join(JOBS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of each load")
    parser.add_argument("--memory", action="store_true", help="memory instead of speed")
    parser.add_argument("--connections", type=int, default=2000, help="whose memory is measured")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {1})
    wanted = arguments.names.split(",") if arguments.names else list(SERVERS)
    # "aiohttp" is enough for "aiohttp, uvloop"
    servers = {
        name: command
        for name, command in SERVERS.items()
        if name in wanted or name.partition(",")[0] in wanted
    }
    print(f"{machine()}; {versions()}")
    if arguments.memory:
        report_memory(servers, arguments.connections)
        return
    jobs = arguments.jobs.split(",")
    print(f"{arguments.rounds} rounds of {arguments.seconds:g} s")
    samples = measure(servers, jobs, arguments.rounds, arguments.seconds)
    report(samples, jobs, list(servers))


if __name__ == "__main__":
    main()
