"""Refresh tokens that are good for one use, under whatever order: none is used twice, and none is lost.

The provider is as strict as RFC 9700 section 4.14.2 lets it be: who comes with a refresh token that was used already
signs out everybody.
"""

import asyncio
import functools
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.auth.grants.asking import Scripted, refusal
from tests.ioloop.virtual import VirtualLoop
from tests.running import run_on
from tornadolike.auth import (
    GitHub,
    SignInRequiredError,
    StoreTokens,
    Token,
    Tokens,
    TokenStorage,
)
from tornadolike.stores import MemoryStore

SECRET = "b1f9c0a27d3e4f5860718293a4b5c6d7"


class Strict(Scripted):
    """Takes each refresh token once."""

    def __init__(self, seconds):
        super().__init__({})
        self.taking = list(seconds)
        self.good = "r0"
        self.given = 0
        self.thefts = 0

    async def fetch(self, url, **options):
        used = options["form"]["refresh_token"]
        if used != self.good:
            self.thefts += 1
            self.answers = [refusal("invalid_grant")]
        else:
            self.given += 1
            self.good = f"r{self.given}"
            self.answers = [
                {"access_token": f"a{self.given}", "refresh_token": self.good, "expires_in": 1}
            ]
        self.seconds = self.taking[self.given % len(self.taking)]
        return await super().fetch(url, **options)


# When each of those who want the token comes, to which process, and when it gives up.
visits = st.lists(
    st.tuples(st.floats(0, 20), st.integers(0, 2), st.none() | st.floats(0.1, 5)),
    min_size=1,
    max_size=12,
)


async def traffic(visits, seconds):
    """Visits to three processes with one store; its clock is not that which jumps, so that nothing ends there."""
    store, server = MemoryStore(), Strict(seconds)
    provider = GitHub("id", "s", http_client=server)
    processes = [Tokens(provider, StoreTokens(store, SECRET)) for _ in range(3)]
    await processes[0].save("ann", Token("a0", expires_at=time.time() - 1, refresh_token="r0"))

    async def visit(at, process, patience):
        await asyncio.sleep(at)
        try:
            async with asyncio.timeout(patience):
                return await processes[process].current("ann")
        except TimeoutError:
            return None

    given = await asyncio.gather(*[visit(*each) for each in visits])
    await asyncio.sleep(100)  # what nobody waits for ends as well
    assert server.thefts == 0
    assert all(token is None or token.access_token.startswith("a") for token in given)
    kept = await StoreTokens(store, SECRET).load("ann")
    assert kept.refresh_token == server.good


@settings(max_examples=60)
@given(visits, st.lists(st.floats(0, 9), min_size=1, max_size=4))
def test_none_is_used_twice_and_none_is_lost(visits, seconds):
    run_on(functools.partial(VirtualLoop, make_current=False), traffic(visits, seconds))


def test_the_provider_is_strict():
    """The test above can fail: without a storage that lets processes wait, tokens are used twice."""

    class Careless(StoreTokens):
        exclusively = TokenStorage.exclusively

    async def main():
        store, server = MemoryStore(), Strict([3])
        provider = GitHub("id", "s", http_client=server)
        processes = [Tokens(provider, Careless(store, SECRET)) for _ in range(2)]
        await processes[0].save("ann", Token("a0", expires_at=time.time() - 1, refresh_token="r0"))
        outcomes = await asyncio.gather(
            *[tokens.current("ann") for tokens in processes], return_exceptions=True
        )
        assert server.thefts == 1
        assert any(isinstance(outcome, SignInRequiredError) for outcome in outcomes)

    run_on(functools.partial(VirtualLoop, make_current=False), main())
