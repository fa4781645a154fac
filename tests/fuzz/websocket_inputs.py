"""Bytes as a peer of a WebSocket may send them: right ones, nearly right ones, and wrong ones."""

import itertools
import random
import zlib

from tests.websocket.helpers import close, frame
from tornadolike.websocket.compression.deflate import (
    CompressionOptions,
    DeflateParameters,
    PerMessageDeflate,
)
from tornadolike.websocket.protocol import Role

LIMIT = 3000
SECONDS = 0.25  # for each test at random

OPCODES = [0, 0, 1, 1, 2, 2, 8, 9, 9, 10, 3, 11]
SIZES = [0, 1, 2, 5, 20, 125, 126, 127, 500, LIMIT, LIMIT + 1]


def generator() -> random.Random:
    """A generator whose seed stands in the output of a test that fails."""
    seed = random.randrange(2**32)
    print("seed", seed)
    return random.Random(seed)


def random_payload(rng: random.Random) -> bytes:
    size = rng.choice(SIZES)
    return rng.choice([b"x" * size, rng.randbytes(size), "\N{SNOWMAN}".encode() * (size // 3)])


def random_frame(rng: random.Random, masked: bool) -> bytes:
    payload = random_payload(rng)
    if rng.random() < 0.1:
        return close(rng.choice([1000, 1005, 3000, rng.randrange(6000)]), payload[:123])
    return frame(
        rng.choice(OPCODES),
        payload,
        fin=rng.random() < 0.6,
        reserved=rng.choice([0] * 30 + [0x10, 0x40]),
        mask=rng.randbytes(4) if masked == (rng.random() < 0.99) else None,
        size=rng.choice([0] * 30 + [2, 8]),
    )


def random_cuts(rng: random.Random, size: int, most: int = 5) -> list[int]:
    return [rng.randrange(size + 1) for _ in range(rng.randrange(most + 1))]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """``data`` in pieces, cut at these places."""
    return [data[a:b] for a, b in itertools.pairwise([0, *sorted(cuts), len(data)])]


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """Some bytes wrong, some missing, or some twice."""
    if not data:
        return rng.randbytes(3)
    wrong = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(wrong))
        wrong[place] = rng.choice([wrong[place] ^ (1 << rng.randrange(8)), rng.randrange(256)])
    if rng.random() < 0.3:
        place = rng.randrange(len(wrong))
        wrong[place:place] = wrong[place : place + 10] if rng.random() < 0.5 else b""
        del wrong[place : place + rng.randrange(3)]
    return bytes(wrong)


class Deflating:
    """A peer that compresses in all the ways that there are."""

    def __init__(self, rng: random.Random, alone: bool, bits: int = 15) -> None:
        self.rng = rng
        self.alone = alone
        self.bits = bits
        self.deflator = self.new()

    def new(self):
        strategies = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE]
        level = self.rng.choice([0, 1, 6, 9])
        return zlib.compressobj(level, zlib.DEFLATED, -self.bits, 8, self.rng.choice(strategies))

    def compressed(self, payload: bytes) -> bytes:
        """A message's payload, in one block or in some, without the tail."""
        if self.alone or self.rng.random() < 0.1:
            self.deflator = self.new()
        out = b""
        for piece in cut(payload, random_cuts(self.rng, len(payload), 2)):
            out += self.deflator.compress(piece)
            out += self.deflator.flush(self.rng.choice([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
        return out.removesuffix(b"\0\0\xff\xff")

    def message(self, payload: bytes, *, text: bool, masked: bool, wrong: bool = False) -> bytes:
        """A message, as a rule compressed, in some fragments and with pings among them."""
        rng = self.rng
        reserved = 0x40 if rng.random() < 0.8 else 0
        data = self.compressed(payload) if reserved else payload
        if wrong:
            data = spoilt(rng, data)
        out = b""
        parts = cut(data, random_cuts(rng, len(data), 3))
        for number, part in enumerate(parts):
            out += frame(
                (1 if text else 2) if number == 0 else 0,
                part,
                fin=number == len(parts) - 1,
                reserved=reserved if number == 0 else 0,
                mask=rng.randbytes(4) if masked else None,
            )
            if rng.random() < 0.1:
                out += frame(9, b"ping", mask=rng.randbytes(4) if masked else None)
        return out


def extension(role: Role, alone: bool, bits: int = 15) -> PerMessageDeflate:
    """Ours, for both directions alike."""
    return PerMessageDeflate(
        role, DeflateParameters(alone, alone, bits, bits), CompressionOptions()
    )
