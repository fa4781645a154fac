#!/usr/bin/env python3
"""How much memory does an idle keep-alive connection cost the server?

    idle_connections.py [tornadolike,tornado,aiohttp,nginx] [--connections 10000]

Each server gets that many connections, each of which makes one request and then stays. The figure is what
the server process grew by (its resident and its private memory), divided by their number; what the kernel
keeps for a socket is not in it. At the end every tenth connection makes another request, to see that they
were all still served.
"""

import argparse
import re
import resource
import socket
import sys
from pathlib import Path

from http_servers import SERVERS, chosen, machine, start, stop

SERVERS["nginx"] = [sys.executable, "idle_nginx.py", "{port}"]

REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BODY = b"Hello, World!"


def memory(pid: int) -> dict[str, int]:
    """Resident and private memory of a process in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {name: int(size) for name, size in re.findall(r"(\w+):\s+(\d+) kB", text)}
    return {
        "resident": kib["Rss"] * 1024,
        "private": (kib["Private_Clean"] + kib["Private_Dirty"]) * 1024,
    }


def exchange(sock: socket.socket) -> None:
    sock.sendall(REQUEST)
    received = b""
    while not received.endswith(BODY):
        data = sock.recv(65536)
        if not data:
            raise SystemExit(f"a connection was closed after {received!r}")
        received += data


def measure(name: str, command: list[object], count: int, port: int) -> None:
    server = start(command, port)
    sockets: list[socket.socket] = []
    try:
        for number in range(count + 200):
            if number == 200:  # the first ones warm the server up
                before = memory(server.pid)
            # Several source addresses: one has too few ports for very many connections.
            source = (f"127.0.1.{number // 5000 + 1}", 0)
            sockets.append(socket.create_connection(("127.0.0.1", port), 10, source))
            exchange(sockets[-1])
        after = memory(server.pid)
        for sock in sockets[::10]:
            exchange(sock)
        resident, private = (
            (after[kind] - before[kind]) / count / 1024 for kind in ("resident", "private")
        )
        print(f"| {name} | {count:,} | {resident:.2f} | {private:.2f} |", flush=True)
    finally:
        for sock in sockets:
            sock.close()
        stop(server)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="?", default="tornadolike,tornado,aiohttp")
    parser.add_argument("--connections", type=int, default=10_000)
    arguments = parser.parse_args()
    servers = chosen(arguments.names)
    wanted = arguments.connections + 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(f"the limit of open files is {hard}, {wanted} are needed (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, 1024), hard))
    print(machine())
    print("\n| server | connections | resident KiB each | private KiB each |")
    print("|---|---:|---:|---:|")
    for position, (name, command) in enumerate(servers.items()):
        measure(name, command, arguments.connections, 24100 + position)


if __name__ == "__main__":
    main()
