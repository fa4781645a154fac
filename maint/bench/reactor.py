#!/usr/bin/env python3
"""Measure event loops side by side: ours, the standard library's and uvloop (where it is installed).

    reactor.py                                  all jobs, all loops
    reactor.py --jobs call_soon,spawn --rounds 9
    reactor.py --loops tornadolike,asyncio --seconds 2

For each job the table says what one operation costs in CPU microseconds of the process that runs the loop
(the kernel's accounting; the median over the rounds), and in brackets that as a ratio to the standard loop
of the same run (under 1.00 is cheaper). An echo's operation is one message there and back: the loop under
test is the server, on a core of its own; its clients are the same blocking sockets for all loops, in another
process. `spawn` is in microseconds of the clock: most of its time is the kernel's. The rounds go through all
loops in turn, so that a change of the machine's speed meets them all.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

LOOPS = ("tornadolike", "asyncio", "uvloop")
KIB = 1024
CORES = sorted(os.sched_getaffinity(0))


def make_loop(name: str) -> asyncio.AbstractEventLoop:
    if name == "tornadolike":
        from tornadolike.ioloop import IOLoop

        return IOLoop(make_current=False)
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop()


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# Jobs inside one process: each is a coroutine function that does a batch of operations and says how many.


async def call_soon() -> int:
    """call_soon: 10,000 callbacks that wait at once."""
    loop = asyncio.get_running_loop()
    count = 10_000
    done = loop.create_future()
    for _ in range(count - 1):
        loop.call_soon(int)
    loop.call_soon(done.set_result, None)
    await done
    return count


async def call_soon_chain() -> int:
    """call_soon: one callback a turn of the loop."""
    loop = asyncio.get_running_loop()
    count = left = 5_000
    done = loop.create_future()

    def step() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    loop.call_soon(step)
    await done
    return count


async def call_later_cancel() -> int:
    """call_later and cancel at once, as a time-out that never strikes."""
    loop = asyncio.get_running_loop()
    for _ in range(10_000):
        loop.call_later(60, int).cancel()
    await asyncio.sleep(0)
    return 10_000


async def call_later_fire() -> int:
    """call_later, 10,000 of them, all due in a millisecond."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    for _ in range(9_999):
        loop.call_later(0.001, int)
    loop.call_later(0.002, done.set_result, None)
    await done
    return 10_000


async def tasks() -> int:
    """create_task and await it."""

    async def nothing() -> None:
        pass

    for _ in range(2_000):
        await asyncio.create_task(nothing())
    return 2_000


async def ping_pong() -> int:
    """sock_sendall and sock_recv over a socket pair, there and back."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    count = 1_000

    async def answer() -> None:
        for _ in range(count):
            await loop.sock_sendall(theirs, await loop.sock_recv(theirs, 100))

    with ours, theirs:
        answering = asyncio.create_task(answer())
        for _ in range(count):
            await loop.sock_sendall(ours, b"ping")
            await loop.sock_recv(ours, 100)
        await answering
    return count


async def datagrams() -> int:
    """UDP there and back between two endpoints."""
    loop = asyncio.get_running_loop()
    count = left = 1_000
    done = loop.create_future()

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: object) -> None:
            self.transport.sendto(data, address)  # type: ignore[attr-defined]

    class Client(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            transport.sendto(b"ping")  # type: ignore[attr-defined]

        def datagram_received(self, data: bytes, address: object) -> None:
            nonlocal left
            left -= 1
            if left:
                self.transport.sendto(data)  # type: ignore[attr-defined]
            else:
                done.set_result(None)

    server, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    client, _ = await loop.create_datagram_endpoint(
        Client, remote_addr=server.get_extra_info("sockname")
    )
    await done
    server.close()
    client.close()
    await asyncio.sleep(0)
    return count


async def connections() -> int:
    """Connect to a server of the same loop, accept, and close both ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    for _ in range(200):
        transport, _ = await loop.create_connection(asyncio.Protocol, host, port)
        transport.abort()
        await asyncio.sleep(0)
    server.close()
    return 200


async def spawn() -> int:
    """Start /bin/true and wait for its end."""
    for _ in range(20):
        process = await asyncio.create_subprocess_exec("/bin/true")
        await process.wait()
    return 20


INSIDE: dict[str, Callable[[], Awaitable[int]]] = {
    "call_soon": call_soon,
    "call_soon_chain": call_soon_chain,
    "call_later_cancel": call_later_cancel,
    "call_later_fire": call_later_fire,
    "tasks": tasks,
    "ping_pong": ping_pong,
    "datagrams": datagrams,
    "connections": connections,
    "spawn": spawn,
}

# Echo: job name -> kind of server, bytes of a message, connections.
ECHOES = {
    f"echo_{kind}_{size // KIB}k_{connections}": (kind, size, connections)
    for kind in ("protocol", "streams")
    for size in (KIB, 64 * KIB)
    for connections in (1, 64)
}
JOBS = (*INSIDE, *ECHOES)


def run_inside(loop_name: str, job: str, seconds: float) -> None:
    """In a child: repeat the job's batches for so many seconds and print what one operation cost."""
    loop = make_loop(loop_name)
    batch = INSIDE[job]
    clock = time.monotonic if job == "spawn" else cpu_seconds

    async def main() -> tuple[int, float]:
        await batch()  # warm
        count, before = 0, clock()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            count += await batch()
        return count, clock() - before

    count, cost = loop.run_until_complete(main())
    loop.close()
    print(json.dumps(cost / count))


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]


async def echo_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def serve_echo(loop_name: str, kind: str) -> None:
    """In a child: echo until standard input ends; at each line of it, print the CPU time used so far."""
    loop = make_loop(loop_name)

    async def start() -> asyncio.AbstractServer:
        if kind == "protocol":
            return await loop.create_server(Echo, "127.0.0.1", 0)
        return await asyncio.start_server(echo_stream, "127.0.0.1", 0)

    server = loop.run_until_complete(start())
    print(server.sockets[0].getsockname()[1], flush=True)  # type: ignore[attr-defined]

    def on_line() -> None:
        if sys.stdin.readline():
            print(cpu_seconds(), flush=True)
        else:
            loop.stop()

    loop.add_reader(sys.stdin.fileno(), on_line)
    loop.run_forever()


def measure_echo(loop_name: str, job: str, seconds: float) -> float:
    """What a message costs the server, in CPU seconds."""
    kind, size, connections = ECHOES[job]
    server = child("serve", loop_name, kind)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        message = b"x" * size
        sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]

        def talk(duration: float) -> int:
            count, end = 0, time.monotonic() + duration
            while time.monotonic() < end:
                for sock in sockets:
                    sock.sendall(message)
                for sock in sockets:
                    receive(sock, size)
                count += connections
            return count

        def used() -> float:
            print(file=server.stdin, flush=True)
            return float(server.stdout.readline())  # type: ignore[union-attr]

        talk(0.1)
        before = used()
        count = talk(seconds)
        cost = (used() - before) / count
        for sock in sockets:
            sock.close()
        return cost
    finally:
        server.kill()
        server.communicate()


def receive(sock: socket.socket, size: int) -> None:
    while size:
        size -= len(sock.recv(size))


def child(*arguments: object) -> "subprocess.Popen[str]":
    """This program with other arguments, on the first core; the clients have the last."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        preexec_fn=lambda: os.sched_setaffinity(0, {CORES[0]}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def measure(loop_name: str, job: str, seconds: float) -> float:
    if job in ECHOES:
        return measure_echo(loop_name, job, seconds)
    with child("inside", loop_name, job, seconds) as process:
        out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{job} failed on {loop_name}")
    return float(json.loads(out))


def installed(loop_name: str) -> bool:
    if loop_name != "uvloop":
        return True
    try:
        import uvloop  # noqa: F401 (whether it is there)
    except ImportError:
        return False
    return True


def lines(
    costs: dict[tuple[str, str], list[float]], jobs: list[str], loops: list[str]
) -> Iterator[str]:
    yield "| job | " + " | ".join(loops) + " |"
    yield "|---|" + "---|" * len(loops)
    for job in jobs:
        median = {name: statistics.median(costs[name, job]) for name in loops}
        standard = median.get("asyncio")
        cells = [
            f"{median[name] * 1e6:.2f}" + (f" ({median[name] / standard:.2f})" if standard else "")
            for name in loops
        ]
        yield f"| {job} | " + " | ".join(cells) + " |"


def main() -> None:
    if sys.argv[1:2] == ["inside"]:
        return run_inside(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    if sys.argv[1:2] == ["serve"]:
        return serve_echo(sys.argv[2], sys.argv[3])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--loops", default=",".join(filter(installed, LOOPS)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measurement")
    options = parser.parse_args()
    jobs, loops = options.jobs.split(","), options.loops.split(",")

    os.sched_setaffinity(0, {CORES[-1]})
    costs: dict[tuple[str, str], list[float]] = {}
    for number in range(options.rounds):
        for job in jobs:
            for name in loops:
                costs.setdefault((name, job), []).append(measure(name, job, options.seconds))
        print(f"round {number + 1} of {options.rounds} is done", file=sys.stderr)
    print(f"CPU microseconds for one operation (ratio to asyncio), median of {options.rounds}")
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()}\n")
    for line in lines(costs, jobs, loops):
        print(line)
    return None


if __name__ == "__main__":
    main()
