"""Pages made of templates."""

import os

import tornado.web


class Page(tornado.web.RequestHandler):
    def get(self):
        self.render("page.html", title=self.get_argument("title", "<T>"), items=[1, "&"])


class Text(tornado.web.RequestHandler):
    def get(self):
        self.write(self.render_string("page.html", title="x", items=()))


class Missing(tornado.web.RequestHandler):
    def get(self, what):
        if what == "template":
            self.render("none.html")
        elif what == "name":
            self.render("page.html")
        else:
            self.finish("done")
            self.render("page.html", title="", items=[])


class Shout(tornado.web.UIModule):
    def render(self, text):
        return self.render_string("child.html", items=[text.upper()])

    def embedded_javascript(self):
        return b"shout()"

    def css_files(self):
        return ["style.css", "/absolute.css"]

    def html_body(self):
        return "<footer></footer>"


def shouted(handler, text):
    return f"{text.upper()} {handler.request.method}"


class Named(tornado.web.RequestHandler):
    """Renders the template that the path names."""

    def get_template_namespace(self):
        return {**super().get_template_namespace(), "items": ["own"]}

    def get_current_user(self):
        return "mary & co"

    def get(self, name):
        self.set_cookie("a", "1")
        self.render(f"{name}.html", text="see http://example.com/?a&b")


def make_app(folder):
    return tornado.web.Application(
        [
            tornado.web.url(r"/page", Page, name="page"),
            (r"/text", Text),
            (r"/missing/(\w+)", Missing),
            (r"/named/(.*)", Named),
        ],
        template_path=os.path.join(folder, "files", "templates"),
        static_path=os.path.join(folder, "files"),
        ui_modules={"Shout": Shout},
        ui_methods={"shouted": shouted},
    )
