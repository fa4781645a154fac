"""A process that takes uploads and says how much its memory has grown; run by test_large_uploads.py.

Usage: python upload_server.py FOLDER. Prints its port. Each answer has the size that was received and the growth
in bytes since the first one.
"""

import asyncio
import resource
import sys
from typing import Any, ClassVar

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.web import (
    Application,
    RequestHandler,
    reads_request_body,
    spool_uploads,
    stream_request_body,
)


class Measuring(RequestHandler):
    max_body_size = 10**9
    at_first: ClassVar[int] = 0

    def tell(self, size: int) -> None:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        Measuring.at_first = Measuring.at_first or most
        self.finish({"size": size, "growth": most - Measuring.at_first})


@stream_request_body
class Pushed(Measuring):
    size = 0

    async def data_received(self, chunk: bytes) -> None:
        self.size += len(chunk)
        await asyncio.sleep(0)

    def post(self) -> None:
        self.tell(self.size)


@reads_request_body
class Parts(Measuring):
    async def post(self) -> None:
        size = 0
        async for part in self.form_parts():
            async for chunk in part:
                size += len(chunk)
        self.tell(size)


@reads_request_body
class Saved(Measuring):
    def initialize(self, folder: str) -> None:
        self.folder = folder

    async def post(self) -> None:
        async for part in self.form_parts():
            self.tell(await part.save(f"{self.folder}/saved"))


@spool_uploads
class Spooled(Measuring):
    async def post(self) -> None:
        (file,) = self.request.files["f"]
        self.tell(file.size)  # type: ignore[attr-defined]


async def main(folder: str) -> None:
    rules: list[Any] = [
        ("/pushed", Pushed),
        ("/parts", Parts),
        ("/saved", Saved, {"folder": folder}),
        ("/spooled", Spooled),
    ]
    server = HTTPServer(Application(rules, upload_directory=folder))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


tornadolike.run(main(sys.argv[1]))
