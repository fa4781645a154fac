"""The site that is served twice, natively and by Python alone: its handlers tell all that they see.

``python -m tests.native.differential_site SOCKET LOG`` serves it on a Unix socket and writes its log to a file.
"""

import asyncio
import base64
import logging
import sys

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.web import Application, Finish, HTTPError, RequestHandler, stream_request_body

PARAMETERS = {
    "max_header_size": 4096,
    "max_body_size": 20_000,
    "max_buffer_size": None,
    "linger_timeout": 0.3,
}


class Hello(RequestHandler):
    def get(self):
        self.write("Hello, World!")

    head = get


class Echo(RequestHandler):
    """Tells of the request."""

    def prepare(self):
        self.prepared = True

    def get(self, *args):
        request = self.request
        self.write(
            {
                "method": request.method,
                "uri": request.uri,
                "path": request.path,
                "query": request.query,
                "version": request.version,
                "headers": list(request.headers.get_all()),
                "host": request.host,
                "remote_ip": request.remote_ip,
                "protocol": request.protocol,
                "arguments": {
                    name: [base64.b64encode(value).decode() for value in values]
                    for name, values in request.arguments.items()
                },
                "cookies": {name: morsel.value for name, morsel in request.cookies.items()},
                "body": base64.b64encode(request.body).decode(),
                "args": args,
                "own": [self.get_argument("q", None), self.get_query_arguments("a")],
                "full_url": request.full_url(),
            }
        )

    post = put = delete = patch = options = get

    def on_finish(self):
        logging.getLogger("site").info("finished %s %s", self.get_status(), self.prepared)


class Raw(RequestHandler):
    """Tells of a request that looks at nothing but its path."""

    def get(self, *args):
        self.set_header("X-Path", "|".join(map(str, args)))
        self.set_header("Content-Type", "text/plain")
        self.write(b"raw")
        self.write(" and cooked: \u00e9")


class Status(RequestHandler):
    def get(self, status):
        self.set_status(int(status))
        self.add_header("X-Two", "1")
        self.add_header("X-Two", "2")
        if status not in ("204", "304"):
            self.finish({"status": int(status)})


class At(RequestHandler):
    """Coroutines of all kinds."""

    async def get(self, how):
        if how == "once":
            await asyncio.sleep(0)
        elif how == "twice":
            self.write("first ")
            await asyncio.sleep(0.001)
        elif how == "flush":
            self.write("a piece ")
            await self.flush()
            self.write("another ")
            await asyncio.sleep(0)
        elif how == "fails":
            await asyncio.sleep(0)
            raise HTTPError(409, "too late")
        self.write(f"waited {how} {asyncio.current_task() is not None}")


class Flush(RequestHandler):
    def get(self):
        for piece in range(3):
            self.write(f"piece {piece};")
            self.flush()


class Fails(RequestHandler):
    def get(self, how):
        if how == "error":
            raise HTTPError(418, "short %s", "stout", reason="Teapot")
        if how == "finish":
            self.write("as it is")
            raise Finish
        if how == "twice":
            self.finish("once")
            self.finish("twice")
        if how == "late":
            self.finish("done")
            self.write("more")
        raise ValueError("a mistake")

    def log_exception(self, typ, value, tb):
        logging.getLogger("site").info("failed: %s %s", typ.__name__, value)


class Redirect(RequestHandler):
    def get(self):
        self.redirect(self.get_argument("to", "/"))


class Cookie(RequestHandler):
    def get(self):
        self.set_cookie("seen", str(int(self.get_cookie("seen", "0")) + 1))
        self.write("cookie")


class Big(RequestHandler):
    def get(self, size):
        self.write("x" * int(size))


class Tagged(RequestHandler):
    def compute_etag(self):
        return '"mine"'

    def get(self):
        self.write("tagged")


class Form(RequestHandler):
    def post(self):
        self.write({"a": self.get_body_arguments("a"), "all": self.get_arguments("a")})


@stream_request_body
class Stream(RequestHandler):
    def initialize(self, **kwargs):
        self.size = 0

    def data_received(self, chunk):
        self.size += len(chunk)

    def post(self):
        self.write(f"{self.size} bytes")


class Patched(RequestHandler):
    """Its hooks are set on the instance."""

    def get(self):
        self.on_finish = lambda: logging.getLogger("site").info("patched")
        finish = self.finish
        self.finish = lambda chunk=None: finish("by another way")


class Headers(RequestHandler):
    """Does with its headers what the path says, letter by letter."""

    def get(self, letters):
        for number, letter in enumerate(letters):
            if letter == "a":
                self.set_header(f"X-{number}", number)
            elif letter == "b":
                self.set_header("x-same", f"same {number}")
            elif letter == "c":
                self.set_header("Content-type", "text/plain")
            elif letter == "d":
                self.add_header("X-Same", "another")
            elif letter == "e":
                self.set_etag_header()
            elif letter == "f":
                self.clear_header("X-Same")
            elif letter == "g":
                self.set_header("X-Long", "y" * 600)
            elif letter == "h":
                self.set_header("X-High", "\xe9")
            elif letter == "i":
                self.set_header("Server", "mine")
            elif letter == "j":
                self.write({"json": number})
            elif letter == "k":
                self.set_header("X-Bad", "a\nb")
            elif letter == "l":
                self.set_header("Content-Length", "4")
            elif letter == "m":
                self.clear()
            elif letter == "n":
                self.set_header("Etag", '"own"')
            elif letter == "o":
                self.set_cookie("a", "b")
            elif letter == "p":
                self.set_status(202, "Taken")
            else:
                self.write(letter)

    def on_finish(self):
        logging.getLogger("site").info("%s", sorted(set(self._headers) - {"Date"}))


class Async(RequestHandler):
    """Waits as the path says, letter by letter."""

    async def prepare(self):
        if self.path_args[0].startswith("p"):
            await asyncio.sleep(0)
        if self.path_args[0].startswith("q"):
            self.began = True

    async def get(self, letters):
        for letter in letters:
            if letter == "a":
                await asyncio.sleep(0)
            elif letter == "b":
                self.write("b")
            elif letter == "c":
                await self.flush()
            elif letter == "d":
                await self.finish("done")
            elif letter == "e":
                raise HTTPError(418)
            elif letter == "f":
                raise ValueError("a mistake")
            elif letter == "g":
                async with asyncio.timeout(None):
                    self.write(str(asyncio.current_task() is not None))
            elif letter == "h":
                asyncio.current_task().cancel()
            elif letter == "i":
                raise Finish

    def log_exception(self, typ, value, tb):
        logging.getLogger("site").info("failed: %s %s", typ.__name__, value)


class AsyncOnly(Async):
    prepare = RequestHandler.prepare


class Closes(RequestHandler):
    def get(self):
        self.set_header("Connection", "close")
        self.write("goodbye")


def make_application():
    return Application(
        [
            ("/", Hello),
            ("/echo", Echo),
            ("/echo/(.*)", Echo),
            (r"/raw/([0-9]+)", Raw),
            (r"/raw/([^/]+)/end", Raw),
            (r"/raw/(a|b)/(.)", Raw),
            (r"/status/(\d+)", Status),
            (r"/at/(\w+)", At),
            ("/flush", Flush),
            (r"/fails/(\w+)", Fails),
            ("/redirect", Redirect),
            ("/cookie", Cookie),
            (r"/big/(\d{1,6})", Big),
            ("/tagged", Tagged),
            ("/form", Form),
            ("/stream", Stream),
            ("/patched", Patched),
            ("/closes", Closes),
            (r"/headers/(\w*)", Headers),
            (r"/async/(\w+)", Async),
            (r"/asynconly/(\w+)", AsyncOnly),
        ]
    )


async def main(socket_file, log_file):
    logging.basicConfig(
        filename=log_file, level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s"
    )
    server = HTTPServer(make_application(), **PARAMETERS)
    server.listen_unix(socket_file)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.stop()
    await server.drain(1.0)


if __name__ == "__main__":
    tornadolike.run(main(*sys.argv[1:]))
