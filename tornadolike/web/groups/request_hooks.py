""":class:`RequestHooks`: what is called before and after the handlers of a group."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..around import Next
from .functions import respond


class RequestHooks:
    """Middleware that calls functions with the handler.

    Those of :attr:`before` in their order: as soon as one has answered, by what it returns or by finishing the
    response, neither the rest nor the handler is called. Those of :attr:`after` in the other order, right before the
    head of whatever response is sent (:meth:`.RequestHandler.before_head`).
    """

    def __init__(self) -> None:
        self.before: list[Callable[[Any], Any]] = []
        self.after: list[Callable[[Any], Any]] = []

    def copy(self) -> "RequestHooks":
        """One with the same functions, to which others can be added."""
        new = RequestHooks()
        new.before, new.after = list(self.before), list(self.after)
        return new

    async def __call__(self, handler: Any, call_next: Next) -> None:
        for hook in self.after:
            handler.before_head(hook)
        for hook in self.before:
            result = hook(handler)
            if isinstance(result, Awaitable):
                result = await result
            if result is not None:
                await respond(handler, result)
                if not handler._finished:
                    handler.finish()
            if handler._finished:
                return
        await call_next(handler)
