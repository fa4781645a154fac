"""What of features.py there is the like of in Sanic."""

import os
import sys
from pathlib import Path

from sanic import Sanic
from sanic.response import file_stream, html, text

FILES = Path(os.environ["BENCH_FILES"])

app = Sanic("features", configure_logging=False)


@app.get("/function")
async def function(request):
    return html("Hello, World!")


@app.get("/story/<year:int>/<name:str>")
async def story(request, year, name):
    return text(f"{name} of {year}")


@app.get("/stream")
async def stream(request):
    response = await request.respond(content_type="text/plain")
    for _ in range(100):
        await response.send(b"x" * 100)


@app.get("/download")
async def download(request):
    return await file_stream(FILES / "1m.bin", filename="1m.bin")


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
