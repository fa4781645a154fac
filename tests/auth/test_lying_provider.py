"""The provider of the tests is honest until it is told to lie."""

import json

from joserfc import jwt

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider, json_answer

REQUEST = (
    "/authorize?response_type=code&client_id=x&redirect_uri=http://a.example/in&state=s&nonce=n"
)


def test_a_whole_flow(lying_provider: LyingProvider, browser: Browser) -> None:
    issuer = lying_provider.issuer
    page = browser.open(issuer + REQUEST, until="a.example")
    code = page.url.split("code=")[1]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://a.example/in",
        "client_id": lying_provider.client_id,
        "client_secret": lying_provider.client_secret,
    }
    answer = browser.ask(f"{issuer}/token", form)
    claims = jwt.decode(
        answer.json["id_token"], lying_provider.keys[0], algorithms=["ES256"]
    ).claims
    assert (claims["nonce"], claims["iss"]) == ("n", issuer)
    assert browser.ask(f"{issuer}/token", form).status == 400  # each code serves once
    asked = lying_provider.asked_of("/token")
    assert [one.form["code"] for one in asked] == [code, code]


def test_lies(lying_provider: LyingProvider, browser: Browser) -> None:
    lying_provider.metadata.update(issuer="https://evil.example", jwks_uri=None)
    lying_provider.answers["/jwks"] = json_answer("no JSON", 500)
    lying_provider.denies = True
    said = browser.ask(f"{lying_provider.issuer}/.well-known/openid-configuration").json
    assert said["issuer"] == "https://evil.example"
    assert "jwks_uri" not in said
    assert browser.ask(f"{lying_provider.issuer}/jwks").status == 500
    page = browser.open(lying_provider.issuer + REQUEST + "&response_mode=form_post", until="/in")
    assert page.url == "http://a.example/in"
    assert "access_denied" in page.text
    assert json.dumps(lying_provider.logout_token()).count(".") == 2
