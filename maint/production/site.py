"""The site that is asked while things go wrong: each answer says to which request it belongs, and who gave it.

What it is by the environment, since a version of it is what starts with these variables:

``SITE_VERSION``   a file: what is in it is the version; ``broken`` cannot be loaded
``SITE_REDIS``     an address: sessions are kept there, and messages go over it
``SITE_LOG``       a file: a line for each request
``SITE_BALLAST``   megabytes that are loaded with the program, for what memory workers share
"""

import asyncio
import os
import time
import zlib
from pathlib import Path
from typing import Any

from tornadolike.accesslog import CombinedLog
from tornadolike.sessions import Sessions
from tornadolike.stores import RedisStore
from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import WebSocketHandler

VERSION = Path(os.environ["SITE_VERSION"]).read_text() if "SITE_VERSION" in os.environ else "1"
if VERSION == "broken":
    raise RuntimeError("this version cannot be loaded")

BALLAST = [bytes([n % 251]) * 1024 for n in range(1024 * int(os.environ.get("SITE_BALLAST", "0")))]
SLOW_PIECES, SLOW_PAUSE = 10, 0.05
leaked: list[bytes] = []


class Base(RequestHandler):
    def set_default_headers(self) -> None:
        self.set_header("X-Worker", f"{os.getpid()} {VERSION}")


class Number(Base):
    def get(self, number: str) -> None:
        self.write(number)


class Slow(Base):
    async def get(self, number: str) -> None:
        for _ in range(SLOW_PIECES):
            self.write(".")
            await self.flush()
            await asyncio.sleep(SLOW_PAUSE)
        self.write(number)


class Upload(Base):
    def post(self, number: str) -> None:
        self.write(f"{number} {zlib.crc32(self.request.body)}")


class Work(Base):
    """Some milliseconds of Python, as a page has them."""

    def get(self, rounds: str) -> None:
        self.write(str(sum(n * n for n in range(int(rounds) * 1000))))


class Block(Base):
    def get(self, seconds: str) -> None:
        time.sleep(float(seconds))
        self.write("awake")


class Leak(Base):
    def get(self, kibibytes: str) -> None:
        leaked.append(os.urandom(1024) * int(kibibytes))
        self.write(str(len(leaked)))


class Visits(Base):
    def get(self) -> None:
        self.session["visits"] = self.session.get("visits", 0) + 1
        self.write(str(self.session["visits"]))


class Echo(WebSocketHandler):
    def set_default_headers(self) -> None:
        self.set_header("X-Worker", f"{os.getpid()} {VERSION}")

    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message)


def settings() -> dict[str, Any]:
    chosen: dict[str, Any] = {"log_function": lambda handler: None}
    if "SITE_LOG" in os.environ:
        chosen["log_function"] = CombinedLog(os.environ["SITE_LOG"])
    if "SITE_REDIS" in os.environ:
        store = RedisStore(os.environ["SITE_REDIS"], timeout=1.0)
        chosen.update(middleware=[Sessions(store)], cookie_secret="the secret of a test" * 2)
    return chosen


app = Application(
    [
        (r"/number/(\d+)", Number),
        (r"/slow/(\d+)", Slow),
        (r"/upload/(\d+)", Upload),
        (r"/work/(\d+)", Work),
        (r"/block/([\d.]+)", Block),
        (r"/leak/(\d+)", Leak),
        ("/visits", Visits),
        ("/echo", Echo),
    ],
    **settings(),
)
