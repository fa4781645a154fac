"""The chat as people meet it: in a browser, in two windows, by either transport."""

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stores.servers import running as redis_server
from tornadolike.tls.development import DevelopmentCertificate

from .breaking_line import BreakingLine
from .chat_tabs import SocketTab, new_room
from .conftest import Demo, running

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.keys import Keys

from .chat_pages import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# A network that lets no WebSocket through: every handshake is answered with "not found".
NO_WEBSOCKET = """
    const Real = WebSocket;
    window.WebSocket = class extends Real {
        constructor(url) { super(String(url).replace("/socket", "/not-here")); }
    };
"""
NO_WEBSOCKET_WHILE_BLOCKED = NO_WEBSOCKET.replace(
    "super(String(url)", "super(!window.blocked ? url : String(url)"
)


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


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
@pytest.mark.parametrize(
    "transport", ["websocket", pytest.param("polling", marks=pytest.mark.slow)]
)
def test_two_windows_on_two_processes(pages: Open, tmp_path: Path, transport: str) -> None:
    """One of the processes is started anew: its window goes on where it was."""
    with contextlib.ExitStack() as stack:
        options = ["--redis", stack.enter_context(redis_server(tmp_path))]
        one, two = (stack.enter_context(running("chat", options=options)) for _ in range(2))
        room = new_room()
        ann, bob = pages(one, room, "Ann", transport), pages(two, room, "Bob", transport)
        ann.wait(lambda: sorted(ann.people()) == ["Ann", "Bob"], "Bob to be there")
        ann.say("hello from one")
        bob.wait_text("hello from one")
        two.stop()
        bob.wait_offline()
        ann.say("while you were away")
        two.start()
        bob.wait_text("while you were away")
        bob.say("hello from two")
        ann.wait_text("hello from two")
        assert ann.texts() == bob.texts()
        assert sorted(ann.people()) == sorted(bob.people()) == ["Ann", "Bob"]


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


def test_websockets_that_have_worked_are_soon_tried_again(
    demo: Callable[..., Demo], pages: Open
) -> None:
    """What failed once may have been the server, between its end and its start."""
    server = demo("chat")
    ann = pages(server, "lobby", "Ann", "websocket", before=NO_WEBSOCKET_WHILE_BLOCKED)
    assert ann.state == ("live", "websocket")
    ann.script("window.blocked = true")
    server.stop()
    server.start()
    ann.wait_live("polling")
    ann.script("window.blocked = false")
    ann.wait_live("websocket")


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
