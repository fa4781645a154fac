"""From an application's thread to the loop."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from tests.conftest import PATIENCE
from tornadolike.wsgi import channel as channels
from tornadolike.wsgi.channel import Channel
from tornadolike.wsgi.errors import ClientGone


def in_thread(function, *args):
    """The future of what ``function`` does in a thread."""
    future = Future()

    def run():
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run).start()
    return future


def ended(result=None, error=None):
    job = Future()
    job.set_exception(error) if error else job.set_result(result)
    return job


def test_pieces_arrive_in_order_and_then_the_end(io_loop):
    async def main():
        channel = Channel(asyncio.get_running_loop(), 10)

        def work():
            for number in range(100):
                channel.put(b"%03d" % number)
            channel.job_ended(ended())

        done = in_thread(work)
        taken = []
        while (piece := await channel.take()) is not None:
            taken.append(piece)
            channel.sent(piece[0])
        assert taken == [(b"%03d" % number, False) for number in range(100)]
        done.result(PATIENCE)

    io_loop.run_sync(main)


def test_a_piece_of_any_size_passes(io_loop):
    async def main():
        channel = Channel(asyncio.get_running_loop(), 10)
        done = in_thread(channel.put, b"x" * 1000, True)
        assert await channel.take() == (b"x" * 1000, True)
        done.result(PATIENCE)

    io_loop.run_sync(main)


def test_an_error_comes_behind_the_pieces_as_often_as_one_asks(io_loop):
    async def main():
        channel = Channel(asyncio.get_running_loop(), 10)
        channel.put(b"x")
        channel.job_ended(ended(error=KeyError("mine")))
        assert await channel.take() == (b"x", False)
        channel.close()
        for _ in range(2):
            with pytest.raises(KeyError):
                await channel.take()

    io_loop.run_sync(main)


def test_who_waits_is_told_that_nobody_takes_anything(io_loop):
    async def main():
        channel = Channel(asyncio.get_running_loop(), 10)
        channel.put(b"x" * 10)
        done = in_thread(channel.put, b"y")
        await asyncio.sleep(0)
        channel.close()
        with pytest.raises(ClientGone):
            done.result(PATIENCE)
        with pytest.raises(ClientGone):
            channel.put(b"z")

    io_loop.run_sync(main)


def test_who_waits_learns_that_there_is_no_loop(io_loop, monkeypatch):
    monkeypatch.setattr(channels, "LOOK_INTERVAL", 0.01)
    channel = Channel(io_loop, 10)
    channel.put(b"x" * 10)
    done = in_thread(channel.put, b"y")
    io_loop.close()
    with pytest.raises(ClientGone):
        done.result(PATIENCE)
