"""The chat without a socket: rooms, sessions, limits and the texts people type."""

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demos.chat.hub import Hub
from demos.chat.limits import Allowance, Limits, Refused
from demos.chat.rooms import MemoryLedger, Room
from demos.chat.text import clean_message, clean_name, clean_room_name, same_name, unique_name

from .chat_guests import Event, Tab, message_id


def at_once(doing: Coroutine[Any, Any, Any]) -> Any:
    """The result of what has nothing to wait for: rooms in memory never do."""
    try:
        doing.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError(f"{doing} waits for something")


def rooms_of(hub: Hub) -> dict[str, Room]:
    assert isinstance(hub.ledger, MemoryLedger)
    return hub.ledger.rooms


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Guest(Tab):
    """A tab that does one thing after the other."""

    def __init__(self, hub: Hub, name: str) -> None:
        super().__init__(hub, name)
        self.connect()

    def connect(self) -> None:
        self.session = at_once(self.hub.open_session(self.secret))
        self.session.attach(self)

    def disconnect(self) -> None:
        self.hub.detach(self.session, self)

    def does(self, type: str, **fields: Any) -> None:
        at_once(self.hub.receive(self.session, {"type": type, **fields}))

    def joins(self, room: str = "lobby", **fields: Any) -> Event:
        self.does("join", **{"room": room, "name": self.name, **fields})
        return self.last("welcome")

    def says(self, text: str, id: str = "", room: str = "lobby") -> None:
        self.does("say", room=room, id=id or message_id(text), text=text)

    def last(self, type: str) -> Event:
        return [event for event in self.events if event["type"] == type][-1]

    def heard(self) -> list[str]:
        return [event["text"] for event in self.events if event["type"] == "message"]

    def types(self) -> list[str]:
        """The kinds of events since the last call."""
        kinds = [event["type"] for event in self.events]
        self.events.clear()
        return kinds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_hub(clock: Clock) -> Callable[..., Hub]:
    def make(**limits: Any) -> Hub:
        bounds = Limits(**limits)
        return Hub(bounds, MemoryLedger(bounds, clock, lambda: 1_700_000_000.5), clock)

    return make


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()


# --- talking ---


def test_everybody_in_the_room_hears_a_message_in_order(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    ann.says("one")
    bob.says("two")
    assert ann.heard() == bob.heard() == ["one", "two"]
    assert bob.last("message") == {
        "type": "message",
        "seq": 2,
        "id": "message-two-----",
        "author": bob.session.id,
        "name": "Bob",
        "text": "two",
        "time": 1_700_000_000_500,
    }


def test_rooms_do_not_hear_each_other(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins("red")
    bob.joins("blue")
    ann.says("psst", room="red")
    assert bob.heard() == []


def test_nobody_is_shown_a_secret(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    ann.says("hello")
    assert ann.secret not in json.dumps(bob.events)


def test_who_comes_later_gets_the_history_up_to_its_limit(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(history=3)
    ann = Guest(hub, "Ann")
    ann.joins()
    for text in "abcde":
        ann.says(text)
    welcome = Guest(hub, "Bob").joins()
    assert [message["text"] for message in welcome["messages"]] == ["c", "d", "e"]
    assert welcome["seq"] == 5


def test_a_message_sent_twice_is_said_once(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    ann.says("once", id="the-very-same-id")
    ann.says("once", id="the-very-same-id")
    assert bob.heard() == ["once"]
    assert ann.last("accepted") == {"type": "accepted", "id": "the-very-same-id"}


def test_a_repeated_message_is_known_by_another_session_too(hub: Hub) -> None:
    """The tab may have got a new secret between the two attempts."""
    ann, again = Guest(hub, "Ann"), Guest(hub, "Ann again")
    ann.joins()
    again.joins()
    ann.says("once", id="the-very-same-id")
    again.says("once", id="the-very-same-id")
    assert ann.heard() == ["once"]


def test_the_memory_for_ids_is_bounded(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(remembered_ids=5, burst=100)
    ann = Guest(hub, "Ann")
    ann.joins()
    for number in range(50):
        ann.says(str(number))
    room = rooms_of(hub)["lobby"]
    assert len(room._ids) == 5
    assert room.knows("message-49------")


def test_a_message_for_another_room_is_refused(hub: Hub) -> None:
    """It was written before the tab changed rooms: the wrong people must not read it."""
    ann = Guest(hub, "Ann")
    ann.joins("red")
    ann.says("for blue", room="blue")
    assert ann.last("error")["code"] == "elsewhere"
    assert ann.heard() == []


# --- coming back ---


def test_coming_back_brings_only_what_was_missed(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    epoch = ann.joins()["epoch"]
    bob.joins()
    bob.says("seen")
    ann.disconnect()
    bob.says("missed 1")
    bob.says("missed 2")
    ann.events.clear()
    ann.connect()
    welcome = ann.joins(epoch=epoch, since=1)
    assert welcome["resumed"]
    assert [message["text"] for message in welcome["messages"]] == ["missed 1", "missed 2"]
    assert ann.types() == ["welcome", "rooms"]  # what piled up in between is not told again


@pytest.mark.parametrize(
    ("epoch", "since"),
    [("another", 1), (None, 1), ("same", None), ("same", "1"), ("same", [1]), ({}, {})],
)
def test_a_number_of_another_epoch_means_the_whole_history(
    hub: Hub, epoch: object, since: object
) -> None:
    ann = Guest(hub, "Ann")
    current = ann.joins()["epoch"]
    ann.says("hello")
    welcome = ann.joins(epoch=current if epoch == "same" else epoch, since=since)
    assert not welcome["resumed"]
    assert len(welcome["messages"]) == 1


def test_a_number_from_the_future_brings_nothing(hub: Hub) -> None:
    ann = Guest(hub, "Ann")
    epoch = ann.joins()["epoch"]
    assert ann.joins(epoch=epoch, since=10**30)["messages"] == []


def test_a_gap_longer_than_the_history_shows_in_the_numbers(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(history=2)
    ann = Guest(hub, "Ann")
    epoch = ann.joins()["epoch"]
    for text in "abcde":
        ann.says(text)
    assert [m["seq"] for m in ann.joins(epoch=epoch, since=1)["messages"]] == [4, 5]


def test_a_new_link_replaces_the_old_one(hub: Hub) -> None:
    first = Guest(hub, "Ann")
    second = Guest(hub, "Ann")  # the same secret: the tab was duplicated
    assert first.dropped == ["replaced"]
    assert second.dropped == []
    first.disconnect()  # too late to matter
    assert second.session.link is second


# --- who is here ---


def test_arriving_and_leaving_are_told_to_the_others(hub: Hub, clock: Clock) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    assert ann.last("joined")["member"] == {"id": bob.session.id, "name": "Bob"}
    assert [member["name"] for member in bob.last("welcome")["members"]] == ["Ann", "Bob"]
    bob.disconnect()
    clock.now += hub.limits.grace + 1
    at_once(hub.tick())
    assert ann.last("left")["member"]["name"] == "Bob"
    assert hub.find_session(bob.secret) is None


def test_a_reload_within_the_grace_is_no_news(hub: Hub, clock: Clock) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    ann.types()
    bob.disconnect()
    clock.now += hub.limits.grace - 1
    at_once(hub.tick())
    bob.connect()
    bob.joins()
    clock.now += hub.limits.grace + 1
    at_once(hub.tick())
    assert ann.types() == ["rooms"]


def test_a_session_that_never_joined_is_forgotten_as_well(hub: Hub, clock: Clock) -> None:
    guest = Guest(hub, "Ann")
    guest.disconnect()
    clock.now += hub.limits.grace + 1
    at_once(hub.tick())
    assert not hub.sessions


def test_changing_rooms_leaves_the_old_one_at_once(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    bob.joins("elsewhere")
    assert ann.last("left")["member"]["name"] == "Bob"
    assert bob.session.room == "elsewhere"


def test_names_are_unique_within_a_room(hub: Hub) -> None:
    guests = [Guest(hub, f"guest{number}") for number in range(4)]
    names = [guest.joins(name=name)["you"]["name"] for guest, name in
             zip(guests, ["Ann", "ann", "ANN", "Ann 2"], strict=True)]  # fmt: skip
    assert names == ["Ann", "ann 2", "ANN 3", "Ann 2 2"]


def test_renaming_is_told_to_all(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    bob.joins()
    bob.does("rename", name="Robert")
    assert ann.last("renamed")["member"]["name"] == "Robert"
    bob.does("rename", name="Ann")
    assert bob.last("renamed")["member"]["name"] == "Ann 2"
    bob.does("rename", name="Robert")
    ann.types()
    bob.types()
    bob.does("rename", name="Robert")
    assert (ann.types(), bob.types()) == ([], ["renamed"])


def test_a_name_that_became_free_is_given_on_return(hub: Hub, clock: Clock) -> None:
    ann, other = Guest(hub, "Ann"), Guest(hub, "other")
    ann.joins()
    assert other.joins(name="Ann")["you"]["name"] == "Ann 2"
    ann.disconnect()
    clock.now += hub.limits.grace + 1
    at_once(hub.tick())
    assert other.joins(name="Ann")["you"]["name"] == "Ann"


# --- rooms come and go ---


def test_the_list_of_rooms_is_told_once_a_tick(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins("red")
    bob.joins("blue")
    ann.joins("blue")
    bob.types()
    at_once(hub.tick())
    at_once(hub.tick())
    assert bob.events == [
        {
            "type": "rooms",
            "rooms": [{"name": "blue", "people": 2}, {"name": "red", "people": 0}],
        }
    ]


def test_an_empty_room_is_forgotten_in_time(hub: Hub, clock: Clock) -> None:
    ann = Guest(hub, "Ann")
    epoch = ann.joins("red")["epoch"]
    ann.says("remember me", room="red")
    ann.joins("blue")
    clock.now += hub.limits.empty_room - 1
    at_once(hub.tick())
    assert ann.joins("red")["epoch"] == epoch
    ann.joins("blue")
    clock.now += hub.limits.empty_room + 1
    at_once(hub.tick())
    assert list(rooms_of(hub)) == ["blue"]
    again = ann.joins("red", epoch=epoch, since=1)
    assert again["epoch"] != epoch
    assert not again["resumed"]
    assert again["messages"] == []


def test_the_room_that_is_empty_longest_makes_place(
    make_hub: Callable[..., Hub], clock: Clock
) -> None:
    hub = make_hub(rooms=2)
    ann = Guest(hub, "Ann")
    for room in ("one", "two", "three"):
        ann.joins(room)
        clock.now += 1
    assert sorted(rooms_of(hub)) == ["three", "two"]


def test_rooms_are_limited(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(rooms=1)
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins("one")
    bob.does("join", room="two", name="Bob")
    assert bob.last("error")["code"] == "too-many-rooms"


def test_members_are_limited_and_the_refused_stay_where_they_are(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(members=1)
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins("small")
    bob.joins("other")
    bob.does("join", room="small", name="Bob")
    assert bob.last("error")["code"] == "room-full"
    assert bob.last("error")["retry"] == 10
    assert bob.session.room == "other"


def test_sessions_are_limited(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(sessions=1)
    Guest(hub, "Ann")
    with pytest.raises(Refused, match="full"):
        Guest(hub, "Bob")


@pytest.mark.parametrize("secret", [None, 7, "", "short", "x" * 65, "spaces are not ok", "é" * 20])
def test_a_secret_must_look_like_one(hub: Hub, secret: object) -> None:
    with pytest.raises(Refused):
        at_once(hub.open_session(secret))
    assert hub.find_session(secret) is None


# --- too much, too fast ---


def test_talking_too_fast_is_slowed_down(hub: Hub, clock: Clock) -> None:
    ann = Guest(hub, "Ann")
    ann.joins()
    for number in range(20):
        ann.says(str(number))
    assert len(ann.heard()) == hub.limits.burst - 1  # joining was the first
    error = ann.last("error")
    assert (error["code"], error["about"], error["id"]) == ("too-fast", "say", "message-19------")
    clock.now += error["retry"]
    ann.says("19")
    assert ann.heard()[-1] == "19"


@pytest.mark.parametrize(("after", "retry"), [(0.25, 0.25), (0.4999, 0.01), (0.001, 0.5)])
def test_who_comes_a_moment_too_soon_is_told_to_wait(
    hub: Hub, clock: Clock, after: float, retry: float
) -> None:
    ann = Guest(hub, "Ann")
    ann.joins()
    for number in range(hub.limits.burst - 1):
        ann.says(str(number))
    clock.now += after
    ann.says("too soon")
    assert ann.last("error")["retry"] == retry
    clock.now += retry
    ann.says("in time")
    assert ann.heard()[-1] == "in time"


def test_an_allowance_fills_up_but_not_over() -> None:
    allowance = Allowance(burst=2, per_second=1)
    for _ in range(2):
        allowance.spend(0)
    with pytest.raises(Refused) as refused:
        allowance.spend(0.25)
    assert refused.value.retry == 0.75
    for _ in range(2):
        allowance.spend(100)
    with pytest.raises(Refused):
        allowance.spend(100)


def test_a_reader_who_falls_behind_is_dropped_and_can_join_again(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(outbox=5, burst=100)
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    ann.joins()
    epoch = bob.joins()["epoch"]
    bob.wake = lambda: None  # type: ignore[method-assign]
    for number in range(8):
        ann.says(str(number))
    assert bob.dropped == ["behind"]
    assert bob.session.behind
    assert bob.session.take() is None
    del bob.wake
    assert len(bob.joins(epoch=epoch, since=0)["messages"]) == 8
    assert not bob.session.behind


def test_what_a_link_may_have_lost_is_handed_out_again(hub: Hub) -> None:
    session = at_once(hub.open_session("a-secret-of-sixteen"))
    at_once(hub.receive(session, {"type": "join", "room": "lobby", "name": "Ann"}))
    frames, last = session.unseen(0)
    assert len(frames) == last == 2
    assert session.unseen(0) == (frames, 2)
    assert session.unseen(1) == (frames[1:], 2)
    assert session.unseen(2) == ([], 2)
    at_once(hub.receive(session, {"type": "ping"}))
    at_once(hub.receive(session, {"type": "join", "room": "other", "name": "Ann"}))
    frames, last = session.unseen(2)
    assert [json.loads(frame)["type"] for frame in frames] == ["welcome", "rooms"]
    assert last == 5  # the pong was thrown away, but its number is not used again


def test_closing_says_goodbye(hub: Hub) -> None:
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    bob.disconnect()
    hub.close()
    assert (ann.dropped, bob.dropped) == (["closing"], [])
    with pytest.raises(Refused, match="closing"):
        bob.connect()


# --- strangers ---

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
events = json_values | st.fixed_dictionaries(
    {"type": st.sampled_from(["join", "say", "rename", "ping", "nonsense"]) | json_values},
    optional={
        key: json_values | st.text(max_size=20)
        for key in ("room", "name", "text", "id", "epoch", "since")
    },
)


@given(st.lists(events, max_size=8))
def test_no_event_breaks_anything(stream: list[object]) -> None:
    hub = Hub(Limits(rooms=2, outbox=20))
    guest = Guest(hub, "Ann")
    guest.joins()
    for event in stream:
        at_once(hub.receive(guest.session, event))
    at_once(hub.tick())
    guest.joins("lobby")
    assert len(rooms_of(hub)) <= 2
    for frame in guest.events:
        json.dumps(frame).encode()  # no lone surrogate got through


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("text", "bad-event"),
        ({}, "bad-event"),
        ({"type": ["say"]}, "bad-event"),
        ({"type": "say", "room": "lobby", "id": "message-1-------", "text": "x"}, "nowhere"),
        ({"type": "join", "room": "lobby"}, "bad-event"),
        ({"type": "join", "room": "lobby", "name": "  "}, "empty-name"),
        ({"type": "join", "room": "a/b", "name": "Ann"}, "bad-room"),
    ],
)
def test_mistakes_are_answered(hub: Hub, event: object, code: str) -> None:
    ann = Guest(hub, "Ann")
    at_once(hub.receive(ann.session, event))
    assert ann.last("error")["code"] == code
    assert ann.last("error")["text"].endswith(".")


def test_a_mistake_is_answered_in_few_bytes(hub: Hub) -> None:
    """However long it was: the answers wait for a tab that does not read."""
    ann = Guest(hub, "Ann")
    ann.does("x" * 10_000, id="y" * 10_000)
    assert ann.last("error")["code"] == "bad-event"
    assert len(json.dumps(ann.last("error"))) < 300


def test_to_join_again_and_again_is_not_for_nothing(hub: Hub) -> None:
    """Each time all are told of another name, and the whole history is sent."""
    ann, bob = Guest(hub, "Ann"), Guest(hub, "Bob")
    bob.joins()
    for number in range(hub.limits.burst + 1):
        ann.does("join", room="lobby", name=f"Ann {number}")
    assert ann.last("error")["code"] == "too-fast"
    assert ann.last("error")["about"] == "join"


def test_a_message_needs_an_id(hub: Hub) -> None:
    ann = Guest(hub, "Ann")
    ann.joins()
    ann.says("hello", id="<script>alert(1)</script>")
    assert ann.last("error")["code"] == "bad-event"


# --- texts ---


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  hello ", "hello"),
        ("two\r\nlines\rthree", "two\nlines\nthree"),
        ("<b>stays</b>", "<b>stays</b>"),
        ("nul\0bell\x07tab\t.", "nulbelltab\t."),
        ("half \ud83d of a pair", "half  of a pair"),
        ("👩‍👩‍👧 می‌خواهم", "👩‍👩‍👧 می‌خواهم"),
    ],
)
def test_messages_keep_all_but_controls(typed: str, kept: str) -> None:
    assert clean_message(typed, 100) == kept


@pytest.mark.parametrize("typed", ["", " \n ", "\0", "\u200d", "\u202e"])
def test_a_message_must_be_visible(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_message(typed, 100)
    assert refused.value.code == "empty-message"


def test_a_long_message_is_told_its_length() -> None:
    with pytest.raises(Refused, match=r"2,001 characters; 2,000"):
        clean_message("x" * 2001, 2000)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("two\nlines", "two lines"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("e\u0301", "é"),
        ("👩‍👧", "👩‍👧"),
    ],
)
def test_names_are_one_visible_line(typed: str, kept: str) -> None:
    assert clean_name(typed, 20) == kept


@pytest.mark.parametrize(
    "typed", ["", "\u200d\u200d", "\u2066", "x" * 21, "\u3164", "\u2800 \ufe0f", "\u115f"]
)
def test_bad_names_are_refused(typed: str) -> None:
    with pytest.raises(Refused):
        clean_name(typed, 20)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Lobby", "lobby"),
        ("#Weather  Watch ", "weather-watch"),
        ("книги", "книги"),
        ("हिन्दी", "हिन्दी"),
        ("v1.2_x", "v1.2_x"),
    ],
)
def test_room_names_fit_an_address(typed: str, kept: str) -> None:
    assert clean_room_name(typed, 20) == kept


@pytest.mark.parametrize("typed", ["", "#", "--", "a/b", "<b>", "a?b", "x" * 21, "a\u202eb"])
def test_bad_room_names_are_refused(typed: str) -> None:
    with pytest.raises(Refused):
        clean_room_name(typed, 20)


@pytest.mark.parametrize(
    "typed",
    [
        "ann lee",
        "\uff21NN LEE",
        "An\u200dn Lee",
        "Ann\ufe0f Lee",
        "A\u034fnn Lee",
        "Ann \u3164 Lee\U000e0100",
    ],
)
def test_names_that_look_alike_are_one(typed: str) -> None:
    assert same_name(clean_name(typed, 20)) == same_name("Ann Lee")


@given(st.lists(st.text("ab1 ", min_size=1, max_size=8), max_size=30))
def test_unique_names_are_unique_and_fit(wanted: list[str]) -> None:
    taken: list[str] = []
    for name in wanted:
        taken.append(unique_name(name, taken, 8))
    assert len({name.casefold() for name in taken}) == len(taken)
    assert all(len(name) <= 8 for name in taken)


def test_nothing_here_logs(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """A guest's mistakes are answered to the guest; they are not the operator's business."""
    with caplog.at_level(logging.DEBUG):
        Guest(hub, "Ann").does("nonsense")
    assert not caplog.records
