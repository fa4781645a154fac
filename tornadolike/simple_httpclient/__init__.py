"""Our own engine."""

from typing import Any

from ..httpclient.client import AsyncHTTPClient
from ..tcpclient import TCPClient
from .engine import SimpleEngine
from .pool import Pool


class SimpleAsyncHTTPClient(AsyncHTTPClient):
    """Fetches over connections that are kept."""

    def initialize(  # type: ignore[override]  # as in Tornado: positional
        self, max_clients: int = 10, defaults: dict[str, Any] | None = None, **options: Any
    ) -> None:
        super().initialize(defaults, **options)
        self.engine = SimpleEngine(TCPClient(), Pool(max_clients))


__all__ = ["SimpleAsyncHTTPClient"]
