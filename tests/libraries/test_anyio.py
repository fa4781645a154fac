"""anyio's tools on our loop: task groups, cancel scopes, threads, processes, sockets, files, signals."""

import os
import signal
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import pytest


async def test_task_group_and_cancel_scope() -> None:
    seen: list[int] = []

    async def work(number: int) -> None:
        await anyio.sleep(0)
        seen.append(number)

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(work, number)
    assert sorted(seen) == list(range(10))

    with anyio.move_on_after(0.01) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_threads() -> None:
    def in_thread() -> int:
        return anyio.from_thread.run(compute)

    async def compute() -> int:
        await anyio.sleep(0)
        return 42

    assert await anyio.to_thread.run_sync(in_thread) == 42


async def test_process() -> None:
    done = await anyio.run_process([sys.executable, "-c", "print(input()[::-1])"], input=b"olleh\n")
    assert done.stdout == b"hello\n"


@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_sockets(kind: str, tmp_path: Path) -> None:
    if kind == "tcp":
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    else:
        listener = await anyio.create_unix_listener(tmp_path / "socket")

    ended = anyio.Event()

    async def echo(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            async for chunk in stream:
                await stream.send(chunk)
        ended.set()

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        if kind == "tcp":
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            stream = await anyio.connect_tcp("127.0.0.1", port)
        else:
            stream = await anyio.connect_unix(tmp_path / "socket")
        async with stream:
            data = b"x" * 1_000_000
            received = bytearray()
            async with anyio.create_task_group() as both:
                both.start_soon(stream.send, data)
                while len(received) < len(data):
                    received += await stream.receive()
            assert received == data
        await ended.wait()
        group.cancel_scope.cancel()


async def test_udp() -> None:
    async with await anyio.create_udp_socket(local_host="127.0.0.1") as server:
        port = server.extra(anyio.abc.SocketAttribute.local_port)
        async with await anyio.create_connected_udp_socket("127.0.0.1", port) as client:
            await client.send(b"ping")
            data, address = await server.receive()
            await server.sendto(data, *address)
            assert await client.receive() == b"ping"


async def test_signals() -> None:
    with anyio.open_signal_receiver(signal.SIGUSR1) as signals:
        os.kill(os.getpid(), signal.SIGUSR1)
        async for signum in signals:
            assert signum == signal.SIGUSR1
            break


async def test_files(tmp_path: Path) -> None:
    path = anyio.Path(tmp_path / "file")
    await path.write_text("hello")
    assert await path.read_text() == "hello"
