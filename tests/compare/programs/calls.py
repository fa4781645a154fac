"""A handler that does what the client tells it, step by step: each a method of it, or of these, and arguments."""

import asyncio
import json

import tornado.web


class Steps(tornado.web.RequestHandler):
    """Its query has steps in JSON for each of its hooks: ``?get=[["write","text"],["flush"]]``."""

    async def play(self, hook):
        for name, *args in json.loads(self.get_query_argument(hook, "[]")):
            done = getattr(self, name)(*args)
            if done is not None:
                await done

    def prepare(self):
        return self.play("prepare")

    async def get(self):
        await self.play("get")

    head = post = get

    def write_error(self, status_code, **kwargs):
        if "error" in self.request.query_arguments:
            self.set_status(int(self.get_query_argument("error")))
            self.finish({"error": status_code})
            return
        text = self.get_query_argument("write_error", "")
        if text:
            self.set_header("Content-Type", "text/plain")
            self.finish(f"{status_code}: {text}")
        else:
            super().write_error(status_code, **kwargs)

    def on_finish(self):
        if "on_finish" in self.request.query_arguments:
            raise RuntimeError("in on_finish")

    def compute_etag(self):
        return self.get_query_argument("etag", None) or super().compute_etag()

    # Steps

    async def pause(self):
        await asyncio.sleep(0)

    def fail(self):
        raise ValueError("text")

    def refuse(self, *args):
        raise tornado.web.HTTPError(*args)

    def stop(self, *args):
        raise tornado.web.Finish(*args)

    def cancel(self):
        raise asyncio.CancelledError

    def check(self):
        self.set_etag_header()
        if self.check_etag_header():
            self.set_status(304)

    def tell(self):
        self.write(f"{self.get_status()} {sorted(self.cookies)} {self.get_cookie('a')}")


class Plain(Steps):
    """All of it at once."""

    def play(self, hook):
        for name, *args in json.loads(self.get_query_argument(hook, "[]")):
            getattr(self, name)(*args)

    def get(self):
        self.play("get")

    head = post = get

    def pause(self):
        pass


def make_app(folder):
    rules = [(r".*/steps", Steps), (r".*/plain", Plain)]
    compressed = tornado.web.Application(rules, compress_response=True)
    return tornado.web.Application([(r"/compressed/.*", compressed), *rules])
