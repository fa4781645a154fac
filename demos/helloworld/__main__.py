"""`python -m demos.helloworld`: two handlers, one that greets and one that answers in JSON."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from demos.serving import main
from tornadolike.web import Application, RequestHandler


class MainHandler(RequestHandler):
    def get(self) -> None:
        self.write("Hello, World!")


class ItemHandler(RequestHandler):
    def get(self, item: str) -> None:
        self.write({"id": int(item), "q": self.get_query_argument("q", "")})


@asynccontextmanager
async def hello() -> AsyncIterator[Application]:
    """The application; it needs nothing around it."""
    yield Application([(r"/", MainHandler), (r"/item/([0-9]+)", ItemHandler)])


if __name__ == "__main__":
    sys.exit(main("HelloWorld", hello))
