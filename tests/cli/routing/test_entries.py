"""All rules of a site."""

import re

from tornadolike.cli.routing.entries import entries_of
from tornadolike.routing import HostMatches, Matcher, Rule, RuleRouter
from tornadolike.web import Application, FallbackHandler, Mount, RequestHandler


class Page(RequestHandler):
    def get(self):
        pass

    post = get


class Own(Matcher):
    def match(self, request):
        return {}


def shown(site):
    return [entry for entry in entries_of(site) if entry.target is not None]


def test_hosts_and_conditions():
    app = Application([(Own(), Page)], default_host="a.test")
    app.add_handlers(r"a\.test", [("/x", Page)])
    hosts, own, default = shown(app)
    assert (hosts.hosts, hosts.path, hosts.conditions) == ((r"a\.test",), "/x", ())
    assert (own.hosts, own.path, own.conditions) == ((), "*", ("Own matches",))
    assert default.conditions == (r"the default host is a\.test",)
    assert {entry.methods for entry in (hosts, own)} == {("GET", "POST")}


def test_routers_of_all_kinds():
    def answer(request):
        pass

    inner = Application([("/page", Page, None, "page")])
    site = RuleRouter(
        [
            Rule(HostMatches("h"), RuleRouter([(re.compile("/a"), inner)])),
            ("/b", answer),
        ]
    )
    page, function = shown(site)
    assert (page.hosts, page.path, page.name) == (("h",), "/page", "page")
    assert page.conditions == ("path /a",)
    assert page.application is inner
    assert function.handler.endswith("test_routers_of_all_kinds.<locals>.answer")
    assert (function.methods, function.application) == (("*",), None)


def test_what_is_mounted():
    def old(request):
        pass

    deep = Application([("/page", Page)])
    app = Application(
        [
            Mount("/old", old),
            Mount("/one", Application([Mount("/two", deep)])),
            ("/f", FallbackHandler, {"fallback": old}),
        ]
    )
    first, second, fallback = shown(app)
    assert (first.path, first.methods) == ("/old/*", ("*",))
    assert (second.path, second.application) == ("/one/two/page", deep)
    assert fallback.handler.startswith("tornadolike.web.simple.FallbackHandler(")
    assert fallback.methods == ("*",)
