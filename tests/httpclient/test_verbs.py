"""get(), post() and so on."""

import pytest

from tests.httpclient.house import client_of, house
from tests.running import on_every_loop


@on_every_loop
async def test_each_has_its_method():
    async with house() as site, client_of(site) as client:
        for verb in ("get", "delete", "options", "post", "put", "patch"):
            said = (await getattr(client, verb)("/x", params={"a": "1"}, user_agent="me")).json()
            assert (said["method"], said["uri"]) == (verb.upper(), "/x?a=1")
            assert said["headers"]["User-Agent"] == "me"
            assert said["body"] == ""
        response = await client.head("/x")
        assert (response.code, response.body) == (200, b"")


@on_every_loop
async def test_bodies():
    async def produce(write):
        await write(b"produced")

    async with house() as site, client_of(site) as client:
        for verb in (client.post, client.put, client.patch):
            for options, body in (
                ({"body": "text"}, "text"),
                ({"json": {"a": 1}}, '{"a":1}'),
                ({"form": {"a": "1"}}, "a=1"),
                ({"body_producer": produce}, "produced"),
                ({"body": None}, ""),
            ):
                assert (await verb("/", **options)).json()["body"] == body
        assert (await client.get("/status/404", raise_error=False)).code == 404
        with pytest.raises(ValueError, match="Body must be None"):
            await client.get("/", body="x")
