"""What our HTTP client has sent."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.metrics.helpers import of
from tornadolike import ioloop
from tornadolike.httpclient import AsyncHTTPClient, HTTPClientError, Retries
from tornadolike.httpclient.tracing import everywhere
from tornadolike.metrics import Metrics
from tornadolike.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("Hello!")


class Away(RequestHandler):
    def get(self) -> None:
        self.redirect("/")


@pytest.fixture(params=["simple_httpclient.Simple", "curl_httpclient.Curl"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("curl"):
        pytest.importorskip("pycurl")
    return f"tornadolike.{request.param}AsyncHTTPClient"


def requests(metrics: Metrics) -> dict[str, float]:
    return of(metrics.scrape()[1], "http_client_requests_total")


def test_fetches_are_counted(serve: Callable[..., Any], engine: str) -> None:
    server = serve(Application([("/", Hello), ("/away", Away)]))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
    metrics = Metrics(Application())
    metrics.watch_clients()

    async def fetch() -> None:
        AsyncHTTPClient.configure(engine)
        try:
            async with AsyncHTTPClient(force_instance=True) as client:
                await client.fetch(server.url)
                await client.fetch(f"{server.url}/away")
                await client.fetch(f"{server.url}/nowhere", raise_error=False)
                async with client.stream("GET", server.url) as response:
                    await response.read()
                with pytest.raises(HTTPClientError):
                    await client.fetch(f"http://{nobody}/", retries=Retries(2, backoff=0.0))
        finally:
            AsyncHTTPClient.configure(None)

    try:
        ioloop.run(fetch())
    finally:
        metrics.leave_clients()
    ours = f"127.0.0.1:{server.port}"
    assert requests(metrics) == {
        f"('GET', '{ours}', '200')": 3.0,
        f"('GET', '{ours}', '302')": 1.0,
        f"('GET', '{ours}', '404')": 1.0,
        f"('GET', '{nobody}', 'error')": 2.0,
    }
    seconds = of(metrics.scrape()[1], "http_client_request_duration_seconds_sum")
    assert 0 < seconds[f"('GET', '{ours}')"] < 10


def test_a_body_that_breaks_off_is_no_second_request(serve: Callable[..., Any]) -> None:
    class Half(RequestHandler):
        async def get(self) -> None:
            self.set_header("Content-Length", "10")
            self.write("half")
            await self.flush()
            self.request.connection.close()
            self._auto_finish = False

    server = serve(Application([("/", Half)]))
    metrics = Metrics(Application())
    metrics.watch_clients()

    async def fetch() -> None:
        async with AsyncHTTPClient(force_instance=True) as client:
            with pytest.raises(HTTPClientError):
                await client.fetch(server.url)

    try:
        ioloop.run(fetch())
    finally:
        metrics.leave_clients()
    assert list(requests(metrics).values()) == [1.0]
    assert "'200'" in next(iter(requests(metrics)))


def test_hosts_beyond_the_limit_are_one(serve: Callable[..., Any]) -> None:
    servers = [serve(Application([("/", Hello)])) for _ in range(4)]
    metrics = Metrics(Application())
    metrics.watch_clients(max_hosts=2)

    async def fetch() -> None:
        async with AsyncHTTPClient(force_instance=True) as client:
            for server in servers * 2:
                await client.fetch(server.url)

    try:
        ioloop.run(fetch())
    finally:
        metrics.leave_clients()
    assert requests(metrics) == {
        f"('GET', '127.0.0.1:{servers[0].port}', '200')": 2.0,
        f"('GET', '127.0.0.1:{servers[1].port}', '200')": 2.0,
        "('GET', 'other', '200')": 4.0,
    }


def test_clients_are_left() -> None:
    metrics = Metrics(Application())
    metrics.watch_clients()
    metrics.watch_clients(5)
    assert len(everywhere.traces) == 1
    metrics.leave_clients()
    metrics.leave_clients()
    assert everywhere.traces == ()
