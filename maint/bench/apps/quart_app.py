from quart import Quart, request

app = Quart(__name__)


@app.get("/")
async def hello():
    return "Hello, World!"


@app.get("/item/<int:item>")
async def item(item):
    return {"id": item, "q": request.args.get("q", "")}
