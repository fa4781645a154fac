"""permessage-deflate: RFC 7692's examples and what is wrong, on every split; both takeovers; memory."""

import dataclasses
import random
import threading
import tracemalloc
import zlib

import pytest

from tests.websocket.helpers import BINARY, CONTINUATION, PING, TEXT, feed, frame, ways
from tornadolike.websocket.closing import State
from tornadolike.websocket.compression.deflate import (
    MAX_STREAMS,
    PIECE,
    CompressionOptions,
    DeflateParameters,
    PerMessageDeflate,
    deflate_alone,
)
from tornadolike.websocket.errors import ProtocolFailure
from tornadolike.websocket.events import Failed, Ping
from tornadolike.websocket.protocol import Role, WebSocketCore

ALL = CompressionOptions(threshold=0)
TAKEOVER = DeflateParameters()
ALONE = DeflateParameters(server_no_context_takeover=True, client_no_context_takeover=True)
BOTH = pytest.mark.parametrize("parameters", [TAKEOVER, ALONE], ids=["takeover", "no takeover"])

HELLO = bytes.fromhex("f248cdc9c90700")  # of RFC 7692, 7.2.3.1


def server(parameters: DeflateParameters, limit: int = 10000) -> WebSocketCore:
    extension = PerMessageDeflate(Role.SERVER, parameters, ALL)
    return WebSocketCore(Role.SERVER, max_message_size=limit, extension=extension)


def compressed(payload: bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    return frame(opcode, payload, fin=fin, reserved=0x40)


def deflated(plain: bytes, *, final_block: bool = False, bits: int = 15) -> bytes:
    """A message as a compressor with nothing before it makes it."""
    deflator = zlib.compressobj(wbits=-bits)
    data = deflator.compress(plain)
    if final_block:
        return data + deflator.flush(zlib.Z_FINISH) + b"\x00"
    return data + deflator.flush(zlib.Z_SYNC_FLUSH)[:-4]


GOOD = {
    "7.2.3.1, one block": (compressed(HELLO), ["Hello"]),
    "7.2.3.1, in fragments": (
        compressed(HELLO[:3], fin=False) + frame(CONTINUATION, HELLO[3:]),
        ["Hello"],
    ),
    "7.2.3.3, a block without compression": (
        compressed(bytes.fromhex("000500faff48656c6c6f00")),
        ["Hello"],
    ),
    "7.2.3.4, a final block": (compressed(bytes.fromhex("f348cdc9c9070000")), ["Hello"]),
    "7.2.3.5, two blocks": (compressed(bytes.fromhex("f248050000 00ffffcac9c90700")), ["Hello"]),
    "7.2.3.6, empty": (compressed(b"\x00") + compressed(b"\x00", BINARY), ["", b""]),
    "twice": (compressed(HELLO) * 2, ["Hello", "Hello"]),
    "not compressed": (frame(TEXT, b"Hello") + compressed(HELLO), ["Hello", "Hello"]),
    "between others": (
        compressed(HELLO) + frame(TEXT, b"?") + compressed(HELLO),
        ["Hello", "?", "Hello"],
    ),
    "empty fragments": (
        compressed(b"", fin=False)
        + frame(CONTINUATION, HELLO, fin=False)
        + frame(CONTINUATION, b"", fin=False)
        + frame(CONTINUATION, b""),
        ["Hello"],
    ),
    "a fragment for each byte, and a ping between": (
        compressed(HELLO[:1], fin=False)
        + b"".join(frame(CONTINUATION, HELLO[i : i + 1], fin=False) for i in range(1, 5))
        + frame(PING, b"?")
        + frame(CONTINUATION, HELLO[5:]),
        [Ping(b"?"), "Hello"],
    ),
    "a flush at the end of a fragment": (
        compressed(HELLO + b"\x00\x00\xff\xff", fin=False) + frame(CONTINUATION, b"\x00"),
        ["Hello"],
    ),
    "a message behind a final block": (
        compressed(bytes.fromhex("f348cdc9c9070000")) + compressed(HELLO),
        ["Hello", "Hello"],
    ),
    "final blocks inside": (
        compressed(bytes.fromhex("f348cdc9c90700") * 3 + HELLO),
        ["Hello" * 4],
    ),
    "a final block and nothing behind it": (
        compressed(bytes.fromhex("f348cdc9c90700")) + compressed(HELLO),
        ["Hello", "Hello"],
    ),
    "characters that are cut": (
        compressed(deflated("sn\N{SNOWMAN}w".encode()), TEXT),
        ["sn\N{SNOWMAN}w"],
    ),
    "binary": (compressed(deflated(bytes(300)), BINARY), [bytes(300)]),
}


@BOTH
@pytest.mark.parametrize("case", GOOD)
def test_good(case, parameters):
    data, expected = GOOD[case]
    for way, chunks in ways(data):
        core = server(parameters)
        assert feed(core, chunks) == expected, way
        assert core.state is State.OPEN


def test_the_window_is_shared():
    """7.2.3.2: the second message is told by the first, but only where that was agreed on."""
    data = compressed(HELLO) + compressed(bytes.fromhex("f200110000"))
    for way, chunks in ways(data):
        assert feed(server(TAKEOVER), chunks) == ["Hello", "Hello"], way
    assert feed(server(ALONE), [data])[-1].code == 1007
    released = server(TAKEOVER)
    assert feed(released, [compressed(HELLO)]) == ["Hello"]
    assert released.extension.release()
    assert feed(released, [compressed(bytes.fromhex("f200110000"))]) == ["Hello"]


BAD = {
    # name: (bytes, code)
    "no deflate": (compressed(b"\xff\xff\xff\xff"), 1007),
    "stored block with a wrong length": (compressed(bytes.fromhex("000500faf048656c6c6f00")), 1007),
    "too far back": (compressed(bytes.fromhex("f200110000")), 1007),
    "no bytes at all": (compressed(b""), 1007),
    "no bytes in all fragments": (compressed(b"", fin=False) + frame(CONTINUATION, b""), 1007),
    "cut short": (compressed(HELLO[:4]), 1007),
    "cut short in a stored block": (compressed(bytes.fromhex("000500faff4865")), 1007),
    "garbage behind a final block": (compressed(bytes.fromhex("f348cdc9c90700ff")), 1007),
    "too many final blocks": (compressed(b"\x03\x00" * (MAX_STREAMS + 1)), 1007),
    "not UTF-8": (compressed(deflated(b"\xff\xfe")), 1007),
    "not UTF-8, cut": (compressed(deflated(b"ab\xe2\x98")), 1007),
    "the bit on a continuation": (
        compressed(HELLO[:3], fin=False) + frame(CONTINUATION, HELLO[3:], reserved=0x40),
        1002,
    ),
    "the bit on a continuation only": (
        frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", reserved=0x40),
        1002,
    ),
    "the bit on a ping": (frame(PING, b"", reserved=0x40), 1002),
    "another bit as well": (frame(TEXT, HELLO, reserved=0x60), 1002),
    "another bit": (frame(TEXT, HELLO, reserved=0x10), 1002),
    "too big": (compressed(deflated(bytes(10001)), BINARY), 1009),
    "too big in fragments": (
        compressed(deflated(bytes(5001)) + b"\x00\x00\xff\xff", BINARY, fin=False)
        + frame(CONTINUATION, deflated(bytes(5000))),
        1009,
    ),
    "too big behind final blocks": (
        compressed(deflated(bytes(1000), final_block=True)[:-1] * 11 + b"\x00", BINARY),
        1009,
    ),
}


@BOTH
@pytest.mark.parametrize("case", BAD)
def test_bad(case, parameters):
    data, code = BAD[case]
    for way, chunks in ways(data):
        core = server(parameters)
        events = feed(core, chunks)
        assert isinstance(events[-1], Failed), way
        assert events[-1].code == code, way
        assert core.state is State.CLOSED


def test_every_message_that_is_cut_short_is_found_where_it_stands_alone():
    # (But for the one byte that every stored block begins with, and that is the empty message, too.)
    message = deflated(b" ".join(b"%d or %x" % (n, n * n) for n in range(60)))
    for end in range(len(message)):
        with pytest.raises(ProtocolFailure) as caught:
            PerMessageDeflate(Role.SERVER, ALONE, ALL).decode(message[:end], True, 10000)
        assert caught.value.code == 1007, end


@BOTH
@pytest.mark.parametrize("size", [0, 1, 124, 9999, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_the_limit_is_exact(parameters, size):
    message = compressed(deflated(bytes(size)) if size else b"\x00", BINARY)
    assert feed(server(parameters, size), [message]) == [bytes(size)]
    if size:
        assert feed(server(parameters, size - 1), [message])[-1].code == 1009


@BOTH
def test_a_bomb_takes_its_limit_and_no_more(parameters):
    bomb = deflated(bytes(20 * 2**20))
    limit = 4 * 2**20
    extension = PerMessageDeflate(Role.SERVER, parameters, ALL)
    tracemalloc.start()
    with pytest.raises(ProtocolFailure) as caught:
        extension.decode(bomb, True, limit)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == 1009
    assert limit < peak < limit + 2**20


def test_what_we_send():
    """Our own messages are those of the examples."""
    options = CompressionOptions(threshold=0, server_max_window_bits=15)
    extension = PerMessageDeflate(Role.SERVER, TAKEOVER, options)
    assert extension.encode(b"Hello", False) == (0x40, HELLO)
    assert extension.encode(b"Hello", False) == (0x40, bytes.fromhex("f200110000"))
    assert extension.release()
    assert len(extension.encode(b"Hello", False)[1]) < len(HELLO), "what it remembers is kept"
    assert extension.encode(b"", False) == (0, b"")
    assert extension.encode_piece(b"Hello", True, False)[0] == 0x40
    assert extension.encode_piece(b"", False, False) == (0, b"\x00\x00\x00\xff\xff")
    assert extension.encode_piece(b"", False, True) == (0, b"\x00")
    alone = PerMessageDeflate(Role.SERVER, ALONE, options)
    long = b"Hello" * 50
    assert alone.encode(long, False) == alone.encode(long, True) == alone.encode_shared(long, False)
    assert alone.encode(b"Hello", False) == (0, b"Hello"), "it would only become longer"


def test_small_messages_are_left_alone():
    extension = PerMessageDeflate(Role.CLIENT, TAKEOVER, CompressionOptions(threshold=100))
    assert extension.encode(b"x" * 99, False) == (0, b"x" * 99)
    assert extension.encode_shared(b"x" * 99, False) == (0, b"x" * 99)
    assert extension.encode_piece(b"x" * 99, True, True) == (0, b"x" * 99)
    assert extension.encode(b"x" * 100, False)[0] == 0x40
    assert extension.encode_piece(b"x", True, False)[0] == 0x40, "who knows what follows"


class Reader:
    """The other end, as zlib itself would be it: it keeps the window, or begins anew each time."""

    def __init__(self, bits: int, alone: bool) -> None:
        self.bits, self.alone = bits, alone
        self.inflator = zlib.decompressobj(-bits)

    def read(self, bits: int, payload: bytes) -> bytes:
        if not bits:
            return payload
        if self.alone:
            self.inflator = zlib.decompressobj(-self.bits)
        # Byte by byte, so that zlib sees no more of what was than the window.
        plain = b""
        for byte in payload + b"\x00\x00\xff\xff":
            plain += self.inflator.decompress(bytes((byte,)))
        return plain


WORDS = [b"hello", b"who is there", b"kitchen", b"\x00\xff", bytes(range(64)), b"x" * 300, b""]


@pytest.mark.parametrize("alone", [False, True], ids=["takeover", "no takeover"])
@pytest.mark.parametrize("bits", [8, 9, 12, 15])
def test_every_mix_of_what_is_sent_can_be_read(bits, alone):
    """Messages of our own, shared ones, pieces, releases: in any order, by zlib and by ourselves."""
    rng = random.Random(bits)
    parameters = DeflateParameters(alone, alone, bits, bits)
    options = CompressionOptions(threshold=20, mem_level=1 if bits == 9 else 5)
    ours = PerMessageDeflate(Role.SERVER, parameters, options)
    another = PerMessageDeflate(Role.SERVER, parameters, options)
    client = PerMessageDeflate(Role.CLIENT, parameters, options)
    reader = Reader(bits, alone)
    assert ours.sharing == another.sharing
    ways_taken = set()
    for _ in range(250):
        plain = b" ".join(rng.choices(WORDS, k=rng.randrange(12)))
        way = rng.choice(["own", "own", "shared", "from another", "pieces", "release"])
        ways_taken.add(way)
        if way == "own":
            reserved, payload = ours.encode(plain, True)
        elif way == "pieces":
            cuts = sorted(rng.choices(range(len(plain) + 1), k=3))
            pieces = [plain[a:b] for a, b in zip([0, *cuts], [*cuts, len(plain)], strict=True)]
            frames = []
            for number, piece in enumerate(pieces):
                if rng.randrange(4) == 0:
                    ours.release()
                frames.append(ours.encode_piece(piece, number == 0, number == 3))
            reserved = frames[0][0]
            assert all(bit == 0 for bit, _ in frames[1:])
            payload = b"".join(data for _, data in frames)
        elif way == "release":
            assert ours.release()
            assert client.release()
            continue
        else:
            sender = ours if way == "shared" else another
            reserved, payload = sender.encode_shared(plain, True)
            ours.sent_shared()
        assert bits > 8 or not reserved, "zlib cannot compress with 8"
        assert reader.read(reserved, payload) == plain, way
        if reserved:
            middle = rng.randrange(len(payload) + 1)
            parts = [client.decode(payload[:middle], False, 20000)]
            parts.append(client.decode(payload[middle:], True, 20000))
            assert b"".join(parts) == plain, way
    assert len(ways_taken) == 5


@pytest.mark.parametrize("bits", range(8, 16))
def test_a_window_of_each_size_is_read(bits):
    """Also behind a release, and no history is longer than its window."""
    parameters = DeflateParameters(client_max_window_bits=bits)
    extension = PerMessageDeflate(Role.SERVER, parameters, ALL)
    deflator = zlib.compressobj(wbits=-max(bits, 9))
    rng = random.Random(1)
    for number in range(40):
        # Of 8 bits we only have what has nothing to refer to: zlib makes no such window.
        plain = rng.randbytes(900) if bits > 8 else rng.randbytes(20)
        plain += plain[:200] if bits > 8 else b""
        data = deflator.compress(plain) + deflator.flush(zlib.Z_SYNC_FLUSH)[:-4]
        assert extension.decode(data, True, 2000) == plain
        if number % 3 == 0:
            assert extension.release()


def test_further_back_than_agreed_on():
    parameters = DeflateParameters(client_max_window_bits=9)
    extension = PerMessageDeflate(Role.SERVER, parameters, ALL)
    deflator = zlib.compressobj(wbits=-15)
    first = random.Random(1).randbytes(2000)
    for plain in (first, b"x", first):
        data = deflator.compress(plain) + deflator.flush(zlib.Z_SYNC_FLUSH)[:-4]
        if plain is first and len(data) < 1000:
            with pytest.raises(ProtocolFailure) as caught:
                extension.decode(data, True, 3000)
            assert caught.value.code == 1007
            return
        assert extension.decode(data, True, 3000) == plain
    pytest.fail("nothing referred to what was too far back")


def copy_of_three(distance_bits: int) -> bytes:
    """A message that says: the three bytes that came 2 ** distance_bits before this. zlib never looks so far."""
    extra = distance_bits - 2
    bits = "010" + "0000001" + f"{2 * distance_bits - 1:05b}" + "1" * extra + "0000000" + "000"
    return int(bits[::-1], 2).to_bytes((len(bits) + 7) // 8, "little")


@pytest.mark.parametrize("bits", range(8, 16))
def test_the_window_is_used_to_its_last_byte(bits):
    """And is kept so. What zlib makes stays 262 bytes away from it, other compressors need not."""
    window = random.Random(bits).randbytes(2**bits)
    for released in (False, True):
        for before in (b"", window, bytes(2 * PIECE)):
            reader = PerMessageDeflate(
                Role.SERVER, DeflateParameters(client_max_window_bits=bits), ALL
            )
            reader.decode(deflated(before + window), True, 2**20)
            assert not released or reader.release()
            assert reader.decode(copy_of_three(bits), True, 3) == window[:3]


def test_a_final_block_ends_the_history():
    back = bytes.fromhex("f200110000")
    for released in (False, True):
        reader = PerMessageDeflate(Role.SERVER, TAKEOVER, ALL)
        reader.decode(HELLO, True, 5)
        reader.decode(deflated(b"x", final_block=True), True, 5)
        assert not released or reader.release()
        with pytest.raises(ProtocolFailure):
            reader.decode(back, True, 5)
        assert reader.release(), "what has failed holds nothing"


def test_nothing_is_released_in_the_middle_of_a_message():
    extension = PerMessageDeflate(Role.SERVER, TAKEOVER, ALL)
    parts = [extension.decode(HELLO[:4], False, 100)]
    assert not extension.release()
    parts.append(extension.decode(HELLO[4:], True, 100))
    assert b"".join(parts) == b"Hello"
    assert extension.release()


@pytest.mark.parametrize("alone", [False, True], ids=["takeover", "no takeover"])
def test_who_is_idle_holds_no_more_than_a_window(alone):
    """What is behind the figures in the documentation."""
    options = CompressionOptions(threshold=0)
    bits = options.client_max_window_bits
    parameters = DeflateParameters(alone, alone, bits, bits)
    message = random.Random(2).randbytes(3 * 2**bits // 2)
    sent = deflated(message, bits=bits)
    PerMessageDeflate(Role.SERVER, parameters, options).encode_shared(message, True)  # of the pool
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    extension = PerMessageDeflate(Role.SERVER, parameters, options)
    unused = tracemalloc.get_traced_memory()[0] - before
    extension.decode(sent, True, 2**20)
    extension.encode(message, True)
    used = tracemalloc.get_traced_memory()[0] - before
    extension.release()
    idle = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert unused < 1024
    if alone:
        assert used < 1024
    else:
        assert 30 * 1024 < used < 70 * 1024
    assert idle < 1024 + (0 if alone else 2 * 2**bits)


def test_threads_share_no_deflator():
    settings = (6, 12, 5)
    payloads = [bytes((number,)) * 20000 for number in range(4)]
    expected = [deflate_alone(payload, settings) for payload in payloads]
    wrong = []

    def work(number):
        for _ in range(100):
            if deflate_alone(payloads[number], settings) != expected[number]:
                wrong.append(number)  # noqa: PERF401 (other threads add to it)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_options():
    assert CompressionOptions.read({}) == CompressionOptions()
    assert dataclasses.astuple(CompressionOptions()) == (3, 5, 12, 12, False, False, 64)
    assert CompressionOptions.read({"compression_level": 1, "mem_level": 9}) == CompressionOptions(
        compression_level=1, mem_level=9
    )
    assert CompressionOptions.read({"mem_level": None}) == CompressionOptions()
    assert CompressionOptions.read(
        {"max_window_bits": 10, "client_max_window_bits": 15}
    ) == CompressionOptions(server_max_window_bits=10, client_max_window_bits=15)
    for wrong in (
        {"level": 1},
        {"compression_level": 10},
        {"compression_level": True},
        {"mem_level": 0},
        {"mem_level": "8"},
        {"max_window_bits": 8},
        {"server_max_window_bits": 16},
        {"threshold": -1},
        {"threshold": 1.5},
        {"server_no_context_takeover": 1},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)).removeprefix("max_")):
            CompressionOptions.read(wrong)
    for no_dict in (True, False, "deflate", 6):
        with pytest.raises(TypeError, match="a dict, or None for no compression"):
            CompressionOptions.read(no_dict)
