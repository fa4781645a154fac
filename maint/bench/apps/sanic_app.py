import sys

from sanic import Sanic
from sanic.response import html, json

app = Sanic("bench", configure_logging=False)


@app.get("/")
async def hello(request):
    return html("Hello, World!")


@app.get("/item/<item:int>")
async def item(request, item: int):
    return json({"id": item, "q": request.args.get("q", "")})


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, motd=False)
