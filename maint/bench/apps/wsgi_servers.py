"""The same small application of WSGI in each server: ``wsgi_servers.py NAME PORT``; threads if the name ends with +."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

THREADS = 8
BODY = b"Hello, World!"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    start_response("200 OK", HEADERS.copy())
    return [BODY]


async def serve(container, server, port):
    server(container).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


def main(name, port):
    executor = ThreadPoolExecutor(THREADS) if name.endswith("+") else None
    if name.startswith("tornadolike"):
        import tornadolike
        from tornadolike.httpserver import HTTPServer
        from tornadolike.wsgi import WSGIContainer

        tornadolike.run(serve(WSGIContainer(application, executor), HTTPServer, port))
    elif name.startswith("tornado"):
        from tornado.httpserver import HTTPServer
        from tornado.wsgi import WSGIContainer

        asyncio.run(serve(WSGIContainer(application, executor), HTTPServer, port))
    elif name == "waitress":
        import waitress

        waitress.serve(application, host="127.0.0.1", port=port, threads=THREADS)
    elif name == "gunicorn":
        from gunicorn.app.wsgiapp import run

        sys.argv = ["gunicorn", "-k", "gthread", "--threads", str(THREADS), "--keep-alive", "60"]
        sys.argv += ["-b", f"127.0.0.1:{port}", "wsgi_servers:application"]
        run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
