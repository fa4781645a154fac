"""A site with ``serve_traceback``, with handlers of its own for what is not there, and headers of proxies."""

import tornado.web


class Fails(tornado.web.RequestHandler):
    def get(self, what):
        raise {
            "value": ValueError("<text>"),
            "http": tornado.web.HTTPError(403, "not <you>"),
            "missing": tornado.web.MissingArgumentError("a"),
        }[what]


class NotThere(tornado.web.RequestHandler):
    def initialize(self, text):
        self.text = text

    def prepare(self):
        self.set_status(404)
        self.finish(self.text)


class Told(tornado.web.RequestHandler):
    def get(self):
        self.write({"ip": self.request.remote_ip, "protocol": self.request.protocol})


class Application(tornado.web.Application):
    def log_request(self, handler):
        if handler.request.path != "/quiet":
            super().log_request(handler)


SERVER = {"xheaders": True, "trusted_downstream": ["10.0.0.1"]}


def make_app(folder):
    return Application(
        [(r"/fails/(\w+)", Fails), (r"/told", Told), (r"/quiet", Told)],
        serve_traceback=True,
        default_handler_class=NotThere,
        default_handler_args={"text": "nothing here"},
    )
