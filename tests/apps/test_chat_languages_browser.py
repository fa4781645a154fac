"""The chat's languages in a browser: what readers of each see, and the page that runs from the right.

Screenshots are left in `.cache/screenshots`, for a person to look at.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demos.chat.languages import LANGUAGES

from .chat_tabs import SocketTab, new_room
from .conftest import ROOT, Demo

pytest.importorskip("selenium", reason="drives a browser by selenium")
from selenium.webdriver.common.keys import Keys

from .chat_pages import Open, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]

each_language = pytest.mark.parametrize("language", LANGUAGES)

SCREENSHOTS = ROOT / ".cache" / "screenshots"
DESKTOP, PHONE = (1280, 800), (360, 640)

# What a person of that language sees first, when somebody comes, and of a message that is too long.
SEEN = {
    "en": ("What should people call you?", "Bob joined", "2 people here", "2,500 characters"),
    "de": (
        "Wie sollen dich die anderen nennen?",
        "Bob ist dazugekommen",
        "2 Personen hier",
        "2.500",
    ),
    "ar": ("بأي اسم تودّ أن يناديك الآخرون؟", "انضمّ Bob", "شخصان هنا", "والحد الأقصى"),
    "ja": ("何とお呼びすればよいですか", "Bobさんが参加しました", "2 人が参加中", "2,500 文字"),
}


@each_language
def test_the_page_speaks_the_browsers_language(chat: Demo, pages: Open, language: str) -> None:
    question, joined, present, too_long = SEEN[language]
    ann = pages(chat, new_room(), "", language=language)
    ann.wait(ann.find("name-dialog").is_displayed, "the question for a name")
    assert ann.find("name-dialog-title").text == question
    retype(ann, "name-input", "")
    assert direction(ann, "name-input") == ("rtl" if language == "ar" else "ltr")
    enter(ann, "Ann")
    assert ann.script("return [document.documentElement.lang, document.dir]") == [
        language,
        "rtl" if language == "ar" else "ltr",
    ]
    with SocketTab(chat.port, "Bob") as bob:
        bob.join(room_of(ann))
        ann.wait(lambda: joined in ann.notices(), joined)
        assert ann.find("room-people").text == present
        ann.script("document.getElementById('composer-text').value = 'x'.repeat(2500)")
        ann.say("")
        ann.wait(lambda: too_long in ann.find("pending").text, "the reason")


# In every language as in English: names of things, of languages and of people, and German's loans.
ANYWHERE = {"WebSocket", "English", "Deutsch", "Ann", "Bob"}
LOANS = {"de": {"Chat", "Live", "Offline"}}


def test_nothing_is_left_in_english(chat: Demo, pages: Open) -> None:
    """Neither in what is seen nor in what is read aloud, after all of the page was in use."""
    english = all_texts(pages(chat, new_room(), "Ann", language="en"))
    assert {"you", "Rooms", "Bob joined", "Send again", "2 people here", "Message #"} <= english
    for language in LANGUAGES:
        if language != "en":
            texts = all_texts(pages(chat, new_room(), "Ann", language=language))
            assert texts & english - ANYWHERE <= LOANS.get(language, set())


def all_texts(page: Page) -> set[str]:
    """Every text and every label in the page, shown or not, that has letters of ours."""
    with SocketTab(chat_port(page), "Bob") as bob:
        bob.join(room_of(page))
        page.wait(lambda: "Bob" in page.notices(), "Bob")
    page.say("1 2 3")
    page.wait_text("1 2 3")
    page.script("document.getElementById('composer-text').value = 'x'.repeat(2500)")
    page.say("")
    page.wait(lambda: page.all("#pending .failed"), "the refusal")
    page.find("change-name").click()
    texts = page.script("""
        const found = [];
        const look = (root) => {
            for (const element of root.querySelectorAll("body *, :scope > *")) {
                if (element.id === "strings") continue;
                for (const name of ["aria-label", "placeholder", "title"]) {
                    found.push(element.getAttribute(name) ?? "");
                }
                for (const child of element.childNodes) {
                    if (child.nodeType === Node.TEXT_NODE) found.push(child.data);
                }
                if (element.content instanceof DocumentFragment) look(element.content);
            }
        };
        look(document);
        return found;
    """)
    page.find("name-cancel").click()
    page.all("#pending .discard")[0].click()
    plain = {re.sub(r"[\u2068\u2069]|room-\d+", "", text).strip() for text in texts}
    return {text for text in plain if re.search("[a-z]", text) and "x" * 9 not in text}


def test_changing_the_language_loses_nothing(chat: Demo, pages: Open) -> None:
    room = new_room()
    with SocketTab(chat.port, "Bob") as bob:
        bob.join(room)
        ann = pages(chat, room, "Ann")
        bob.say("before")
        ann.wait_text("before")
        ann.find("composer-text").send_keys("half a sentence")
        choose_language(ann, "ar")
        assert ann.script("return document.dir") == "rtl"
        assert ann.find("composer-text").get_attribute("value") == "half a sentence"
        assert ann.texts() == ["before"]
        assert ann.script("return location.pathname + location.search + location.hash") == (
            f"/#{room}"
        )
        ann.look().driver.refresh()
        ann.wait_live()
        assert ann.script("return document.documentElement.lang") == "ar"  # it is kept
        ann.find("composer-text").send_keys(" and its end", Keys.ENTER)
        assert bob.hears() == "before"
        assert bob.hears() == "half a sentence and its end"
        assert ann.find("composer-text").get_attribute("value") == ""
        choose_language(ann, "ja")
        assert ann.find("composer-text").get_attribute("value") == ""
        bob.events = [event for event in bob.events if event["type"] in ("left", "joined")]
        assert bob.events == []  # to the others nothing has happened


def test_the_language_can_be_chosen_before_there_is_a_name(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann = pages(chat, room, "")
    ann.fill("name-input", "Annika")
    ann.all("#name-dialog a[hreflang=de]")[0].click()
    ann.wait(lambda: ann.script("return document.documentElement.lang") == "de", "German")
    assert ann.find("name-input").get_attribute("value") == "Annika"
    ann.find("name-save").click()
    ann.wait_live()
    assert ann.people() == ["Annika"]
    assert room_of(ann) == room


def test_a_refused_message_explains_itself_in_the_next_language_too(
    chat: Demo, pages: Open
) -> None:
    ann = pages(chat, new_room(), "Ann")
    ann.script("document.getElementById('composer-text').value = 'x'.repeat(2500)")
    ann.say("")
    ann.wait(lambda: "2,500 characters" in ann.find("pending").text, "the reason")
    choose_language(ann, "de")
    ann.wait(lambda: "2.500 Zeichen; erlaubt sind 2.000" in ann.find("pending").text, "in German")


def test_arabic_plurals(chat: Demo, pages: Open) -> None:
    room = new_room()
    ann = pages(chat, room, "Ann", language="ar-MA")
    assert ann.find("room-people").text == "شخص واحد هنا"
    with SocketTab(chat.port, "B") as b, SocketTab(chat.port, "C") as c:
        b.join(room)
        ann.wait(lambda: ann.find("room-people").text == "شخصان هنا", "two")
        c.join(room)
        ann.wait(lambda: ann.find("room-people").text == "3 أشخاص هنا", "few")


def test_a_language_that_is_none_stops_nothing(chat: Demo, pages: Open) -> None:
    posix = "Object.defineProperty(navigator, 'languages', {value: ['en-US@posix', '', 'x']})"
    ann = pages(chat, new_room(), "Ann", before=posix)
    ann.say("1 2 3")
    ann.wait_text("1 2 3")


def test_digits_are_the_readers(chat: Demo, pages: Open) -> None:
    """The page is in Arabic; in Egypt its numbers look otherwise than in Morocco."""
    ann = pages(chat, new_room(), "Ann", language="ar-EG")
    assert "\N{ARABIC-INDIC DIGIT ONE}" in ann.find("people-title").text


HOSTILE = [
    "<img src=x onerror=hacked=1>",
    "{count} {name} {before}",
    "$& $1 %s %(x)s",
    "__proto__",
    "\u202egnp.exe",
    "مرحبا) (שלום",
    "</template><script>hacked=1",
]


@each_language
def test_hostile_names_do_no_harm(chat: Demo, pages: Open, language: str) -> None:
    room = new_room()
    joined = SEEN[language][1]
    ann = pages(chat, room, "Ann", language=language)
    for name in HOSTILE:
        with SocketTab(chat.port, name) as guest:
            shown = guest.join(room)["you"]["name"]
            ann.wait(lambda shown=shown: shown in ann.people(), shown)
            # As it was typed, and kept to itself.
            assert joined.replace("Bob", f"\u2068{shown}\u2069") in ann.contents("#log .notice")[-1]
            guest.send({"type": "rename", "name": "{before}"})
            ann.wait(lambda: "{before}" in ann.people(), "the new name")
    assert ann.script("return window.hacked") is None
    assert not ann.all("#log img, #log script, #people img, #people script")


# --- the direction of the page ---


@pytest.fixture
def screen(driver: Any) -> Iterator[Callable[[Page, tuple[int, int]], None]]:
    """`screen(page, (width, height))` makes its window that large, a small one a phone's."""

    def resize(page: Page, size: tuple[int, int]) -> None:
        width, height = size
        page.look().driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": size == PHONE},
        )

    return resize


class Geometry:
    """Where things stand, counted from where lines begin: the same for both directions."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.width = page.script("return innerWidth")
        self.rtl = page.script("return document.dir") == "rtl"

    def __call__(self, selector: str) -> tuple[float, float]:
        """Start and end of the last such element."""
        left, right = self.page.script(
            f"const all = document.querySelectorAll({selector!r});"
            "const {left, right} = all[all.length - 1].getBoundingClientRect();"
            "return [left, right]"
        )
        return (self.width - right, self.width - left) if self.rtl else (left, right)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_begins_where_its_lines_begin(
    chat: Demo, pages: Open, screen: Callable[..., None], language: str
) -> None:
    ann = conversation(chat, pages, language)
    screen(ann, DESKTOP)
    at = Geometry(ann)
    assert at.rtl == (language == "ar")
    assert at("#sidebar")[0] == 0
    assert at("#sidebar")[1] == pytest.approx(at("#main")[0], abs=1)
    assert at("#main")[1] == at.width
    # From start to end: avatar and theirs; mine; the box with its button; the badge.
    assert at(".message:not(.mine) > .avatar")[1] < at(".message:not(.mine) .bubble")[0]
    assert at(".message:not(.mine) .bubble")[0] < at(".mine .bubble")[0]
    assert at(".mine .bubble")[1] == pytest.approx(at("#composer .composer-box")[1], abs=20)
    assert at("#composer-text")[1] <= at("#send")[0]
    assert at("#room-name")[1] < at("#badge")[0]
    assert at("#badge")[1] > at.width - 40
    assert at("#my-avatar")[1] < at("#my-name")[0]
    assert at("#change-name")[1] < at("#open-languages")[0]
    assert at("#rooms .hash")[1] <= at("#rooms bdi")[0] < at("#rooms .count")[0]
    # What points somewhere points there.
    turned = ann.script("return getComputedStyle(document.querySelector('#send .flips')).transform")
    assert turned.startswith("matrix(-1," if at.rtl else "matrix(1,")
    # An empty box asks from the start; what is written in it has a direction of its own.
    assert direction(ann, "composer-text") == ("rtl" if at.rtl else "ltr")
    for text, expected in [("abc", "ltr"), ("مرحبا", "rtl")]:
        retype(ann, "composer-text", text)
        assert direction(ann, "composer-text") == expected
    retype(ann, "composer-text", "")
    assert direction(ann, "composer-text") == ("rtl" if at.rtl else "ltr")
    shows_something(ann, f"chat-{language}-desktop.png")
    ann.find("open-languages").click()
    ann.wait(ann.find("language-menu").is_displayed, "the menu")
    assert 0 < at("#language-menu")[0] < at("#language-menu")[1] <= at("#main")[0]
    starts = {at(f"#language-menu [lang={code}]")[0] for code in LANGUAGES}
    assert max(starts) - min(starts) < 2
    shows_something(ann, f"chat-{language}-menu.png")
    ann.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    ann.find("badge").click()
    ann.wait(ann.find("connection-menu").is_displayed, "the connection menu")
    assert at.width / 2 < at("#connection-menu")[0]
    assert at("#connection-menu")[1] <= at.width


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_a_long_name_of_a_room_loses_its_end(
    chat: Demo, pages: Open, screen: Callable[..., None], language: str
) -> None:
    ann = pages(chat, "the-weather-and-all-that", "Ann", language=language)
    screen(ann, PHONE)
    at = Geometry(ann)
    assert at("#room-name")[1] <= at("#badge")[0]
    assert ann.script(
        "return getComputedStyle(document.getElementById('room-name')).direction"
    ) == (
        "ltr"  # and thus it is the end
    )


@pytest.mark.parametrize("language", ["de", "ar"])  # the longest words, and the other direction
def test_on_a_phone_the_drawer_comes_from_where_lines_begin(
    chat: Demo, pages: Open, screen: Callable[..., None], language: str
) -> None:
    ann = conversation(chat, pages, language)
    screen(ann, PHONE)
    at = Geometry(ann)
    assert ann.script("return document.documentElement.scrollWidth") == PHONE[0]
    assert ann.script("return document.getElementById('scroller').scrollWidth") <= PHONE[0]
    for selector in ("#open-drawer", "#badge", "#composer-text", "#send"):
        start, end = at(selector)
        assert 0 <= start < end <= at.width, selector
    assert at("#open-drawer")[1] <= at("#room-name")[0]
    ann.wait(lambda: at("#sidebar")[1] <= 0, "the drawer to be away")
    shows_something(ann, f"chat-{language}-phone.png")
    ann.find("open-drawer").click()
    ann.wait(lambda: at("#sidebar")[0] == 0, "the drawer")
    assert at("#sidebar")[1] < at.width
    ann.find("open-languages").click()
    ann.wait(ann.find("language-menu").is_displayed, "the menu")
    assert 0 < at("#language-menu")[0] < at("#language-menu")[1] <= at("#sidebar")[1]
    shows_something(ann, f"chat-{language}-drawer.png")
    # Escape closes one thing at a time.
    ann.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    ann.wait(lambda: not ann.find("language-menu").is_displayed(), "the menu to close")
    assert ann.find("sidebar").is_displayed()
    ann.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    ann.wait(lambda: not ann.find("sidebar").is_displayed(), "the drawer to close")


def test_a_blank_screenshot_is_known_as_one(driver: Any, tmp_path: Path) -> None:
    driver.get("about:blank")
    driver.save_screenshot(str(tmp_path / "blank.png"))
    assert variety(tmp_path / "blank.png") < 10


# --- helpers ---


TALK = {
    "en": (
        "Zoë Lee",
        "Good morning! Has anyone seen the notes?",
        "They are at https://example.org.",
    ),
    "de": (
        "Jörg Müller",
        "Guten Morgen! Wo steht, was neu ist?",
        "Hier: https://example.org (2.0).",
    ),
    "ar": ("ليلى حسن", "صباح الخير! أين ملاحظات الإصدار؟", "إنها هنا: https://example.org (2.0)."),
    "ja": (
        "田中 太郎",
        "おはようございます。リリースノートはどこですか",
        "https://example.org です。",
    ),
}


def conversation(chat: Demo, pages: Open, language: str) -> Page:
    """A window in which two have talked, in more than one script."""
    guest, question, answer = TALK[language]
    ann = pages(chat, new_room(), "Ann (آن) 2", language=language)
    with SocketTab(chat.port, guest) as bob:
        bob.join(room_of(ann))
        for text in (question, TALK["ar"][1], TALK["ja"][1]):
            bob.say(text)
        for text in (TALK["en"][1], answer):
            ann.say(text)
            ann.wait_text(text)
    return ann


def enter(page: Page, name: str) -> None:
    page.fill("name-input", name)
    page.find("name-save").click()
    page.wait_live()


def retype(page: Page, id: str, text: str) -> None:
    """As a person does it: the page hears of each key."""
    page.find(id).send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE, text)


def chat_port(page: Page) -> int:
    return int(page.script("return location.port"))


def room_of(page: Page) -> str:
    return page.script("return decodeURIComponent(location.hash.slice(1))")


def choose_language(page: Page, language: str) -> None:
    """By hand, in the menu."""
    page.find("open-languages").click()
    link = page.all(f"#language-menu a[hreflang={language}]")[0]
    page.wait(link.is_displayed, "the menu")
    link.click()
    page.wait(lambda: page.script("return document.documentElement.lang") == language, language)
    page.wait_live()


def direction(page: Page, id: str) -> str:
    return page.script(f"return getComputedStyle(document.getElementById('{id}')).direction")


def shows_something(page: Page, name: str) -> None:
    """Keep a picture of the page, which must not be empty."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.look().driver.save_screenshot(str(SCREENSHOTS / name))
    assert variety(SCREENSHOTS / name) > 100


def variety(picture: Path) -> int:
    """How many different bytes the pixels of a PNG consist of; next to none if it is blank."""
    content, pixels = picture.read_bytes()[8:], b""
    while content:
        length, kind = struct.unpack_from(">I4s", content)
        if kind == b"IDAT":
            pixels += content[8 : 8 + length]
        content = content[12 + length :]
    return len(set(zlib.decompress(pixels)))
