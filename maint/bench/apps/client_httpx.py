"""httpx, for http_clients.py. Its limits are the usual ones: the more it may keep, the longer it searches."""

import httpx
from client_job import main


class Client:
    def __init__(self, most: int) -> None:
        self.client = httpx.AsyncClient(timeout=20)

    async def get(self, url: str) -> int:
        return len((await self.client.get(url)).content)

    async def download(self, url: str) -> int:
        size = 0
        async with self.client.stream("GET", url) as response:
            async for piece in response.aiter_bytes():
                size += len(piece)
        return size

    async def close(self) -> None:
        await self.client.aclose()


main(Client)
