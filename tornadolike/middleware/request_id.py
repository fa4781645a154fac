""":class:`RequestID`: a name for each request, by which to find it in the logs."""

import logging
import re
import secrets
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Final

from ..httputil.networks import Entry, Networks
from ..log import REQUEST_ID, add_log_field
from ..web import RequestHandler
from ..web.around import Next
from ..web.head import header_text

LONGEST: Final = 128
"""Characters of a client's name for its request."""

_WELL_FORMED = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{{0,{LONGEST - 1}}}")

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The name of the request that is being answered; None without :class:`RequestID`."""

add_log_field("request_id", request_id.get)


def new_id() -> str:
    """128 bits by chance, as 32 digits."""
    return secrets.token_hex(16)


class RequestID:
    """Gives each request a name, and tells it to the client and to the log.

    It is in :data:`request_id` while the request is answered, and in whatever is started from there; and in the
    response's header. :class:`RequestIDFilter` puts it into lines of the log.

    :arg header: the header.
    :arg accept: whose name of a request is taken over, if it came with one: nobody's (False), everybody's (True), or
        that of whoever connects from these networks (as of :class:`~tornadolike.httputil.TrustedProxies`): a proxy of
        ours that sets the header itself. A name has up to 128 letters, digits and ``. _ : / + = @ -``, and begins
        with a letter or digit; another one is as good as none.
    :arg make: makes a new name.

    Raises :exc:`ValueError` for what is no header or no network.
    """

    def __init__(
        self,
        header: str = "X-Request-ID",
        *,
        accept: bool | Networks | Entry | Iterable[Entry] = False,
        make: Callable[[], str] = new_id,
    ) -> None:
        header_text(header, "")
        if not callable(make):
            raise TypeError(f"make is a function that makes a name, not {make!r}")
        self._header = header
        self._accept = accept if isinstance(accept, bool) else Networks(accept)
        self._make = make

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        name = self._accepted(handler) or self._make()
        request_id.set(name)
        vars(handler)[REQUEST_ID] = name
        handler.before_head(lambda handler: handler.set_header(self._header, name))
        await call_next(handler)

    def _accepted(self, handler: RequestHandler) -> str | None:
        accept = self._accept
        if accept is False:
            return None
        request = handler.request
        name = request.headers.get(self._header)
        if name is None or not _WELL_FORMED.fullmatch(name):
            return None
        if accept is not True:
            context = getattr(request.connection, "context", None)
            if not accept.has_peer(getattr(context, "address", None)):
                return None
        return name


class RequestIDFilter(logging.Filter):
    """Gives each record of a log an attribute ``request_id``: the request's name, or ``-`` outside of one.

    It is for handlers of logs, whose formats may have ``%(request_id)s`` then.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True
