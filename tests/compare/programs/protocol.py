"""A handler that tells the body of its request, behind limits that are easy to reach."""

import tornado.web


class Told(tornado.web.RequestHandler):
    def get(self):
        self.write({"method": self.request.method, "body": self.request.body.decode("latin1")})

    head = post = put = get


SERVER = {"max_body_size": 1000, "max_header_size": 4000}


def make_app(folder):
    return tornado.web.Application([(r"/", Told)])
