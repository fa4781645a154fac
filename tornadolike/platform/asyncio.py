"""Tornado's names for IOLoops over asyncio's own loops. New programs need none of them.

``IOLoop`` itself is an asyncio loop here, and under a loop of another kind ``IOLoop.current()`` gives what
it takes (:mod:`tornadolike.ioloop.guest`). Programs that name these classes go on working:

.. code-block:: python

    from tornadolike.platform.asyncio import AsyncIOMainLoop

    AsyncIOMainLoop().install()
    asyncio.get_event_loop().run_forever()
"""

import asyncio
import functools
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, cast

from ..ioloop import IOLoop
from ..ioloop.guest import Forwarded, GuestLoop
from ..ioloop.loop import loop_of_thread
from ..ioloop.yielded import convert_yielded
from .selector_thread import SelectorThread

__all__ = [
    "AddThreadSelectorEventLoop",
    "AsyncIOLoop",
    "AsyncIOMainLoop",
    "BaseAsyncIOLoop",
    "SelectorThread",
    "to_asyncio_future",
    "to_tornado_future",
]


class BaseAsyncIOLoop(GuestLoop):
    """An IOLoop over an asyncio loop of another kind; see :class:`~tornadolike.ioloop.GuestLoop`."""

    def initialize(  # type: ignore[override]
        self, asyncio_loop: asyncio.AbstractEventLoop, **kwargs: Any
    ) -> None:
        super().initialize(asyncio_loop, **kwargs)

    @property
    def closing(self) -> bool:
        """Whether it is closed."""
        return self.is_closed()

    @property
    def handlers(self) -> dict[int, tuple[Any, Callable[..., object]]]:
        """What :meth:`add_handler` was given, by descriptor number: the descriptor and the handler."""
        # Its watchers are functools.partial(run_in_a_context, handler, descriptor).
        return {
            number: (fd, cast(Any, self._watched[number][0]).args[0])
            for number, fd in self._descriptor_objects.items()
        }

    @property
    def readers(self) -> set[int]:
        """The numbers of the descriptors whose handlers wait for them to be readable."""
        return self._waiting_for(IOLoop.READ)

    @property
    def writers(self) -> set[int]:
        """The numbers of the descriptors whose handlers wait for them to be writable."""
        return self._waiting_for(IOLoop.WRITE)

    def _waiting_for(self, event: int) -> set[int]:
        return {fd for fd in self._descriptor_objects if self._watched[fd][2] & event}


class AsyncIOMainLoop(BaseAsyncIOLoop):
    """The IOLoop over asyncio's current loop (:func:`asyncio.get_event_loop`).

    :meth:`close` closes that loop. Raises :exc:`RuntimeError` if it has an IOLoop already or is one.
    """

    def initialize(self, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(asyncio.get_event_loop(), **kwargs)

    def make_current(self) -> None:
        """Nothing: it is."""


class AsyncIOLoop(BaseAsyncIOLoop):
    """An IOLoop over a new asyncio loop, or over the one that is given as ``asyncio_loop``.

    The new one is made by asyncio's policy, so with uvloop's policy it is uvloop's. :meth:`close` closes
    the asyncio loop in either case.
    """

    def initialize(  # type: ignore[override]
        self, asyncio_loop: asyncio.AbstractEventLoop | None = None, **kwargs: Any
    ) -> None:
        if asyncio_loop is not None:
            super().initialize(asyncio_loop, **kwargs)
            return
        new_loop = asyncio.new_event_loop()
        try:
            super().initialize(new_loop, **kwargs)
        except BaseException:
            new_loop.close()
            raise

    @property
    def is_current(self) -> bool:
        """Whether it is this thread's current loop."""
        return loop_of_thread() is self.asyncio_loop

    @property
    def old_asyncio(self) -> asyncio.AbstractEventLoop | None:
        """The asyncio loop in whose place it was made current."""
        return self._before


class AddThreadSelectorEventLoop(asyncio.AbstractEventLoop):
    """The loop that is given, with ``add_reader`` and its kin done by a :class:`SelectorThread`.

    For loops that have none (Windows' proactor loop); it works with any. :meth:`close` closes both.
    """

    MY_ATTRIBUTES: ClassVar[set[str]] = {
        *("add_reader", "add_writer", "remove_reader", "remove_writer", "close"),
    }
    """The methods that are not the given loop's."""

    def __init__(self, real_loop: asyncio.AbstractEventLoop) -> None:
        self._foreign = real_loop
        selector = self._selector = SelectorThread(real_loop)
        self.add_reader = selector.add_reader  # type: ignore[method-assign,assignment]
        self.add_writer = selector.add_writer  # type: ignore[method-assign,assignment]
        self.remove_reader = selector.remove_reader  # type: ignore[method-assign]
        self.remove_writer = selector.remove_writer  # type: ignore[method-assign]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._foreign, name)

    def close(self) -> None:
        self._selector.close()
        self._foreign.close()


for _name in dir(asyncio.AbstractEventLoop):
    if not _name.startswith("_") and _name not in AddThreadSelectorEventLoop.MY_ATTRIBUTES:
        setattr(AddThreadSelectorEventLoop, _name, Forwarded(_name))


def to_tornado_future(asyncio_future: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
    """The future as it is: they have long been the same."""
    return asyncio_future


def to_asyncio_future(tornado_future: Any) -> "asyncio.Future[Any]":
    """Older name of :func:`tornadolike.gen.convert_yielded`."""
    return convert_yielded(tornado_future)


@functools.cache
def _any_thread_policy() -> type[Any]:
    # Made when it is asked for: policies are on their way out of asyncio, and newer versions of it warn
    # whoever only names one.
    class AnyThreadEventLoopPolicy(asyncio.DefaultEventLoopPolicy):
        """A policy with which :func:`asyncio.get_event_loop` makes a loop in any thread that has none.

        Deprecated: use :func:`tornadolike.run` or :func:`asyncio.run` in the thread.
        """

        def __init__(self) -> None:
            super().__init__()
            warnings.warn(
                "AnyThreadEventLoopPolicy is deprecated; use asyncio.run() or "
                "asyncio.new_event_loop() in the thread",
                DeprecationWarning,
                stacklevel=2,
            )

        def get_event_loop(self) -> asyncio.AbstractEventLoop:
            try:
                return super().get_event_loop()
            except RuntimeError:  # there is none
                loop = self.new_event_loop()
                self.set_event_loop(loop)
                return loop

    AnyThreadEventLoopPolicy.__qualname__ = "AnyThreadEventLoopPolicy"
    return AnyThreadEventLoopPolicy


def __getattr__(name: str) -> Any:
    if name == "AnyThreadEventLoopPolicy":
        return _any_thread_policy()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
