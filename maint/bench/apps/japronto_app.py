import asyncio
import sys
from itertools import count

from japronto import Application


def hello(request):
    return request.Response(text="Hello, World!", mime_type="text/html")


def item(request):
    return request.Response(
        json={"id": int(request.match_dict["item"]), "q": request.query.get("q", "")}
    )


numbers = count()


def fresh(request):
    return request.Response(text=f"Hello, number {next(numbers)}!", mime_type="text/html")


async def awaits(request):
    await asyncio.sleep(0)
    return request.Response(text="Hello, World!", mime_type="text/html")


async def asynchronous(request):
    return request.Response(text="Hello, World!", mime_type="text/html")


app = Application()
app.router.add_route("/", hello)
app.router.add_route("/item/{item}", item)
app.router.add_route("/rich", hello)  # the bare function, beside what the others do
app.router.add_route("/fresh", fresh)
app.router.add_route("/async", asynchronous)
app.router.add_route("/awaits", awaits)
app.run("127.0.0.1", int(sys.argv[1]))
