"""What of features.py there is the like of in aiohttp."""

import os
import sys
from pathlib import Path

import uvloop
from aiohttp import web

FILES = Path(os.environ["BENCH_FILES"])

routes = web.RouteTableDef()


@routes.view("/class")
class Hello(web.View):
    async def get(self):
        return web.Response(text="Hello, World!", content_type="text/html")


@routes.get("/function")
async def function(request):
    return web.Response(text="Hello, World!", content_type="text/html")


@routes.get("/story/{year:[0-9]+}/{name}")
async def story(request):
    return web.Response(text="{name} of {year}".format(**request.match_info))


@routes.get("/stream")
async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    for _ in range(100):
        await response.write(b"x" * 100)
    await response.write_eof()
    return response


@routes.get("/download")
async def download(request):
    return web.FileResponse(
        FILES / "1m.bin", headers={"Content-Disposition": 'attachment; filename="1m.bin"'}
    )


uvloop.install()
app = web.Application()
app.add_routes(routes)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
