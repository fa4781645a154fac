"""A loop for a test, and its end."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .running import run

if TYPE_CHECKING:
    import asyncio

    from ..ioloop import IOLoop

END_SECONDS: Final = 30.0
"""What cancelled tasks and the threads of ``run_in_executor`` have at the most, to come to their end."""


@contextlib.contextmanager
def new_loop(left: "list[asyncio.Task[Any]] | None" = None) -> "Iterator[IOLoop]":
    """A fresh :class:`~tornadolike.ioloop.IOLoop`, which is current in this thread and closed in the end.

    The fixture ``io_loop`` is made of it. For a loop that serves all tests of a module make one of your own:

    .. code-block:: python

        @pytest.fixture(scope="module")
        def io_loop():
            with new_loop() as loop:
                yield loop

    :arg left: gets the tasks that had to be cancelled in the end.
    """
    from ..ioloop import IOLoop

    loop = IOLoop()
    try:
        yield loop
    finally:
        try:
            if not loop.is_closed():
                run(loop, lambda: _end(left), END_SECONDS, "the end of the loop")
        finally:
            loop.close(all_fds=True)


async def _end(left: "list[asyncio.Task[Any]] | None") -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left is not None:
        left += tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "a task failed when the loop of the test ended",
                    "exception": task.exception(),
                    "task": task,
                }
            )
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
