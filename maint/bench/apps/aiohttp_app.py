import sys

import uvloop
from aiohttp import web


async def hello(request):
    return web.Response(text="Hello, World!", content_type="text/html")


async def item(request):
    return web.json_response(
        {"id": int(request.match_info["item"]), "q": request.query.get("q", "")}
    )


uvloop.install()
app = web.Application()
app.router.add_get("/", hello)
app.router.add_get("/item/{item:\\d+}", item)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
