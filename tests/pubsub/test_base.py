"""The interface: what one of one's own gets."""

import pytest

from tests.running import on_every_loop
from tornadolike.pubsub import MemoryPubSub, PubSub


@on_every_loop
async def test_the_last_life_closes() -> None:
    closed = []

    class Own(MemoryPubSub):
        async def close(self) -> None:
            closed.append(self)

    pubsub = Own()
    async with pubsub.lifetime(object()):
        async with pubsub.lifetime():
            pass
        assert closed == []
    assert closed == [pubsub]


def test_all_that_is_abstract_is_asked_for() -> None:
    with pytest.raises(TypeError, match="abstract"):
        PubSub()  # type: ignore[abstract]


@on_every_loop
async def test_on_gap_is_a_function() -> None:
    pubsub = MemoryPubSub()
    with pytest.raises(TypeError, match="on_gap is a function, or None, not 5"):
        pubsub.subscribe("news", on_gap=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="on_gap is a function, or None, not 5"):
        await pubsub.listen("news", print, on_gap=5)  # type: ignore[arg-type]
