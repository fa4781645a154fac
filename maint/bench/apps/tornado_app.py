import asyncio
import sys

from tornado.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")


class Item(RequestHandler):
    def get(self, item):
        self.write({"id": int(item), "q": self.get_argument("q", "")})


async def main():
    Application([(r"/", Hello), (r"/item/(\d+)", Item)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
