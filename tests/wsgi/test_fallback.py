"""An application beside handlers: FallbackHandler and routers."""

import logging

from tests.web.helpers import Site
from tests.wsgi.apps import asked, checked, echoing
from tornadolike.routing import RuleRouter
from tornadolike.web import Application, FallbackHandler, RequestHandler


class Own(RequestHandler):
    def get(self):
        self.write("own")


def raising(environ, start_response):
    raise KeyError("deliberate")


def test_beside_handlers(serve, executor):
    rules = [
        ("/own", Own),
        ("/.*", FallbackHandler, {"fallback": checked(echoing("PATH_INFO"), executor)}),
    ]
    site = Site(serve, rules, {}, {"xsrf_cookies": False})
    with site.connect() as connection:
        for _ in range(2):
            assert connection.ask("GET /own").text == "own"
            assert "'/other'" in connection.ask("GET /other").text
            assert "sent" in connection.ask("POST /other", body=b"sent").text
            assert connection.ask("HEAD /other").body == b""


def test_its_errors(serve, executor, expect_log):
    rules = [("/own", Own), (".*", FallbackHandler, {"fallback": checked(raising, executor)})]
    site = Site(serve, rules, {}, {})
    with (
        expect_log("tornadolike.application", "Uncaught exception GET /x", logging.ERROR, 1),
        expect_log("tornadolike.access", "500 GET /x", logging.ERROR, 1),
        site.connect() as connection,
    ):
        assert connection.ask("GET /x").status == 500
        assert connection.ask("GET /own").text == "own"


def test_in_a_router(serve, executor):
    site = checked(echoing("SCRIPT_NAME", "PATH_INFO"), executor, script_name="/shop")
    router = RuleRouter([("/shop.*", site), ("/.*", Application([("/own", Own)]))])
    server = serve(router)
    assert "'SCRIPT_NAME': '/shop', 'PATH_INFO': '/a'" in asked(server, "GET /shop/a").text
    assert asked(server, "GET /own").text == "own"
    assert "sent" in asked(server, "POST /shop", body=b"sent").text
