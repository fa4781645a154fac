"""Field sections and the cache of them, beside the reference."""

import gc
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import ROUNDS, SECONDS, examples, generators, mutated
from tests.http1.transcripts import CASES
from tests.native.references import PythonSection, needs_native, said_by
from tornadolike.http1.fields import FieldSection, FieldSectionCache
from tornadolike.httputil import HTTPInputError

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]

LINES = [
    "Host: a",
    "Host: a:80",
    "Host:",
    "Host: a b",
    "host: [::1]",
    "Host: [::1",
    "Content-Length: 0",
    "Content-Length: 12",
    "Content-Length: 0012",
    "Content-Length: +1",
    "Content-Length: 1, 1",
    "Content-Length: " + "9" * 30,
    "Content-Length: \xb2",
    "Content-Length:",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: x",
    "Transfer-Encoding:",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: Keep-Alive",
    "Connection: keep-alive, close",
    "Connection: Upgrade",
    "Connection:",
    "Expect: 100-Continue",
    "Expect:",
    "If-None-Match: \"a\"",
    "Cookie: a=b",
    "x-a: 1",
    "X-A: \t2 \t",
    "X-A:\xa03\x85",
    "X-B: a\tb",
    "X-B: a\0b",
    "X-B: a\x7f",
    "X-B: a\nb",
    "X-B: a\r",
    "X-B : c",
    " X-B: c",
    "\tX-B: c",
    ": c",
    "X-B",
    "",
    "\xe9: a",
]  # fmt: skip


def refusal(make: object, text: str, count: int) -> str | tuple[object, ...]:
    try:
        return said_by(make(text, count)) or ""  # type: ignore[operator]
    except HTTPInputError as error:
        return f"{error.status} {error}"


def check(text: str, count: int = 100) -> None:
    expected = refusal(PythonSection, text, count)
    assert refusal(FieldSection, text, count) == expected, text
    if text.isascii() or max(text) <= "\xff":
        found = refusal(
            lambda text, count: FieldSectionCache(count)[text.encode("latin1")], text, count
        )
        assert found == expected, text


def test_lines() -> None:
    for one in LINES:
        check(one)
        for other in LINES:
            check(f"{one}\r\n{other}")
    for count in range(4):
        check("Host: a\r\nA: b\r\nA: c", count)


def test_lines_at_random() -> None:
    for rng in generators(ROUNDS):
        lines = rng.choices(LINES, k=rng.randrange(6))
        text = "\r\n".join(lines)
        check(text, rng.randrange(1, 8))
        check(mutated(rng, text.encode("latin1")).decode("latin1"))


def test_transcripts() -> None:
    for case in CASES:
        _, _, fields = case.data.partition(b"\r\n")
        check(fields.partition(b"\r\n\r\n")[0].decode("latin1"))


@examples(200)
@given(st.text(max_size=40), st.integers(0, 3))
def test_any_text(text: str, count: int) -> None:
    check(text, count)
    check("Host: a\r\n" + text, count)


def test_the_rest() -> None:
    for text in (
        "Host: a",
        "Expect: 100-continue",
        "Expect: x",
        "Connection: close",
        "Connection: keep-alive",
    ):
        one, other = FieldSection(text, 9), PythonSection(text, 9)
        for version in ("HTTP/1.0", "HTTP/1.1"):
            assert one.stays_open(version) == other.stays_open(version)
        assert one.with_host("b") == other.with_host("b")
        if other.expect == "x":
            with pytest.raises(HTTPInputError) as theirs:
                other.check_expectation()
            with pytest.raises(HTTPInputError) as ours:
                one.check_expectation()
            assert (str(ours.value), ours.value.status) == (str(theirs.value), theirs.value.status)
        else:
            one.check_expectation()


# The cache


def test_what_it_remembers() -> None:
    rng = random.Random(1)
    cache = FieldSectionCache(10)
    there: dict[bytes, FieldSection] = {}
    for number in range(20 * cache.MAX_ENTRIES):
        raw = b"A: %d" % rng.randrange(cache.MAX_ENTRIES * 3 // 2)
        full = raw not in there and len(there) == cache.MAX_ENTRIES
        section = cache[raw]
        if full:
            there.clear()
        assert there.setdefault(raw, section) is section
        assert section.fields == {"A": raw[3:].decode()}
        assert len(cache) == len(there)
        if number % 500 == 0:
            assert sorted(cache) == sorted(there)
            assert all(one in cache for one in there)
            assert b"B: c" not in cache
            assert "A: 1" not in cache
            assert cache.get(b"B: c") is None
            assert dict(cache.items()) == there == {one: cache.get(one) for one in cache}
            assert sorted(cache.keys()) == sorted(there)
            assert set(cache.values()) == set(there.values())


def test_what_the_reference_had_to_read_is_remembered() -> None:
    cache = FieldSectionCache(10)
    raw = b"Host: a\r\nTransfer-Encoding: gzip, chunked"
    assert cache[raw] is cache[raw]


def test_a_cache_is_no_place_for_other_types() -> None:
    cache = FieldSectionCache(10)
    for wrong in ("A: b", None, 1, bytearray(b"A: b")):
        with pytest.raises(TypeError):
            cache[wrong]  # type: ignore[index]


def test_nothing_is_lost() -> None:
    """Of what it drops and of what it refuses nothing remains; what somebody has lives on."""
    cache = FieldSectionCache(10)
    kept = cache[b"A: kept"]
    before = sys.getrefcount(kept.fields)

    def work() -> None:
        for number in range(2 * cache.MAX_ENTRIES):
            cache[b"Host: a\r\nB: %d\r\nB: c\r\nConnection: close" % number]
            cache[b"A: kept"]
        for raw in (b"A : b", b"Host: a\r\nHost: a", b"A: b\r\n" * 20 + b"A: b", b"Host: a b"):
            with pytest.raises(HTTPInputError):
                cache[raw]

    work()
    cache.clear()
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(5):
        work()
    cache.clear()
    gc.collect()
    after = sys.getrefcount(kept.fields)
    assert sys.getallocatedblocks() - blocks < 200
    assert after == before
    assert kept.fields == {"A": "kept"}
