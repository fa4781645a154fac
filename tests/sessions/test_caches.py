"""What a cache that stands within Sessions learns of who asks: nothing, as long as the handler does not ask for it."""

from typing import Any

from tests.sessions.browser import SECRET
from tornadolike.caching import Cached
from tornadolike.web import RequestHandler, url


class Same(RequestHandler):
    def get(self) -> None:
        self.write("the same for all")


class Own(RequestHandler):
    def get(self) -> None:
        self.session.setdefault("name", self.get_argument("name", "nobody"))
        self.set_header("Cache-Control", "public, max-age=60")
        self.write(self.session["name"])


def test_a_response_is_kept_unless_its_session_was_looked_at(site: Any, keeping: Any) -> None:
    pages = [Cached(header="X-Cache")]
    rules = url("/same", Same, middleware=pages), url("/own", Own, middleware=pages)
    served = site(*rules, middleware=[keeping()], cookie_secret=SECRET)
    ann = served.ask("GET /own?name=Ann").header("Set-Cookie").partition(";")[0]
    for cookie in (f"Cookie: {ann}", "Cookie: session=forged", "Cookie: other=1"):
        answers = [served.ask("GET /same", cookie) for _ in range(2)]
        assert [answer.text for answer in answers] == ["the same for all"] * 2
        assert answers[1].header("X-Cache") == "HIT"
    for _ in range(2):
        answer = served.ask("GET /own", f"Cookie: {ann}")
        assert answer.text == "Ann"
        assert answer.header("X-Cache") != "HIT"
        assert served.ask("GET /own").text == "nobody"
        assert served.ask("GET /own", "Cookie: session=forged").text == "nobody"
