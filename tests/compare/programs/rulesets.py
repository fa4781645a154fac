"""An application whose rules the client chooses."""

import json

import tornado.routing
import tornado.web


class Rules(tornado.web.RequestHandler):
    """Makes the application anew: ``{"rules": rules, "hosts": [[host, rules]], "default": host}``.

    A rule is ``[pattern, name]``, or ``[pattern, rules]``; the pattern may begin with ``host:``.
    """

    def post(self):
        chosen = json.loads(self.request.body)
        app = self.application
        app.__init__(as_rules(chosen["rules"], "all"), default_host=chosen["default"])
        offer(app)
        for number, (host, rules) in enumerate(chosen["hosts"]):
            app.add_handlers(host, as_rules(rules, f"host {number}"))


class Told(tornado.web.RequestHandler):
    def initialize(self, rule):
        self.rule = rule

    def get(self, *args, **kwargs):
        self.write({"rule": self.rule, "args": args, "kwargs": kwargs})


class Links(tornado.web.RequestHandler):
    def get(self):
        self.write(self.reverse_url(self.get_argument("name"), *self.get_arguments("arg")))


def as_rules(rules, place):
    """The rules, each of which tells where it stands."""
    made = []
    for number, (pattern, target) in enumerate(rules):
        where = f"{place}, {number}"
        matcher = pattern
        if pattern.startswith("host:"):
            matcher = tornado.routing.HostMatches(pattern.removeprefix("host:"))
        if isinstance(target, list):
            made.append((matcher, as_rules(target, where)))
        else:
            made.append((matcher, Told, {"rule": where}, target or None))
    return made


def offer(app):
    app.add_handlers(r"rules\.invalid", [(r"/", Rules), (r"/links", Links)])


def make_app(folder):
    app = tornado.web.Application()
    offer(app)
    return app
