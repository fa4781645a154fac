"""Hello, within as many middlewares that do nothing as the second argument says."""

import asyncio
import sys

import tornadolike
from tornadolike.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")


def make():
    async def passes_on(handler, call_next):
        await call_next(handler)

    return passes_on


async def main():
    middleware = [make() for _ in range(int(sys.argv[2]))]
    Application([(r"/", Hello)], middleware=middleware).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
