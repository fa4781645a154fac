"""Transports over sockets on which everything goes wrong that can."""

import asyncio
import ssl
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.conversation import Talker, bytes_from, converse, open_plain, open_tls
from tests.faults.scripts import deadly_scripts, play, scripts, sizes
from tests.faults.sockets import RESET, pair
from tests.tls_certs import Certificates
from tornadolike.ioloop.transports import SocketTransport

actions = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(
            ["write"] * 4 + ["lines", "turns", "turns", "pause", "resume", "close", "abort"]
        ),
        sizes,
    ),
    max_size=20,
)


@settings(max_examples=80)
@given(scripts, scripts, actions)
def test_what_passes_changes_nothing(first: Any, second: Any, actions: Any) -> None:
    async def main() -> None:
        talkers = await open_plain(pair(first, second))
        await converse(talkers, actions)

    play(main())


@settings(max_examples=80)
@given(deadly_scripts, deadly_scripts, actions)
def test_what_breaks_ends_it_once(first: Any, second: Any, actions: Any) -> None:
    async def main() -> None:
        talkers = await open_plain(pair(first, second))
        await converse(talkers, actions)

    play(main())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@settings(max_examples=30)
@given(deadly_scripts, deadly_scripts, actions)
def test_tls_in_trouble(
    certs: Certificates, version: Any, first: Any, second: Any, actions: Any
) -> None:
    async def main() -> None:
        talkers = await open_tls(pair(first, second), certs, version)
        await converse(talkers, actions)

    play(main())


def test_what_broke_before_close_is_told_after_it(certs: Certificates) -> None:
    async def main() -> None:
        sockets = pair()
        talkers = await open_tls(sockets, certs)
        sockets[0].sending = iter([RESET])
        talkers[0].act("write", 1)
        talkers[0].act("close", 0)
        await talkers[0].lost.wait()
        assert isinstance(talkers[0].error, ConnectionResetError)
        await talkers[1].lost.wait()

    play(main())


def test_all_that_a_peer_said_before_it_left_is_heard() -> None:
    """A server answers what it has not read to its end, and goes."""

    async def main() -> None:
        ours, theirs = pair()
        talker = Talker()
        SocketTransport(asyncio.get_running_loop(), ours, talker)  # type: ignore[arg-type]
        talker.act("write", 1_000_000)
        assert theirs.send(bytes_from(0, 256) * 500) == 128_000
        theirs.close()
        await talker.lost.wait()
        assert len(talker.received) == 128_000
        assert isinstance(talker.error, ConnectionError)

    play(main())
