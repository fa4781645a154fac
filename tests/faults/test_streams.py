"""Streams over sockets on which everything goes wrong that can."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.faults.makers import MAKERS
from tests.faults.readers import ACTIONS, converse
from tests.faults.scripts import deadly_scripts, play, scripts, sizes
from tests.faults.sockets import AGAIN, INTERRUPTED, pair
from tests.interop.peers import connected
from tests.running import turns
from tests.tls_certs import Certificates

actions = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([*ACTIONS] * 3 + ["close"]), sizes), max_size=25
)
options = st.fixed_dictionaries({}, optional={"read_chunk_size": st.integers(300, 70_000)})


PASSING = {"sending": [], "receiving": []}

# Over TLS something still waits when both streams are closed.
LEFT_WITH_WORK = {
    "first": PASSING,
    "second": {"sending": [None] * 3 + [AGAIN] * 25, "receiving": []},
    "actions": [
        *[(0, "write", 100), (1, "write", 100), (0, "line", 1), (1, "line", 1), (1, "turns", 15)],
        *[(1, "write", 3000), (1, "close", 1), (0, "close", 1)],
    ],
    "options": {},
}

# Over TLS the connection has broken in a write when the stream lets go of it.
HANDED_ON_TOO_LATE = {
    "first": PASSING,
    "second": {"sending": [None, 1, INTERRUPTED, 2, AGAIN], "receiving": []},
    "actions": [
        *[(1, "turns", 11), (0, "write", 99_999), (1, "turns", 19), (1, "turns", 10)],
        *[(1, "write", 633), (1, "close", 1), (0, "write", 210), (0, "hand on", 1)],
    ],
    "options": {},
}


makers = pytest.mark.parametrize("make", MAKERS)


@makers
@settings(max_examples=40)
@example(**LEFT_WITH_WORK)
@example(**HANDED_ON_TOO_LATE)
@given(first=scripts, second=scripts, actions=actions, options=options)
def test_what_passes_changes_nothing(
    make: Any, certs: Certificates, text: Path, first: Any, second: Any, actions: Any, options: Any
) -> None:
    async def main() -> None:
        await converse(make(pair(first, second), certs, options), actions, text, False)

    play(main())


@makers
@settings(max_examples=40)
@given(deadly_scripts, deadly_scripts, actions, options)
def test_what_breaks_ends_it_once(
    make: Any, certs: Certificates, text: Path, first: Any, second: Any, actions: Any, options: Any
) -> None:
    async def main() -> None:
        await converse(make(pair(first, second), certs, options), actions, text, True)

    play(main())


@makers
@pytest.mark.parametrize("waits", [True, False], ids=["waiting write", "late write"])
@pytest.mark.parametrize("watched", [True, False])
def test_all_that_a_peer_said_before_it_left_is_heard(
    make: Any, certs: Certificates, waits: bool, watched: bool
) -> None:
    """A server answers what it has not read to its end, and goes."""

    async def main() -> None:
        ours, theirs = make(pair(), certs, {"read_chunk_size": 1000})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        if watched:
            ours.set_close_callback(lambda: None)
        if waits:
            write = ours.write(bytes(1_000_000))
        answer = theirs.write(bytes(100_000))
        while not answer.done():
            await turns(1)
        theirs.close()
        if not waits:
            write = ours.write(bytes(100_000))
            await turns(5)
            if not ours.closed():
                ours.write(bytes(1))
        assert await ours.read_until_close() == bytes(100_000)
        await asyncio.wait([write])

    play(main())


@makers
def test_what_is_left_unread_does_not_eat_what_was_written(make: Any, certs: Certificates) -> None:
    """A server answers without reading all of the question, and goes."""

    async def main() -> None:
        ours, theirs = make(connected(), certs, {})
        await asyncio.gather(ours.write(b"a"), theirs.read_bytes(1))
        await theirs.write(bytes(100_000))
        await ours.read_bytes(10)
        await ours.write(bytes(50_000))
        ours.close()
        assert await theirs.read_until_close() == bytes(50_000)
        assert theirs.error is None

    play(main())
