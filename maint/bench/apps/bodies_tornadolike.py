"""Takes and gives bodies of any size.

``POST /`` counts what comes. ``GET /?pieces=N`` sends N pieces; with ``chunked=1`` they are chunks.
``GET /file`` sends the file of the second argument.
"""

import asyncio
import sys

import tornadolike
from tornadolike.web import Application, RequestHandler, stream_request_body

PIECE = bytes(256 * 1024)


@stream_request_body
class Bodies(RequestHandler):
    def prepare(self):
        self.count = 0
        self.request.connection.set_max_body_size(1 << 40)

    def data_received(self, chunk):
        self.count += len(chunk)

    def post(self):
        self.write(str(self.count))

    async def get(self):
        pieces = int(self.get_argument("pieces"))
        if not self.get_argument("chunked", ""):
            self.set_header("Content-Length", pieces * len(PIECE))
        for _ in range(pieces):
            self.write(PIECE)
            await self.flush()


class File(RequestHandler):
    async def get(self):
        with open(sys.argv[2], "rb") as file:  # noqa: ASYNC230 - which it takes in all of them
            await self.send_file(file)


async def main():
    Application([(r"/", Bodies), (r"/file", File)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
