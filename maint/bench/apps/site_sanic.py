"""What of the site there is the like of in Sanic."""

import os
import sys

from sanic import Sanic
from sanic.response import html, json, redirect, text

app = Sanic("site", configure_logging=False)


@app.get("/")
async def plain(request):
    return html("Hello, World!")


async def story(request, year, name):
    return text(f"{name} of {year}")


@app.get("/query")
async def query(request):
    return text(f"{request.args.get('q')} {request.args.get('page', '1')}")


@app.get("/json")
async def as_json(request):
    return json({"id": 1, "name": "a story", "tags": ["one", "two"]})


@app.get("/cookie")
async def cookie(request):
    return text(request.cookies.get("theme", ""))


@app.get("/old")
async def old(request):
    return redirect("/", status=301)


app.add_route(story, "/story/<year:int>/<name:[a-z]+>", name="story")
for number in range(100):
    app.add_route(story, f"/many/{number}/<year:int>/<name:[a-z]+>", name=f"many{number}")
app.static("/static", os.environ["BENCH_FILES"])

if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
