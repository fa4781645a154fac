"""The chat as several processes on one Redis server: a tab may be on any of them, and any may go."""

import contextlib
import itertools
import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from tests.stores.servers import address_in, process

from .chat_tabs import PATIENCE, TRANSPORTS, PollTab, SocketTab, Tab, new_room, tabs
from .conftest import Demo, running

pytestmark = [
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed"),
    pytest.mark.once,
]

either = pytest.mark.parametrize("kind", TRANSPORTS.values(), ids=TRANSPORTS)

HASTY = "tests.apps.hasty_chat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="module")
def redis(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with process(folder) as server:
        yield server


@pytest.fixture(scope="module")
def start(
    redis: "subprocess.Popen[bytes]", folder: Path
) -> Callable[..., contextlib.AbstractContextManager[Demo]]:
    """`with start() as chat`: one more process."""

    def start(more: list[str] | None = None, **options: Any) -> Any:
        return running(HASTY, options=["--redis", address_in(folder), *(more or [])], **options)

    return start


@pytest.fixture(scope="module")
def one(start: Any) -> Iterator[Demo]:
    with start() as chat:
        yield chat


@pytest.fixture(scope="module")
def two(start: Any) -> Iterator[Demo]:
    with start() as chat:
        yield chat


class RovingTab(PollTab):
    """By long-polling, and each request goes to another process than the last."""

    def __init__(self, *chats: Demo, **options: Any) -> None:
        self._ports = itertools.cycle([chat.port for chat in chats])
        super().__init__(0, **options)

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        self.connection.close()
        self.connection.port = next(self._ports)
        return super().post(path, **body)


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.product(TRANSPORTS.values(), repeat=2))
)
def test_two_tabs_talk(one: Demo, two: Demo, first: type[Tab], second: type[Tab]) -> None:
    room = new_room()
    with tabs(first(one.port, "Ann"), second(two.port, "Bob")) as (ann, bob):
        ann.join(room)
        members = bob.join(room)["members"]
        assert [member["name"] for member in members] == ["Ann", "Bob"]
        assert ann.wait("joined")["member"]["name"] == "Bob"
        ann.say("<b>hello</b>")
        assert bob.hears() == ann.hears() == "<b>hello</b>"
        bob.say("שלום 👋\nand a second line")
        assert ann.hears() == bob.hears() == "שלום 👋\nand a second line"
        bob.send({"type": "rename", "name": "Robert"})
        assert ann.wait("renamed")["member"] == bob.wait("renamed")["member"]


def test_all_see_the_same_order(one: Demo, two: Demo) -> None:
    room = new_room()
    with tabs(SocketTab(one.port, "Ann"), SocketTab(two.port, "Bob")) as both:
        for tab in both:
            tab.join(room)
        for number in range(20):
            for tab in both:
                tab.say(f"{tab.name} {number}")
        heard = [[tab.wait("message") for _ in range(40)] for tab in both]
    assert heard[0] == heard[1]
    assert [message["seq"] for message in heard[0]] == list(range(1, 41))


@either
def test_names_are_unique_over_all(one: Demo, two: Demo, kind: type[Tab]) -> None:
    room = new_room()
    with tabs(kind(one.port, "Ann"), kind(two.port, "ann"), kind(one.port, "Ann 2")) as many:
        given = [tab.join(room)["you"]["name"] for tab in many]
    assert given == ["Ann", "ann 2", "Ann 2 2"]


@either
def test_the_other_process_has_the_history(one: Demo, two: Demo, kind: type[Tab]) -> None:
    room = new_room()
    with kind(one.port, "Ann") as ann:
        epoch = ann.join(room)["epoch"]
        for text in ("seen", "missed"):
            ann.say(text)
            ann.hears()
    with kind(two.port, "Bob") as bob:
        welcome = bob.join(room, epoch=epoch, since=1)
        assert welcome["resumed"]
        assert [message["text"] for message in welcome["messages"]] == ["missed"]


@either
def test_a_tab_moves_to_another_process_unnoticed(one: Demo, two: Demo, kind: type[Tab]) -> None:
    room = new_room()
    with tabs(SocketTab(two.port, "Bob"), kind(one.port, "Ann")) as (bob, ann):
        bob.join(room)
        ann.join(room)
        bob.wait("joined")
        with kind(two.port, "Ann", ann.secret) as again:
            again.join(room)
            if kind is SocketTab:
                assert ann.wait("bye")["reason"] == "replaced"
            again.say("here now")
            assert again.hears() == "here now"
        assert bob.hears() == "here now"
        assert [event["type"] for event in bob.events] == []


def test_a_message_sent_again_elsewhere_is_said_once(one: Demo, two: Demo) -> None:
    room = new_room()
    with SocketTab(one.port, "Ann") as ann:
        ann.join(room)
        ann.say("once", id="the-very-same-id")
        assert ann.hears() == "once"
        with SocketTab(two.port, "Ann", ann.secret) as again:
            again.join(room)
            again.say("once", id="the-very-same-id")
            assert again.wait("accepted")["id"] == "the-very-same-id"


# --- polls that reach the other process ---


def test_each_poll_may_reach_another_process(one: Demo, two: Demo) -> None:
    room = new_room()
    with tabs(RovingTab(one, two, name="Ann"), SocketTab(two.port, "Bob")) as (ann, bob):
        ann.join(room)
        bob.join(room)
        for number in range(3):
            ann.say(f"Ann {number}")
            bob.say(f"Bob {number}")
            assert bob.hears()
            assert bob.hears()
        heard = [ann.hears() for _ in range(6)]
    assert sorted(heard) == sorted(f"{name} {n}" for name in ("Ann", "Bob") for n in range(3))


def test_a_poll_waits_at_the_other_process(one: Demo, two: Demo) -> None:
    room = new_room()
    with tabs(PollTab(one.port, "Ann"), SocketTab(one.port, "Bob")) as (ann, bob):
        bob.join(room)
        ann.join(room)
        ann.wait("rooms")
        ann.wait("rooms")
        there = PollTab.__new__(PollTab)
        there.__dict__.update(vars(ann), port=two.port)
        there.open()
        there.seen = ann.seen
        with ThreadPoolExecutor(1) as elsewhere, contextlib.closing(there):
            waiting = elsewhere.submit(there.receive)
            bob.say("are you there?")
            assert [event["text"] for event in waiting.result(PATIENCE)] == ["are you there?"]


@pytest.mark.slow
def test_who_stops_polling_elsewhere_has_left(one: Demo, two: Demo) -> None:
    room = new_room()
    with tabs(PollTab(one.port, "Ann"), SocketTab(one.port, "Bob")) as (ann, bob):
        bob.join(room)
        ann.join(room)
        ann.wait("rooms")
        ann.wait("rooms")
        ann.connection.close()
        ann.connection.port = two.port
        body = json.dumps({"client": ann.secret, "seen": ann.seen})
        ann.connection.request("POST", "/poll/receive", body, {"Content-Type": "application/json"})
        ann.connection.close()
        assert bob.wait("left")["member"]["name"] == "Ann"


def test_a_stranger_has_to_start_over(one: Demo) -> None:
    with PollTab(one.port) as nobody:
        nobody.secret = "of-a-tab-that-never-said-hello"
        assert nobody.post("/poll/receive", seen=0)[0] == 410
        assert nobody.post("/poll/send", events=[{"type": "ping"}])[0] == 410


@pytest.mark.slow
def test_a_poll_does_not_wait_for_a_process_that_was_killed(
    one: Demo, start: Callable[..., Any]
) -> None:
    room = new_room()
    with start() as chat, PollTab(chat.port, "Ann") as ann:
        ann.join(room)
        ann.connection.close()
        ann.connection.port = one.port
        with ThreadPoolExecutor(1) as elsewhere:
            while True:  # until there is nothing left to tell
                waiting = elsewhere.submit(ann.post, "/poll/receive", seen=ann.seen)
                if not wait([waiting], 0.5).done:
                    break
                ann.seen = waiting.result()[1]["seen"]
            chat.stop(signal.SIGKILL)
            assert waiting.result(PATIENCE) == (410, None)


@pytest.mark.slow
def test_processes_can_share_a_port(start: Callable[..., Any]) -> None:
    """Whichever of them a connection comes to, it is the same chat."""
    room = new_room()
    with start(more=["--share-port"]) as first, start(more=["--share-port"], port=first.port):
        several = [
            kind(first.port, f"guest {n}") for n, kind in enumerate([SocketTab, PollTab] * 4)
        ]
        with tabs(*several) as everybody:
            for tab in everybody:
                tab.join(room)
            for tab in everybody:
                tab.say(f"I am {tab.name}")
                assert [other.hears() for other in everybody] == [f"I am {tab.name}"] * 8


# --- processes go ---


@either
def test_a_restart_costs_nobody_their_place(
    one: Demo, start: Callable[..., Any], kind: type[Tab]
) -> None:
    room = new_room()
    with SocketTab(one.port, "Bob") as bob, start() as chat:
        bob.join(room)
        with kind(chat.port, "Ann") as ann:
            epoch = ann.join(room)["epoch"]
            bob.wait("joined")
            with ThreadPoolExecutor(1) as elsewhere:
                stopped = elsewhere.submit(chat.stop)
                if kind is SocketTab:
                    assert ann.wait("bye")["reason"] == "closing"
                bob.say("missed")
                with kind(one.port, "Ann", ann.secret) as again:
                    welcome = again.join(room, epoch=epoch, since=0)
                    assert welcome["resumed"]
                    assert [message["text"] for message in welcome["messages"]] == ["missed"]
                    again.say("still me")
                    assert bob.hears() == "missed"
                    assert bob.hears() == "still me"
                    assert stopped.result(PATIENCE) == 0
        assert [event["type"] for event in bob.events] == []


@pytest.mark.slow
@either
def test_who_was_on_a_killed_process_is_gone_after_a_while(
    one: Demo, start: Callable[..., Any], kind: type[Tab]
) -> None:
    room = new_room()
    with SocketTab(one.port, "Bob") as bob, start() as chat:
        bob.join(room)
        with kind(chat.port, "Ann") as ann:
            ann.join(room)
            assert bob.wait("joined")["member"]["name"] == "Ann"
            chat.stop(signal.SIGKILL)
            assert bob.wait("left")["member"]["name"] == "Ann"


def test_who_comes_up_elsewhere_after_a_kill_is_the_same_member(
    one: Demo, start: Callable[..., Any]
) -> None:
    room = new_room()
    with SocketTab(one.port, "Bob") as bob, start() as chat:
        bob.join(room)
        with SocketTab(chat.port, "Ann") as ann:
            ann.join(room)
            bob.wait("joined")
            chat.stop(signal.SIGKILL)
            with SocketTab(one.port, "Ann", ann.secret) as again:
                assert len(again.join(room)["members"]) == 2
                again.say("that was quick")
                assert bob.hears() == "that was quick"
        assert [event["type"] for event in bob.events] == []
