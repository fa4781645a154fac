"""What of the site there is the like of in aiohttp."""

import os
import sys

import uvloop
from aiohttp import web

routes = web.RouteTableDef()


@routes.get("/")
async def plain(request):
    return web.Response(text="Hello, World!", content_type="text/html")


@routes.get("/story/{year:[0-9]+}/{name:[a-z]+}")
async def story(request):
    return web.Response(text="{name} of {year}".format(**request.match_info))


@routes.get("/query")
async def query(request):
    return web.Response(text=f"{request.query['q']} {request.query.get('page', '1')}")


@routes.get("/json")
async def json(request):
    return web.json_response({"id": 1, "name": "a story", "tags": ["one", "two"]})


@routes.get("/cookie")
async def cookie(request):
    return web.Response(text=request.cookies.get("theme", ""))


@routes.get("/old")
async def old(request):
    raise web.HTTPMovedPermanently("/")


uvloop.install()
app = web.Application()
app.add_routes(routes)
for number in range(100):
    app.router.add_get(f"/many/{number}/{{year:[0-9]+}}/{{name:[a-z]+}}", story)
app.router.add_static("/static/", os.environ["BENCH_FILES"])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
