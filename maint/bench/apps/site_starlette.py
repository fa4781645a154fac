"""What of the site there is the like of in Starlette."""

import os

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


async def plain(request):
    return HTMLResponse("Hello, World!")


async def story(request):
    return PlainTextResponse("{name} of {year}".format(**request.path_params))


async def query(request):
    asked = request.query_params
    return PlainTextResponse(f"{asked['q']} {asked.get('page', '1')}")


async def json(request):
    return JSONResponse({"id": 1, "name": "a story", "tags": ["one", "two"]})


async def cookie(request):
    return PlainTextResponse(request.cookies.get("theme", ""))


async def old(request):
    return RedirectResponse("/", 301)


app = Starlette(
    routes=[
        Route("/", plain),
        Route("/story/{year:int}/{name}", story),
        Route("/query", query),
        Route("/json", json),
        Route("/cookie", cookie),
        Route("/old", old),
        *[Route(f"/many/{number}/{{year:int}}/{{name}}", story) for number in range(100)],
        Mount("/static", StaticFiles(directory=os.environ["BENCH_FILES"])),
    ]
)
