"""A site that signs cookies as it is asked to, and tells what it reads in those of others."""

import tornado.web

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"
NEWER = "b1946ac92492d2347c6235b4d2611184"


class Sets(tornado.web.RequestHandler):
    def get(self):
        version = self.get_argument("version", None)
        value = bytes.fromhex(self.get_argument("value"))
        self.set_signed_cookie("user", value, version=version and int(version))
        self.finish("set")


class Reads(tornado.web.RequestHandler):
    def get(self):
        values = {
            "read": self.get_signed_cookie("user"),
            "not so old": self.get_signed_cookie("user", min_version=2),
            "too old": self.get_signed_cookie("user", max_age_days=-1),
            "still good": self.get_signed_cookie("user", max_age_days=0.5),
            "of another name": self.get_signed_cookie("other"),
            "from elsewhere": self.get_signed_cookie(
                "user", self.request.headers.get("X-Value", "")
            ),
        }
        told = {key: None if v is None else v.decode("latin1") for key, v in values.items()}
        self.write({**told, "number": self.get_signed_cookie_key_version("user")})


def site(path, **settings):
    rules = [(f"/{path}/set", Sets), (f"/{path}/read", Reads)]
    return f"/{path}/.*", tornado.web.Application(rules, **settings)


def make_app(folder):
    return tornado.web.Application(
        [
            site("one", cookie_secret=SECRET),
            site("first", cookie_secret={0: SECRET, 7: NEWER}, key_version=0),
            site("both", cookie_secret={0: SECRET, 7: NEWER}, key_version=7),
            site("newer", cookie_secret={7: NEWER}, key_version=7),
        ]
    )
