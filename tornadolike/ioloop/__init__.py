"""The reactor: our own event loop, which is Tornado's IOLoop and an asyncio loop in one object.

.. code-block:: python

    import asyncio
    import tornadolike

    async def main():
        assert asyncio.get_running_loop() is tornadolike.ioloop.IOLoop.current()
        await asyncio.sleep(1)

    tornadolike.run(main())

Rooms, from the bottom up: :mod:`.poller` (which descriptors are ready), :mod:`.wakeup` (threads and
signals), :mod:`.handles`, :mod:`.clocks`, :mod:`.reactor` (who runs when), :mod:`.sources` (readers, writers, signals),
:mod:`.core` (tasks, threads, errors), :mod:`.transports`, :mod:`.asyncio_face` (sockets, TLS, processes),
:mod:`.stats` (how the loop is doing), :mod:`.loop` (Tornado's methods), :mod:`.guest` (the same over a
loop of another kind), :mod:`.periodic` and :mod:`.deadlines`. What a fork means for a loop says
:mod:`.forks`.
"""

import asyncio
import functools
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..util import Configurable, import_object
from .deadlines import Deadlines
from .guest import GuestLoop
from .loop import IOLoop
from .periodic import PeriodicCallback
from .stats import LoopStats
from .tracing import ConnectionMoment, log_connections

__all__ = [
    "Configurable",
    "ConnectionMoment",
    "Deadlines",
    "GuestLoop",
    "IOLoop",
    "LoopStats",
    "PeriodicCallback",
    "TimeoutError",
    "import_object",
    "log_connections",
    "run",
]

TimeoutError = asyncio.TimeoutError

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run the coroutine ``main`` on a new :class:`IOLoop` and return its result.

    As :func:`asyncio.run`: Ctrl-C cancels ``main``; at the end the tasks that are left are cancelled,
    asynchronous generators and the default executor shut down, and the loop is closed. Raises
    :exc:`RuntimeError` when a loop is running in this thread already.
    """
    # Asked first: a runner that finds out itself has made a loop, and cannot close it properly.
    if asyncio.events._get_running_loop() is not None:
        raise RuntimeError("tornadolike.run() cannot be called while a loop is running; use await")
    # While it runs it is the current loop anyway; afterwards the one from before is again.
    new_loop = functools.partial(IOLoop, make_current=False)
    with asyncio.Runner(debug=debug, loop_factory=new_loop) as runner:
        return runner.run(main)
