""":class:`CurlAsyncHTTPClient`: the client over curl."""

from typing import Any, Final

from ..http1 import Limits
from ..httpclient.checks import check_kind, check_limits
from ..httpclient.client import AsyncHTTPClient
from ..util import check_not_negative
from .engine import IDLE_TIMEOUT, MAX_IDLE, CurlEngine

MAX_HEADER_SIZE: Final = 64 * 1024


class CurlAsyncHTTPClient(AsyncHTTPClient):
    """Fetches by libcurl.

    :arg max_clients: requests at once. Others wait, first come, first served.
    :arg defaults: what requests leave open, as with :class:`.AsyncHTTPClient`.
    :arg max_body_size: the most bytes that the body of a response may have, if the request does not say otherwise. By
        default 100 MB are kept in memory, and what is streamed has no limit.
    :arg http_version: ``"2"``, the default: HTTP/2 where TLS is spoken and the server knows it, else HTTP/1.1.
        ``"1.1"``: only that. ``"2-prior-knowledge"``: HTTP/2, also without TLS.
    :arg max_header_size: the most bytes that the head of a response may have, 64 KiB by default.
    :arg max_idle: connections that are kept at the most, 100 by default (though never fewer than ``max_clients``).
    :arg keep_alive_timeout: seconds for which a connection that nobody uses is kept, 30 by default.
    :arg options: all others of :class:`.AsyncHTTPClient`.

    Raises :exc:`ValueError` for another ``http_version``, and it and :exc:`TypeError` for limits that make no sense.
    """

    def initialize(  # type: ignore[override]  # as in Tornado: positional
        self,
        max_clients: int = 10,
        defaults: dict[str, Any] | None = None,
        max_body_size: int | None = None,
        *,
        http_version: str = "2",
        max_header_size: int = MAX_HEADER_SIZE,
        max_idle: int = MAX_IDLE,
        keep_alive_timeout: float = IDLE_TIMEOUT,
        **options: Any,
    ) -> None:
        check_limits(1, max_clients=max_clients, max_header_size=max_header_size)
        check_limits(0, max_idle=max_idle)
        check_not_negative(keep_alive_timeout=keep_alive_timeout)
        check_kind(str, http_version=http_version)
        if max_body_size is not None:
            defaults = {"max_body_size": max_body_size, **(defaults or {})}
        super().initialize(defaults, **options)
        self.max_body_size = max_body_size
        self.engine = CurlEngine(
            self.io_loop,
            max_clients,
            http_version,
            Limits(max_header_size=max_header_size),
            max_idle,
            keep_alive_timeout,
        )
