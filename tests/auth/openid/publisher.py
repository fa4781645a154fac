"""A provider that publishes what it is told to, and counts who asks."""

import threading

from tests.auth.jose.tokens import key
from tornadolike.auth.jose.keys import KnownKeys
from tornadolike.web import Application, RequestHandler

WELL_KNOWN = "/.well-known/openid-configuration"


class Publisher:
    """``pages`` are what it answers by path: a dictionary, or (status, headers, body)."""

    def __init__(self):
        self.asked = []
        self.headers = {}
        self.pages = {}
        self.held = None
        """A threading.Event for which answers wait, or None."""
        self.arrived = threading.Event()

    def publish(self, url, *keys, prefix="", **other):
        self.issuer = url + prefix
        self.pages[prefix.rstrip("/") + WELL_KNOWN] = {
            "issuer": url + prefix,
            "authorization_endpoint": url + "/authorize",
            "token_endpoint": url + "/token",
            "jwks_uri": url + "/keys",
        } | other
        self.publish_keys(*(keys or (key(),)))

    def publish_keys(self, *keys):
        self.pages["/keys"] = KnownKeys(*keys).published()

    def count(self, path):
        return self.asked.count(path)

    def application(self):
        publisher = self

        class Page(RequestHandler):
            async def get(self):
                publisher.asked.append(self.request.path)
                publisher.arrived.set()
                page = publisher.pages.get(self.request.path, (404, {}, "nothing"))
                if publisher.held is not None:
                    await publisher.held_up()
                status, headers, body = page if isinstance(page, tuple) else (200, {}, page)
                self.set_status(status)
                for name, value in (publisher.headers | headers).items():
                    self.set_header(name, value)
                self.write(body)

        return Application([("/.*", Page)], log_function=lambda handler: None)

    async def held_up(self):
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.held.wait, 10)
