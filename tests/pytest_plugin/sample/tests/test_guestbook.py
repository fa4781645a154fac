import asyncio

import guestbook
import pytest

from tornadolike.httpclient import HTTPError
from tornadolike.ioloop import IOLoop


async def entries(client):
    return (await client.fetch("/")).json()["entries"]


async def test_it_is_open(http_client):
    assert await entries(http_client) == ["The book is open"]


async def test_strangers_write_nothing(http_client):
    with pytest.raises(HTTPError, match="403"):
        await http_client.fetch("/", method="POST", body="text=hello")


async def test_entry(ann):
    await ann.fetch("/", method="POST", body="text=hello")
    assert await entries(ann) == ["The book is open", "ann: hello"]


async def test_entries_vanish(ann, virtual_clock):
    await ann.fetch("/", method="POST", body="text=hello")
    await asyncio.sleep(guestbook.LINGER - 1)
    assert "ann: hello" in await entries(ann)
    await asyncio.sleep(2)
    assert await entries(ann) == ["The book is open"]


async def test_readers_hear_of_it(http_client, ws_connect, signed_cookies):
    async with ws_connect("/live") as reader:
        await http_client.fetch(
            "/", method="POST", body="text=hi", cookies=signed_cookies(user="ben")
        )
        assert await reader.read_message() == "ben: hi"


async def test_secure(https_client):
    assert await entries(https_client) == ["The book is open"]


@pytest.mark.parametrize("count", [1, 3])
async def test_several_books(serve, count):
    sites = [await serve(guestbook.Guestbook()) for _ in range(count)]
    for site in sites:
        response = await site.client().fetch("/", cookies=site.signed_cookies(user="ann"))
        assert response.code == 200


async def test_the_loop(io_loop):
    assert asyncio.get_running_loop() is io_loop is IOLoop.current()


def test_sync():
    assert guestbook.Guestbook().entries == []
