""":class:`Deciding`: headers that one middleware alone decides on."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ..web import RequestHandler
from ..web.around import Next


class Deciding(ABC):
    """Sets headers right before the head is sent. Of several of a kind around a handler the innermost decides.

    So that a rule may have another idea than its application. Who it is, stands in the handler's attributes by the name
    ``KEY``, which is a subclass's own, and which no author can use.
    """

    KEY: ClassVar[str]

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        own: dict[str, Any] = vars(handler)
        if self.KEY not in own:
            handler.before_head(self._have_set)
        own[self.KEY] = self
        await call_next(handler)

    def _have_set(self, handler: RequestHandler) -> None:
        vars(handler)[self.KEY].set_headers(handler)

    @abstractmethod
    def set_headers(self, handler: RequestHandler) -> None:
        """Set the headers of the response, but for those that the handler has set."""
