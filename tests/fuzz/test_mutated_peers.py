"""Transcripts and attacks, spoilt at random, before other parsers: what we accept they read as we do, or refuse.

They may be behind us or before us in a chain; where one of them reads on past what we take for the end of a
message, or not as far, a request can be smuggled through.
"""

import random
from collections.abc import Sequence

import pytest

from tests.fuzz import http1_peers, response_peers
from tests.fuzz.http1_inputs import SECONDS, generators
from tests.fuzz.http1_peers import Seen, Verdict
from tests.fuzz.responses import CORPUS, Response
from tests.fuzz.test_response_peers import ALL_PEERS, may_be_told
from tests.http1.transcripts import CASES
from tests.http1.transcripts.responses import RESPONSES
from tests.wire.attacks import FAMILIES

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

SMALL = 3000
REQUESTS = [
    data
    for data in (
        *(case.data for case in CASES),
        *(attack.data for family in FAMILIES for attack in family.attacks),
    )
    if len(data) < SMALL
]
ANSWERS = [
    response
    for response in (
        *CORPUS,
        *(Response(case.name, case.data, case.methods, case.eof) for case in RESPONSES),
    )
    if len(response.data) < SMALL
]
ANSWERS_DATA = [answer.data for answer in ANSWERS]

PIECES = [
    *[b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\x0b", b"\x85", b"\xa0", b":", b";", b",", b'"'],
    *[
        b"0",
        b"5",
        b"chunked",
        b"HTTP/1.1",
        b"HTTP/1.0",
        b"HEAD",
        b"CONNECT",
        b"100",
        b"204",
        b"101",
    ],
    *[b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n"],
    *[b"Connection: close\r\n", b"Connection: upgrade\r\n", b"Upgrade: x\r\n", b"X: y\r\n"],
    *[b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"Expect: 100-continue\r\n"],
]


def spoilt(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """``data`` with some pieces put in, left out, repeated, or taken from elsewhere."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(changed) + 1)
        size = rng.randrange(1, 4)
        kind = rng.randrange(5)
        if kind == 0:
            changed[at:at] = rng.choice(PIECES)
        elif kind == 1:
            del changed[at : at + size]
        elif kind == 2:
            changed[at : at + size] = rng.choice(PIECES)
        elif kind == 3:
            other = rng.choice(others)
            changed[at:] = other[rng.randrange(len(other) + 1) :]
        else:
            changed[at:at] = changed[at : at + rng.randrange(200)]
    return bytes(changed)


def essence(messages: Sequence[Seen]) -> list[tuple[str, bytes, bytes]]:
    """Without what each writes in its own way: the case of a method, a reason beyond ASCII."""
    return [
        (first.upper(), second.encode("ascii", "ignore").strip(), body)
        for first, second, body in messages
    ]


def assert_agree(mine: Verdict, theirs: Verdict, told: object) -> None:
    common = min(len(mine.messages), len(theirs.messages))
    assert essence(mine.messages[:common]) == essence(theirs.messages[:common]), told


def test_requests() -> None:
    for rng in generators():
        data = spoilt(rng, rng.choice(REQUESTS), REQUESTS)
        mine = http1_peers.ours(data)
        for peer in (*http1_peers.PEERS.values(), http1_peers.by_aiohttp):
            theirs = peer(data)
            assert_agree(mine, theirs, data)
            if theirs.end in ("", "waits"):  # and they do not stand before what we have read
                assert len(theirs.messages) >= len(mine.messages), data


def test_responses() -> None:
    for rng in generators():
        answer = rng.choice(ANSWERS)
        data = spoilt(rng, answer.data, ANSWERS_DATA)
        response = Response(answer.name, data, answer.asked, answer.ends)
        mine = response_peers.ours(response)
        for peer in ALL_PEERS:
            if may_be_told(peer, response.asked):
                assert_agree(mine, peer(response), response)
