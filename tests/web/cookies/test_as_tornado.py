"""Cookies that a site of ours has set, read by one of Tornado's, and the other way round: over real connections."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import tornado.web

import tornadolike.web
from tornadolike.httpclient import AsyncHTTPClient

FIRST, SECOND = "3c6e0b8a9c15224a8228b9a98ca1531d", "b1946ac92492d2347c6235b4d2611184"
VALUE = "grün; \x00 =,"


def application(package: Any, settings: dict[str, Any]) -> Any:
    """The same program, with either."""

    class Signed(package.RequestHandler):  # type: ignore[misc]
        def get(self) -> None:
            self.set_signed_cookie("who", VALUE, version=int(self.get_argument("version")))

    class Read(package.RequestHandler):  # type: ignore[misc]
        def get(self) -> None:
            wanted = int(self.get_argument("min_version"))
            self.write(self.get_signed_cookie("who", min_version=wanted) or b"nobody")

    class Form(package.RequestHandler):  # type: ignore[misc]
        def get(self) -> None:
            self.write(self.xsrf_token)

        def post(self) -> None:
            self.write("taken")

    rules = [("/signed", Signed), ("/read", Read), ("/form", Form)]
    return package.Application(
        rules, xsrf_cookies=True, log_function=lambda handler: None, **settings
    )


@contextlib.asynccontextmanager
async def served(package: Any, **settings: Any) -> AsyncIterator[str]:
    server = application(package, settings).listen(0, "127.0.0.1")
    (sock,) = server._sockets.values()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.stop()
        await server.close_all_connections()


async def exchange(setting: dict[str, Any], reading: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What is read, by (who has set it, who reads it, version, min_version); and whether a form's token is taken."""
    read: list[tuple[Any, ...]] = []
    packages = [tornado.web, tornadolike.web]
    for theirs, ours in itertools.product(packages, packages):
        client = AsyncHTTPClient(force_instance=True)
        try:
            async with served(theirs, **setting) as origin, served(ours, **reading) as other:
                for version, least in [(1, 1), (1, 2), (2, 1), (2, 2)]:
                    if isinstance(setting["cookie_secret"], dict) and version == 1:
                        continue  # which has no place for the number of a secret
                    made = await client.fetch(f"{origin}/signed?version={version}")
                    fields = {"Cookie": made.headers["Set-Cookie"].partition(";")[0]}
                    got = await client.fetch(f"{other}/read?min_version={least}", headers=fields)
                    read.append((version, least, got.body.decode()))
                page = await client.fetch(f"{origin}/form")
                fields = {
                    "Cookie": page.headers["Set-Cookie"].partition(";")[0],
                    "X-Xsrftoken": page.body.decode(),
                }
                sent = await client.fetch(
                    f"{other}/form", method="POST", body=b"", headers=fields, raise_error=False
                )
                read.append(("form", sent.code))
        finally:
            client.close()
    return read


@pytest.mark.once
@pytest.mark.parametrize(
    ("setting", "reading", "second"),
    [
        ({"cookie_secret": FIRST}, {"cookie_secret": FIRST}, VALUE),
        ({"cookie_secret": FIRST}, {"cookie_secret": SECOND}, "nobody"),
        (
            {"cookie_secret": {1: FIRST, 2: SECOND}, "key_version": 2},
            {"cookie_secret": {1: FIRST, 2: SECOND, 3: "the next one of ours"}, "key_version": 3},
            VALUE,
        ),
        (
            {"cookie_secret": {1: FIRST}, "key_version": 1},
            {"cookie_secret": {2: FIRST}, "key_version": 2},
            "nobody",
        ),
    ],
    ids=["the same", "another", "the next", "another number"],
)
def test_cookies_are_exchanged(
    setting: dict[str, Any], reading: dict[str, Any], second: str
) -> None:
    first = [(1, 1, second), (1, 2, "nobody")]
    if isinstance(setting["cookie_secret"], dict):
        first = []
    wanted = [*first, (2, 1, second), (2, 2, second), ("form", 200)]
    assert asyncio.run(exchange(setting, reading)) == wanted * 4
