"""A site that asks browsers where a request comes from."""

import tornado.web


class Changes(tornado.web.RequestHandler):
    def get(self):
        self.write("got")

    def post(self):
        self.write("posted")

    put = delete = post


class Open(Changes):
    def check_trusted_origin(self, origin):
        return origin.endswith(".example.com")


def make_app(folder):
    return tornado.web.Application(
        [(r"/changes", Changes), (r"/open", Open)],
        cross_origin_protection=True,
        trusted_origins=["https://trusted.example", "null"],
    )
