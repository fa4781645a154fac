"""What is looked at from time to time."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

from tests.running import on_jumping_clock, run_on
from tornadolike.ioloop import IOLoop
from tornadolike.metrics.store import Store
from tornadolike.metrics.tables import CONNECTIONS, CPU, LAG, UPGRADED, WAITING, Rows
from tornadolike.metrics.watching import INTERVAL, Watch

SERVING = SimpleNamespace(
    connections={1, 2, 3},
    handshakes={4},
    upgraded={5: 6},
    detached={},
    answering={7, 8},
    callbacks={8},
)


def watch(*servings: Any) -> tuple[Store, Watch]:
    store = Store({LAG: (0.1, 1.0)}, 10)
    return store, Watch(store, lambda: [SimpleNamespace(_serving=one) for one in servings])


def rows(store: Store, table: str) -> Rows:
    return store.snapshot()[0].get(table, {})


def test_connections_of_all_servers() -> None:
    store, watching = watch(SERVING, None, SERVING)
    watching.look()
    found = {table: rows(store, table)[()] for table in (CONNECTIONS, UPGRADED, WAITING)}
    assert found == {CONNECTIONS: [10.0], UPGRADED: [2.0], WAITING: [2.0]}
    assert rows(store, CPU) == {}  # the library tells it, where there is one process


@on_jumping_clock
async def test_it_looks_as_long_as_the_loop_runs() -> None:
    store, watching = watch(SERVING)
    watching.begin()
    watching.begin()
    assert rows(store, LAG) == {}
    await asyncio.sleep(10 * INTERVAL + 0.01)
    assert sum(rows(store, LAG)[()][:3]) == 10.0
    assert rows(store, CONNECTIONS) == {(): [5.0]}


def test_a_loop_that_was_blocked_was_late() -> None:
    store, watching = watch()

    async def block() -> None:
        watching.begin()
        time.sleep(INTERVAL + 0.2)
        while not rows(store, LAG):
            await asyncio.sleep(0)

    run_on(IOLoop, block())
    in_time, late, _, seconds = rows(store, LAG)[()]
    assert in_time == 0
    assert late <= 1
    assert seconds >= 0.2


@on_jumping_clock
async def test_a_child_looks_in_its_own_loop() -> None:
    store, watching = watch(SERVING)
    watching.begin()
    watching.left_behind()
    await asyncio.sleep(3 * INTERVAL)
    assert rows(store, LAG) == {}
    watching.begin()
    await asyncio.sleep(INTERVAL + 0.01)
    assert rows(store, CONNECTIONS) == {(): [5.0]}


def test_where_no_loop_runs_nothing_is_begun() -> None:
    store, watching = watch(SERVING)
    watching.begin()
    assert rows(store, LAG) == {}
