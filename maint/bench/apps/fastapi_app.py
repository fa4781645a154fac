from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI()


@app.get("/", response_class=HTMLResponse)
async def hello():
    return "Hello, World!"


@app.get("/item/{item}")
async def item(item: int, q: str = ""):
    return {"id": item, "q": q}
