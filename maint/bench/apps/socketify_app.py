import sys

from socketify import App


def hello(res, req):
    res.write_header("Content-Type", "text/html; charset=UTF-8")
    res.end("Hello, World!")


def item(res, req):
    res.end({"id": int(req.get_parameter(0)), "q": req.get_query("q") or ""})


app = App()
app.get("/", hello)
app.get("/item/:item", item)
app.get("/rich", hello)  # the bare function, beside what the others do
app.listen(int(sys.argv[1]), lambda config: None)
app.run()
