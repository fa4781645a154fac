"""What a decorated coroutine may ``yield`` beside futures and awaitables: ``None`` and :data:`moment`."""

import os
from typing import Any, cast

from ..concurrent import Future
from ..ioloop.yielded import convert_yielded

HERE = os.path.dirname(__file__) + os.sep


class _Ready:
    """Looks like a future that is done, but belongs to no loop."""

    def __init__(self, name: str, doc: str) -> None:
        self._name = name
        self.__doc__ = doc

    def done(self) -> bool:
        return True

    def cancelled(self) -> bool:
        return False

    def exception(self) -> None:
        return None

    def result(self) -> None:
        return None

    def __repr__(self) -> str:
        return f"gen.{self._name}"


moment = cast(
    Future[None],
    _Ready(
        "moment",
        "``yield gen.moment`` lets the loop make one turn, so that others get on with their work. "
        "``yield`` alone does the same; a native coroutine uses ``await asyncio.sleep(0)``.",
    ),
)

_null_future = cast(
    Future[None], _Ready("_null_future", "Yielded, it gives ``None`` without a turn of the loop.")
)


@convert_yielded.register(type(None))
def _(yielded: None) -> Future[Any]:
    return moment


@convert_yielded.register(_Ready)
def _(yielded: _Ready) -> Future[Any]:
    return yielded  # type: ignore[return-value]


def drop_frames(error: BaseException) -> BaseException:
    """Take the frames of this package that have caught ``error`` off the head of its traceback.

    Such a frame holds the future that will hold the error: a circle, which would keep all that is on
    the stack until the collector comes. And a traceback says more without them.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(HERE):
        traceback = traceback.tb_next
    return error.with_traceback(traceback)
