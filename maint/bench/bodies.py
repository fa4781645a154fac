#!/usr/bin/env python3
"""Measure large bodies side by side: how fast they go up and down, at what cost, and in how much memory.

    bodies.py                                      all servers, all jobs, 1 GiB each
    bodies.py tornadolike,aiohttp --jobs upload --mebibytes 256 --rounds 5

upload           POST with Content-Length; the handler counts what comes, piece by piece
upload_chunked   the same in chunks of 64 KiB
download         GET; the handler sends pieces of 256 KiB, and waits for each to have left
download_chunked the same without Content-Length, so that each piece is a chunk
file             GET; the server sends a file, by the means that it has for that

The server has one core to itself, the client (plain blocking sockets) another. For each job the table says, as
medians over the rounds: MiB a second, the CPU seconds that the server spent on a GiB, and by how many MiB its memory
was larger at the highest than it was before the first body. The rounds go through all servers in turn.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from http_servers import cpu_seconds, machine, server_python, start, stop

KIB, MIB = 1024, 1024 * 1024
PIECE = bytes(256 * KIB)
CHUNK = b"10000\r\n%b\r\n" % bytes(64 * KIB)
NAMES = ("tornadolike", "tornado", "aiohttp")


@dataclass
class Sample:
    """One body."""

    rate: float
    """MiB a second."""
    cost: float
    """CPU seconds for a GiB."""
    grown: float
    """MiB."""


def upload(sock: socket.socket, mebibytes: int) -> None:
    sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (mebibytes * MIB))
    for _ in range(mebibytes * MIB // len(PIECE)):
        sock.sendall(PIECE)
    expect_count(sock, mebibytes)


def upload_chunked(sock: socket.socket, mebibytes: int) -> None:
    sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    four = CHUNK * 4
    for _ in range(mebibytes * MIB // (256 * KIB)):
        sock.sendall(four)
    sock.sendall(b"0\r\n\r\n")
    expect_count(sock, mebibytes)


def expect_count(sock: socket.socket, mebibytes: int) -> None:
    """Read the answer to an upload: how much the server has seen."""
    expected = b"\r\n\r\n%d" % (mebibytes * MIB)
    answer = b""
    while not answer.endswith(expected):
        data = sock.recv(65536)
        if not data:
            raise SystemExit(f"instead of the count of bytes came {answer!r}")
        answer += data


def download(sock: socket.socket, mebibytes: int) -> None:
    sock.sendall(b"GET /?pieces=%d HTTP/1.1\r\nHost: a\r\n\r\n" % pieces_of(mebibytes))
    take_body(sock, mebibytes * MIB)


def download_chunked(sock: socket.socket, mebibytes: int) -> None:
    pieces = pieces_of(mebibytes)
    sock.sendall(b"GET /?chunked=1&pieces=%d HTTP/1.1\r\nHost: a\r\n\r\n" % pieces)
    framing = len(b"%x\r\n\r\n" % len(PIECE)) * pieces + len(b"0\r\n\r\n")
    take_body(sock, mebibytes * MIB + framing)


def file(sock: socket.socket, mebibytes: int) -> None:
    sock.sendall(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
    take_body(sock, mebibytes * MIB)


def pieces_of(mebibytes: int) -> int:
    return mebibytes * MIB // len(PIECE)


def take_body(sock: socket.socket, size: int) -> None:
    """Read a response whose body takes ``size`` bytes on the wire."""
    buffer = bytearray(256 * KIB)
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(65536)
        if not data:
            raise SystemExit(f"instead of a response came {head!r}")
        head += data
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"instead of a body came {head!r}")
    left = size - len(head.partition(b"\r\n\r\n")[2])
    while left:
        count = sock.recv_into(buffer, min(left, len(buffer)))
        if not count:
            raise SystemExit(f"{left} bytes are missing")
        left -= count


JOBS: dict[str, Callable[[socket.socket, int], None]] = {
    "upload": upload,
    "upload_chunked": upload_chunked,
    "download": download,
    "download_chunked": download_chunked,
    "file": file,
}


def highest_memory(pid: int, *, anew: bool) -> int:
    """The most that was resident since it was last asked for anew, in bytes."""
    if anew:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * KIB


def measure_one(
    server: subprocess.Popen[bytes], port: int, job: str, mebibytes: int, base: int
) -> Sample:
    with socket.create_connection(("127.0.0.1", port), 60) as sock:
        highest_memory(server.pid, anew=True)
        used, begun = cpu_seconds(server.pid), time.perf_counter()
        JOBS[job](sock, mebibytes)
        seconds = time.perf_counter() - begun
        used = cpu_seconds(server.pid) - used
        grown = highest_memory(server.pid, anew=False) - base
    return Sample(mebibytes / seconds, used * 1024 / mebibytes, grown / MIB)


def measure(
    names: list[str], jobs: list[str], rounds: int, mebibytes: int, path: Path
) -> dict[tuple[str, str], list[Sample]]:
    samples: dict[tuple[str, str], list[Sample]] = {}
    port = 23000 + os.getpid() % 1000
    for _ in range(rounds):
        for name in names:
            port += 1
            server = start([server_python(name), f"bodies_{name}.py", "{port}", path], port)
            try:
                base = highest_memory(server.pid, anew=True)
                for job in jobs:
                    sample = measure_one(server, port, job, mebibytes, base)
                    samples.setdefault((name, job), []).append(sample)
            finally:
                stop(server)
    return samples


def write_file(path: Path, mebibytes: int) -> None:
    """A file that takes as much room as it seems to: the system has it in memory afterwards."""
    with open(path, "wb") as written:
        for _ in range(pieces_of(mebibytes)):
            written.write(PIECE)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", default=",".join(NAMES))
    parser.add_argument("--jobs", default=",".join(JOBS), help=f"some of {', '.join(JOBS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=1024, help="of each body")
    arguments = parser.parse_args()
    names, jobs = arguments.names.split(","), arguments.jobs.split(",")
    os.sched_setaffinity(0, [1 % (os.cpu_count() or 1)])
    print(f"{machine()}; {arguments.rounds} rounds of {arguments.mebibytes} MiB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        write_file(path, arguments.mebibytes)
        samples = measure(names, jobs, arguments.rounds, arguments.mebibytes, path)
    for job in jobs:
        print(f"\n**{job}**\n\n| server | MiB/s | CPU s/GiB | memory + MiB |\n|---|---:|---:|---:|")
        for name in names:
            seen = samples[name, job]
            rate, cost, grown = (
                statistics.median(getattr(sample, figure) for sample in seen)
                for figure in ("rate", "cost", "grown")
            )
            print(f"| {name} | {rate:,.0f} | {cost:.2f} | {grown:.1f} |")


if __name__ == "__main__":
    main()
