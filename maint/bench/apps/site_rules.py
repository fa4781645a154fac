"""The small site that site.py measures, as a Tornado user writes it, for either framework: ``rules(web, routing)``."""

import logging
import os

logging.disable()  # nobody is measured with an access log, and these two write one of every 404

FILES = os.environ.get("BENCH_FILES", ".")
SETTINGS = {
    "cookie_secret": "no secret, but as long as one should be",
    "static_path": FILES,
    "template_path": FILES,
}


def rules(web, routing):
    class Plain(web.RequestHandler):
        def get(self):
            self.write("Hello, World!")

    class Waits(web.RequestHandler):
        async def get(self):
            self.write("Hello, World!")

    class Story(web.RequestHandler):
        def get(self, year, name):
            self.write(f"{name} of {year}")

    class Query(web.RequestHandler):
        def get(self):
            self.write(f"{self.get_argument('q')} {self.get_argument('page', '1')}")

    class Json(web.RequestHandler):
        def get(self):
            self.write({"id": 1, "name": "a story", "tags": ["one", "two"]})

    class Cookie(web.RequestHandler):
        def get(self):
            self.write(self.get_cookie("theme", ""))

    class User(web.RequestHandler):
        def get_current_user(self):
            return self.get_signed_cookie("user")

        @web.authenticated
        def get(self):
            self.write(self.current_user)

    class SignIn(web.RequestHandler):
        def get(self):
            self.set_signed_cookie("user", "somebody")

    class Links(web.RequestHandler):
        def get(self):
            self.render("links.html")

    class Xsrf(web.RequestHandler):
        def get(self):
            self.render("xsrf.html")

    return [
        (r"/", Plain),
        (r"/async", Waits),
        (r"/story/([0-9]+)/([a-z]+)", Story),
        (r"/query", Query),
        (r"/json", Json),
        (r"/cookie", Cookie),
        (r"/user", User),
        (r"/sign-in", SignIn),
        (r"/links", Links),
        (r"/xsrf", Xsrf),
        (r"/old", web.RedirectHandler, {"url": "/"}),
        *[(rf"/many/{number}/([0-9]+)/([a-z]+)", Story) for number in range(100)],
        (routing.PathMatches(r"/nested/.*"), [(r"/nested/([0-9]+)/([a-z]+)", Story)]),
    ]
