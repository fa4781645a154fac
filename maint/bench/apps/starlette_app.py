from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route


async def hello(request):
    return HTMLResponse("Hello, World!")


async def item(request):
    return JSONResponse({"id": request.path_params["item"], "q": request.query_params.get("q", "")})


app = Starlette(routes=[Route("/", hello), Route("/item/{item:int}", item)])
