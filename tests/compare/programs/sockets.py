"""WebSockets: who may open one, and what is said on it."""

import asyncio

import tornado.web
import tornado.websocket


class Echo(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Told(tornado.websocket.WebSocketHandler):
    """Tells of its opening, its pings and its end."""

    def set_default_headers(self):
        self.set_header("X-Default", "yes")

    def prepare(self):
        self.set_header("X-Prepared", "yes")
        self.set_cookie("a", "1")

    def select_subprotocol(self, subprotocols):
        return subprotocols[-1] if subprotocols else None

    async def open(self, *args, **kwargs):
        await self.write_message({"args": args, "kwargs": kwargs, "sub": self.selected_subprotocol})

    def on_message(self, message):
        self.write_message(repr(message))

    def on_ping(self, data):
        self.write_message(b"ping " + data, binary=True)

    def on_pong(self, data):
        self.write_message(b"pong " + data, binary=True)


class Does(tornado.websocket.WebSocketHandler):
    """Does what it is told."""

    async def on_message(self, message):
        name, _, argument = message.partition(" ")
        await getattr(self, f"do_{name}")(argument)

    async def do_close(self, argument):
        code, _, reason = argument.partition(" ")
        self.close(int(code) if code else None, reason or None)

    async def do_write(self, argument):
        await self.write_message(argument)
        await self.write_message(argument.encode(), binary=True)

    async def do_slow(self, argument):
        await asyncio.sleep(0)
        await self.write_message("slow")

    async def do_ping(self, argument):
        self.ping(argument)

    async def do_fail(self, argument):
        raise ValueError("text")

    async def do_http(self, argument):
        getattr(self, argument)("x")

    async def do_behind(self, argument):
        self.close()
        await self.write_message("behind")


class Refuses(tornado.websocket.WebSocketHandler):
    def prepare(self):
        if self.get_argument("user", None) is None:
            raise tornado.web.HTTPError(401)

    def check_origin(self, origin):
        return origin.endswith(".example")

    def open(self):
        if self.get_argument("fail", None):
            raise ValueError("text")
        self.close(4000, "seen")


class Gets(Echo):
    async def get(self, *args):
        if self.get_argument("no", None):
            self.set_status(403)
            self.finish("no")
            return
        await super().get(*args)


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/echo", Echo),
            (r"/told", Told),
            (r"/told/(\w+)/(.*)", Told),
            (r"/told-named/(?P<name>.*)", Told),
            (r"/does", Does),
            (r"/refuses", Refuses),
            (r"/gets", Gets),
        ],
        websocket_max_message_size=1000,
        trusted_origins=["https://trusted.example"],
    )
