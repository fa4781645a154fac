"""Fuzzing of what clients tell a site, and of what it tells them: cookies of sessions, events, names, origins, keys.

Whatever comes: what was not made by us is nobody's session, and what is sent is read as it was meant.
"""

import asyncio
import email.message
import re
import urllib.parse
from base64 import urlsafe_b64encode
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import examples
from tests.web.helpers import make_handler
from tornadolike.caching.keys import key_of, resource_of, sorted_query
from tornadolike.httputil import HTTPServerRequest
from tornadolike.httputil.disposition import content_disposition
from tornadolike.middleware.origins import Origins
from tornadolike.sessions.in_cookies import CookieKeeper
from tornadolike.sessions.in_stores import StoreKeeper
from tornadolike.sessions.record import Record, decode
from tornadolike.sessions.session import Lifetimes
from tornadolike.stores import MemoryStore
from tornadolike.web.streams.events import Event

pytestmark = pytest.mark.once

# Sessions

SECRETS: Final = (b"what encrypts in this test", b"what did so before")
RECORD: Final = Record(1_500_000_000, 1_500_000_000, False, {"user": 7})


def made_by(keeper: Any) -> str:
    cookie: str = asyncio.run(keeper.create(make_handler(), RECORD, 3600))
    return cookie


LIFETIMES: Final = Lifetimes(3600, 3600, False)
KEEPER: Final = CookieKeeper("session", SECRETS)
STORE_KEEPER: Final = StoreKeeper("session", MemoryStore(), LIFETIMES, 4096)
MADE: Final = [
    made_by(KEEPER),
    made_by(CookieKeeper("session", SECRETS[1:])),
    made_by(STORE_KEEPER),
]
FOREIGN: Final = [
    made_by(CookieKeeper("other", SECRETS)),
    made_by(CookieKeeper("session", (b"an attacker's secret",))),
    made_by(StoreKeeper("other", MemoryStore(), LIFETIMES, 4096)),
]
PIECES: Final = st.sampled_from(
    ["", "A", "_", "-", "=", "==", ".", ".0", "+", "/", " ", "é", "\0", "AQ"]
)


@st.composite
def cookies(draw: st.DrawFn) -> str:
    """A cookie of somebody's, with something changed, left out or put in."""
    text = draw(st.sampled_from([*MADE, *FOREIGN]))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 4)))
        text = text[:start] + draw(st.one_of(PIECES, st.text(max_size=3))) + text[end:]
    return text


@examples(120)
@given(
    cookie=st.one_of(
        cookies(), st.text(), st.binary(max_size=99).map(lambda b: urlsafe_b64encode(b).decode())
    )
)
def test_what_is_no_cookie_of_ours_is_nobodys_session(cookie: str) -> None:
    handler = make_handler()
    for keeper in (KEEPER, STORE_KEEPER):
        kept = asyncio.run(keeper.look_up(handler, cookie))
        found = None if kept is None else keeper.read(handler, cookie, kept, RECORD.seen)
        if found is not None:
            assert found.record == RECORD
            # It is one that we have made; but for letters that are no Base64, and for when it was seen.
            letters = re.sub("[^A-Za-z0-9_+/-]|[.=].*", "", cookie.translate({43: "-", 47: "_"}))
            assert any(
                made.partition(".")[0][:-1] == letters[: len(made.partition(".")[0]) - 1]
                for made in MADE
            )
    for foreign in FOREIGN:
        assert cookie != foreign or found is None


JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@examples(80)
@given(content=st.one_of(st.binary(), JSON.map(lambda value: repr(value).encode(errors="replace"))))
def test_what_is_no_record_is_none(content: bytes) -> None:
    record = decode(content)
    assert record is None or isinstance(record.data, dict)


# Events

TEXTS: Final = st.text(
    st.one_of(st.sampled_from("\r\n\0: x\ufeff\u2028\x85"), st.characters(codec="utf-8"))
)
LINES: Final = TEXTS.filter(lambda text: not re.search("[\r\n\0]", text))


def as_read(stream: str) -> list[tuple[str, str, str]]:
    """What a page learns: data, name and id (HTML standard, section 9.2.6)."""
    found, data, name, last_id = [], list[str](), "", ""
    for line in re.split("\r\n|\r|\n", stream)[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append(("\n".join(data), name or "message", last_id))
            data, name = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value
    return found


@examples(80)
@given(
    events=st.lists(
        st.builds(
            Event,
            TEXTS,
            st.none() | LINES,
            st.none() | LINES,
            st.none() | st.integers(0),
            st.none() | TEXTS,
        ),
        max_size=4,
    )
)
def test_events_are_read_as_they_were_meant(events: list[Event]) -> None:
    stream = b"".join([event.encode() for event in events]).decode()
    expected, last_id = [], ""
    for event in events:
        last_id = last_id if event.id is None else event.id
        assert isinstance(event.data, str)
        data = re.sub("\r\n|\r", "\n", event.data)
        expected.append((data, event.event or "message", last_id))
    assert as_read(stream) == expected


# Names of files


@examples(120)
@given(
    name=st.text(
        st.one_of(
            st.sampled_from("\"\\/;%'*=.. \r\n\0é€\uff0f\uff0e\u2026\uff02\xa0"), st.characters()
        )
    ),
)
def test_names_of_files_stay_in_their_place(name: str) -> None:
    value = content_disposition(name)
    assert value.isascii()
    assert value.isprintable()
    message = email.message.Message()
    message["Content-Disposition"] = value
    assert message.get_content_disposition() == "attachment"
    plain = re.match('attachment; filename="([^"]+)"', value)
    assert plain is None or not re.search(r"^[ .]|[/\\]|[ .]$", plain[1])
    assert {key for key, _ in message.get_params([], "Content-Disposition")[1:]} <= {"filename"}
    extended = re.search(r"; filename\*=UTF-8''(.+)$", value)
    read = urllib.parse.unquote(extended[1]) if extended else plain[1] if plain else ""
    assert not re.search(r"[/\\\r\n\0]", read)
    assert read.strip(" .") == read
    assert (
        content_disposition(read) == value
    )  # it is what was meant, and nothing is left to be removed


# Origins


@examples(80)
@given(
    origin=st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    "https://",
                    "http://",
                    "a",
                    ".",
                    "example.com",
                    ":",
                    "443",
                    "8",
                    "@",
                    "/",
                    "\n",
                    "%",
                    "#",
                    "A",
                ]
            )
        ).map("".join),
    )
)
def test_origins_are_the_authors(origin: str) -> None:
    origins = Origins(["https://example.com", re.compile(r"https://.*\.example\.com(:8+)?")])
    if origin in origins:
        parts = urllib.parse.urlsplit(origin)
        assert parts.scheme == "https"
        assert parts.hostname is not None
        assert parts.hostname == "example.com" or parts.hostname.endswith(".example.com")
        assert origin == f"https://{parts.netloc}"
        assert parts.username is None


# Keys of caches

QUERIES: Final = st.lists(
    st.sampled_from(
        ["a", "b", "%61", "%C3%A9", "+", "%", "%2", "=", "&", "&", "&", "a=1", "a=2", ";", "1"]
    )
).map("".join)


def request_of(query: str, **headers: str) -> HTTPServerRequest:
    made: HTTPServerRequest = make_handler(request=f"GET /?{query}", headers=headers).request
    return made


@examples(120)
@given(one=QUERIES, other=QUERIES)
def test_queries_of_one_key_have_the_same_arguments(one: str, other: str) -> None:
    arguments = request_of(one).arguments
    assert request_of(sorted_query(one)).arguments == arguments
    assert sorted_query(sorted_query(one)) == sorted_query(one)
    if sorted_query(one) == sorted_query(other):
        assert request_of(other).arguments == arguments


VALUES: Final = st.text(st.sampled_from("ab, \t\xa0\x85\x1f"), max_size=4)


@examples(80)
@given(ones=st.tuples(VALUES, VALUES), others=st.tuples(VALUES, VALUES))
def test_requests_of_one_key_have_the_same_headers(
    ones: tuple[str, str], others: tuple[str, str]
) -> None:
    """But for the white space of HTTP around commas (RFC 9111 section 4.1)."""
    handler = make_handler()

    def key(values: tuple[str, str]) -> str:
        request = request_of("", A=values[0], B=values[1])
        return key_of(handler, resource_of(handler), request, ["A", "B"])

    def meant(values: tuple[str, str]) -> list[str]:
        return [re.sub("[ \t]*(,|^|$)[ \t]*", r"\1", value) for value in values]

    assert (key(ones) == key(others)) is (meant(ones) == meant(others))
