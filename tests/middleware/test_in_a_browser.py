"""What a real browser makes of CORS and of a content security policy."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import chromium
from tests.web.helpers import Site
from tornadolike.middleware import CORS, SecurityHeaders, csp_nonce
from tornadolike.template import DictLoader
from tornadolike.web import HTTPError, RequestHandler

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """\
<!DOCTYPE html>
<title>quiet</title>
<script nonce="{{ csp_nonce() }}">window.ran = ["with the nonce"]</script>
<script>window.ran.push("without it")</script>
<script nonce="wrong">window.ran.push("with another")</script>
<body onload="window.ran.push('as an attribute')">
"""

# Each: [what was asked, the status or "refused", the header X-Total as the script sees it]
ASK = """\
const [base, asked, done] = arguments;
(async () => {
  const answers = [];
  for (const [path, options] of asked) {
    try {
      const answer = await fetch(base + path, options);
      answers.push([answer.status, answer.headers.get("X-Total")]);
    } catch (error) {
      answers.push(["refused", null]);
    }
  }
  done(JSON.stringify(answers));
})();
"""


class Page(RequestHandler):
    def get(self) -> None:
        self.render("page.html")


class Data(RequestHandler):
    def get(self) -> None:
        self.set_header("X-Total", "3")
        self.write({"user": self.get_cookie("user", "")})

    put = delete = get


class Failing(RequestHandler):
    def get(self) -> None:
        raise HTTPError(418)


def test_scripts_do_what_they_may(site: Callable[..., Site]) -> None:
    pages = site(
        ("/", Page),
        middleware=[SecurityHeaders(content_security_policy={"connect-src": "'self' http:"})],
        ui_methods={"csp_nonce": csp_nonce},
        template_loader=DictLoader({"page.html": PAGE}),
    )
    friend, stranger = (f"http://{name}:{pages.server.port}" for name in ("127.0.0.1", "localhost"))
    cors = CORS(
        [friend], methods=["PUT"], headers=["X-Token"], expose=["X-Total"], credentials=True
    )
    data = site(("/", Data), ("/failing", Failing), middleware=[cors])
    with_cookies: dict[str, Any] = {"credentials": "include"}
    asked: list[Any] = [
        ["/", {}],
        ["/", with_cookies],
        ["/failing", with_cookies],
        ["/nowhere", {}],
        ["/", {"method": "PUT", "headers": {"X-Token": "a"}, **with_cookies}],
        ["/", {"method": "PUT", "headers": {"X-Other": "a"}}],
        ["/", {"method": "DELETE"}],
    ]
    with chromium() as driver:
        driver.set_script_timeout(20)
        driver.get(friend)
        assert driver.execute_script("return window.ran") == ["with the nonce"]
        answers = json.loads(driver.execute_async_script(ASK, data.server.url, asked))
        assert answers == [
            [200, "3"],
            [200, "3"],
            [418, None],
            [404, None],
            [200, "3"],
            ["refused", None],
            ["refused", None],
        ]
        driver.get(stranger)
        answers = json.loads(driver.execute_async_script(ASK, data.server.url, asked))
        assert answers == [["refused", None]] * len(asked)
