"""Several connections that ask, for some time."""

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...http1 import RequestWriter
from ...httpclient.addresses import Address
from ...httputil import HTTPHeaders
from .connection import Asker
from .pacing import Pace
from .results import Results


@dataclass(frozen=True)
class Load:
    """What is asked, and how much of it."""

    address: Address
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    connections: int = 10
    pipeline: int = 1
    seconds: float = 10.0
    count: int | None = None
    rate: float | None = None
    ssl_context: ssl.SSLContext | None = None

    def request(self) -> bytes:
        """The bytes of the request. Raises :exc:`~tornadolike.httputil.HTTPOutputError` for what cannot be sent."""
        headers = HTTPHeaders({"Host": self.address.authority, "User-Agent": "tornadolike-bench"})
        names = {name.lower() for name, _ in self.headers}
        for name in [name for name in headers if name.lower() in names]:
            del headers[name]
        for name, value in self.headers:
            headers.add(name, value)
        if self.body:
            headers["Content-Length"] = str(len(self.body))
        writer = RequestWriter()
        head = writer.head(self.method, self.address.resource, headers, with_body=bool(self.body))
        return head + self.body


async def measure(load: Load) -> Results:
    """Ask, and return what came of it. Raises :exc:`OSError` if the connections cannot be made."""
    request = load.request()
    pace = Pace(time.perf_counter, load.count, load.rate)
    results = Results()
    connect = partial(_connected, load, request, pace, results)
    askers = [await connect() for _ in range(load.connections)]
    pace.begin()
    try:
        async with asyncio.timeout(load.seconds):
            await asyncio.gather(*[_ask(askers, slot, connect) for slot in range(len(askers))])
    except TimeoutError:
        pass  # is how most runs end
    finally:
        results.seconds = pace.time() - pace.start
        for asker in askers:
            asker.close()
    return results


async def _connected(load: Load, request: bytes, pace: Pace, results: Results) -> Asker:
    _, asker = await asyncio.get_running_loop().create_connection(
        lambda: Asker(request, load.method, load.pipeline, pace, results),
        load.address.host,
        load.address.port,
        ssl=load.ssl_context,
    )
    return asker


async def _ask(
    askers: list[Asker], slot: int, connect: Callable[[], Coroutine[Any, Any, Asker]]
) -> None:
    """Have the connection in this slot ask; where a server ends connections there is always another one."""
    while True:
        asker = askers[slot]
        asker.begin()
        await asker.over
        asker.close()
        if asker.is_satisfied:
            return
        try:
            askers[slot] = await connect()
        except OSError as error:
            asker.results.failures[f"cannot connect: {reason_of(error)}"] += 1
            return


def reason_of(error: OSError) -> str:
    """Why there is no connection."""
    number = error.errno or 0
    is_the_systems = number > 0 and not isinstance(error, ssl.SSLError)
    return os.strerror(number) if is_the_systems else str(error.strerror or error)
