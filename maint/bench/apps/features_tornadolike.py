"""What features.py measures, on tornadolike."""

import asyncio
import os
import sys
from pathlib import Path

import tornadolike
from tornadolike.caching import Cached
from tornadolike.middleware import CORS, RateLimit, SecurityHeaders
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore, SQLiteStore
from tornadolike.web import Application, RequestHandler

FILES = Path(os.environ["BENCH_FILES"])
SECRET = "no secret, but as long as one should be"

app = Application()


@app.add("/class")
class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")


@app.get("/function")
def function(handler):
    return "Hello, World!"


@app.get("/story/{year:int}/{name}")
def story(handler, year, name):
    return f"{name} of {year}"


def visit(handler):
    if "name" not in handler.session:
        handler.session["name"] = "somebody"
    return handler.session["name"]


async def pieces():
    for _ in range(100):
        yield b"x" * 100


@app.get("/stream")
async def stream(handler):
    await handler.stream(pieces(), "text/plain")


@app.get("/events")
async def events(handler):
    async with handler.event_stream() as stream:
        for number in range(100):
            await stream.send("something has happened", id=str(number))


@app.get("/download")
async def download(handler):
    await handler.send_download("1m.bin", root=FILES)


for path, function_, middleware in (
    ("/cors", function, CORS(["https://app.example.com"])),
    ("/security", function, SecurityHeaders()),
    ("/rate", function, RateLimit("1000000000/minute")),
    ("/cached", function, Cached()),
    ("/session", visit, Sessions(secret=SECRET)),
    ("/session/memory", visit, Sessions(MemoryStore())),
    ("/session/sqlite", visit, Sessions(SQLiteStore(FILES / f"{os.getpid()}.db"))),
):
    app.get(path, middleware=[middleware])(function_)


async def main():
    app.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


tornadolike.run(main())
