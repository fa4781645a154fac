""":class:`CurlAsyncHTTPClient`: the client over curl."""

from typing import Any, Final

from ..http1 import Limits
from ..httpclient.client import AsyncHTTPClient
from .engine import IDLE_TIMEOUT, MAX_IDLE, CurlEngine

MAX_BODY_SIZE: Final = 100 * 1024 * 1024
MAX_HEADER_SIZE: Final = 64 * 1024


class CurlAsyncHTTPClient(AsyncHTTPClient):
    """Fetches by libcurl.

    :arg max_clients: requests at once. Others wait, first come, first served.
    :arg defaults: what requests leave open, as with :class:`.AsyncHTTPClient`.
    :arg max_body_size: the most bytes that the body of a response may have, 100 MB by default.
    :arg http_version: ``"2"``, the default: HTTP/2 where TLS is spoken and the server knows it, else HTTP/1.1.
        ``"1.1"``: only that. ``"2-prior-knowledge"``: HTTP/2, also without TLS.
    :arg max_header_size: the most bytes that the head of a response may have, 64 KiB by default.
    :arg max_idle: connections that are kept at the most, 100 by default (though never fewer than ``max_clients``).
    :arg keep_alive_timeout: seconds for which a connection that nobody uses is kept, 30 by default.
    :arg options: all others of :class:`.AsyncHTTPClient`.

    Raises :exc:`ValueError` for another ``http_version``.
    """

    def initialize(  # type: ignore[override]  # as in Tornado: positional
        self,
        max_clients: int = 10,
        defaults: dict[str, Any] | None = None,
        max_body_size: int = MAX_BODY_SIZE,
        *,
        http_version: str = "2",
        max_header_size: int = MAX_HEADER_SIZE,
        max_idle: int = MAX_IDLE,
        keep_alive_timeout: float = IDLE_TIMEOUT,
        **options: Any,
    ) -> None:
        super().initialize({"max_body_size": max_body_size, **(defaults or {})}, **options)
        self.max_body_size = max_body_size
        self.engine = CurlEngine(
            self.io_loop,
            max_clients,
            http_version,
            Limits(max_header_size=max_header_size),
            max_idle,
            keep_alive_timeout,
        )
