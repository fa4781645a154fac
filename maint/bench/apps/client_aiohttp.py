"""aiohttp, for http_clients.py."""

import aiohttp
from client_job import main


class Client:
    def __init__(self, most: int) -> None:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=most))

    async def get(self, url: str) -> int:
        async with self.session.get(url) as response:
            return len(await response.read())

    async def download(self, url: str) -> int:
        size = 0
        async with self.session.get(url) as response:
            async for piece in response.content.iter_any():
                size += len(piece)
        return size

    async def close(self) -> None:
        await self.session.close()


main(Client)
