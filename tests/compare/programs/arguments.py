"""Handlers that read arguments: of the query, of forms, files and JSON."""

import json

import tornado.web


class Told(tornado.web.RequestHandler):
    """Tells all arguments and files."""

    def get(self):
        request = self.request
        self.write(
            {
                kind: {
                    name: [value.decode("latin1") for value in values]
                    for name, values in arguments.items()
                }
                for kind, arguments in (
                    ("all", request.arguments),
                    ("query", request.query_arguments),
                    ("body", request.body_arguments),
                )
            }
            | {
                "files": {
                    name: [
                        (file.filename, file.body.decode("latin1"), file["content_type"])
                        for file in files
                    ]
                    for name, files in request.files.items()
                }
            }
        )

    post = put = patch = delete = get


class One(tornado.web.RequestHandler):
    def get(self):
        self.write(self.get_argument("a"))

    post = get


class Ways(tornado.web.RequestHandler):
    """Each way to get an argument called ``a``."""

    def get(self, way):
        value = getattr(self, f"do_{way}")()
        self.write({"value": value})

    post = get

    def do_default(self):
        return self.get_argument("a", "default")

    def do_none(self):
        return self.get_argument("a", None)

    def do_unstripped(self):
        return self.get_argument("a", strip=False)

    def do_all(self):
        return self.get_arguments("a")

    def do_all_unstripped(self):
        return self.get_arguments("a", strip=False)

    def do_query(self):
        return self.get_query_argument("a")

    def do_query_default(self):
        return self.get_query_argument("a", 7)

    def do_query_all(self):
        return self.get_query_arguments("a")

    def do_body(self):
        return self.get_body_argument("a")

    def do_body_default(self):
        return self.get_body_argument("a", default=None)

    def do_body_all(self):
        return self.get_body_arguments("a")

    def do_json(self):
        return json.loads(self.request.body)


class Decodes(tornado.web.RequestHandler):
    """Decodes in its own way."""

    def decode_argument(self, value, name=None):
        if b"bad" in value:
            raise tornado.web.HTTPError(422, "bad %s", name)
        return f"{name}={value.decode('latin1')}"

    def get(self, *args, **kwargs):
        self.write({"a": self.get_arguments("a"), "args": args, "kwargs": kwargs})


class TypeErrors(tornado.web.RequestHandler):
    def get(self, first):
        self.write(first)

    def post(self):
        self.write("no argument")


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/told", Told),
            (r"/one", One),
            (r"/ways/(\w+)", Ways),
            (r"/decodes", Decodes),
            (r"/decodes/(\w+)/x", Decodes),
            (r"/decodes/(?P<name>\w+)", Decodes),
            (r"/type-errors/(.*)", TypeErrors),
        ]
    )
