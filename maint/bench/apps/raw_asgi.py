"""A bare ASGI application: no framework at all."""

import asyncio

HEADERS = [(b"content-type", b"text/html; charset=UTF-8"), (b"content-length", b"13")]


async def app(scope, receive, send):
    if scope["path"] == "/awaits":
        await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"Hello, World!"})
