"""A page with a token, and what its visitors send."""

import urllib.parse

from tests.web.helpers import Answer, Site
from tornadolike.web import RequestHandler

FORM = "Content-Type: application/x-www-form-urlencoded"
TOKEN = "00112233445566778899aabbccddeeff"  # of version 1


class Page(RequestHandler):
    def get(self) -> None:
        self.write(self.xsrf_token)

    def post(self) -> None:
        self.write("done")

    put = delete = patch = post

    def head(self) -> None:
        pass

    options = head


def set_cookies(answer: Answer) -> list[str]:
    return answer.headers.get_all("Set-Cookie") or []


def visit(served: Site, *cookies: str) -> tuple[str, str]:
    """The cookie's value (what is sent, or what there was) and the page's token."""
    answer = served.ask("GET /", *(f"Cookie: {cookie}" for cookie in cookies))
    told = set_cookies(answer)
    cookie = told[0].partition(";")[0] if told else cookies[0]
    return cookie, answer.text


def in_form(token: str) -> bytes:
    return urllib.parse.urlencode({"_xsrf": token}).encode()
