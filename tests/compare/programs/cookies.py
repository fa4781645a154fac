"""Handlers that read and set cookies."""

import datetime

import tornado.web


class Read(tornado.web.RequestHandler):
    def get(self):
        self.write({name: morsel.value for name, morsel in self.cookies.items()})


class One(tornado.web.RequestHandler):
    def get(self):
        self.write({"a": self.get_cookie("a"), "b": self.get_cookie("b", "default")})


class Sets(tornado.web.RequestHandler):
    """Sets a cookie as the path says."""

    def get(self, what):
        getattr(self, f"do_{what}")()
        self.write("set")

    def do_plain(self):
        self.set_cookie("a", "1")

    def do_several(self):
        self.set_cookie("a", "1")
        self.set_cookie("b", b"2")
        self.set_cookie("a", "3")

    def do_attributes(self):
        self.set_cookie(
            "a", "1", domain="example.com", path="/x", secure=True, httponly=True, samesite="Lax"
        )

    def do_other_names(self):
        self.set_cookie("a", "1", max_age=60, SameSite="None")

    def do_expires(self):
        self.set_cookie("a", "1", expires=datetime.datetime(2030, 1, 2, 3, 4, 5))
        self.set_cookie("b", "1", expires_days=1)
        self.set_cookie("c", "1", expires=1_900_000_000)

    def do_age(self):
        self.set_cookie("a", "1", max_age=0)

    def do_empty(self):
        self.set_cookie("a", "")

    def do_quoted(self):
        self.set_cookie("a", 'a b;c,"d"\\ü')

    def do_equals(self):
        self.set_cookie("a", "a=b&c/d:e")

    def do_given(self):
        self.set_cookie(self.get_argument("name", "a"), self.get_argument("value", "1"))

    def do_path(self):
        self.set_cookie("a", "1", path=self.get_argument("path"))

    def do_domain(self):
        self.set_cookie("a", "1", domain=self.get_argument("domain"))

    def do_site(self):
        self.set_cookie("a", "1", samesite=self.get_argument("site"))

    def do_unknown(self):
        self.set_cookie("a", "1", unknown="x")

    def do_clear(self):
        self.clear_cookie("a")
        self.clear_cookie("b", path="/x", domain="example.com")

    def do_clear_all(self):
        self.clear_all_cookies()

    def do_clear_age(self):
        self.clear_cookie("a", max_age=1)

    def do_then_fail(self):
        self.set_cookie("a", "1")
        raise tornado.web.HTTPError(400)

    def do_then_redirect(self):
        self.set_cookie("a", "1")
        self.redirect("/read")

    def do_twice(self):
        self.set_cookie("a", "1")
        self.clear_cookie("a")

    def do_read_back(self):
        self.set_cookie("a", "new")
        self.set_header("X-Read", str(self.get_cookie("a")))


def make_app(folder):
    return tornado.web.Application([(r"/read", Read), (r"/one", One), (r"/sets/(\w+)", Sets)])
