"""Passkeys in Chromium, whose authenticator is imitated through WebDriver, on pages with a strict policy."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chromium import chromium
from tornadolike.auth.passkeys import (
    MemoryPasskeys,
    Passkey,
    PasskeyOwner,
    PasskeyRegistrationMixin,
    Passkeys,
    PasskeyScript,
    PasskeySignInMixin,
)
from tornadolike.web import Application, RequestHandler, authenticated

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import (
    Protocol,
    Transport,
    VirtualAuthenticatorOptions,
)
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]

PATIENCE = 60
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'"


class Base(RequestHandler):
    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", POLICY)

    def get_current_user(self) -> str | None:
        user = self.get_signed_cookie("user")
        return user.decode() if user else None

    def page(self, body: str) -> None:
        self.finish(
            '<!doctype html><title>x</title><script src="/passkeys.js" defer></script>'
            f"{body}<p data-passkey-message></p>{self.xsrf_form_html()}"
        )


class Home(Base):
    @authenticated
    def get(self) -> None:
        self.page(
            f'<h1 id="user">{self.current_user}</h1><input data-passkey-name value="Mine">'
            '<button type="button" data-passkey-register="/passkeys/mine">Add</button>'
        )


class Login(Base):
    def get(self) -> None:
        self.clear_cookie("user")
        field = '<input id="name" autocomplete="username webauthn">'
        self.page(
            f"{field if self.get_argument('offer', '') else ''}"
            '<input type="hidden" name="next" value="/?welcome">'
            '<button type="button" data-passkey-sign-in="/passkeys/sign-in">Sign in</button>'
        )


class Password(Base):
    def get(self) -> None:  # where the password would be asked for
        self.set_signed_cookie("user", "ann")
        self.redirect("/")


class SignIn(PasskeySignInMixin, Base):
    begun = 0

    def get_passkey_user(self) -> None:
        SignIn.begun += b"begin" in self.request.body

    async def signed_in(self, passkey: Passkey, next: str) -> None:
        self.set_signed_cookie("user", passkey.user)


class Mine(PasskeyRegistrationMixin, Base):
    def get_passkey_owner(self) -> PasskeyOwner | None:
        return PasskeyOwner(self.current_user, "ann@example.org") if self.current_user else None


class Window:
    """The browser's, on a site of its own."""

    def __init__(self, driver: Any, url: str, passkeys: Passkeys) -> None:
        self.driver = driver
        self.url = url
        self.passkeys = passkeys

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, name: str) -> None:
        self.find(f"[data-passkey-{name}]").click()

    def wait(self, what: Callable[[], Any], why: str) -> None:
        WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: what(), why)

    def wait_for_message(self) -> str:
        self.wait(lambda: self.find("[data-passkey-message]").text, "there is no message")
        text: str = self.find("[data-passkey-message]").text
        return text

    def wait_for_user(self) -> None:
        self.wait(lambda: self.driver.find_elements(By.ID, "user"), "nobody was signed in")

    @property
    def kept(self) -> list[Passkey]:
        storage = self.passkeys.storage
        assert isinstance(storage, MemoryPasskeys)
        return list(storage._passkeys.values())

    def register(self) -> None:
        self.open("/password")
        self.wait_for_user()
        before = len(self.kept)
        self.press("register")
        self.wait(lambda: len(self.kept) == before + 1, "no passkey was made")


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def window(driver: Any, serve: Callable[..., Any]) -> Iterator[Window]:
    rules = [
        ("/", Home),
        ("/login", Login),
        ("/password", Password),
        ("/passkeys/sign-in", SignIn),
        ("/passkeys/mine", Mine),
        ("/passkeys.js", PasskeyScript),
    ]
    server = serve(
        Application(
            rules,
            cookie_secret="2c0a9d4c26a3e1dfb4b1b7a1f652b9bd",
            login_url="/login",
            xsrf_cookies=True,
        )
    )
    url = f"http://localhost:{server.port}"
    passkeys = Passkeys("localhost", "Example", [url], MemoryPasskeys())
    SignIn.passkeys = Mine.passkeys = passkeys
    options = VirtualAuthenticatorOptions(
        protocol=Protocol.CTAP2,
        transport=Transport.INTERNAL,
        has_resident_key=True,
        has_user_verification=True,
        is_user_verified=True,
    )
    driver.add_virtual_authenticator(options)
    driver.get_log("browser")
    yield Window(driver, url, passkeys)
    driver.get("about:blank")
    driver.remove_virtual_authenticator()
    driver.delete_all_cookies()


def test_registering_and_signing_in(window: Window) -> None:
    window.register()
    (passkey,) = window.kept
    assert (passkey.user, passkey.name, passkey.transports) == (
        "ann",
        "Mine",
        ("internal",),
    )
    assert passkey.user_verified
    window.open("/login")
    window.press("sign-in")
    window.wait_for_user()
    assert window.driver.current_url == f"{window.url}/?welcome"
    (used,) = window.kept
    assert used.last_used is not None
    assert used.sign_count > passkey.sign_count
    policy = [one for one in window.driver.get_log("browser") if "Content Security" in str(one)]
    assert policy == []


def test_a_passkey_that_is_there_is_not_made_again(window: Window) -> None:
    window.register()
    window.open("/")
    window.press("register")
    assert "already" in window.wait_for_message()
    assert len(window.kept) == 1


def test_a_passkey_that_was_removed(window: Window) -> None:
    window.register()
    window.driver.execute_async_script(
        "const done = arguments[0];"
        "fetch('/passkeys/mine').then(answer => answer.json())"
        ".then(said => passkeys.remove('/passkeys/mine', said.passkeys[0].id)).then(done)"
    )
    assert window.kept == []
    window.open("/login")
    window.press("sign-in")
    assert "not known" in window.wait_for_message()


def test_a_user_who_is_not_known_to_the_authenticator(window: Window) -> None:
    window.register()
    window.driver.set_user_verified(False)
    window.open("/login")
    window.press("sign-in")
    assert window.wait_for_message() == "No passkey was used."
    window.driver.set_user_verified(True)
    window.press("sign-in")
    window.wait_for_user()


def test_a_copy(window: Window) -> None:
    window.register()
    window.open("/login")
    window.press("sign-in")
    window.wait_for_user()
    copies = window.driver.get_credentials()
    for _ in range(2):
        window.open("/login")
        window.press("sign-in")
        window.wait_for_user()
    window.driver.remove_all_credentials()
    window.driver.add_credential(copies[0])
    window.open("/login")
    window.press("sign-in")
    assert "copy" in window.wait_for_message()


def test_passkeys_are_offered_in_the_field_for_the_name(window: Window) -> None:
    window.register()
    window.open("/login?offer=1")
    window.wait_for_user()
    assert window.driver.current_url == f"{window.url}/?welcome"


HESITATION = """
    const get = navigator.credentials.get.bind(navigator.credentials);
    window.asked = window.aborted = 0;
    window.hesitates = () => asked === 1;
    navigator.credentials.get = (options) => (++asked, !hesitates(options)) ? get(options) : new Promise((_, reject) =>
        options.signal.addEventListener("abort", () => { aborted++; reject(options.signal.reason); }));
"""


@pytest.fixture
def hesitation(window: Window) -> Iterator[None]:
    """The first question in a page is not answered: the imitated authenticator would do so at once."""
    SignIn.begun = 0
    command = "Page.addScriptToEvaluateOnNewDocument"
    script = window.driver.execute_cdp_cmd(command, {"source": HESITATION})
    yield
    window.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


@pytest.mark.usefixtures("hesitation")
def test_what_is_offered_is_asked_anew_before_its_time_is_over(window: Window) -> None:
    """The page stays open for longer than an answer may take."""
    window.register()
    window.passkeys.seconds = 5
    window.open("/login?offer=1")
    window.wait_for_user()
    assert SignIn.begun > 1


@pytest.mark.usefixtures("hesitation")
def test_what_is_offered_gives_way_to_the_button(window: Window) -> None:
    window.register()
    window.driver.set_user_verified(False)
    window.open("/login?offer=1")
    window.wait(lambda: window.driver.execute_script("return asked"), "nothing is offered")
    # Nor are later offers answered: one might be before the button is pressed again.
    window.driver.execute_script("hesitates = (options) => options.mediation === 'conditional'")
    window.press("sign-in")
    assert window.wait_for_message() == "No passkey was used."
    assert window.driver.execute_script("return aborted") == 1
    window.driver.set_user_verified(True)
    window.press("sign-in")
    window.wait_for_user()


def test_nobody_else_is_asked(window: Window) -> None:
    """An attribute may be in a text of somebody else's; and who says what is to be signed gets it."""
    window.open("/login")
    for url in ("https://evil.example/", "//evil.example/", "http://localhost:1/", "javascript:x"):
        code = window.driver.execute_async_script(
            "const done = arguments[1]; passkeys.signIn(arguments[0]).catch((error) => done(error.code))",
            url,
        )
        assert code == "failed"
