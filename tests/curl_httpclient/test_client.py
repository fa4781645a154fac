"""The client over curl, as programs use it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.curl_httpclient.helpers import Server, Silent
from tests.running import on_every_loop
from tornadolike.curl_httpclient import (
    CurlAsyncHTTPClient,
    CurlError,
    answers,
    engine,
    heads,
    transfer,
    uploads,
)
from tornadolike.curl_httpclient.client import MAX_HEADER_SIZE
from tornadolike.httpclient.client import AsyncHTTPClient
from tornadolike.httpclient.failures import HTTPProtocolError, HTTPRefusedError

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def configured():
    """The client over curl is what programs get that want any."""
    AsyncHTTPClient.configure("tornadolike.curl_httpclient.CurlAsyncHTTPClient", max_clients=3)
    yield
    AsyncHTTPClient.configure(None)


@on_every_loop
async def test_by_configuration(configured):
    client = AsyncHTTPClient()
    assert type(client) is CurlAsyncHTTPClient
    try:
        async with Server().running() as (host, port):
            response = await client.fetch(f"http://{host}:{port}/")
            assert (response.code, response.body) == (200, b"ok")
            client.close()
    finally:
        client.close()


@on_every_loop
async def test_a_body_and_errors():
    client = CurlAsyncHTTPClient(max_body_size=1)
    server = Server()
    try:
        async with server.running() as (host, port):
            url = f"http://{host}:{port}/"
            with pytest.raises(HTTPProtocolError):
                await client.fetch(url, method="POST", body="Grüße")
            assert server.bodies == ["Grüße".encode()]
            assert "Content-Type: application/x-www-form-urlencoded\r\n" in server.heads[0]
            response = await client.fetch(url, max_body_size=2)
            assert response.body == b"ok"
            client.close()
        client = CurlAsyncHTTPClient()
        with pytest.raises(HTTPRefusedError) as raised:
            await client.fetch(url)
        assert isinstance(raised.value, CurlError)
    finally:
        client.close()


@on_every_loop
async def test_a_fetch_that_takes_too_long_or_is_cancelled():
    client = CurlAsyncHTTPClient(max_clients=1)
    server = Silent()
    try:
        async with server.running() as (host, port):
            url = f"http://{host}:{port}/"
            with pytest.raises(TimeoutError):
                await client.fetch(url, request_timeout=0.05)
            await server.left.wait()
            server.left.clear()
            server.asked.clear()
            fetching = client.fetch(url)
            await server.asked.wait()
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            await server.left.wait()
    finally:
        client.close()


def run(program):
    """Run a program; return what it says."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_without_pycurl():
    said = run(
        "import sys; sys.modules['pycurl'] = None\n"
        "try: import tornadolike.curl_httpclient\n"
        "except ImportError as error: print(error.name, error)"
    )
    assert said.startswith("pycurl ")
    assert "pip install tornadolike[curl]" in said


def test_with_a_pycurl_that_is_too_old():
    said = run(
        "import sys, types; old = sys.modules['pycurl'] = types.ModuleType('pycurl')\n"
        "old.version = 'PycURL/7.43.0'\n"
        "try: import tornadolike.curl_httpclient\n"
        "except ImportError as error: print(error)"
    )
    assert "needs pycurl 7.45.7" in said
    assert "PycURL/7.43.0" in said


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {engine.MAX_IDLE} connections are kept (``max_idle``)",
        f"for {engine.IDLE_TIMEOUT:g} seconds (``keep_alive_timeout``). The head",
        f"may have {MAX_HEADER_SIZE // 1024} KiB (``max_header_size``): ``HTTPProtocolError``",
        f"{answers.AHEAD_LIMIT // 1024**2} MiB of a body that nobody has fetched yet",
        f"{uploads.AHEAD_LIMIT // 1024} KiB that a ``body_producer`` has given",
        f"{heads._MAX_INTERIM} interim responses",
        f"is begun: {transfer._MOST_TRIES_WITH_HTTP_1} times",
        f"refuse what came too late, {transfer._MOST_TRIES} times",
    ],
)
def test_limits_are_as_their_page_says(sentence):
    page = (ROOT / "docs/limits.rst").read_text().partition("Of the HTTP client over curl")[2]
    assert sentence.lower() in " ".join(page.lower().split())
