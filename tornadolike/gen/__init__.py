"""Coroutines from generators (:func:`coroutine`), and tools to wait that native ones use as well.

.. code-block:: python

    from tornadolike import gen

    @gen.coroutine
    def fetch_all(client, urls):
        answers = yield {url: client.fetch(url) for url in urls}
        yield gen.sleep(0.1)
        return {url: answer.body for url, answer in answers.items()}

    async def main():
        print(await gen.with_timeout(timedelta(seconds=5), fetch_all(client, urls)))

Rooms: :mod:`.yielding` (what may be yielded), :mod:`.coroutines` (what runs a generator),
:mod:`.parallel` (:func:`multi`, :class:`WaitIterator`), :mod:`.waiting` (:func:`with_timeout`,
:func:`sleep`), :mod:`.errors`.
"""

from ..concurrent import (
    Future,
    ReturnValueIgnoredError,
    chain_future,
    future_add_done_callback,
    future_set_exc_info,
    future_set_result_unless_cancelled,
    is_future,
)
from ..ioloop.yielded import BadYieldError, convert_yielded
from ..util import TimeoutError
from .coroutines import Return, Runner, coroutine, is_coroutine_function
from .errors import KeyReuseError, LeakedCallbackError, UnknownKeyError
from .parallel import Multi, WaitIterator, multi, multi_future
from .waiting import maybe_future, sleep, with_timeout
from .yielding import _null_future as _null_future
from .yielding import moment

__all__ = [
    "BadYieldError",
    "Future",
    "KeyReuseError",
    "LeakedCallbackError",
    "Multi",
    "Return",
    "ReturnValueIgnoredError",
    "Runner",
    "TimeoutError",
    "UnknownKeyError",
    "WaitIterator",
    "chain_future",
    "convert_yielded",
    "coroutine",
    "future_add_done_callback",
    "future_set_exc_info",
    "future_set_result_unless_cancelled",
    "is_coroutine_function",
    "is_future",
    "maybe_future",
    "moment",
    "multi",
    "multi_future",
    "sleep",
    "with_timeout",
]
