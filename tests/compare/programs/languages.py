"""A site in several languages."""

import datetime
import os

import tornado.locale
import tornado.web


class Page(tornado.web.RequestHandler):
    """Tells its language, and texts in it."""

    def get(self):
        locale = self.locale
        self.write(
            {
                "code": locale.code,
                "rtl": locale.rtl,
                "hello": locale.translate("Hello"),
                "unknown": locale.translate("Nobody knows this"),
                "one": locale.translate("%d thing", "%d things", 1) % 1,
                "three": locale.translate("%d thing", "%d things", 3) % 3,
                "context": locale.pgettext("law", "right"),
                "browser": self.get_browser_locale().code,
                "default": self.get_browser_locale("de").code,
            }
        )


class Formats(tornado.web.RequestHandler):
    def get(self):
        locale = self.locale
        self.write(
            {
                "name": locale.name,
                "list": [locale.list(["a", "b", "c"][:size]) for size in range(4)],
                "number": locale.friendly_number(1234567),
                "day": locale.format_day(datetime.datetime(2020, 9, 13)),
            }
        )


class Template(tornado.web.RequestHandler):
    def get(self):
        self.render("languages.html")


class Chosen(Page):
    """Lets its user choose."""

    def get_user_locale(self):
        code = self.get_argument("lang", None)
        return None if code is None else tornado.locale.get(*code.split(","))


class Broken(Page):
    def get_user_locale(self):
        raise ValueError("no database")


class Assigned(Page):
    def prepare(self):
        self.locale = tornado.locale.get("de")


class Errors(tornado.web.RequestHandler):
    def get(self):
        raise tornado.web.HTTPError(404)


def make_app(folder):
    tornado.locale.load_translations(os.path.join(folder, "files", "languages"))
    return tornado.web.Application(
        [
            (r"/page", Page),
            (r"/formats", Formats),
            (r"/template", Template),
            (r"/chosen", Chosen),
            (r"/broken", Broken),
            (r"/assigned", Assigned),
            (r"/errors", Errors),
            (r"/stays", Template),
        ],
        template_path=os.path.join(folder, "files", "templates"),
    )


def unload(folder):
    """What is loaded is the process's."""
    tornado.locale.load_translations(os.path.join(folder, "files", "sub"))
    tornado.locale.Locale._cache = {}
