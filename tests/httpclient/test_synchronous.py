"""HTTPClient: fetches that block."""

import asyncio
import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.httpclient.house import House, Scripted
from tornadolike.httpclient import AsyncHTTPClient, HTTPClient, HTTPError
from tornadolike.ioloop import IOLoop
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient


@pytest.fixture
def url(serve):
    return serve(House()).url


def test_fetching(url):
    with HTTPClient() as client:
        assert client.fetch(url + "/x").json()["uri"] == "/x"
        peers = {client.get(url).json()["peer"] for _ in range(3)}
        assert len(peers) == 1
        assert client.post(url, json=5).json()["body"] == "5"
        with pytest.raises(HTTPError, match="404") as caught:
            client.fetch(url + "/status/404")
        assert caught.value.response.body == b"as you like"
        assert client.fetch(url + "/status/404", raise_error=False).code == 404
    client.close()
    with pytest.raises(RuntimeError, match="closed HTTPClient"):
        client.fetch(url)


def test_it_leaves_no_loop_behind(url):
    before = IOLoop.current(instance=False)
    with HTTPClient() as client:
        client.fetch(url)
        assert IOLoop.current(instance=False) is before
    assert IOLoop.current(instance=False) is before


def test_its_client(url):
    with HTTPClient(base_url=url, defaults={"user_agent": "us"}) as client:
        assert client.get("a").json()["headers"]["User-Agent"] == "us"
    with HTTPClient(SimpleAsyncHTTPClient, max_clients=1) as client:
        assert client.fetch(url).code == 200
    with HTTPClient(Scripted, raise_error=False) as client:
        assert client._client.raise_error is False
    with pytest.raises(TypeError, match="nothing"):
        HTTPClient(nothing=1)


def test_where_a_loop_runs(url):
    client = HTTPClient()

    async def main():
        with pytest.raises(RuntimeError, match="await AsyncHTTPClient"):
            HTTPClient()
        with pytest.raises(RuntimeError, match="would stop it"):
            client.fetch(url)

    asyncio.run(main())
    client.close()


def test_in_threads(url):
    found = []

    def fetch():
        with HTTPClient() as client:
            found.append(client.fetch(url).code)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200, 200, 200]


def test_one_that_is_dropped(url):
    # What it has open is closed: the fixtures would see a descriptor that is not.
    client = HTTPClient()
    client.fetch(url)
    del client
    gc.collect()

    async def drop():
        dropped.pop()
        gc.collect()

    dropped = [HTTPClient()]
    asyncio.run(drop())


def test_it_is_an_asynchronous_client_inside():
    with HTTPClient() as client:
        assert isinstance(client._client, AsyncHTTPClient.configured_class())


def test_the_end_of_a_program_is_quiet():
    # Where the client is the program's, and nobody closes it.
    program = "from tornadolike.httpclient import HTTPClient; f = lambda: None; c = HTTPClient()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout + done.stderr == ""
