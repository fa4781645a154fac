"""What a process holds is what the system says it does, and not what anybody guesses."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from maint.production import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HOLDER = """
import socket, sys
listening = socket.socket(fileno=int(sys.argv[1]))
print("accepting", flush=True)
held = [listening.accept() for _ in range(2)]
print("held", flush=True)
sys.stdin.read()
"""


def test_who_is_killed_had_these_connections_in_its_hands():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        command = [sys.executable, "-c", HOLDER, str(listening.fileno())]
        child = subprocess.Popen(
            command,
            pass_fds=[listening.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with child:
            address = listening.getsockname()
            clients = [socket.create_connection(address) for _ in range(2)]
            assert [child.stdout.readline() for _ in range(2)] == [b"accepting\n", b"held\n"]
            waiting = socket.create_connection(address)  # in the queue: in nobody's hands
            ports = {client.getsockname()[1] for client in clients}
            assert processes.held_ports(child.pid) == ports
            assert processes.is_alive(child.pid)
            assert child.pid in processes.descendants(os.getpid())
            assert processes.kill(child.pid) == ports
            assert child.wait() == -signal.SIGKILL
            assert not processes.is_alive(child.pid)
            for client in [*clients, waiting]:
                client.close()


def test_memory():
    mine = processes.memory(os.getpid())
    assert mine["Rss"] >= mine["Pss"] > 1 << 20
