"""The transport: reading, handing over, what it tells about itself."""

import socket

from tests.ioloop.transports.bench import Bench, Recorder, fill, run


def test_what_comes_is_delivered_and_the_end_closes(bench: Bench) -> None:
    async def main() -> None:
        _, protocol, peer = bench.open()
        peer.send(b"hello")
        await protocol.has_data(b"hello")
        peer.send(b" world")
        await protocol.has_data(b"hello world")
        peer.close()
        assert await protocol.hears("lost") == ("lost", None)
        assert protocol.names == ["made", "data", "data", "eof", "lost"]

    run(bench, main)


def test_a_protocol_may_keep_its_side_open(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.keep_open = True
        peer.send(b"question")
        peer.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        assert not transport.is_reading()
        await bench.turns()
        transport.write(b"answer")
        transport.close()
        assert await bench.read_all(peer) == b"answer"
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "eof", "lost"]

    run(bench, main)


def test_an_end_that_nobody_reads_any_more_keeps_the_loop_asleep(bench: Bench) -> None:
    """Both sides have ended, and the transport is open: the poller must not report it for ever."""

    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.keep_open = True
        peer.shutdown(socket.SHUT_WR)
        await protocol.hears("eof")
        transport.write_eof()
        assert transport._fd not in bench.loop._watchers
        transport.close()
        await protocol.hears("lost")

    run(bench, main)


def test_pause_and_resume_reading(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        peer.send(b"wait")
        await bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        await protocol.has_data(b"wait")
        transport.close()
        transport.pause_reading()
        transport.resume_reading()
        assert not transport.is_reading()
        await protocol.hears("lost")

    run(bench, main)


def test_a_protocol_that_pauses_in_its_data_received_gets_no_more(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        protocol.actions["data"] = transport.pause_reading
        sent = 0
        while sent < 300_000:
            try:
                sent += peer.send(b"y" * 10_000)
            except BlockingIOError:
                break
        await protocol.hears("data")
        await bench.turns(5)
        assert protocol.names.count("data") == 1
        while len(protocol.data) < sent:
            transport.resume_reading()
            await bench.turns()
        transport.abort()
        await protocol.hears("lost")

    run(bench, main)


def test_unread_bytes_go_to_the_next_protocol_first(bench: Bench) -> None:
    async def main() -> None:
        transport, first, peer = bench.open()
        second = Recorder()

        def hand_over() -> None:
            transport.set_protocol(second)
            transport.unread(b"B")
            transport.unread(b"A")
            assert transport.get_protocol() is second
            assert second.heard == []  # not from inside the call

        first.actions["data"] = hand_over
        peer.send(b"question")
        await first.hears("data")
        peer.send(b"C")
        await second.has_data(b"ABC")
        peer.close()
        await second.hears("lost")
        assert first.names == ["made", "data"]

    run(bench, main)


def test_unread_bytes_wait_while_reading_is_paused(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.pause_reading()
        transport.unread(b"early ")
        peer.send(b"late")
        await bench.turns(5)
        assert protocol.data == b""
        transport.resume_reading()
        await protocol.has_data(b"early late")
        transport.abort()
        transport.unread(b"never")
        await protocol.hears("lost")
        assert protocol.data == b"early late"

    run(bench, main)


def test_an_end_that_came_before_the_hand_over_is_told_again(bench: Bench) -> None:
    async def main() -> None:
        transport, first, peer = bench.open()
        first.keep_open = True
        peer.send(b"x")
        peer.shutdown(socket.SHUT_WR)
        await first.hears("eof")
        second = Recorder()
        transport.set_protocol(second)
        transport.unread(b"rest")
        await second.hears("lost")
        assert second.heard == [("data", b"rest"), ("eof",), ("lost", None)]

    run(bench, main)


def test_what_it_tells_about_itself(bench: Bench) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("sockname") == peer.getpeername()
        assert transport.get_extra_info("cipher", "none") == "none"
        assert "open" in repr(transport)
        transport.close()
        await protocol.hears("lost")
        await bench.turns()
        assert "lost" in repr(transport)
        assert transport.get_extra_info("peername", "gone") == "gone"
        slow = bench.open(4096)
        fill(slow[0])
        slow[0].close()
        assert "closing" in repr(slow[0])
        slow[0].abort()
        await slow[1].hears("lost")

    run(bench, main)
