""":class:`Lifetime`: what an application begins before it serves, and ends when it has served.

.. code-block:: python

    @app.lifetime
    async def database(app):
        app.settings["db"] = db = await connect()
        yield
        await db.close()

What is begun is ended in the reverse order. It is entered and left in the same task, so that a context may have task
groups and time-outs.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from ...background import Background
from ...signals import Receiver
from ...util import lazy
from .life import DRAIN_SECONDS, Life

F = TypeVar("F", bound=Callable[..., Any])


class Lifetime:
    """The part of an application that begins and ends."""

    @lazy
    def _life(self) -> "Life":
        return Life(self)

    @lazy
    def background(self) -> Background:
        """Runs what nobody waits for (:class:`~tornadolike.background.Background`); stopped with the application."""
        return self._background

    @property
    def _background(self) -> Background:
        return self._life.background

    # Hooks

    def on_startup(self, function: F) -> F:
        """Call ``function``, which may be a coroutine function, when the application starts: before it serves.

        It gets the application, if it has a parameter without a default. Hooks of all kinds are called one after the
        other, in the order in which they were added. Can be used as a decorator. Raises :exc:`TypeError` for what is
        no function, and :exc:`RuntimeError` if the application is started already.
        """
        self._life.add("on_startup", function)
        return function

    def on_shutdown(self, function: F) -> F:
        """Call ``function`` when the application has served, in the reverse order of all hooks.

        Only if start-up has come as far as here. Otherwise as :meth:`on_startup`, but may also be added later.
        """
        self._life.add("on_shutdown", function)
        return function

    def lifetime(self, function: F) -> F:
        """Enter the context that ``function`` gives when the application starts, and leave it at the end.

        :arg function: a coroutine function with one ``yield``, or one that gives an asynchronous context manager
            (decorated with :func:`contextlib.asynccontextmanager`, say).

        Otherwise as :meth:`on_startup`.
        """
        self._life.add("lifetime", function)
        return function

    # Signals

    def on(
        self, name: str, receiver: Receiver | None = None, *, weak: bool = False
    ) -> Callable[..., Any]:
        """Tell ``receiver`` when ``name`` is sent, by :meth:`send` or by the application; as a decorator without it.

        As :meth:`~tornadolike.signals.Signals.on`. The application itself sends ``application.started`` and
        ``application.stopping`` (with ``application``), ``request.begun``, ``request.finished`` (with ``handler``) and
        ``request.failed`` (with ``handler`` and ``error``, which is what the handler has raised).
        """

        def connect(receiver: F) -> F:
            self._life.signals.on(name, receiver, weak=weak)
            self._life.tell_of_requests()
            return receiver

        return connect if receiver is None else connect(receiver)

    async def send(self, name: str, /, **data: Any) -> None:
        """Tell all who listen to ``name``, and wait for them, as :meth:`~tornadolike.signals.Signals.send`."""
        await self._life.signals.send(name, **data)

    # Starting and stopping

    async def start(self) -> None:
        """Call the hooks of start-up, enter the lifetimes, and begin with what is repeated in the background.

        First come the lifetimes of middleware (objects with a method ``lifetime(application)``), then the hooks in
        their order, then the same of applications that are targets of rules here. If one of them fails, what was begun
        is ended, and the exception, which says whose it is, is raised.

        Raises :exc:`RuntimeError` if it is started already. Behind :meth:`stop` it may be started again.
        """
        await self._life.start()

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """End all that :meth:`start` has begun, and before it what goes on.

        Servers (:meth:`~.Application.listen`) accept nobody any more; requests that were accepted are answered, at the
        most for ``drain_seconds`` (:meth:`.TCPServer.drain`); jobs in the background are waited for or cancelled
        (:meth:`.Background.stop`). Then lifetimes and hooks, in the reverse order; those that fail are logged.

        What is called while it goes on waits for its end, too. Nothing happens to an application that is stopped.
        """
        await self._life.stop(drain_seconds)

    async def __aenter__(self) -> Self:
        await self._life.start()
        return self

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._life.stop()
