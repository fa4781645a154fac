""":class:`AsyncHTTPClient`: what fetches."""

import asyncio
import weakref
from collections.abc import Callable
from typing import Any, ClassVar, cast

from ..ioloop import IOLoop
from ..util import Configurable, import_object
from .collecting import collect
from .conversation import Conversation
from .cookies import Jar, jar_for
from .engine import Engine
from .plan import Plan, plan_for
from .requests import HTTPRequest
from .responses import HTTPResponse


class AsyncHTTPClient(Configurable):
    """Fetches, without blocking the loop.

    (The docstring is the face's.)
    """

    _instances: ClassVar["weakref.WeakKeyDictionary[IOLoop, AsyncHTTPClient]"]
    engine: Engine

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return AsyncHTTPClient

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        # By its name: the engines stand on this room.
        return cast(
            type[Configurable], import_object("tornadolike.simple_httpclient.SimpleAsyncHTTPClient")
        )

    def initialize(
        self, defaults: dict[str, Any] | None = None, cookies: Jar | bool | None = None
    ) -> None:
        self.cookies = jar_for(cookies)
        self.io_loop = IOLoop.current()
        self.defaults = {**HTTPRequest._DEFAULTS, **(defaults or {})}
        self._closed = False

    def fetch(
        self, request: str | HTTPRequest, raise_error: bool = True, **kwargs: Any
    ) -> "asyncio.Future[HTTPResponse]":
        """Send a request; the future has its response."""
        if not isinstance(request, HTTPRequest):
            request = HTTPRequest(request, **kwargs)
        plan = plan_for(request, self.defaults, jar=self.cookies)
        return self.io_loop.start_task(self._fetch(plan, raise_error))

    async def _fetch(self, plan: Plan, raise_error: bool) -> HTTPResponse:
        conversation = Conversation(self.engine, plan)
        try:
            async with asyncio.timeout(plan.request_timeout or None):
                answer = await conversation.open()
                try:
                    response = await collect(plan, conversation, answer)
                except BaseException:
                    answer.close()
                    raise
        except BaseException as error:
            conversation.failed(error)
            raise
        conversation.complete(response)
        if raise_error:
            response.rethrow()
        return response

    def fetch_impl(self, request: HTTPRequest, callback: Callable[[HTTPResponse], None]) -> Any:
        """For engines of others, as in Tornado."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self.engine.close()
