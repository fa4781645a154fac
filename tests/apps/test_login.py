"""The front door: one command, and the whole dance with a provider that runs beside it."""

import re
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from demos.login import configured, local_provider
from demos.login.app import login
from tests.auth.browser import Browser, Page
from tornadolike import ioloop
from tornadolike.auth import OpenIDProvider
from tornadolike.tls.development import DevelopmentCertificate

from .conftest import PATIENCE, ROOT, Demo, running

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(
        not local_provider.is_installed(), reason="the extra `demos` brings oidc-provider-mock"
    ),
]

PASSWORD = "a fine day for a walk"


class Visitor:
    """Somebody with a browser before the door."""

    def __init__(self, url: str, tls: Any = None) -> None:
        self.url = url
        self.browser = Browser(tls)
        self.page: Page = self.go("/")

    def go(self, path: str) -> Page:
        self.page = self.browser.open(self.url + path)
        return self.page

    def send(self, path: str, **form: str) -> Page:
        """Fill in a form of the page."""
        token = re.search(r'name="_xsrf" value="([^"]+)"', self.page.text)
        fields = {"_xsrf": unescape(token[1]), **form} if token else form
        self.page = self.browser.open(self.url + path, fields)
        return self.page

    def choose(self, **form: str) -> Page:
        """Press a button of the provider's page."""
        self.page = self.browser.open(self.page.url, form)
        return self.page

    def name(self) -> str | None:
        """Who they are to the site."""
        found = re.search(r"You are <bdi>(.*?)</bdi>", self.go("/").text)
        return unescape(found[1]) if found else None


@pytest.fixture(scope="module")
def door() -> Iterator[Demo]:
    """One site for a whole module."""
    with running("login") as server:
        yield server


@pytest.fixture
def visitor(door: Demo) -> Visitor:
    return Visitor(door.url)


def test_a_newcomer_signs_in_and_out(visitor: Visitor) -> None:
    assert "Nobody is signed in" in visitor.page.text
    assert 'href="/signin/local?next=%2F"' in visitor.go("/signin").text
    there = visitor.go("/signin/local")
    assert "Who are you?" in there.text
    assert not there.url.startswith(visitor.url)
    home = visitor.choose(sub="ada")
    assert home.url == visitor.url + "/"
    assert "You are <bdi>Ada Lovelace</bdi>" in home.text
    assert "ada@example.com" in home.text
    assert '<span class="tag">verified</span>' in home.text
    goodbye = visitor.send("/signout")
    assert "You are signed out." in goodbye.text
    assert visitor.name() is None


def test_the_provider_is_told_too(visitor: Visitor) -> None:
    visitor.go("/signin/local")
    visitor.choose(sub="grace")
    goodbye = visitor.send("/signout")
    link = re.search(r'<a href="([^"]+)">sign out there too', goodbye.text)
    assert link
    there = visitor.browser.open(unescape(link[1]))
    assert "End Session" in there.text
    assert f"<code>{visitor.url}/</code>" in there.text
    assert "sign out there too" not in visitor.go("/").text


def test_who_turns_back_is_nobody(visitor: Visitor) -> None:
    visitor.go("/signin/local")
    back = visitor.choose(action="deny")
    assert back.url == visitor.url + "/signin"
    assert "You have not been signed in" in back.text
    assert visitor.name() is None


def test_an_address_lets_nobody_in(visitor: Visitor) -> None:
    for sub, name in (("ada", "Ada Lovelace"), ("mallory", "Mallory")):
        visitor.go("/signin/local")
        assert f"<bdi>{name}</bdi>" in visitor.choose(sub=sub).text
    assert "not verified" in visitor.page.text
    assert "<code>mallory</code>" in visitor.page.text


def test_an_account_of_its_own(visitor: Visitor) -> None:
    visitor.go("/signup")
    assert visitor.send("/signup", name="Ann", password=PASSWORD).url == visitor.url + "/"
    assert visitor.name() == "Ann"
    visitor.send("/signout")
    assert visitor.name() is None
    visitor.go("/signin")
    assert visitor.send("/signin", name="ann", password="another sentence").status == 400
    assert "Nobody has that name and that password." in visitor.page.text
    visitor.send("/signin", name="ANN", password=PASSWORD)
    assert visitor.name() == "Ann"


def test_guessing_has_an_end(visitor: Visitor, door: Demo) -> None:
    """But not for the user whose browser has been seen before."""
    visitor.go("/signup")
    visitor.send("/signup", name="Dora", password=PASSWORD)
    visitor.send("/signout")
    visitor.go("/signin")
    visitor.send("/signin", name="Dora", password=PASSWORD)
    visitor.send("/signout")
    guesser = Visitor(door.url)
    guesser.go("/signin")
    answers = [guesser.send("/signin", name="Dora", password=f"guess {n}") for n in range(6)]
    assert [answer.status for answer in answers] == [400] * 5 + [429]
    assert int(answers[-1].answer.headers["Retry-After"]) > 0
    guesser.go("/signin")
    assert guesser.send("/signin", name="Dora", password=PASSWORD).status == 429
    visitor.go("/signin")
    visitor.send("/signin", name="Dora", password=PASSWORD)
    assert visitor.name() == "Dora"


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("Bob", "short", "at least"),
        ("Bob", "x" * 2000, "at most"),
        ("", PASSWORD, "A name has"),
        ("<b>", PASSWORD, "A name has"),
    ],
)
def test_what_no_account_may_have(visitor: Visitor, name: str, password: str, said: str) -> None:
    visitor.go("/signup")
    answer = visitor.send("/signup", name=name, password=password)
    assert answer.status == 400
    assert said in answer.text
    assert visitor.name() is None


def test_a_name_is_one_persons(door: Demo) -> None:
    for number in range(2):
        visitor = Visitor(door.url)
        visitor.go("/signup")
        answer = visitor.send("/signup", name="Carol", password=PASSWORD)
        assert ("has that name already" in answer.text) == bool(number)


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example"])
def test_nobody_is_led_away(visitor: Visitor, there: str) -> None:
    visitor.go(f"/signin/local?next={there}")
    assert visitor.choose(sub="ada").url == visitor.url + "/"


def test_nobody_gets_in_by_an_answer_alone(visitor: Visitor) -> None:
    answer = visitor.go("/signin/local?code=x&state=" + "y" * 32)
    assert answer.status == 400
    assert "Begin again" in answer.text
    assert visitor.name() is None


def test_over_tls(demo: Callable[..., Demo], certificates: DevelopmentCertificate) -> None:
    """With cookies that belong to this host and to nobody else."""
    server = demo("login", certificates=Path(certificates.certfile).parent)
    visitor = Visitor(server.url, ssl.create_default_context(cafile=certificates.ca_certs))
    visitor.go("/signin/local")
    assert [name for name in visitor.browser.names() if name.startswith("__Host-signin-")]
    visitor.choose(sub="ada")
    assert visitor.name() == "Ada Lovelace"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_both_end_together(demo: Callable[..., Demo], how: signal.Signals) -> None:
    server = demo("login")
    there = Visitor(server.url).go("/signin/local").url
    found = re.match(r"http://127\.0\.0\.1:(\d+)/", there)
    assert found
    with socket.create_connection(("127.0.0.1", int(found[1])), PATIENCE) as provider:
        provider.settimeout(PATIENCE)
        server.stop(how)
        assert provider.recv(1) == b""


# Which providers there are


def test_each_that_is_configured_is_offered() -> None:
    names = ("GOOGLE", "GITHUB", "GITLAB", "MICROSOFT", "DISCORD")
    environment = {f"{name}_CLIENT_ID": "an id" for name in names}
    environment |= {f"{name}_CLIENT_SECRET": "a secret" for name in names}
    environment |= {"OPENID_ISSUER": "https://id.example.com", "OPENID_CLIENT_ID": "an id"}
    found = configured.providers(environment)
    assert set(found) == {*(name.lower() for name in names), "openid"}
    assert all(name == provider.name for name, provider in found.items())
    openid = found["openid"]
    assert isinstance(openid, OpenIDProvider)
    assert openid.issuer == "https://id.example.com"
    assert configured.providers({}) == {}


def test_each_is_told_of() -> None:
    readme = (ROOT / "demos" / "login" / "README.md").read_text()
    for name in configured.NAMED:
        assert (
            f"| `{name}` | `{name.upper()}_CLIENT_ID`, `{name.upper()}_CLIENT_SECRET` |" in readme
        )
    assert set(configured.TITLES) == {*configured.NAMED, "openid", configured.LOCAL}


@pytest.mark.parametrize(
    ("given", "lacks"),
    [("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"), ("OPENID_ISSUER", "OPENID_CLIENT_ID")],
)
def test_half_a_configuration_is_told(given: str, lacks: str) -> None:
    with pytest.raises(configured.Misconfigured, match=f"{given} is set, but {lacks} is not"):
        configured.providers({given: "something"})


def test_the_command_tells_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_CLIENT_ID", "an id")
    with pytest.raises(AssertionError, match="GITHUB_CLIENT_SECRET is not") as failed:
        Demo("login")
    assert "Traceback" not in str(failed.value)


def test_a_provider_that_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Leaves the site with accounts of its own."""
    monkeypatch.setattr(local_provider, "COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])

    async def main() -> list[str]:
        async with login({}) as app:
            return list(app.settings["providers"])

    assert ioloop.run(main()) == []
    assert "the local OpenID provider has not started" in capfd.readouterr().err


def test_nobody_ends_what_another_has_begun(visitor: Visitor, door: Demo) -> None:
    """Or a stranger could have somebody be him here, and tell the site what is meant for nobody."""
    mallory = Visitor(door.url)
    page = mallory.go("/signin/local")
    answer = mallory.browser.open(page.url, {"sub": "mallory"}, until=door.url)
    assert "/signin/local?" in answer.url
    assert visitor.browser.open(answer.url).status == 400
    assert visitor.name() is None
    visitor.go("/signin/local")  # not even if one goes on there, too
    assert visitor.browser.open(answer.url).status == 400
    assert visitor.name() is None


def test_a_session_from_before_is_worth_nothing(visitor: Visitor, door: Demo) -> None:
    """Whoever has put it into the browser, or has seen it there."""
    there = visitor.go("/signin/local").url
    back = visitor.browser.open(there, {"action": "deny"}, until=visitor.url).url
    visitor.browser.ask(back)  # of which the next page will tell: a session
    mallory = Visitor(door.url)
    mallory.browser.cookies = dict(visitor.browser.cookies)
    before = set(cookies_of(visitor))
    visitor.go("/signin/local")
    visitor.choose(sub="ada")
    assert before
    assert not before & set(cookies_of(visitor))
    assert mallory.name() is None
    assert visitor.name() == "Ada Lovelace"
    mallory.browser.cookies = dict(visitor.browser.cookies)
    visitor.go("/")
    visitor.send("/signout")
    assert mallory.name() is None


def cookies_of(visitor: Visitor) -> list[str]:
    """What is in those of sessions."""
    return [
        morsel.value for (_, name), morsel in visitor.browser.cookies.items() if name == "login"
    ]


@pytest.mark.parametrize("path", ["/signin", "/signup", "/signout", "/passkeys/mine"])
def test_pages_of_others_send_nothing(visitor: Visitor, path: str) -> None:
    visitor.go("/signup")
    [token] = re.findall(r'name="_xsrf" value="([^"]+)"', visitor.page.text)
    form = {"_xsrf": unescape(token), "name": "Eve", "password": PASSWORD}
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
        {"Origin": "null"},
    ):
        answer = visitor.browser.ask(visitor.url + path, form, headers=headers)
        assert answer.status == 403
    del form["_xsrf"]
    assert visitor.browser.ask(visitor.url + path, form).status == 403
    assert visitor.name() is None
