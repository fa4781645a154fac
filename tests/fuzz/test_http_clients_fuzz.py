"""Whatever a server says, a fetch ends: in what the reader of responses makes of it, or in one error of the tree.

The reader has its own fuzzers. Here it is the oracle for our engine; and our engine is the one for curl, which may
refuse, but may read nothing otherwise than we do.
"""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz.http1_inputs import SECONDS, generators, mutated
from tests.fuzz.test_http1_responses_fuzz import ANSWERS, SHORT
from tests.http1.feeding_responses import read_responses
from tests.httpclient.behaviours.engines import Engine, name_of
from tests.httpclient.behaviours.scripted import Peer, Scripted, scripted
from tornadolike.http1 import Limits
from tornadolike.httpclient import HTTPError
from tornadolike.httpclient.failures import HTTPProtocolError, HTTPStreamClosedError

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

AT_ONCE = 8
ROUNDS = 400
LIMIT = 100_000

Found = tuple[int, bytes] | str
"""A status and a body, or the name of an error."""


class Inputs:
    """What the server says to whom, by the target of the request: so it is the same however often one asks."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes, list[bytes]]] = []

    def draw(self, rng: random.Random) -> str:
        """A new input; its target."""
        method = rng.choice(["GET", "GET", "HEAD", "POST"])
        data = mutated(rng, rng.choice(SHORT), ANSWERS)
        edges = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(3)))
        pieces = [data[a:b] for a, b in zip([0, *edges], [*edges, len(data)], strict=True)]
        self.said.append((method, data, pieces))
        return f"/{len(self.said) - 1}"

    def answer(self, peer: Peer) -> None:
        """The script of a connection: one answer, and the end."""
        request = peer.request()
        if request:
            for piece in self.said[int(request.split(b" ")[1][1:])][2]:
                peer.send(piece)


@pytest.fixture
def inputs() -> Inputs:
    return Inputs()


@pytest.fixture
def server(inputs: Inputs) -> Iterator[Scripted]:
    with scripted(inputs.answer) as server:
        yield server


async def end_of(client: Any, url: str, method: str) -> Found:
    """What comes of an input."""
    try:
        response = await client.fetch(
            url,
            method=method,
            body=b"" if method == "POST" else None,
            idempotent=True,  # a kept connection may just have ended
            raise_error=False,
            follow_redirects=False,
            decompress_response=False,
            max_body_size=LIMIT,
        )
    except HTTPError as error:
        return name_of(error)
    return response.code, response.body


async def ends_of(client: Any, server: Scripted, inputs: Inputs, rngs: Any) -> list[Found]:
    """What comes of new inputs, some at a time."""
    found: list[Found] = []

    async def worker() -> None:
        for rng in rngs:
            number = len(inputs.said)
            target = inputs.draw(rng)
            found.append("")
            found[number] = await end_of(client, server.url + target, inputs.said[number][0])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    return found


PROTOCOL, CLOSED = HTTPProtocolError.__name__, HTTPStreamClosedError.__name__


def meant(method: str, data: bytes) -> set[Found]:
    """What our engine may make of an input, by what the reader does."""
    reading = read_responses([data], [method], Limits(max_body_size=LIMIT), eof=True)
    if reading.handed_over is not None:
        return {PROTOCOL}  # 101, and nobody has asked
    if reading.responses:
        response = reading.responses[0]
        return {(response.status, response.body)}
    return {CLOSED} if reading.refused == "too soon" else {PROTOCOL}


def test_our_engine_is_as_good_as_its_reader(inputs: Inputs, server: Scripted) -> None:
    async def main(client: Any) -> list[Found]:
        return await ends_of(client, server, inputs, generators(ROUNDS))

    found = Engine("simple").run(main, max_clients=AT_ONCE)
    assert len(found) >= ROUNDS
    for (method, data, _), end in zip(inputs.said, found, strict=True):
        assert end in meant(method, data), (method, data)


def test_curl_reads_nothing_otherwise(inputs: Inputs, server: Scripted) -> None:
    pytest.importorskip("pycurl")

    async def main(client: Any) -> list[Found]:
        return await ends_of(client, server, inputs, generators(ROUNDS))

    found = Engine("curl").run(main, max_clients=AT_ONCE)
    accepted = 0
    for (method, data, _), end in zip(inputs.said, found, strict=True):
        ours = meant(method, data)
        if all(isinstance(each, tuple) for each in ours) and isinstance(end, tuple):
            accepted += 1
            assert end in ours, (method, data)
    assert accepted > ROUNDS // 10
