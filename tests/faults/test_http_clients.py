"""Ten thousand requests, of which one in a hundred meets a fault: each comes to one end, and nothing is left.

An end is a response, or one error of the tree of :mod:`tornadolike.httpclient.failures`; and it is the one that fits
the fault. Who meets none gets the answer, whatever happens to the connections around.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import open_descriptors
from tests.faults.client_faults import BODY, CLOSED, FAULTS, TIMEOUT, FaultyServer
from tests.httpclient.behaviours.engines import Engine, name_of
from tests.running import LOOPS, run_on
from tests.tls_certs import Certificates
from tornadolike.httpclient import HTTPError

pytestmark = pytest.mark.once

AT_ONCE = 64
STALL = 0.25
"""Seconds of silence that are too many, for requests that meet it."""
LIMIT = 1_000_000
"""Bytes that a body may have."""

METHODS: list[dict[str, Any]] = [
    {},
    {},
    {"method": "HEAD"},
    {"method": "DELETE"},
    {"method": "POST", "body": b"a", "idempotent": True},
    {"method": "PATCH", "body": b"abc"},
]


@dataclass(frozen=True)
class Run:
    """So many requests by an engine."""

    engine: Engine
    requests: int
    wire: str = "plain"


RUNS = {
    "simple": Run(Engine("simple"), 10_000),
    "curl": Run(Engine("curl"), 10_000),
    "simple as a guest": Run(Engine("simple", "asyncio"), 2500),
    "curl as a guest": Run(Engine("curl", "asyncio"), 2500),
    "simple over TLS": Run(Engine("simple"), 2500, "tls"),
    "curl over TLS": Run(Engine("curl"), 2500, "tls"),
}


def plan(count: int) -> Iterator[str]:
    """The paths to ask for: always the same, each fault as often as the others."""
    rng = random.Random(count)
    faults = itertools.cycle(FAULTS)
    faulty = set(rng.sample(range(count), count // 100))
    for number in range(count):
        yield next(faults) if number in faulty else f"{number}"


def options_of(path: str, number: int) -> dict[str, Any]:
    if path in FAULTS:
        stalls = FAULTS[path].allowed == {TIMEOUT}
        return {"max_body_size": LIMIT, "request_timeout": STALL if stalls else None}
    return {**METHODS[number % len(METHODS)]}


async def end_of(future: Any) -> tuple[str, bytes]:
    """What a fetch came to, and the body if it is a response."""
    try:
        response = await future
    except HTTPError as error:
        return name_of(error), b""
    return str(response.code), response.body


async def ask_for_all(client: Any, url: str, count: int) -> list[str]:
    """Fetch all that is planned, so many at once; return what is not as it may be."""
    wrong: list[str] = []
    met: Counter[str] = Counter()
    ends: Counter[int] = Counter()
    work = enumerate(plan(count))

    async def worker() -> None:
        for number, path in work:
            options = options_of(path, number)
            pieces: list[bytes] = []
            if number % 3 == 0:
                options["streaming_callback"] = pieces.append
            future = client.fetch(f"{url}/{path}", **options)
            future.add_done_callback(lambda _, number=number: ends.update([number]))
            found, body = await end_of(future)
            body += b"".join(pieces)
            expected = b"" if options.get("method") == "HEAD" else BODY
            if found not in allowed_for(path, options) or (found == "200" and body != expected):
                wrong.append(f"{number} {path} {options}: {found} {body[:40]!r}")
            met[path if path in FAULTS else ""] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    assert set(ends.values()) == {1}
    assert len(ends) == met.total() == count
    assert set(met) == {*FAULTS, ""}
    return wrong


def allowed_for(path: str, options: dict[str, Any]) -> frozenset[str]:
    """What may come of a request. A kept connection may just have ended: what may not be sent twice fails by it."""
    if path in FAULTS:
        return FAULTS[path].allowed
    return frozenset({"200", CLOSED} if options.get("method") == "PATCH" else {"200"})


@pytest.mark.timeout(300)  # for a machine that has much else to do; none takes five seconds
@pytest.mark.parametrize("name", RUNS)
def test_every_request_ends_once(name: str, certs: Certificates) -> None:
    run = RUNS[name]
    if run.engine.name == "curl":
        pytest.importorskip("pycurl")
    server = FaultyServer(certs.server if run.wire == "tls" else "")

    async def main() -> None:
        before = open_descriptors()
        patience = {"connect_timeout": 200.0, "request_timeout": 200.0, "ca_certs": certs.ca}
        async with run.engine.opened(max_clients=AT_ONCE, defaults=patience) as client:
            wrong = await ask_for_all(client, server.url, run.requests)
        assert not wrong, "\n".join(wrong)
        assert open_descriptors() == before

    try:
        run_on(LOOPS[run.engine.loop], main())
    finally:
        server.stop()
