"""The reader of requests beside the reference: of the same bytes, cut anywhere, the same events, states, errors."""

import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import ROUNDS, SECONDS, cut, examples, generators, mutated
from tests.fuzz.test_http1_fuzz import good_requests
from tests.http1.feeding import Message, bytewise
from tests.http1.transcripts import CASES
from tests.http1.transcripts.case import post, with_fields, with_line
from tests.native.references import PythonReader, needs_native, transcript
from tornadolike.http1 import FieldSectionCache, Limits, RequestReader
from tornadolike.httputil import HTTPInputError

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]

SHARED: dict[int, FieldSectionCache] = {}
"""As in a server, readers share their cache: what one has put in must not change what another reads."""


def check(pieces: list[bytes], limits: Limits | None = None) -> None:
    limits = limits or Limits()
    cache = SHARED.setdefault(limits.max_header_count, FieldSectionCache(limits.max_header_count))
    expected = transcript(PythonReader(limits), pieces)
    assert transcript(RequestReader(limits, cache), pieces) == expected, pieces


def test_transcripts() -> None:
    for case in CASES:
        data = case.data + with_line(b"GET /next HTTP/1.1")
        check([data])
        if len(data) < 400:
            check(bytewise(data))
        for at in range(1, len(data), 1 + len(data) // 40):
            check([data[:at], data[at:]])


SHORT = [case.data for case in CASES if len(case.data) < 400]


def test_transcripts_mutated() -> None:
    for rng in generators(2 * ROUNDS):
        data = b"".join(mutated(rng, rng.choice(SHORT)) for _ in range(rng.choice([1, 1, 2, 3])))
        check([data])
        check(cut(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))]))


def test_transcripts_mutated_within_small_limits() -> None:
    for rng in generators():
        limits = Limits(
            max_target_size=rng.randrange(1, 40),
            max_header_size=rng.randrange(30, 150),
            max_header_count=rng.randrange(1, 6),
            max_body_size=rng.randrange(12),
            max_chunk_header_size=rng.randrange(1, 20),
            max_chunk_extensions_size=rng.randrange(20),
        )
        data = b"".join(mutated(rng, rng.choice(SHORT)) for _ in range(rng.choice([1, 1, 2])))
        check([data], limits)
        check(cut(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))]), limits)


@examples(150)
@given(st.lists(good_requests(), max_size=3), st.lists(st.integers(0, 5000), max_size=8))
def test_good_requests(requests: list[tuple[bytes, Message]], places: list[int]) -> None:
    data = b"".join(wire for wire, _ in requests)
    check([data])
    check(cut(data, places))


@examples(200)
@given(st.binary(max_size=60), st.lists(st.integers(0, 90), max_size=5))
def test_any_bytes(data: bytes, places: list[int]) -> None:
    check(cut(data, places))
    check(cut(b"GET / HTTP/1.1\r\nHost: a\r\n" + data + b"\r\n\r\n", places))


def test_the_end_of_the_connection() -> None:
    for data in (b"", b"GET", with_line(b"GET / HTTP/1.1"), post(b"Content-Length: 2", body=b"a")):
        outcomes = []
        for reader in (RequestReader(Limits()), PythonReader(Limits())):
            reader.feed(data)
            seen: list[object] = []
            try:
                while (event := reader.next_event()) is not None:
                    seen.append(type(event))
                reader.feed_eof()
                seen.append(reader.next_event())
                seen.append(reader.next_event())
            except HTTPInputError as error:
                seen.append((type(error), str(error)))
            outcomes.append((seen, reader.state, reader.buffered))
        assert outcomes[0] == outcomes[1]


def test_what_a_subclass_overrides_is_asked() -> None:
    class Own(RequestReader):
        def _check_agreement(self, request: object, section: object) -> None:
            raise HTTPInputError("own", 418)

    reader = Own(Limits())
    reader.feed(with_fields(b"Connection: close"))
    with pytest.raises(HTTPInputError) as caught:
        reader.next_event()
    assert caught.value.status == 418
    reader.feed(with_fields())
    with pytest.raises(HTTPInputError, match="Nothing can be read"):
        reader.next_event()


def test_buffers_of_other_types() -> None:
    """Whoever feeds something like bytes has been served so far."""
    outcomes = []
    for reader in (RequestReader(Limits()), PythonReader(Limits())):
        reader.feed(bytearray(with_line(b"GET /a?b HTTP/1.1")))
        try:
            event = reader.next_event()
            outcomes.append(getattr(event, "uri", None))
        except TypeError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_nothing_is_lost() -> None:
    data = (
        post(b"Content-Length: 2", body=b"ab")
        + with_line(b"GET /a?b=c HTTP/1.1")
        + with_fields(b"Connection: close")
    )

    def work() -> None:
        reader = RequestReader(Limits())
        for _ in range(3000):
            reader.feed(data)
            while reader.next_event() is not None:
                pass
        for wrong in (with_fields(b"A : b"), post(b"Content-Length: x"), with_line(b"GET")):
            for _ in range(100):
                reader = RequestReader(Limits())
                reader.feed(wrong)
                with pytest.raises(HTTPInputError):
                    reader.next_event()

    work()
    gc.collect()
    references, blocks = sys.getrefcount(data), sys.getallocatedblocks()
    for _ in range(2):
        work()
    gc.collect()
    after = sys.getrefcount(data)
    assert sys.getallocatedblocks() - blocks < 200
    assert after == references
