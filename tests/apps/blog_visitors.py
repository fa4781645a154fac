"""Those who visit the blog in tests: they keep cookies, and send forms as browsers do."""

import http.client
import re
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.web.forms import CONTENT_TYPE, LAST, field, file

from .conftest import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PASSWORD = "seven green teapots"
SECRET = "Yq0t1Vw7mZs4Kx9bLc2nRd8fGh5jPa3e"
FORM = "application/x-www-form-urlencoded"
MULTIPART = CONTENT_TYPE.partition(": ")[2]


class Answer:
    """What came back."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.there = answer.headers["Location"]
        self.body = answer.read()

    @property
    def page(self) -> str:
        return self.body.decode()


class Browser:
    """Keeps cookies, and sends the token of the form that it has seen last."""

    def __init__(self, port: int, language: str = "en") -> None:
        self.port = port
        self.language = language
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", **headers: str
    ) -> Answer:
        headers["Accept-Language"] = self.language
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            headers["Content-Type"] = kind
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.coded_value
        return answer

    def get(self, path: str) -> Answer:
        answer = self.ask("GET", path)
        if found := re.search(rb'name="_xsrf" value="([^"]+)"', answer.body):
            self.token = unescape(found[1].decode())
        return answer

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        body = urlencode({"_xsrf": self.token, **fields}).encode()
        return self.ask("POST", path, body, FORM)

    def write(
        self, path: str = "/write", picture: bytes = b"", name: str = "", **fields: str
    ) -> Answer:
        """Send the form of an entry, as browsers do: with a file that may be none."""
        fields = {"_xsrf": self.token, "title": "A title", "text": "Words", **fields}
        parts = [field(name, value.encode()) for name, value in fields.items()]
        body = b"".join([*parts, file("picture", name, picture), LAST])
        return self.ask("POST", path, body, MULTIPART)


def signed_up(port: int, name: str) -> Browser:
    browser = Browser(port)
    browser.get("/signup")
    answer = browser.post("/signup", name=name, password=PASSWORD)
    assert (answer.status, answer.there) == (303, "/")
    browser.get("/")
    return browser
