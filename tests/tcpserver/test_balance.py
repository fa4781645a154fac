"""Who of several processes takes the next connection."""

import asyncio
import mmap
import socket

import pytest

from tornadolike import process
from tornadolike.tcpserver import TCPServer
from tornadolike.tcpserver.balance import MOST_AT_ONCE, PLACES, Balance


class Process:
    """One of several, with connections."""

    def __init__(self, memory, number):
        self.connections = 0
        self.balance = Balance(memory, number, lambda: self.connections)

    def come(self, connections):
        self.connections = connections
        assert self.balance.tell() == connections


@pytest.fixture
def memory():
    return mmap.mmap(-1, process.SHARED_SIZE)


def test_who_has_more_holds_back(memory):
    first, second = Process(memory, 0), Process(memory, 1)
    assert first.balance.share() == 1  # it knows of nobody else
    first.come(3)
    second.come(3)
    assert (first.balance.share(), second.balance.share()) == (1, 1)
    first.come(5)
    assert (first.balance.share(), second.balance.share()) == (0, 1)
    first.come(1)
    second.come(4)
    assert (first.balance.share(), second.balance.share()) == (1, 0)


def test_what_others_have_is_seen_at_once(memory):
    first, second, third = (Process(memory, number) for number in range(3))
    for one in (first, second, third):
        one.come(10)
    first.connections = 2  # which it has told nobody yet
    assert first.balance.share() == 1
    assert second.balance.share() == 0
    third.come(2)
    assert first.balance.share() == 1


def test_nobody_waits_for_who_is_gone(memory):
    first, second = Process(memory, 0), Process(memory, 1)
    first.come(9)
    second.come(0)
    assert first.balance.share() == 0
    process.nobody_is(1, memory)
    assert first.balance.share() == 1


def test_more_processes_than_places(memory):
    first, far = Process(memory, 1), Process(memory, 1 + PLACES)
    first.come(4)
    far.come(4)
    assert far.balance.share() == 1


def test_not_all_at_once(memory):
    one = Process(memory, 0)
    one.balance._all[1] = 1000
    one.balance._all[0] = 1
    assert one.balance.share() == 1 <= MOST_AT_ONCE


class Counting(TCPServer):
    def handle_stream(self, stream, address):
        self.kept.append(stream)

    def __init__(self):
        super().__init__()
        self.kept = []


@pytest.mark.parametrize("shares", [False, True])
def test_a_server_of_several_processes(io_loop, monkeypatch, memory, shares):
    monkeypatch.setattr(process, "_task_id", None)
    monkeypatch.setattr(process, "_shared", None)
    if shares:
        process.be_task(2, memory)
    assert process.task_id() == (2 if shares else None)
    server = Counting()
    server.listen(0, "127.0.0.1")
    (listening,) = server._sockets.values()
    told = memoryview(memory).cast("Q").tolist

    async def main():
        with socket.create_connection(listening.getsockname()):
            while not server.kept or (shares and told()[2] < 2):
                await asyncio.sleep(0)
        server.kept.pop().close()
        await server.drain(5)

    io_loop.run_sync(main, timeout=20)
    assert told()[2] == (2 if shares else 0)  # one connection, and one
