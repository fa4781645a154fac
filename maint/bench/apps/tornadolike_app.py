"""The same program as tornado_app.py, on tornadolike."""

import asyncio
import sys
from itertools import count

import tornadolike
from tornadolike.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")


class Item(RequestHandler):
    def get(self, item):
        self.write({"id": int(item), "q": self.get_argument("q", "")})


class Rich(RequestHandler):
    """What handlers of real sites do: hooks, and headers of their own. (The Etag all have.)"""

    def prepare(self):
        self.began = True

    def get(self):
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Frame-Options", "DENY")
        self.write("Hello, World!")

    def on_finish(self):
        self.ended = True


class Fresh(RequestHandler):
    """A text that nobody has sent before, so that nothing of the response can be remembered."""

    numbers = count()

    def get(self):
        self.write(f"Hello, number {next(self.numbers)}!")


class Async(RequestHandler):
    async def get(self):
        self.write("Hello, World!")


class Awaits(RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        self.write("Hello, World!")


RULES = [
    (r"/", Hello),
    (r"/item/(\d+)", Item),
    (r"/rich", Rich),
    (r"/fresh", Fresh),
    (r"/async", Async),
    (r"/awaits", Awaits),
]


async def main():
    Application(RULES).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
