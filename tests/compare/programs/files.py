"""Static files: those of the settings, of rules, and of a subclass."""

import os
from typing import ClassVar

import tornado.web


class FromMemory(tornado.web.StaticFileHandler):
    """Its files are in a dictionary."""

    CONTENT: ClassVar = {"one.txt": b"the first", "two.html": b"<p>the second"}

    @classmethod
    def get_absolute_path(cls, root, path):
        return path

    def validate_absolute_path(self, root, absolute_path):
        if absolute_path not in self.CONTENT:
            raise tornado.web.HTTPError(404)
        return absolute_path

    @classmethod
    def get_content(cls, path, start=None, end=None):
        return cls.CONTENT[path][start:end]

    def get_content_size(self):
        return len(self.CONTENT[self.absolute_path])

    def get_modified_time(self):
        return None

    @classmethod
    def get_content_version(cls, abspath):
        return abspath


class Extra(tornado.web.StaticFileHandler):
    def set_extra_headers(self, path):
        self.set_header("X-Path", path)

    def get_cache_time(self, path, modified, mime_type):
        return 60 if mime_type == "text/plain" else 0

    def get_content_type(self):
        return "text/plain" if self.path.endswith(".bin") else super().get_content_type()


class Chunks(tornado.web.StaticFileHandler):
    """Gives its files in pieces."""

    @classmethod
    def get_content(cls, abspath, start=None, end=None):
        with open(abspath, "rb") as file:
            data = file.read()[start:end]
        for byte in range(0, len(data), 7):
            yield data[byte : byte + 7]


class Addresses(tornado.web.RequestHandler):
    def get(self):
        path = self.get_argument("path", "text.txt")
        options = {}
        if self.get_argument("host", None):
            options["include_host"] = True
        if self.get_argument("bare", None):
            options["include_version"] = False
        self.write(self.static_url(path, **options))


def make_app(folder):
    files = os.path.join(folder, "files")
    return tornado.web.Application(
        [
            (r"/addresses", Addresses),
            (
                r"/files/(.*)",
                tornado.web.StaticFileHandler,
                {"path": files, "default_filename": "index.html"},
            ),
            (r"/file/()", tornado.web.StaticFileHandler, {"path": os.path.join(files, "text.txt")}),
            (r"/memory/(.*)", FromMemory, {"path": ""}),
            (r"/extra/(.*)", Extra, {"path": files}),
            (r"/chunks/(.*)", Chunks, {"path": files}),
            (r"/nowhere/(.*)", tornado.web.StaticFileHandler, {"path": files + "/nowhere"}),
        ],
        static_path=files,
    )
