"""A client and a server that talk to each other without a socket."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.websocket.helpers import CONTINUATION, PING, PONG, close, frame
from tornadolike.websocket.closing import State, may_be_sent
from tornadolike.websocket.events import Closed, Event, Failed, Ping, Pong
from tornadolike.websocket.frames import BINARY, FIN, TEXT, encode_frame
from tornadolike.websocket.protocol import Role, WebSocketCore


class Pair:
    """Both ends, and the events that each has seen."""

    def __init__(self, **options: int) -> None:
        self.client = WebSocketCore(Role.CLIENT, **options)
        self.server = WebSocketCore(Role.SERVER, **options)
        self.seen_by_client: list[Event] = []
        self.seen_by_server: list[Event] = []

    def exchange(self) -> None:
        """Carry bytes to and fro until nobody has anything to say."""
        while True:
            to_server, to_client = self.client.data_to_send(), self.server.data_to_send()
            if not to_server and not to_client:
                return
            for core, data, seen in (
                (self.server, to_server, self.seen_by_server),
                (self.client, to_client, self.seen_by_client),
            ):
                core.receive_data(data)
                while (event := core.next_event()) is not None:
                    seen.append(event)


MESSAGES = ["", "hello", "\N{SNOWMAN}" * 100, "x" * 70000, b"", b"\xff", bytes(200), bytes(70000)]


def test_messages_both_ways():
    pair = Pair()
    for message in MESSAGES:
        for core in (pair.client, pair.server):
            payload = message.encode() if isinstance(message, str) else message
            core.send_message(payload, binary=isinstance(message, bytes))
    pair.exchange()
    assert pair.seen_by_server == pair.seen_by_client == MESSAGES


def test_pings_both_ways():
    pair = Pair()
    pair.client.send_ping(b"1")
    pair.server.send_ping(b"2")
    pair.exchange()
    assert pair.seen_by_server == [Ping(b"1"), Pong(b"2")]
    assert pair.seen_by_client == [Ping(b"2"), Pong(b"1")]


CODES = [code for code in range(5100) if may_be_sent(code)]


@pytest.mark.parametrize("closer", ["client", "server"])
def test_every_close_code_that_may_be_sent(closer):
    assert len(CODES) == 4 + 8 + 2000
    for code in CODES:
        pair = Pair()
        getattr(pair, closer).send_close(code, "why")
        pair.exchange()
        assert pair.server.state is pair.client.state is State.CLOSED
        seen = {"client": pair.seen_by_client, "server": pair.seen_by_server}
        assert seen.pop(closer) == [Closed(code, None)]
        assert list(seen.values()) == [[Closed(code, "why")]]


def test_both_close_at_once():
    pair = Pair()
    pair.client.send_close(4001)
    pair.server.send_close(4002)
    pair.exchange()
    assert pair.seen_by_client == [Closed(4002, None)]
    assert pair.seen_by_server == [Closed(4001, None)]


def test_close_without_a_code():
    pair = Pair()
    pair.client.send_close()
    pair.exchange()
    assert pair.seen_by_client == pair.seen_by_server == [Closed(None, None)]


@pytest.mark.parametrize("wrong", ["client", "server"])
def test_a_failure_is_told_and_answered(wrong):
    pair = Pair(max_message_size=10)
    liberal = getattr(pair, wrong)
    liberal.send_message(bytes(11), binary=True)
    pair.exchange()
    seen = {"client": pair.seen_by_client, "server": pair.seen_by_server}
    assert seen.pop(wrong) == [Closed(1009, "message too big")]
    assert list(seen.values()) == [[Failed(1009, "message too big")]]
    assert pair.server.state is pair.client.state is State.CLOSED


# What a peer may say: messages cut into fragments, with control frames in between.
controls = st.lists(st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)), max_size=2)
messages = st.one_of(st.text(max_size=200), st.binary(max_size=400))
conversations = st.lists(
    st.tuples(messages, st.lists(st.integers(0, 400), max_size=4), controls, controls), max_size=6
)


@given(conversations, st.binary(min_size=4, max_size=4), st.booleans(), st.data())
@settings(max_examples=150)
def test_whatever_is_fragmented_comes_out_whole(conversation, mask, from_client, data):
    key = mask if from_client else b""
    wire = b""
    expected: list[Event] = []
    for message, cuts, between, after in conversation:
        payload = message.encode() if isinstance(message, str) else message
        opcode = TEXT if isinstance(message, str) else BINARY
        edges = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
        parts = [payload[start:end] for start, end in itertools.pairwise(edges)]
        for i, part in enumerate(parts):
            if i == 1:
                wire += b"".join(
                    encode_frame(FIN | code, content, key) for code, content in between
                )
            first = opcode if i == 0 else CONTINUATION
            wire += encode_frame(first | (FIN if i == len(parts) - 1 else 0), part, key)
        wire += b"".join(encode_frame(FIN | code, content, key) for code, content in after)
        inside = between if len(parts) > 1 else []
        expected += [Ping(c) if code == PING else Pong(c) for code, c in inside]
        expected.append(message)
        expected += [Ping(c) if code == PING else Pong(c) for code, c in after]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8), label="cuts"))
    core = WebSocketCore(Role.SERVER if from_client else Role.CLIENT)
    seen: list[Event] = []
    for start, end in itertools.pairwise([0, *cuts, len(wire)]):
        core.receive_data(wire[start:end])
        while (event := core.next_event()) is not None:
            seen.append(event)
    assert seen == expected
    assert core.state is State.OPEN
    assert core._data == b""


@given(st.binary(max_size=64), st.integers(0, 5000), st.text(max_size=30))
def test_close_payloads(tail, code, reason):
    """Whatever a Close frame holds, it ends the connection by one of three codes or its own."""
    core = WebSocketCore(Role.SERVER)
    core.receive_data(close(code, reason.encode()) + tail)
    event = core.next_event()
    if may_be_sent(code):
        assert event == Closed(code, reason or None)
    else:
        assert event == Failed(1002, "invalid close code")
    assert core.next_event() is None
    core = WebSocketCore(Role.SERVER)
    core.receive_data(frame(8, tail))
    assert isinstance(core.next_event(), Closed | Failed)
