import sys

from japronto import Application


def hello(request):
    return request.Response(text="Hello, World!", mime_type="text/html")


def item(request):
    return request.Response(
        json={"id": int(request.match_dict["item"]), "q": request.query.get("q", "")}
    )


app = Application()
app.router.add_route("/", hello)
app.router.add_route("/item/{item}", item)
app.run("127.0.0.1", int(sys.argv[1]))
