"""Responses that are compressed, or are not."""

import os

import tornado.web


class Sized(tornado.web.RequestHandler):
    """Writes so many bytes, of a type."""

    def get(self, size):
        self.set_header("Content-Type", self.get_argument("type", "text/plain"))
        if self.get_argument("vary", None):
            self.set_header("Vary", self.get_argument("vary"))
        if self.get_argument("coded", None):
            self.set_header("Content-Encoding", "other")
        self.write("x" * int(size))

    head = get


class Pieces(tornado.web.RequestHandler):
    async def get(self):
        for _ in range(3):
            self.write("text " * 1000)
            await self.flush()


class Transform(tornado.web.OutputTransform):
    def transform_first_chunk(self, status_code, headers, chunk, finishing):
        headers["X-Transformed"] = "yes"
        return status_code, headers, chunk

    def transform_chunk(self, chunk, finishing):
        return chunk


def make_app(folder):
    app = tornado.web.Application(
        [
            (r"/sized/(\d+)", Sized),
            (r"/pieces", Pieces),
            (
                r"/files/(.*)",
                tornado.web.StaticFileHandler,
                {"path": os.path.join(folder, "files")},
            ),
        ],
        compress_response=True,
    )
    app.add_transform(Transform)
    return app
