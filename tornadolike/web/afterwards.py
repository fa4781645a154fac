""":class:`Afterwards`: what is to be done when a request is finished."""

import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from ..background import Job
from .site import Site


class Afterwards:
    """Calls what has asked for it when the response was handed over for sending, whatever response it is."""

    application: Site

    _finished: bool
    _held: Any
    _log: Callable[..., None]
    _afterwards: "deque[Callable[[], object]] | None" = None
    _failure_listeners: tuple[Callable[[Any, Exception], Awaitable[None]], ...] = ()
    _told_of: Mapping[Any, int] = {}
    """What each of these was told of last: an exception's id, for itself it would be held by this."""

    def run_in_background(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Job:
        """Call ``function(*args, **kwargs)``, which may be a coroutine function, when the response is finished.

        It never holds the response, and is done also if the client has left, or if the handler fails behind this call.
        Context variables are what they are now. It is a job of the application's background, whose limits it has
        (:meth:`.Background.start`): :exc:`.BackgroundFull` is raised over them. What takes its time without waiting
        belongs in a thread: ``run_in_background(asyncio.to_thread, function, ...)``.
        """
        job = self.application._background.hold(function, *args, **kwargs)
        self._call_afterwards(job.begin)
        return job

    def _call_afterwards(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the request is finished: at once, if it is."""
        if self._finished and self._held is None:
            callback()
            return
        if self._afterwards is None:
            # Handlers that do without this pay nothing for it: what is always called last is another one here.
            self._afterwards = deque()
            self._log = partial(_log_and_go_on, weakref.ref(self))
        self._afterwards.append(callback)

    async def _tell_of_failure(self, error: Exception) -> None:
        """For who answers ``error``: it will not be raised to those who listen."""
        for tell in self._failure_listeners:
            await tell(self, error)

    def _go_on_afterwards(self) -> None:
        """Call what waits for the end of the request: it is finished, or nobody will ever say so."""
        while self._afterwards:
            self._afterwards.popleft()()


def _log_and_go_on(reference: "weakref.ref[Afterwards]") -> None:
    handler = reference()
    assert handler is not None  # it has called this
    try:
        type(handler)._log(handler)
    finally:
        handler._go_on_afterwards()
