"""The core against tables: every case whole, byte by byte, cut at every place, and with more behind it."""

import dataclasses
import time
import tracemalloc

import pytest

from tests.websocket.helpers import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    TEXT,
    close,
    feed,
    frame,
    server,
    ways,
)
from tornadolike.websocket.closing import State
from tornadolike.websocket.errors import ProtocolFailure, WebSocketClosedError
from tornadolike.websocket.events import Closed, Failed, Ping, Pong
from tornadolike.websocket.protocol import Role, WebSocketCore

POO = "\N{PILE OF POO}"
SNOW = "sn\N{SNOWMAN}w"


def message(opcode: int, *parts: bytes) -> bytes:
    """A message in fragments."""
    last = len(parts) - 1
    return b"".join(
        frame(opcode if i == 0 else CONTINUATION, part, fin=i == last)
        for i, part in enumerate(parts)
    )


GOOD = {
    # name: (bytes, events, what is answered)
    "text": (frame(TEXT, b"hello"), ["hello"], b""),
    "text, empty": (frame(TEXT), [""], b""),
    "text, not ASCII": (frame(TEXT, SNOW.encode()), [SNOW], b""),
    "text of 125": (frame(TEXT, b"x" * 125), ["x" * 125], b""),
    "text of 126": (frame(TEXT, b"x" * 126), ["x" * 126], b""),
    "text of 127": (frame(TEXT, b"x" * 127), ["x" * 127], b""),
    "binary": (frame(BINARY, b"\xff\x00"), [b"\xff\x00"], b""),
    "binary, empty": (frame(BINARY), [b""], b""),
    "binary of 65535": (frame(BINARY, bytes(65535)), [bytes(65535)], b""),
    "binary of 65536": (frame(BINARY, bytes(65536)), [bytes(65536)], b""),
    "mask of zeros": (frame(TEXT, b"hello", mask=bytes(4)), ["hello"], b""),
    "two messages": (frame(TEXT, b"a") + frame(BINARY, b"b"), ["a", b"b"], b""),
    "fragments": (message(TEXT, b"he", b"ll", b"o"), ["hello"], b""),
    "fragments, binary": (message(BINARY, b"\xff", b"\xfe"), [b"\xff\xfe"], b""),
    "fragments, all empty": (message(TEXT, b"", b"", b""), [""], b""),
    "fragments, some empty": (message(TEXT, b"", b"hello", b"", b"!", b""), ["hello!"], b""),
    "fragments that cut a character": (
        message(TEXT, *(bytes((byte,)) for byte in (SNOW + POO).encode())),
        [SNOW + POO],
        b"",
    ),
    "ping": (frame(PING, b"who"), [Ping(b"who")], frame(PONG, b"who", mask=None)),
    "ping, empty": (frame(PING), [Ping(b"")], frame(PONG, mask=None)),
    "ping of 125": (
        frame(PING, bytes(125)),
        [Ping(bytes(125))],
        frame(PONG, bytes(125), mask=None),
    ),
    "pong, unasked for": (frame(PONG, b"?"), [Pong(b"?")], b""),
    "two pings": (
        frame(PING, b"1") + frame(PING, b"2"),
        [Ping(b"1"), Ping(b"2")],
        frame(PONG, b"1", mask=None) + frame(PONG, b"2", mask=None),
    ),
    "control frames between fragments": (
        frame(TEXT, SNOW.encode()[:3], fin=False)
        + frame(PING, b"1")
        + frame(PONG, b"2")
        + frame(CONTINUATION, SNOW.encode()[3:]),
        [Ping(b"1"), Pong(b"2"), SNOW],
        frame(PONG, b"1", mask=None),
    ),
}

CLOSES = {
    # What comes is answered by a Close frame with the same code, and then nothing more is read.
    "close without a code": (close(), Closed(None, None), close(mask=None)),
    "close": (close(1000), Closed(1000, None), close(1000, mask=None)),
    "close with a reason": (close(1001, b"bye"), Closed(1001, "bye"), close(1001, mask=None)),
    "close with a long reason": (
        close(4999, SNOW.encode() + b"x" * 117),
        Closed(4999, SNOW + "x" * 117),
        close(4999, mask=None),
    ),
    "close between fragments": (
        frame(TEXT, b"he", fin=False) + close(1000),
        Closed(1000, None),
        close(1000, mask=None),
    ),
}

HELLO = frame(TEXT, b"hello", fin=False)

BAD = {
    # name: (bytes, code)
    "not masked": (frame(TEXT, b"hello", mask=None), 1002),
    "not masked, empty": (frame(TEXT, mask=None), 1002),
    "control frame not masked": (frame(PING, mask=None), 1002),
    **{
        f"reserved bits {bits:#x} on {name}": (frame(opcode, b"hello", reserved=bits), 1002)
        for bits in (0x10, 0x20, 0x40, 0x70)
        for name, opcode in {"text": TEXT, "binary": BINARY, "ping": PING, "close": CLOSE}.items()
    },
    "reserved bits on a continuation": (HELLO + frame(CONTINUATION, reserved=0x40), 1002),
    **{f"opcode {opcode}": (frame(opcode), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "16-bit length that fits into 7": (frame(BINARY, b"hello", size=2), 1002),
    "16-bit length of zero": (frame(BINARY, size=2), 1002),
    "64-bit length that fits into 7": (frame(BINARY, b"hello", size=8), 1002),
    "64-bit length that fits into 16": (frame(BINARY, bytes(0xFFFF), size=8)[:200], 1002),
    "64-bit length with its top bit": (b"\x82\xff\x80" + bytes(7), 1002),
    "ping of 126": (frame(PING, bytes(126)), 1002),
    "close of 126": (frame(CLOSE, b"\x03\xe8" + bytes(124)), 1002),
    "pong with a 64-bit length": (frame(PONG, b"", size=8), 1002),
    "ping in fragments": (frame(PING, b"1", fin=False), 1002),
    "close in fragments": (frame(CLOSE, b"\x03\xe8", fin=False), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"hello"), 1002),
    "continuation of nothing, to be continued": (frame(CONTINUATION, b"hello", fin=False), 1002),
    "text inside a message": (HELLO + frame(TEXT, b"hello"), 1002),
    "binary inside a message": (HELLO + frame(BINARY, b"hello", fin=False), 1002),
    "not UTF-8": (frame(TEXT, b"\xff"), 1007),
    "not UTF-8, long": (frame(TEXT, b"x" * 126 + b"\xff"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "overlong": (frame(TEXT, b"\xc0\xaf"), 1007),
    "beyond Unicode": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "half a character": (frame(TEXT, SNOW.encode()[:4]), 1007),
    "half a character, in fragments": (message(TEXT, SNOW.encode()[:3], SNOW.encode()[3:4]), 1007),
    "not UTF-8, in the second fragment": (message(TEXT, b"hello", b"\xff", b"hello"), 1007),
    "a character broken off by the next fragment": (message(TEXT, b"\xe2\x98", b"x"), 1007),
    "close with half a code": (frame(CLOSE, b"\x03"), 1002),
    "close with a reason that is not UTF-8": (close(1000, b"\xff"), 1007),
    "close with a reason cut short": (close(1000, b"\xe2\x98"), 1007),
    **{
        f"close with {code}": (close(code), 1002)
        for code in [0, 1, 999, 1004, 1005, 1006, *range(1015, 1020), 1100, 2000, 2999, 5000, 65535]
    },
}

BAD_AFTER_GOOD = {
    "continuation after the end": (
        HELLO + frame(CONTINUATION) + frame(CONTINUATION),
        ["hello"],
        1002,
    ),
    "a good message before": (frame(TEXT, b"hello") + frame(3), ["hello"], 1002),
    "a good ping before": (frame(PING, b"1") + frame(TEXT, b"\xff"), [Ping(b"1")], 1007),
}

AFTER = [b"", b"\x00", frame(TEXT, b"more"), frame(PING), close(1000), bytes(range(256))]


@pytest.mark.parametrize("name", GOOD)
def test_good(name):
    data, events, answer = GOOD[name]
    for way, chunks in ways(data):
        core = server()
        assert feed(core, chunks) == events, way
        assert core.data_to_send() == answer, way
        assert core.state is State.OPEN
        assert feed(core, [frame(TEXT, b"next")]) == ["next"]
    core = server()
    assert feed(core, [data + frame(TEXT, b"next") + frame(TEXT, b"half")[:-1]]) == [
        *events,
        "next",
    ]


@pytest.mark.parametrize("name", CLOSES)
def test_close(name):
    data, event, answer = CLOSES[name]
    for way, chunks in ways(data):
        core = server()
        assert feed(core, chunks) == [event], way
        assert core.data_to_send() == answer, way
        assert core.state is State.CLOSED
    for after in AFTER:
        core = server()
        assert feed(core, [data + after, after]) == [event]
        assert core.data_to_send() == answer


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999]
)
def test_close_codes_that_may_come(code):
    core = server()
    assert feed(core, [close(code, b"why")]) == [Closed(code, "why")]
    assert core.data_to_send() == close(code, mask=None)


@pytest.mark.parametrize("name", BAD)
def test_bad(name):
    data, code = BAD[name]
    for way, chunks in ways(data):
        core = server()
        *before, last = feed(core, chunks)
        assert not before, way
        assert isinstance(last, Failed), way
        assert last.code == code, way
        assert core.data_to_send() == close(code, last.reason.encode(), mask=None)
        assert core.state is State.CLOSED
    for after in AFTER:
        core = server()
        core.send_message(b"before", binary=False)
        assert feed(core, [data + after, after]) == [last]
        assert core.data_to_send() == frame(TEXT, b"before", mask=None) + close(
            code, last.reason.encode(), mask=None
        )
        core.receive_eof()
        assert core.next_event() is None


@pytest.mark.parametrize("name", BAD_AFTER_GOOD)
def test_what_was_good_before_the_bad_counts(name):
    data, events, code = BAD_AFTER_GOOD[name]
    for way, chunks in ways(data):
        *before, last = feed(server(), chunks)
        assert before == events, way
        assert last.code == code, way


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x83", None),  # the second byte is waited for
        (b"\x81\x05", 1002),
        (b"\x83\x85", 1002),
        (b"\xc1\x85", 1002),
        (b"\x89\xfe", 1002),
        (b"\x80\x85", 1002),
        (b"\x82\xfe\x00\x7d", 1002),
        (b"\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff", 1009),  # before the mask
        (frame(TEXT, b"\xe2\x98x" + bytes(100))[:9], 1007),  # before the frame's end
        (frame(TEXT, b"\xed\xa0" + bytes(1000))[:10], 1007),
    ],
)
def test_wrong_bytes_are_found_when_they_arrive(data, code):
    for _, chunks in ways(data):
        core = server()
        codes = [event.code for event in feed(core, chunks)]
        assert codes == ([] if code is None else [code])


class TestLimit:
    LIMIT = 300

    @pytest.mark.parametrize(
        "data",
        [
            frame(BINARY, bytes(LIMIT + 1))[:4],
            frame(BINARY, bytes(0x10000))[:10],
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
            frame(BINARY, bytes(LIMIT), fin=False) + frame(CONTINUATION, b"x")[:2],
            frame(BINARY, bytes(1), fin=False) + frame(CONTINUATION, bytes(LIMIT))[:4],
            frame(BINARY, bytes(200), fin=False)
            + frame(CONTINUATION, bytes(100), fin=False)
            + frame(CONTINUATION, bytes(1), fin=False),
        ],
    )
    def test_too_big(self, data):
        """Known from the head alone."""
        for way, chunks in ways(data):
            core = server(max_message_size=self.LIMIT)
            assert feed(core, chunks) == [Failed(1009, "message too big")], way
            assert core.data_to_send() == close(1009, b"message too big", mask=None)

    def test_just_not_too_big(self):
        data = frame(BINARY, bytes(self.LIMIT)) + message(BINARY, bytes(self.LIMIT - 1), b"", b"x")
        for way, chunks in ways(data):
            core = server(max_message_size=self.LIMIT)
            assert [len(event) for event in feed(core, chunks)] == [self.LIMIT] * 2, way

    @pytest.mark.parametrize("limit", [0, 1, 124, 125])
    def test_small_limits(self, limit):
        core = server(max_message_size=limit)
        assert feed(core, [frame(TEXT, b"x" * limit) * 2]) == ["x" * limit] * 2
        assert feed(core, [frame(PING, b"x" * 125)]) == [Ping(b"x" * 125)]
        assert feed(core, [frame(TEXT, b"x" * (limit + 1))]) == [Failed(1009, "message too big")]

    def test_ten_mebibytes_by_default(self):
        head = b"\x82\xff" + (10 * 2**20).to_bytes(8, "big") + MASK
        assert feed(server(), [head]) == []
        head = b"\x82\xff" + (10 * 2**20 + 1).to_bytes(8, "big")
        assert feed(server(), [head]) == [Failed(1009, "message too big")]


class TestCost:
    """Nobody can make us pay more than in proportion to what he sends."""

    @staticmethod
    def seconds(chunks: list[bytes]) -> float:
        best = 1e9
        for _ in range(3):
            core = server(max_message_size=2**30)
            start = time.process_time()
            feed(core, chunks)
            best = min(best, time.process_time() - start)
        return best

    @pytest.mark.parametrize(
        "attack",
        [
            lambda n: [frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * n],
            lambda n: [frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * n],
            lambda n: [bytes((byte,)) for byte in frame(TEXT, b"x" * n)],
            lambda n: [bytes((byte,)) for byte in frame(BINARY, b"x" * 100) * (n // 100)],
            lambda n: [frame(BINARY, bytes(n * 50))],
            lambda n: [frame(PING) * n],
        ],
        ids=[
            "fragments",
            "empty fragments",
            "byte by byte",
            "small ones byte by byte",
            "one big frame",
            "pings",
        ],
    )
    def test_time_is_linear(self, attack):
        few, many = attack(10_000), attack(80_000)
        # Eight times as much; what is quadratic would take 64 times as long.
        assert self.seconds(many) < 25 * self.seconds(few) + 0.01

    def test_very_many_fragments(self):
        data = frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 199_998
        core = server()
        assert feed(core, [data]) == []
        assert feed(core, [frame(CONTINUATION, b"x")]) == ["x" * 200_000]

    def test_empty_fragments_take_no_memory(self):
        data = frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 20_000
        core = server()
        tracemalloc.start()
        try:
            for at in range(0, len(data), 1000):
                feed(core, [data[at : at + 1000]])
            used, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert used < 10_000
        assert peak < 100_000

    def test_a_claimed_length_takes_no_memory(self):
        head = frame(BINARY, bytes(8 * 2**20))[:20]
        tracemalloc.start()
        try:
            core = server()
            feed(core, [head])
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert used < 10_000

    def test_nothing_is_kept_when_nothing_is_unfinished(self):
        core = server()
        feed(core, [frame(BINARY, bytes(5000)) * 10])
        assert core._data == b""
        feed(core, [b"\x83"])
        assert core._data == b"\x83"


class TestPull:
    def test_answers_go_in_the_order_of_the_events(self):
        core = server()
        core.receive_data(frame(TEXT, b"1") + frame(PING, b"2") + frame(TEXT, b"3") + close(1000))
        while (event := core.next_event()) is not None:
            if isinstance(event, str):
                core.send_message(b"you said " + event.encode(), binary=False)
        assert core.data_to_send() == (
            frame(TEXT, b"you said 1", mask=None)
            + frame(PONG, b"2", mask=None)
            + frame(TEXT, b"you said 3", mask=None)
            + close(1000, mask=None)
        )

    def test_bytes_may_pile_up_before_anybody_asks(self):
        core = server()
        for byte in frame(TEXT, b"hello") * 100:
            core.receive_data(bytes((byte,)))
        assert feed(core, [b""]) == ["hello"] * 100

    def test_unsent_counts_the_output(self):
        core = server()
        core.send_message(bytes(200), binary=True)
        core.send_ping(b"x")
        core.send_close()
        assert core.unsent == len(core.data_to_send()) == 209
        assert core.unsent == 0
        assert core.data_to_send() == b""


class TestEnd:
    def test_end_without_close(self):
        core = server()
        core.receive_data(frame(TEXT, b"hello") + frame(TEXT, b"half")[:-1])
        core.receive_eof()
        assert core.next_event() == "hello"
        assert core.next_event() == Failed(1006, "the connection ended without a Close frame")
        assert core.next_event() is None
        assert core.data_to_send() == b""
        assert core.state is State.CLOSED

    def test_end_inside_a_long_frame(self):
        core = server()
        assert feed(core, [frame(BINARY, bytes(1000))[:500]]) == []
        core.receive_eof()
        assert core.next_event().code == 1006

    def test_end_after_close(self):
        core = server()
        core.receive_data(close(1000))
        core.receive_eof()
        assert core.next_event() == Closed(1000, None)
        assert core.next_event() is None

    def test_end_after_our_close(self):
        core = server()
        core.send_close(1000)
        core.receive_eof()
        assert core.next_event().code == 1006


class TestOurClose:
    def test_handshake(self):
        core = server()
        core.send_close(1001, "see you")
        assert core.state is State.CLOSING
        assert core.data_to_send() == close(1001, b"see you", mask=None)
        assert feed(core, [frame(TEXT, b"crossed"), close(1001)]) == ["crossed", Closed(1001, None)]
        assert core.state is State.CLOSED
        assert core.data_to_send() == b""

    def test_is_said_once(self):
        core = server()
        core.send_close(1000)
        core.send_close(4000)
        assert core.data_to_send() == close(1000, mask=None)
        feed(core, [close(1000)])
        core.send_close(4001)
        assert core.data_to_send() == b""

    def test_nothing_follows_it(self):
        core = server()
        core.send_close()
        core.data_to_send()
        with pytest.raises(WebSocketClosedError):
            core.send_message(b"", binary=True)
        with pytest.raises(WebSocketClosedError):
            core.send_ping()
        assert feed(core, [frame(PING, b"1")]) == [Ping(b"1")]
        assert feed(core, [frame(3)]) == [Failed(1002, "unknown opcode")]
        assert core.data_to_send() == b""

    @pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 70000, -1])
    def test_codes_that_may_not_be_sent(self, code):
        core = server()
        with pytest.raises(ValueError, match="close code"):
            core.send_close(code)
        assert core.state is State.OPEN

    def test_reason(self):
        core = server()
        with pytest.raises(ValueError, match="123 bytes"):
            core.send_close(1000, "\N{SNOWMAN}" * 42)
        core.send_close(reason="\N{SNOWMAN}" * 41)
        assert core.data_to_send() == close(1000, ("\N{SNOWMAN}" * 41).encode(), mask=None)


class TestPings:
    def test_too_long(self):
        with pytest.raises(ValueError, match="125 bytes"):
            server().send_ping(bytes(126))

    def test_held_pongs(self):
        """While the peer reads nothing, only its latest ping will be answered."""
        core = server()
        core.hold_pongs(True)
        assert len(feed(core, [frame(PING, b"1") + frame(PING, b"2") + frame(PING, b"3")])) == 3
        assert core.data_to_send() == b""
        core.hold_pongs(False)
        assert core.data_to_send() == frame(PONG, b"3", mask=None)
        core.hold_pongs(True)
        core.hold_pongs(False)
        assert core.data_to_send() == b""

    def test_held_pongs_never_follow_a_close(self):
        core = server()
        core.hold_pongs(True)
        feed(core, [frame(PING, b"1")])
        core.send_close(1000)
        core.hold_pongs(False)
        assert core.data_to_send() == close(1000, mask=None)


class TestClient:
    """The other end: what it sends is masked, what it receives must not be."""

    def test_masks(self):
        masks = iter([MASK, b"abcd", bytes(4)])
        core = WebSocketCore(Role.CLIENT, new_mask=lambda: next(masks))
        core.send_message(b"hello", binary=False)
        core.send_ping(b"x")
        core.send_close(1000)
        assert core.data_to_send() == frame(TEXT, b"hello") + frame(
            PING, b"x", mask=b"abcd"
        ) + close(1000, mask=bytes(4))

    def test_a_new_mask_for_each_frame(self):
        core = WebSocketCore(Role.CLIENT)
        core.send_message(b"hello", binary=True)
        core.send_message(b"hello", binary=True)
        data = core.data_to_send()
        assert data[2:6] != data[13:17]

    def test_a_masked_frame_is_refused(self):
        core = WebSocketCore(Role.CLIENT)
        assert feed(core, [frame(TEXT, b"hello")]) == [Failed(1002, "masked frame from a server")]

    def test_reads(self):
        data = (
            frame(TEXT, b"a", mask=None)
            + frame(BINARY, bytes(300), mask=None)
            + frame(TEXT, b"b", fin=False, mask=None)
            + frame(PING, b"1", mask=None)
            + frame(CONTINUATION, b"c", mask=None)
            + close(1000, b"x", mask=None)
        )
        for _, chunks in ways(data):
            core = WebSocketCore(Role.CLIENT)
            expected = ["a", bytes(300), Ping(b"1"), "bc", Closed(1000, "x")]
            assert feed(core, chunks) == expected


@dataclasses.dataclass
class Doubling:
    """An extension for the test: what it transforms has every byte twice."""

    reserved: int = 0x40

    def decode(self, data: bytes, final: bool, limit: int) -> bytes:
        if len(data) * 2 > limit:
            raise ProtocolFailure(1009, "message too big")
        return bytes(byte for byte in data for _ in "12")

    def encode(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        if payload[::2] != payload[1::2]:
            return 0, payload
        return self.reserved, payload[::2]


class TestExtension:
    def core(self, **options):
        return WebSocketCore(Role.SERVER, extension=Doubling(), **options)

    def test_decodes_marked_messages(self):
        data = (
            frame(TEXT, b"abc", reserved=0x40)
            + frame(TEXT, b"abc")
            + frame(BINARY, b"d", reserved=0x40, fin=False)
            + frame(PING)
            + frame(CONTINUATION, b"e")
        )
        for _, chunks in ways(data):
            assert feed(self.core(), chunks) == ["aabbcc", "abc", Ping(b""), b"ddee"]

    @pytest.mark.parametrize(
        "data",
        [
            frame(TEXT, b"abc", reserved=0x20),
            frame(TEXT, b"abc", reserved=0x60),
            frame(PING, b"abc", reserved=0x40),
            frame(TEXT, b"abc", reserved=0x40, fin=False) + frame(CONTINUATION, reserved=0x40),
        ],
    )
    def test_other_reserved_bits_are_refused(self, data):
        assert feed(self.core(), [data]) == [Failed(1002, "unexpected reserved bits")]

    def test_the_limit_is_on_the_plain_message(self):
        core = self.core(max_message_size=10)
        assert feed(core, [frame(TEXT, b"abcde", reserved=0x40)]) == ["aabbccddee"]
        assert feed(core, [frame(TEXT, b"abcdef", reserved=0x40)]) == [
            Failed(1009, "message too big")
        ]

    def test_text_is_checked_after_it(self):
        assert feed(self.core(), [frame(TEXT, b"\xc3", reserved=0x40)])[0].code == 1007

    def test_encodes(self):
        core = self.core()
        core.send_message(b"aabb", binary=False)
        core.send_message(b"ab", binary=True)
        assert core.data_to_send() == frame(TEXT, b"ab", reserved=0x40, mask=None) + frame(
            BINARY, b"ab", mask=None
        )
