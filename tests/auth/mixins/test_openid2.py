"""auth/mixins/openid2.py: OpenIdMixin, with a provider that can lie, and strangers who change what it says."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.openid_provider import CLAIMED_ID, OpenIdProvider, nonce_time
from tests.web.helpers import Site
from tornadolike.auth import OpenIdMixin
from tornadolike.web import RequestHandler

Start = Callable[..., Site]
Fields = dict[str, str]
COOKIE = "_openid_state"


class Login(RequestHandler, OpenIdMixin):
    asks: dict[str, Any] = {}  # noqa: RUF012 - what requests have left

    def initialize(self, endpoint: str, **attributes: Any) -> None:
        self._OPENID_ENDPOINT = endpoint
        for name, value in attributes.items():
            setattr(self, name, value)

    def check_xsrf_cookie(self) -> None:
        """The state is checked."""

    async def get(self) -> None:
        if self.get_argument("openid.mode", None):
            self.finish({"user": await self.get_authenticated_user()})
        else:
            self.authenticate_redirect(**self.asks)

    post = get


def login(site: Start, provider: OpenIdProvider, **attributes: Any) -> str:
    served = site(("/login", Login, {"endpoint": provider.endpoint, **attributes}))
    return f"{served.server.url}/login"


def test_somebody_signs_in(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    page = browser.visit(login(site, openid))
    assert body(page)["user"] == {
        "claimed_id": CLAIMED_ID,
        "name": "Ann Lee",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@example.com",
        "locale": "en-gb",
        "username": "ann",
    }
    assert browser.cookies == {}


def test_as_steam_does(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """Which knows no attributes."""
    user = body(browser.visit(login(site, openid, asks={"ax_attrs": []})))["user"]
    assert user == {"claimed_id": CLAIMED_ID}


def test_the_request(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    url = login(site, openid, asks={"callback_uri": "/login?next=%2Fa", "ax_attrs": ["email"]})
    browser.visit(url)
    asked = openid.asked[0]
    origin = url.removesuffix("/login")
    return_to = asked.pop("return_to")
    assert return_to.startswith(f"{url}?next=%2Fa&openid_state=")
    assert asked == {
        "ns": "http://specs.openid.net/auth/2.0",
        "claimed_id": "http://specs.openid.net/auth/2.0/identifier_select",
        "identity": "http://specs.openid.net/auth/2.0/identifier_select",
        "realm": f"{origin}/",
        "mode": "checkid_setup",
        "ns.ax": "http://openid.net/srv/ax/1.0",
        "ax.mode": "fetch_request",
        "ax.type.email": "http://axschema.org/contact/email",
        "ax.required": "email",
    }


def test_the_question(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """The provider is asked about its own fields, with the mode changed, and about nothing else."""
    browser.visit(login(site, openid, asks={"callback_uri": "/login?next=%2Fa", "ax_attrs": []}))
    question = openid.asked[1]
    assert question["mode"] == "check_authentication"
    assert question.keys() == {
        *("ns", "mode", "op_endpoint", "claimed_id", "identity", "return_to"),
        *("response_nonce", "assoc_handle", "signed", "sig"),
    }


def test_an_answer_by_a_form(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    url = login(site, openid)
    page = browser.visit(url, until=f"{url}?")
    state = page.query.pop("openid_state")
    form = {name: value for name, value in page.query.items() if name != "openid_state"}
    back = browser.ask(f"{url}?openid_state={state}", form)
    assert body(back)["user"]["claimed_id"] == CLAIMED_ID


def test_who_says_no(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    openid.answers = lambda fields: {"ns": fields["ns"], "mode": "cancel"}
    page = browser.visit(login(site, openid))
    assert page.answer.status == 403
    assert "The sign-in was cancelled." in page.answer.text


def test_beginning_again(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """From a page whose address has an old answer in it."""
    url = login(site, openid)
    browser.visit(f"{url}?openid.sig=old&openid_state=old&keep=1", until=openid.endpoint)
    return_to = openid_return_to(browser, f"{url}?openid.sig=old&openid_state=old&keep=1", openid)
    names = [name for name, _ in parse_qsl(urlsplit(return_to).query)]
    assert names == ["keep", "openid_state"]


def openid_return_to(browser: Browser, url: str, openid: OpenIdProvider) -> str:
    return browser.visit(url, until=openid.endpoint).query["openid.return_to"]


def without(*names: str) -> Callable[[Fields], Fields]:
    return lambda fields: {k: v for k, v in fields.items() if k not in names}


def changed(**values: str) -> Callable[[Fields], Fields]:
    return lambda fields: {**fields, **values}


def unsigned(name: str) -> Callable[[Fields], Fields]:
    """One that the provider has left out of what it signs."""

    def change(fields: Fields) -> Fields:
        signed = [each for each in fields["signed"].split(",") if each != name]
        return {**fields, "signed": ",".join(signed)}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(changed(mode="setup_needed"), "vouches for nobody", id="mode"),
        pytest.param(changed(mode="error"), "vouches for nobody", id="error"),
        pytest.param(without("signed"), "Invalid OpenID response", id="nothing is signed"),
        pytest.param(without("signed", "sig"), "Invalid OpenID response", id="nor a signature"),
        pytest.param(changed(signed=""), "has not signed", id="the empty list"),
        pytest.param(without("sig"), "Invalid OpenID response", id="no signature"),
        pytest.param(changed(sig="c2ln"), "Invalid OpenID response", id="another signature"),
        *[
            pytest.param(unsigned(name), f"has not signed {name}", id=f"{name} unsigned")
            for name in (
                *("op_endpoint", "return_to", "response_nonce", "assoc_handle"),
                *("claimed_id", "identity"),
            )
        ],
        *[
            pytest.param(without(name), f"has not signed {name}", id=f"no {name}")
            for name in ("op_endpoint", "return_to", "response_nonce", "assoc_handle")
        ],
        pytest.param(
            changed(op_endpoint="https://evil.example/openid"), "another provider", id="endpoint"
        ),
        pytest.param(
            changed(claimed_id="https://openid.example/id/bob"),
            "Invalid OpenID response",
            id="somebody else",
        ),
        pytest.param(without("identity"), "names somebody by half", id="no identity"),
        pytest.param(without("claimed_id"), "names somebody by half", id="no claimed_id"),
        pytest.param(changed(response_nonce=nonce_time(ago=7200)), "is too old", id="an old nonce"),
        pytest.param(
            changed(response_nonce=nonce_time(ago=-7200)), "is too old", id="a nonce to come"
        ),
        pytest.param(changed(response_nonce="x"), "is too old", id="no nonce"),
        pytest.param(
            changed(return_to="https://evil.example/login"), "come back where", id="return_to"
        ),
        pytest.param(
            changed(**{"ext1.value.email": "bob@example.com"}),
            "Invalid OpenID response",
            id="e-mail",
        ),
    ],
)
def test_answers_that_are_not_believed(
    site: Start,
    openid: OpenIdProvider,
    browser: Browser,
    change: Callable[[Fields], Fields],
    said: str,
) -> None:
    openid.answers = change
    page = browser.visit(login(site, openid))
    assert page.answer.status == 400
    assert said in page.answer.text
    assert "Please begin again" in page.answer.text


def test_what_somebody_has_added(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """What is not signed is not believed, though the provider confirms the rest: in Tornado it is."""
    more = {
        "ns.ax": "http://openid.net/srv/ax/1.0",
        "ax.type.email": "http://axschema.org/contact/email",
        "ax.value.email": "victim@example.com",
    }
    openid.answers = lambda fields: {**more, **fields}
    user = body(browser.visit(login(site, openid, asks={"ax_attrs": []})))["user"]
    assert user == {"claimed_id": CLAIMED_ID}


def test_without_a_signature_the_provider_has_the_only_word(
    site: Start, openid: OpenIdProvider, browser: Browser
) -> None:
    """As in Tornado's own tests, whose provider says yes to anything. A right one is in the table above."""
    url = login(site, openid)
    made_up = urlencode({"openid.mode": "blah", "openid.claimed_id": "https://example.com/bob"})
    assert browser.ask(f"{url}?{made_up}").answer.status == 400
    said = {name: value for name, value in openid.asked[-1].items() if name != "mode"}
    assert said == {"claimed_id": "https://example.com/bob"}
    assert browser.ask(f"{url}?openid.mode=cancel").answer.status == 403
    assert len(openid.asked) == 1
    openid.confirms = lambda fields: True  # type: ignore[method-assign]
    user = body(browser.ask(f"{url}?{made_up}"))["user"]
    assert user == {"claimed_id": "https://example.com/bob"}
    empty = browser.ask(f"{url}?{made_up}&openid.signed=").answer
    assert (empty.status, "vouches for nobody" in empty.text) == (400, True)


def test_a_type_that_somebody_has_turned(
    site: Start, openid: OpenIdProvider, browser: Browser
) -> None:
    """The provider has signed the value, but not what it is."""

    def answer(fields: Fields) -> Fields:
        left = without("signed", "sig")(fields)
        signed = openid.sign(left, but=("mode", "ext1.type.username"))
        return {**signed, "ext1.type.username": "http://axschema.org/contact/email"}

    openid.answers = answer
    user = body(browser.visit(login(site, openid, asks={"ax_attrs": ["username"]})))["user"]
    assert user == {"claimed_id": CLAIMED_ID}


@pytest.mark.parametrize("field", ["claimed_id", "signed", "mode", "return_to", "sig"])
def test_a_field_that_comes_twice(
    site: Start, openid: OpenIdProvider, browser: Browser, field: str
) -> None:
    url = login(site, openid)
    page = browser.visit(url, until=f"{url}?")
    more = urlencode({f"openid.{field}": page.query[f"openid.{field}"]})
    refused = browser.ask(f"{page.url}&{more}")
    assert refused.answer.status == 400
    assert "has a field twice" in refused.answer.text


def test_a_field_that_is_no_text(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    refused = browser.ask(f"{login(site, openid)}?openid.mode=id_res&openid.sig=%ff")
    assert refused.answer.status == 400
    assert "is no UTF-8" in refused.answer.text


def test_another_browser(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """A stranger's answer signs nobody else in."""
    url = login(site, openid)
    page = browser.visit(url, until=f"{url}?")
    other = Browser()
    other.visit(url, until=openid.endpoint)
    refused = other.ask(page.url)
    assert refused.answer.status == 400
    assert "not begun in this browser" in refused.answer.text
    assert body(browser.ask(page.url))["user"]["claimed_id"] == CLAIMED_ID


def test_an_answer_is_good_for_one_time(
    site: Start, openid: OpenIdProvider, browser: Browser
) -> None:
    url = login(site, openid)
    page = browser.visit(url, until=f"{url}?")
    kept = dict(browser.cookies)
    assert browser.ask(page.url).answer.status == 200
    assert browser.ask(page.url).answer.status == 400
    browser.cookies = kept  # a thief has both; the provider confirms but once
    refused = browser.ask(page.url)
    assert refused.answer.status == 400
    assert "Invalid OpenID response" in refused.answer.text


def test_an_answer_for_another_site(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """A site of a stranger's, with a sign-in that he has begun here: what its user proves there, he brings to us."""
    url = login(site, openid)
    stranger = browser
    begun = stranger.visit(url, until=openid.endpoint)
    elsewhere = begun.query["openid.return_to"].replace("127.0.0.1", "localhost")
    asked = {**begun.query, "openid.return_to": elsewhere, "openid.realm": elsewhere}
    users = Browser().ask(f"{openid.endpoint}?{urlencode(asked)}")
    brought = users.answer.headers["Location"].replace("localhost", "127.0.0.1", 1)
    refused = stranger.ask(brought)
    assert refused.answer.status == 400
    assert "has not come back where it should" in refused.answer.text


def test_behind_a_proxy(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """Which changes the host and the path."""
    public = "https://example.com/app/login"
    url = login(site, openid, _OPENID_RETURN_TO=public)
    page = browser.visit(url, until=public)
    assert body(browser.ask(page.url.replace(public, url)))["user"]["claimed_id"] == CLAIMED_ID


def test_a_path_like_a_host(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """What a link to us has in its path is not where users come back."""
    served = site(("//evil.example/login", Login, {"endpoint": openid.endpoint}))
    url = f"{served.server.url}//evil.example/login"
    assert openid_return_to(browser, url, openid).startswith(f"{url}?")


def test_a_query_that_has_changed(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    """Where they go then is signed, too."""
    url = login(site, openid, asks={"callback_uri": "/login?next=%2Fa"})
    page = browser.visit(url, until=f"{url}?next=%2Fa&")
    refused = browser.ask(page.url.replace("next=%2Fa", "next=%2Fevil"))
    assert refused.answer.status == 400
    assert "has not come back where it should" in refused.answer.text


@pytest.mark.parametrize(
    ("confirmation", "status"),
    [
        (b"is_valid:true\n", 200),
        (b"ns:http://specs.openid.net/auth/2.0\nis_valid:true\n", 200),
        (b"ns:http://specs.openid.net/auth/2.0\r\nis_valid:true\r\n", 200),
        (b"is_valid:true", 200),
        (b"is_valid:truest\n", 400),
        (b"is_valid:false\n", 400),
        (b"not_is_valid:true\n", 400),
        (b"error:is_valid:true\n", 400),
        (b"", 400),
    ],
)
def test_confirmations(
    site: Start, openid: OpenIdProvider, browser: Browser, confirmation: bytes, status: int
) -> None:
    openid.confirmation = confirmation
    assert browser.visit(login(site, openid)).answer.status == status


def test_the_provider_fails(
    site: Start, openid: OpenIdProvider, browser: Browser, expect_log: Any
) -> None:
    """What fetch raises is the program's, as in Tornado."""
    url = login(site, openid)
    page = browser.visit(url, until=f"{url}?")
    openid.server.stop()
    with expect_log("tornadolike.application", "Uncaught exception"):
        assert browser.ask(page.url).answer.status in (500, 599)


def test_another_client(site: Start, openid: OpenIdProvider, browser: Browser) -> None:
    class Response:
        body = b"is_valid:true\n"

    class Client:
        async def fetch(self, url: str, method: str, body: str) -> Any:
            assert (url, method) == (openid.endpoint, "POST")
            assert "openid.mode=check_authentication" in body
            return Response()

    class Elsewhere(Login):
        def get_auth_http_client(self) -> Any:
            raise AssertionError("there is another")

        async def get(self) -> None:
            if self.get_argument("openid.mode", None):
                client: Any = Client()
                self.finish({"user": await self.get_authenticated_user(http_client=client)})
            else:
                self.authenticate_redirect()

    served = site(("/login", Elsewhere, {"endpoint": openid.endpoint}))
    user = body(browser.visit(f"{served.server.url}/login"))["user"]
    assert user["claimed_id"] == CLAIMED_ID


def test_oauth_on_the_way(site: Start, browser: Browser) -> None:
    """``_openid_args`` is what old mixins of programs call."""

    class Hybrid(Login):
        def get(self) -> None:  # type: ignore[override]
            self.finish(self._openid_args("/back#here", oauth_scope="mail"))

    served = site(("/", Hybrid, {"endpoint": "https://openid.example"}))
    said = body(browser.ask(f"{served.server.url}/"))
    assert said["openid.ns.oauth"] == "http://specs.openid.net/extensions/oauth/1.0"
    assert said["openid.oauth.consumer"] == "127.0.0.1"
    assert said["openid.oauth.scope"] == "mail"
    assert "openid.ns.ax" not in said
    assert said["openid.return_to"].startswith(f"{served.server.url}/back?openid_state=")
    assert [name[: len(COOKIE)] for name in browser.cookies] == [COOKIE]


@pytest.mark.parametrize("wire", ["tls"])
def test_the_cookie_over_tls(site: Start, certs: Any) -> None:
    """The answer may come by a form of the provider's page."""
    served = site(("/", Login, {"endpoint": "https://openid.example"}))
    browser = Browser(certs.client_context())
    browser.ask(f"{served.server.url}/")
    ((name, morsel),) = browser.morsels.items()
    assert name.startswith(f"__Host-{COOKIE}_")
    assert morsel["samesite"] == "None"
