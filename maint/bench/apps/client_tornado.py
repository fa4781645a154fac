"""Tornado's two clients and ours, which have the same API, for http_clients.py. The first argument is the module."""

import sys
from importlib import import_module
from typing import Any

from client_job import main

MODULE = sys.argv.pop(1)
ENGINE: Any = import_module(MODULE)
CLASS = "CurlAsyncHTTPClient" if "curl" in MODULE else "SimpleAsyncHTTPClient"

MOST = 1 << 40
"""Bytes of a body: a limit that no job meets."""


class Client:
    def __init__(self, most: int) -> None:
        self.client = getattr(ENGINE, CLASS)(
            force_instance=True, max_clients=most, max_body_size=MOST
        )

    async def get(self, url: str) -> int:
        return len((await self.client.fetch(url)).body)

    async def download(self, url: str) -> int:
        size = 0

        def count(piece: bytes) -> None:
            nonlocal size
            size += len(piece)

        await self.client.fetch(url, streaming_callback=count, request_timeout=0)
        return size

    async def close(self) -> None:
        self.client.close()


main(Client)
