"""Writing for a protocol that is only told to pause and to go on."""

import asyncio

import pytest

from tests.ioloop.transports.bench import fill, run
from tornadolike.ioloop.transports.draining import Drain


@pytest.mark.parametrize("is_full_before", [False, True])
def test_writing_waits_for_the_peer(bench, is_full_before):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        transport.set_write_buffer_limits(1000)
        written = fill(transport) if is_full_before else 0
        drain = Drain(transport)
        if not is_full_before:
            await drain.drained()
            written = fill(transport)
        assert protocol.names == ["made", "pause"]
        task = asyncio.create_task(drain.drained())
        await bench.turns()
        assert not task.done()
        await bench.read(peer, written)
        await task
        assert protocol.names == ["made", "pause", "resume"]
        drain.end()
        assert transport.get_protocol() is protocol
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("was_reading", [False, True])
def test_nothing_is_received_meanwhile(bench, was_reading):
    async def main():
        transport, protocol, peer = bench.open()
        if not was_reading:
            transport.pause_reading()
        drain = Drain(transport)
        peer.send(b"x")
        await bench.turns()
        assert protocol.names == ["made"]
        drain.end()
        await bench.turns()
        assert transport.is_reading() is was_reading
        assert protocol.data == b"x" * was_reading
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


@pytest.mark.parametrize("how", ["reset", "abort", "close"])
def test_the_end_of_the_connection(bench, how):
    async def main():
        transport, protocol, peer = bench.open(send_buffer=4096)
        transport.set_write_buffer_limits(1000)
        fill(transport)
        drain = Drain(transport)
        task = asyncio.create_task(drain.drained())
        await bench.turns()
        if how == "reset":
            peer.close()
        else:
            getattr(transport, how)()
        if how == "close":
            peer.close()
        with pytest.raises(ConnectionError) as caught:
            await task
        assert (caught.type is ConnectionError) is (how == "abort")  # or what has happened
        with pytest.raises(ConnectionError):
            await drain.drained()
        await protocol.hears("lost")
        drain.end()
        assert transport.get_protocol() is None

    run(bench, main)


def test_a_protocol_that_was_set_meanwhile_stays(bench):
    async def main():
        transport, protocol, _ = bench.open()
        drain = Drain(transport)
        other = asyncio.Protocol()
        transport.set_protocol(other)
        drain.end()
        assert transport.get_protocol() is other
        transport.set_protocol(protocol)
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)
