"""What the system knows of a process: its connections, and its memory. Linux only, by /proc."""

import contextlib
import os
import signal
import time
from pathlib import Path

STOPPED = "T"


def held_ports(pid: int) -> set[int]:
    """The clients' ports of all TCP connections over IPv4 that a process has accepted and still holds."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except FileNotFoundError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[9] in inodes:
            ports.add(int(words[2].rpartition(":")[2], 16))
    return ports - {0}


def state_of(pid: int) -> str:
    """The letter that ps shows, as ``"S"``; ``""`` if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    """Whether it runs: one that has ended and waits for its parent to notice does not."""
    return state_of(pid) not in ("", "Z", "X")


def kill(pid: int) -> set[int]:
    """``kill -9``; return the clients' ports of the connections that the process had in its hands.

    It is stopped before, so that nothing changes between looking and killing.
    """
    os.kill(pid, signal.SIGSTOP)
    while state_of(pid) not in (STOPPED, ""):
        time.sleep(0.0005)
    held = held_ports(pid)
    os.kill(pid, signal.SIGKILL)
    return held


def memory(pid: int) -> dict[str, int]:
    """Bytes by the kernel's names in ``smaps_rollup``: ``Rss``, ``Pss``, ``Shared_Clean``, and so on."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        found[name.rstrip(":")] = int(value) * 1024
    return found


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, those that these have started, and so on."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found[1:]
