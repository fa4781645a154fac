"""`python -m demos.helloworld`: two handlers, one that greets and one that answers in JSON."""

import argparse
import asyncio

import tornadolike
from tornadolike.web import Application, RequestHandler


class MainHandler(RequestHandler):
    def get(self) -> None:
        self.write("Hello, World!")


class ItemHandler(RequestHandler):
    def get(self, item: str) -> None:
        self.write({"id": int(item), "q": self.get_query_argument("q", "")})


def make_app() -> Application:
    return Application([(r"/", MainHandler), (r"/item/([0-9]+)", ItemHandler)])


async def serve(address: str, port: int) -> None:
    make_app().listen(port, address)
    print(f"Hello on http://{address}:{port}  (Ctrl-C stops)", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m demos.helloworld", description=__doc__)
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--address", default="127.0.0.1")
    options = parser.parse_args()
    try:
        tornadolike.run(serve(options.address, options.port))
    except KeyboardInterrupt:
        pass
