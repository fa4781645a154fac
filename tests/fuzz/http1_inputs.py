"""What the fuzzers of HTTP/1 are made of: chance, cuts, parts of messages, and what is done to them.

As a rule these tests do the same in every run, in a few seconds. With ``TORNADOLIKE_FUZZ_SECONDS=600`` in the
environment they look for something new, each so long.
"""

import itertools
import os
import random
import time
from collections.abc import Iterator

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.http1.feeding import Pairs

SECONDS = float(os.environ.get("TORNADOLIKE_FUZZ_SECONDS", "0"))
ROUNDS = 1200


def examples(count: int) -> settings:
    """So many examples in a short run, in a long one a hundred more for each second."""
    return settings(
        derandomize=not SECONDS,
        database=None,
        max_examples=count + int(SECONDS * 100),
        suppress_health_check=list(HealthCheck),
    )


def generators(count: int = ROUNDS) -> Iterator[random.Random]:
    """The sources of chance of a test's rounds: always the same ones, or new ones until time is up."""
    if not SECONDS:
        yield from map(random.Random, range(count))
        return
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        yield random.Random()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


# Parts of messages

TOKEN = st.text("!#$%&'*+-.^_`|~0189azAZ", min_size=1, max_size=32)
TARGET = st.text([chr(code) for code in range(0x21, 0x7F) if chr(code) != "#"], max_size=50)
VALUE = st.text(
    ["\t", *(chr(code) for code in (*range(0x20, 0x7F), *range(0x80, 0x100)))], max_size=40
)
SPACE = st.text(" \t", max_size=3)
BODY = st.binary(max_size=200)
MEANING = {"content-length", "transfer-encoding", "host", "connection", "expect"}
FIELD = st.tuples(TOKEN.filter(lambda name: name.lower() not in MEANING), VALUE, SPACE, SPACE)
EXTENSION = st.sampled_from([b"", b"", b";a", b";a=b", b'; a = "b;\\" c"', b"\t;a;b"])


def grouped(pairs: list[tuple[str, str]]) -> Pairs:
    """As :class:`HTTPHeaders` gives them: by name, in the order of the first of each."""
    names = dict.fromkeys(name for name, _ in pairs)
    return tuple((name, value) for name in names for other, value in pairs if other == name)


def canonical(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks, as far as the trailers."""
    wire = b""
    while body:
        size = draw(st.integers(1, len(body)))
        zeros, form = draw(st.integers(0, 3)), draw(st.sampled_from(["x", "X"]))
        wire += b"0" * zeros + format(size, form).encode() + draw(EXTENSION) + b"\r\n"
        wire += body[:size] + b"\r\n"
        body = body[size:]
    return wire + b"0" + draw(EXTENSION) + b"\r\n"


# What is done to them

PIECES = [
    *(bytes([code]) for code in (0, 9, 10, 11, 12, 13, 32, 34, 35, 44, 48, 49, 58, 59, 0x7F, 0xA0)),
    *(b"\r\n", b"\r\n\r\n", b"\n\n", b"\n\r\n", b"\r\n ", b"\r\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Transfer-Encoding", b"Content-Length", b"chunked", b"Host: a\r\n", b"Connection: close\r\n"),
    *(b"GET / HTTP/1.1\r\nHost: b\r\n\r\n", b"HTTP/1.0", b"HTTP/1.1", b"http://b/", b" : ", b"0x", b"+"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: b\r\nConnection: upgrade\r\n", b";a=\"", b"A: b\r\n"),
]  # fmt: skip


def mutated(rng: random.Random, data: bytes, pieces: list[bytes] = PIECES) -> bytes:
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 6])):
        start = rng.randrange(len(data) + 1)
        end = min(start + rng.choice([0, 0, 1, 1, 2, 8, 40]), len(data))
        middle = rng.choice(
            [
                rng.choice(pieces),
                rng.choice(pieces),
                rng.randbytes(rng.randrange(3)),
                data[start:end] * 2,
                data[start:end][::-1],
                data[start:end].swapcase(),
                b"",
            ]
        )
        data = data[:start] + middle + data[end:]
    return data
