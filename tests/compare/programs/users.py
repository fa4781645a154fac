"""A site that knows its users by a signed cookie."""

import tornado.gen
import tornado.web


class Base(tornado.web.RequestHandler):
    def get_current_user(self):
        name = self.get_signed_cookie("user")
        return name.decode("utf-8") if name else None


class Page(Base):
    @tornado.web.authenticated
    def get(self):
        self.write("for " + self.current_user)

    head = post = put = get


class Elsewhere(Page):
    def get_login_url(self):
        return self.get_argument("login")


class Prepared(tornado.web.RequestHandler):
    """Knows its user from elsewhere."""

    async def prepare(self):
        self.current_user = self.request.headers.get("X-User")

    @tornado.web.authenticated
    async def get(self):
        self.write("for " + self.current_user)


class Awaited(tornado.web.RequestHandler):
    """Has a ``get_current_user()`` that nobody awaits."""

    def get_current_user(self):
        return tornado.gen.sleep(0)

    @tornado.web.authenticated
    def get(self):
        self.write("for anybody")


class Broken(tornado.web.RequestHandler):
    def get_current_user(self):
        raise ValueError("no database")

    @tornado.web.authenticated
    def get(self):
        self.write("never")


class Signs(Base):
    """Signs as the path says."""

    def get(self, what):
        getattr(self, f"do_{what}")()
        self.finish("signed")

    def do_plain(self):
        self.set_signed_cookie("user", "mary")

    def do_older_name(self):
        self.set_secure_cookie("user", "mary")

    def do_options(self):
        self.set_signed_cookie("user", b"\xff", expires_days=None, httponly=True, path="/x")

    def do_version_one(self):
        self.set_signed_cookie("user", "mary", version=1, expires_days=None)
        del self._new_cookie["user"]

    def do_version_three(self):
        self.set_signed_cookie("user", "mary", version=3)


class Reads(Base):
    def get(self):
        values = [
            self.get_signed_cookie("user"),
            self.get_secure_cookie("user"),
            self.get_signed_cookie("user", min_version=2),
            self.get_signed_cookie("user", max_age_days=0),
            self.get_signed_cookie("user", value=self.get_argument("value", None)),
            self.get_signed_cookie("other"),
            self.get_signed_cookie_key_version("user"),
        ]
        self.write({"values": [v.decode("latin1") if isinstance(v, bytes) else v for v in values]})


class Added(tornado.web.RequestHandler):
    @tornado.web.addslash
    def get(self):
        self.write("with")

    head = post = get


class Removed(tornado.web.RequestHandler):
    @tornado.web.removeslash
    def get(self):
        self.write("without")

    head = post = get


def make_app(folder):
    return tornado.web.Application(
        [
            (r"/page", Page),
            (r"//example.com/page", Page),
            (r"/elsewhere", Elsewhere),
            (r"/prepared", Prepared),
            (r"/awaited", Awaited),
            (r"/broken", Broken),
            (r"/signs/(\w+)", Signs),
            (r"/reads", Reads),
            (r"/added/?", Added),
            (r"/.*added", Added),
            (r"/removed/?", Removed),
            (r"/?", Removed),
        ],
        login_url="/login",
        cookie_secret={1: "the first secret of all", 2: "the second secret of all"},
        key_version=2,
    )
