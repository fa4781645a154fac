import sys

import uvloop
from aiohttp import web

PIECE = bytes(256 * 1024)


async def take(request):
    count = 0
    async for chunk in request.content.iter_any():
        count += len(chunk)
    return web.Response(text=str(count))


async def give(request):
    pieces = int(request.query["pieces"])
    response = web.StreamResponse()
    if "chunked" not in request.query:
        response.content_length = pieces * len(PIECE)
    await response.prepare(request)
    for _ in range(pieces):
        await response.write(PIECE)
    return response


async def send(request):
    return web.FileResponse(sys.argv[2])


uvloop.install()
app = web.Application(client_max_size=1 << 40)
app.router.add_post("/", take)
app.router.add_get("/", give)
app.router.add_get("/file", send)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
