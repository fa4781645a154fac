"""That a worker is alive, once a second."""

import asyncio
import json
import socket
import subprocess
import sys

import pytest

from tests.programs.commands import ROOT
from tests.running import on_jumping_clock
from tornadolike.http1connection import Counts
from tornadolike.programs.channel import Channel
from tornadolike.workers.beating import Heart, resident_memory


@on_jumping_clock
async def test_beats():
    ours, theirs = socket.socketpair()
    with ours:
        heart = Heart(Channel(theirs), lambda: Counts(5, 3, 1), 0.0)
        heart.start()
        await asyncio.sleep(2.5)
        heart.stop()
        heart.stop()
        await asyncio.sleep(10.0)
        first, *others = [json.loads(line) for line in ours.recv(65536).splitlines()]
        theirs.close()
    assert len(others) == 2
    assert (first["tells"], first["requests"], first["connections"]) == ("beat", 5, 3)
    assert first["websockets"] == 1
    assert first["lag"] >= 0
    assert first["memory"] > 2**20


def test_memory_is_what_there_is():
    before = resident_memory()
    block = bytearray(64 * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    assert resident_memory() - before > 60 * 2**20
    del block


@pytest.mark.once
def test_who_is_stuck_and_alone_ends():
    """Also when something holds the interpreter, as here the expression does."""
    program = (
        "from tornadolike.workers import beating; beating.LATER_THAN_THE_SUPERVISOR = 0.1;"
        "beating.end_if_stuck(0.1); import re; re.match('(a*)*b', 'a' * 60)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 1
    assert "most recent call first" in done.stderr
