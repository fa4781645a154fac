"""The chat as people meet it: in a browser, in two windows, by either transport."""

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tornadolike.tls.development import DevelopmentCertificate

from .breaking_line import BreakingLine
from .chat_tabs import SocketTab, new_room
from .conftest import Demo, running

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PATIENCE = 20.0
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    # The window that is not looked at has timers too.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
]

# A network that lets no WebSocket through: every handshake is answered with "not found".
NO_WEBSOCKET = """
    const Real = WebSocket;
    window.WebSocket = class extends Real {
        constructor(url) { super(String(url).replace("/socket", "/not-here")); }
    };
"""


@pytest.fixture(scope="module")
def driver(certificates: DevelopmentCertificate) -> Iterator[Any]:
    """One Chromium for the module; each test opens windows of its own."""
    browser, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not chromedriver:
        missing = "chromium and chromedriver are not both installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # To trust an authority it would need tools that few machines have: it is told of the certificate.
    options.add_argument(f"--ignore-certificate-errors-spki-list={fingerprint(certificates)}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        try:
            yield driver
        finally:
            driver.quit()


def fingerprint(certificates: DevelopmentCertificate) -> str:
    """Of the key of the server's certificate, as Chromium wants it."""
    certificate = x509.load_pem_x509_certificate(Path(certificates.certfile).read_bytes())
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Page:
    """One window with the chat in it."""

    def __init__(self, driver: Any, url: str, name: str, before: str = "") -> None:
        self.driver = driver
        driver.switch_to.new_window("window")
        self.window = driver.current_window_handle
        if before:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": before})
        # All windows share one memory for the name: forget the neighbour's.
        origin = url.partition("#")[0]
        driver.execute_cdp_cmd(
            "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"}
        )
        driver.get(url)
        self.fill("name-input", name)
        self.find("name-save").click()
        self.wait_live()

    def look(self) -> "Page":
        """Make this window the one that the driver looks at."""
        self.driver.switch_to.window(self.window)
        return self

    def find(self, id: str) -> Any:
        return self.look().driver.find_element(By.ID, id)

    def all(self, selector: str) -> list[Any]:
        return self.look().driver.find_elements(By.CSS_SELECTOR, selector)

    def script(self, source: str) -> Any:
        return self.look().driver.execute_script(source)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        self.look()
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: condition(), what)

    def fill(self, id: str, text: str) -> None:
        field = self.find(id)
        self.wait(field.is_displayed, f"{id} to be shown")
        field.clear()
        field.send_keys(text)

    @property
    def state(self) -> tuple[str, str]:
        badge = self.find("badge")
        return badge.get_attribute("data-state"), badge.get_attribute("data-transport")

    def wait_live(self, transport: str = "") -> None:
        self.wait(
            lambda: self.state[0] == "live" and transport in self.state[1],
            f"live {transport}; it was {self.state}",
        )

    def wait_offline(self) -> None:
        self.wait(lambda: self.find("banner").is_displayed(), "the offline banner")

    def choose(self, mode: str) -> None:
        """Switch the transport by hand."""
        radio = self.all(f"input[name=mode][value={mode}]")[0]
        if not radio.is_displayed():
            self.find("badge").click()
        self.wait(radio.is_displayed, "the connection menu")
        radio.click()
        self.wait_live(mode if mode != "auto" else "")

    def say(self, text: str) -> None:
        field = self.find("composer-text")
        field.send_keys(text, Keys.ENTER)

    def texts(self) -> list[str]:
        """What the messages in the list say, exactly."""
        return self.script(
            "return Array.from(document.querySelectorAll('#log .text'), e => e.textContent)"
        )

    def notices(self) -> str:
        joined = " ".join(element.text for element in self.all("#log .notice"))
        return joined.replace("\u2068", "").replace("\u2069", "")

    def people(self) -> list[str]:
        return [element.text for element in self.all("#people bdi")]

    def wait_text(self, text: str) -> None:
        self.wait(lambda: text in self.texts(), f"the message {text!r}")

    def is_at_bottom(self) -> bool:
        return self.script(
            "const s = document.getElementById('scroller');"
            "return s.scrollHeight - s.clientHeight - s.scrollTop < 2"
        )


Open = Callable[..., Page]


@pytest.fixture
def pages(driver: Any) -> Iterator[Open]:
    """`pages(server, room, name)` opens a window; all are closed at the end, and had no errors."""
    home = driver.current_window_handle
    opened: list[Page] = []

    def open_page(
        server: Demo | BreakingLine, room: str, name: str, transport: str = "", **more: Any
    ) -> Page:
        page = Page(driver, f"{server.url}/#{room}", name, **more)
        opened.append(page)
        if transport == "polling":
            page.choose("polling")
        return page

    yield open_page
    for page in opened:
        page.look()
        driver.close()
    driver.switch_to.window(home)
    # What the page itself did wrong: exceptions, breaches of its content security policy.
    mistakes = [e["message"] for e in driver.get_log("browser") if e["source"] != "network"]
    assert not mistakes


@pytest.mark.parametrize(
    ("first", "second"),
    [("websocket", "websocket"), ("polling", "polling"), ("websocket", "polling")],
)
def test_two_windows_talk(chat: Demo, pages: Open, first: str, second: str) -> None:
    room = new_room()
    ann = pages(chat, room, "Ann", first)
    bob = pages(chat, room, "Bob", second)
    assert (ann.state[1], bob.state[1]) == (first, second)
    ann.wait(lambda: ann.people() == ["Ann", "Bob"], "Bob to be there")
    ann.say("hello from Ann")
    bob.wait_text("hello from Ann")
    bob.say("hello from Bob")
    ann.wait_text("hello from Bob")
    assert ann.texts() == bob.texts() == ["hello from Ann", "hello from Bob"]
    assert [e.text for e in bob.all("#log .message:not(.mine) .author")] == ["Ann"]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_over_tls(pages: Open, certificates: DevelopmentCertificate, transport: str) -> None:
    with running("chat", certificates=Path(certificates.certfile).parent) as server:
        room = new_room()
        ann = pages(server, room, "Ann", transport)
        assert ann.state[1] == transport
        assert ann.script("return window.isSecureContext && location.protocol") == "https:"
        bob = pages(server, room, "Bob", transport)
        ann.say("nobody else can read this")
        bob.wait_text("nobody else can read this")


def test_where_websockets_are_blocked_the_page_polls(chat: Demo, pages: Open) -> None:
    room = new_room()
    bob = pages(chat, room, "Bob")
    ann = pages(chat, room, "Ann", before=NO_WEBSOCKET)
    assert ann.state == ("live", "polling")
    ann.say("through the back door")
    bob.wait_text("through the back door")
    bob.say("I hear you")
    ann.wait_text("I hear you")


def test_switching_by_hand_is_no_news_to_others(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann, bob = pages(chat, room, "Ann"), pages(chat, room, "Bob")
    for transport in ("polling", "websocket", "auto"):
        bob.choose(transport)
        bob.say(f"now by {transport}")
        ann.wait_text(f"now by {transport}")
    assert ann.notices() == "Bob joined"
    assert len(ann.texts()) == len(bob.texts()) == 3


SCRIPTS = [
    "<script>window.hacked = 1</script>",
    '<img src="x" onerror="window.hacked = 1">',
    "<a href='javascript:window.hacked=1'>javascript:window.hacked=1</a>",
]


def test_script_in_a_message_is_only_text(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann = pages(chat, room, "<b>Ann</b>")
    bob = pages(chat, room, "Bob")
    for text in SCRIPTS:
        ann.say(text)
    for page in (ann, bob):
        page.wait_text(SCRIPTS[-1])
        assert page.texts() == SCRIPTS
        assert page.script("return window.hacked") is None
        assert not page.all("#log img, #log script, #log a, #people b")
    assert bob.people() == ["Bob", "<b>Ann</b>"]


def test_the_page_itself_cannot_make_markup_from_text(chat: Demo, pages: Open) -> None:
    """The content security policy holds even if a later change forgets the rule."""
    ann = pages(chat, new_room(), "Ann")
    refused = ann.script(
        "try { document.body.innerHTML = '<p>'; } catch (error) { return error.name; }"
    )
    assert refused == "TypeError"
    ann.driver.get_log("browser")  # the attempt was reported there


def test_addresses_become_links(chat: Demo, pages: Open) -> None:
    ann = pages(chat, new_room(), "Ann")
    text = "(see https://example.org/a_(b)?c=d#e), http://[::1]:8888/. ftp://x.example www.x"
    ann.say(text)
    ann.wait_text(text)
    links = ann.all("#log .text a")
    assert [link.text for link in links] == [
        "https://example.org/a_(b)?c=d#e",
        "http://[::1]:8888/",
    ]
    for link in links:
        assert link.get_attribute("rel") == "noopener noreferrer"
        assert link.get_attribute("target") == "_blank"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "crashed"])
def test_talk_goes_on_after_a_restart(
    demo: Callable[..., Demo], pages: Open, how: signal.Signals
) -> None:
    server = demo("chat")
    ann = pages(server, "lobby", "Ann", "websocket")
    bob = pages(server, "lobby", "Bob", "polling")
    ann.say("before")
    bob.wait_text("before")
    server.stop(how)
    for page in (ann, bob):
        page.wait_offline()
    ann.say("while it was down")
    bob.say("me too")
    port = server.port
    server.start()
    assert server.port == port, "somebody has taken the port meanwhile"
    ann.wait_live("websocket")
    bob.wait_live("polling")
    for page in (ann, bob):
        page.wait_text("while it was down")
        page.wait_text("me too")
        assert page.find("banner").is_displayed() is False
    bob.say("after")
    ann.wait_text("after")
    ann.say("the end")
    bob.wait_text("the end")
    for page in (ann, bob):
        texts = page.texts()
        assert texts[0] == "before"
        assert sorted(texts[1:3]) == ["me too", "while it was down"]
        assert texts[3:] == ["after", "the end"]
        assert not page.all("#pending li")
        assert sorted(page.people()) == ["Ann", "Bob"]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_line_that_keeps_breaking_loses_nothing(chat: Demo, pages: Open, transport: str) -> None:
    """Each message arrives once and in its order, whichever half of an exchange was lost."""
    room = new_room()
    with BreakingLine(chat.port) as line, SocketTab(chat.port, "Bob") as bob:
        bob.join(room)
        ann = pages(line, room, "Ann", transport)
        said = [f"number {number}" for number in range(10)]
        line.breaks = True
        for text in said:
            ann.say(text)
        assert [bob.hears() for _ in said] == said
        assert line.cuts
        line.breaks = False
        ann.wait(lambda: ann.texts() == said and not ann.all("#pending li"), "all of them once")
        bob.say("the end")
        assert bob.hears() == "the end"


def test_a_reload_keeps_the_name_and_is_no_news(chat: Demo, pages: Open) -> None:
    room = new_room()
    bob = pages(chat, room, "Bob")
    ann = pages(chat, room, "Ann")
    ann.say("remember this")
    bob.wait_text("remember this")
    ann.look().driver.refresh()
    ann.wait_live()
    ann.wait_text("remember this")
    assert ann.people() == ["Ann", "Bob"]
    assert ann.all("#log .mine")  # still known as the author
    ann.say("back")
    bob.wait_text("back")
    assert bob.notices() == "Ann joined"


def test_a_namesake_gets_a_number_and_can_change_it(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann = pages(chat, room, "Ann")
    other = pages(chat, room, "ann")
    assert other.find("my-name").text == "ann 2"
    other.wait(lambda: "already" in other.find("toasts").text, "the explanation")
    other.find("change-name").click()
    other.fill("name-input", "Anneliese")
    other.find("name-save").click()
    ann.wait(lambda: ann.people() == ["Ann", "Anneliese"], "the new name")
    assert "ann 2 is now Anneliese" in ann.notices()


def test_rooms_are_made_listed_and_left(chat: Demo, pages: Open) -> None:
    first, second = new_room(), new_room()
    ann = pages(chat, first, "Ann")
    bob = pages(chat, first, "Bob")
    bob.say("said in the first")
    ann.wait_text("said in the first")
    ann.fill("new-room-name", f"#{second.upper()}")
    ann.find("new-room-name").send_keys(Keys.ENTER)
    ann.wait(lambda: ann.find("room-name").text == second, "the second room")
    assert ann.texts() == []
    assert ann.find("empty").is_displayed()
    assert ann.script("return location.hash") == f"#{second}"
    bob.wait(lambda: "Ann left" in bob.notices(), "Ann to leave")
    bob.wait(lambda: second in bob.find("rooms").text, "the room in the list")
    next(link for link in bob.all("#rooms a") if second in link.text).click()
    ann.wait(lambda: ann.people() == ["Ann", "Bob"], "Bob to follow")
    bob.look().driver.back()
    bob.wait_text("said in the first")


def test_new_messages_wait_for_who_reads_old_ones(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann, bob = pages(chat, room, "Ann"), pages(chat, room, "Bob")
    tall = "\n".join("line" for _ in range(40))
    ann.script(f"document.getElementById('composer-text').value = {tall!r}")
    ann.say("")
    bob.wait_text(tall)
    assert bob.is_at_bottom()
    bob.script("document.getElementById('scroller').scrollTop = 0")
    ann.say("news")
    bob.wait_text("news")
    pill = bob.find("pill")
    bob.wait(pill.is_displayed, "the pill")
    assert "1 new message" in pill.text
    assert not bob.is_at_bottom()
    assert len(bob.all("#log .unread")) == 1
    assert bob.driver.title.startswith("(1)")
    pill.click()
    bob.wait(lambda: not pill.is_displayed(), "the pill to go")
    assert bob.is_at_bottom()
    assert not bob.driver.title.startswith("(")


def test_a_refused_message_says_why_and_can_be_discarded(chat: Demo, pages: Open) -> None:
    ann = pages(chat, new_room(), "Ann")
    ann.script("document.getElementById('composer-text').value = 'x'.repeat(2500)")
    ann.say("")
    ann.wait(lambda: "2,500 characters" in ann.find("pending").text, "the reason")
    ann.say("the next one is not held up")
    ann.wait_text("the next one is not held up")
    ann.all("#pending .discard")[0].click()
    assert not ann.all("#pending li")


def test_typing_too_fast_loses_nothing(chat: Demo, pages: Open) -> None:
    ann = pages(chat, new_room(), "Ann")
    said = [f"quick {number}" for number in range(14)]
    for text in said:
        ann.say(text)
    ann.wait_text(said[-1])
    assert ann.texts() == said


def test_a_duplicated_tab_becomes_somebody_else(chat: Demo, pages: Open) -> None:
    """Browsers copy a tab with its memory; the two must not fight over one connection."""
    room = new_room()
    ann = pages(chat, room, "Ann")
    secret = ann.script("return sessionStorage.getItem('chat.client')")
    copy = pages(chat, room, "Copy", before=f"sessionStorage.setItem('chat.client', {secret!r})")
    ann.wait(lambda: sorted(ann.people()) == ["Ann", "Copy"], "two members")
    ann.say("from Ann")
    copy.wait_text("from Ann")
    copy.say("from the copy")
    ann.wait_text("from the copy")
    assert ann.script("return sessionStorage.getItem('chat.client')") != secret


@pytest.fixture
def phone(driver: Any) -> Iterator[None]:
    yield
    with contextlib.suppress(Exception):
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(chat: Demo, pages: Open, phone: None, scheme: str) -> None:
    ann = pages(chat, new_room(), "Ann")
    ann.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": True},
    )
    ann.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    ann.say("w" * 200)
    ann.wait_text("w" * 200)
    assert ann.script("return document.documentElement.scrollWidth") == 360
    assert ann.script("return document.getElementById('scroller').scrollWidth") <= 360
    sidebar = ann.find("sidebar")
    assert not sidebar.is_displayed()
    ann.find("open-drawer").click()
    ann.wait(ann.find("change-name").is_displayed, "the drawer")
    assert ann.script("return document.getElementById('main').inert")
    ann.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    ann.wait(lambda: not sidebar.is_displayed(), "the drawer to close")
    assert ann.driver.switch_to.active_element.get_attribute("id") == "open-drawer"


def test_by_keyboard_alone(chat: Demo, pages: Open) -> None:
    """Everything that can be clicked can be reached by Tab, and has a name to be read aloud."""
    ann = pages(chat, new_room(), "Ann")
    nameless = ann.script("""
        return Array.from(document.querySelectorAll("button, a, input, textarea"))
            .filter((element) => element.checkVisibility() && element.tabIndex < 0
                || !(element.getAttribute("aria-label") || element.textContent.trim()
                     || element.labels?.length))
            .map((element) => element.outerHTML)
    """)
    assert nameless == []
    log = ann.find("log")
    assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")
    focused = "return document.activeElement.id || document.activeElement.tagName"

    def has_focus(what: str) -> None:
        ann.wait(lambda: ann.script(focused) == what, f"the focus to be on {what}")

    has_focus("composer-text")
    ann.find("skip").send_keys(Keys.TAB)
    has_focus("A")  # the first of the rooms
    other_room = new_room()
    pages(chat, other_room, "Bob")
    ann.wait(lambda: other_room in ann.find("rooms").text, "the other room in the list")
    has_focus("A")  # though the list was made anew
    ann.find("skip").send_keys(Keys.ENTER)
    has_focus("composer-text")
