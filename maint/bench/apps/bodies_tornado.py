import asyncio
import os
import sys

from tornado.web import Application, RequestHandler, StaticFileHandler, stream_request_body

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


class File(StaticFileHandler):
    def compute_etag(self):
        return None  # which would be the hash of all of it


async def main():
    files = (r"/(file)", File, {"path": os.path.dirname(sys.argv[2])})
    Application([(r"/", Bodies), files]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
