"""The tables of states: every event in every state, by what the readers and writers really do."""

import itertools
from collections.abc import Callable

import pytest

from tornadolike.http1 import (
    EndedTooSoon,
    Limits,
    RequestReader,
    RequestWriter,
    ResponseReader,
    ResponseWriter,
    State,
)
from tornadolike.http1.states import (
    REQUEST_READER,
    REQUEST_WRITER,
    RESPONSE_READER,
    RESPONSE_WRITER,
    Event,
    Table,
)
from tornadolike.httputil import HTTPHeaders, HTTPInputError, HTTPOutputError

TABLES = {
    "request reader": REQUEST_READER,
    "request writer": REQUEST_WRITER,
    "response reader": RESPONSE_READER,
    "response writer": RESPONSE_WRITER,
}
CHUNKED = HTTPHeaders({"Transfer-Encoding": "chunked"})


# The tables by themselves


@pytest.mark.parametrize("name", TABLES)
def test_what_every_table_has(name: str) -> None:
    table = TABLES[name]
    start = State.IDLE if name == "response reader" else State.HEAD
    seen, new = {start}, {start}
    while new:
        new = {after for (before, _), after in table.items() if before in new} - seen
        seen |= new
    assert seen == {state for key, after in table.items() for state in (key[0], after)}
    for (state, event), after in table.items():
        if event is Event.DATA:
            assert after is state
        if event is Event.FAULT:
            assert after is State.SPENT
    assert not any(state is State.SPENT for state, _ in table)


def pairs(table: Table) -> list[tuple[State, Event]]:
    """Every state of a machine with every event that one of its states knows."""
    states = {state for key, after in table.items() for state in (key[0], after)}
    events = {event for _, event in table}
    return list(itertools.product(sorted(states), sorted(events)))


# Readers: an event is made of bytes; where it may not come these are a fault


def reader_of_requests(state: State) -> RequestReader:
    reader = RequestReader(Limits())
    if state is State.BODY:
        feed(reader, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    elif state is State.ENDED:
        reader.feed_eof()
        assert reader.next_event() is None
    elif state is State.SPENT:
        with pytest.raises(HTTPInputError):
            feed(reader, b"\0")
    assert reader.state is state
    return reader


def feed(reader: RequestReader | ResponseReader, data: bytes) -> None:
    reader.feed(data)
    while reader.next_event() is not None:
        pass


def end(reader: RequestReader | ResponseReader) -> None:
    reader.feed_eof()
    while reader.next_event() is not None:
        pass


IN_REQUESTS = {
    Event.WHOLE: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    Event.BODY_FOLLOWS: b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
    Event.DATA: b"1\r\na\r\n",
    Event.END_OF_BODY: b"0\r\n\r\n",
    Event.FAULT: b"\0",
}


@pytest.mark.parametrize(("state", "event"), pairs(REQUEST_READER))
def test_reader_of_requests(state: State, event: Event) -> None:
    reader = reader_of_requests(state)
    data = IN_REQUESTS.get(event)
    expected = REQUEST_READER.get((state, event))
    if state is State.ENDED and event is Event.FAULT:
        reader = RequestReader(Limits())
        feed(reader, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        end(reader)
        reader.max_body_size = 4
        with pytest.raises(HTTPInputError):
            reader.check_body_size()
    elif state is State.ENDED and data is not None:
        with pytest.raises(RuntimeError, match="feed_eof"):
            reader.feed(data)
        expected = state
    elif expected is None or expected is State.SPENT:
        with pytest.raises(HTTPInputError):
            end(reader) if data is None else feed(reader, data)
        expected = State.SPENT
    elif data is None:
        end(reader)
    else:
        feed(reader, data)
    assert reader.state is expected


def head(status: int, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Reason", *lines, "", ""]).encode()


IN_RESPONSES = {
    Event.INTERIM: head(103),
    Event.BODY_FOLLOWS: head(200, "Transfer-Encoding: chunked"),
    Event.UNTIL_END_FOLLOWS: head(200),
    Event.HAND_OVER: head(101),
    Event.DATA: b"1\r\na\r\n",
    Event.END_OF_BODY: b"0\r\n\r\n",
    Event.LAST_END: b"0\r\n\r\n",
    Event.FAULT: b"\0",
}


def reader_of_responses(state: State, event: Event) -> ResponseReader:
    reader = ResponseReader(Limits())
    if state is not State.IDLE and state is not State.ENDED:
        reader.expect("GET")
    if state is State.BODY:
        last = ["Connection: close"] if event is Event.LAST_END else []
        feed(reader, head(200, "Transfer-Encoding: chunked", *last))
    elif state is State.UNTIL_END:
        feed(reader, head(200))
    elif state is State.OTHER_PROTOCOL:
        feed(reader, head(101))
    elif state is State.ENDED:
        end(reader)
    elif state is State.SPENT:
        with pytest.raises(HTTPInputError):
            feed(reader, b"\0")
    assert reader.state is state
    return reader


@pytest.mark.parametrize(("state", "event"), pairs(RESPONSE_READER))
def test_reader_of_responses(state: State, event: Event) -> None:
    reader = reader_of_responses(state, event)
    expected = RESPONSE_READER.get((state, event))
    if event is Event.ASKED:
        if expected is None and state not in (State.HEAD, State.BODY):
            with pytest.raises(RuntimeError, match="another connection"):
                reader.expect("GET")
        else:
            reader.expect("GET")
        assert reader.state is (expected or state)
        return
    data = IN_RESPONSES.get(event)
    act: Callable[[], None] = (
        (lambda: end(reader)) if data is None else (lambda: feed(reader, data))
    )
    if event is Event.FAULT and state is State.ENDED:
        reader = reader_of_responses(State.BODY, Event.LAST_END)
        reader.expect("GET")
        with pytest.raises(EndedTooSoon):
            feed(reader, b"0\r\n\r\n")
    elif state is State.ENDED and data is not None:
        with pytest.raises(RuntimeError, match="feed_eof"):
            act()
        expected = state
    elif data is not None and state in (State.UNTIL_END, State.OTHER_PROTOCOL):
        act()  # whatever comes is not looked at
        expected = state
    elif expected is None or expected is State.SPENT:
        with pytest.raises(HTTPInputError):
            act()
        expected = State.SPENT
    else:
        act()
    assert reader.state is expected


def test_a_body_without_a_limit_can_be_a_fault() -> None:
    reader = reader_of_responses(State.UNTIL_END, Event.FAULT)
    reader.max_body_size = 1
    with pytest.raises(HTTPInputError):
        feed(reader, b"ab")
    assert reader.state is RESPONSE_READER[State.UNTIL_END, Event.FAULT]


def test_behind_the_last_response_nothing_is_looked_at() -> None:
    reader = reader_of_responses(State.BODY, Event.LAST_END)
    feed(reader, b"0\r\n\r\n" + head(200))
    assert reader.state is State.ENDED
    feed(reader, b"\0")
    end(reader)
    assert reader.state is State.ENDED


# Writers: what may not come is refused, and nothing has happened

Writer = RequestWriter | ResponseWriter


def write_event(writer: Writer, event: Event) -> None:
    """Have a writer do what makes the event."""
    if event is Event.DATA:
        writer.data(b"a")
    elif event is Event.END_OF_BODY:
        writer.end()
    elif isinstance(writer, RequestWriter):
        writer.head("POST", "/", HTTPHeaders({"Host": "a"}), with_body=True)
    else:
        status = {Event.INTERIM: 103, Event.HAND_OVER: 101}.get(event, 200)
        writer.head(status, "Reason", HTTPHeaders())


def writer_at(state: State, event: Event, make: Callable[[Event], Writer]) -> Writer:
    """A writer that is led to a state by the shortest way."""
    table = make(event)._table
    ways: list[list[Event]] = [[]]
    for way in ways:
        reached = State.HEAD
        for step in way:
            reached = table[reached, step]
        if reached is state:
            writer = make(way[0] if way else event)
            for step in way:
                write_event(writer, step)
            return writer
        ways += [[*way, step] for before, step in table if before is reached and len(way) < 4]
    raise AssertionError(state)


def response_writer(event: Event) -> Writer:
    old = event is Event.UNTIL_END_FOLLOWS
    return ResponseWriter("GET", "HTTP/1.0" if old else "HTTP/1.1", True)


@pytest.mark.parametrize(
    ("make", "state", "event"),
    [
        *((response_writer, *pair) for pair in pairs(RESPONSE_WRITER)),
        *((lambda _: RequestWriter(), *pair) for pair in pairs(REQUEST_WRITER)),
    ],
)
def test_writers(make: Callable[[Event], Writer], state: State, event: Event) -> None:
    writer = writer_at(state, event, make)
    assert writer.state is state
    expected = writer._table.get((state, event))
    if expected is None:
        with pytest.raises(HTTPOutputError, match=f"Out of order: .*: {state}|has no Upgrade"):
            write_event(writer, event)
        expected = state
    else:
        write_event(writer, event)
    assert writer.state is expected
    assert writer.complete == (expected is State.DONE)
