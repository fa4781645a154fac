"""Hello, within as many middlewares that do nothing as the second argument says."""

import sys

import uvloop
from aiohttp import web


async def hello(request):
    return web.Response(text="Hello, World!", content_type="text/html")


def make():
    @web.middleware
    async def passes_on(request, handler):
        return await handler(request)

    return passes_on


uvloop.install()
app = web.Application(middlewares=[make() for _ in range(int(sys.argv[2]))])
app.router.add_get("/", hello)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
