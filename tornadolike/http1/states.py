"""What may follow what: the states of the four machines, as tables.

A reader of requests and a writer of responses make the server's side of a connection, a writer of requests and
a reader of responses the client's. Each table says which event may come in which state, and which state is
behind it. What a table does not have cannot happen: from a peer it is refused, and of our own code it is an
error that says so.

Readers live as long as their connection, and see one message after another. Writers live for one message.
A fault leads a reader to ``SPENT`` from any state in which it still reads: a peer that framed one message
wrongly cannot be trusted about where the next begins.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a reader or a writer stands."""

    IDLE = "idle"
    """No message is due: the client has asked for nothing."""
    HEAD = "head"
    """A head is due, or a part of it has come."""
    BODY = "body"
    """A body by length or in chunks is due, or its end."""
    UNTIL_END = "until end"
    """A body is due that only the end of the connection ends."""
    DONE = "done"
    """The message is written whole."""
    OTHER_PROTOCOL = "other protocol"
    """The connection belongs to another protocol, behind 101 or behind 2xx to CONNECT."""
    ENDED = "ended"
    """No further message will come."""
    SPENT = "spent"
    """The peer has broken the protocol."""


class Event(StrEnum):
    """What happens to a reader or a writer."""

    ASKED = "asked"
    """A response is due."""
    INTERIM = "interim head"
    """The head of a 1xx response but 101: another head follows."""
    WHOLE = "head, whole message"
    """A head, and the body (if there is one) is here with it."""
    BODY_FOLLOWS = "head, body follows"
    UNTIL_END_FOLLOWS = "head, rest follows"
    """A head, and everything behind it is its body."""
    HAND_OVER = "head, hand-over"
    """The head of a 101, or of a 2xx to CONNECT."""
    DATA = "data"
    END = "end of body"
    LAST_END = "last end of body"
    """The end of a message that says, or means, that it is the last."""
    EOF = "end of connection"
    FAULT = "fault"


Table = Mapping[tuple[State, Event], State]

REQUEST_READER: Final[Table] = {
    (State.HEAD, Event.WHOLE): State.HEAD,
    (State.HEAD, Event.BODY_FOLLOWS): State.BODY,
    (State.HEAD, Event.EOF): State.ENDED,
    (State.HEAD, Event.FAULT): State.SPENT,
    (State.BODY, Event.DATA): State.BODY,
    (State.BODY, Event.END): State.HEAD,
    (State.BODY, Event.FAULT): State.SPENT,
    (State.ENDED, Event.EOF): State.ENDED,
}
"""The server reads. Whether a connection is kept for another request is the writer's to say."""

RESPONSE_WRITER: Final[Table] = {
    (State.HEAD, Event.INTERIM): State.HEAD,
    (State.HEAD, Event.BODY_FOLLOWS): State.BODY,
    (State.HEAD, Event.UNTIL_END_FOLLOWS): State.UNTIL_END,
    (State.HEAD, Event.HAND_OVER): State.OTHER_PROTOCOL,
    (State.BODY, Event.DATA): State.BODY,
    (State.BODY, Event.END): State.DONE,
    (State.UNTIL_END, Event.DATA): State.UNTIL_END,
    (State.UNTIL_END, Event.END): State.DONE,
    (State.OTHER_PROTOCOL, Event.DATA): State.OTHER_PROTOCOL,
    (State.OTHER_PROTOCOL, Event.END): State.DONE,
}
"""The server writes. What is written for a body that there is not is dropped, behind a hand-over too."""

REQUEST_WRITER: Final[Table] = {
    (State.HEAD, Event.BODY_FOLLOWS): State.BODY,
    (State.BODY, Event.DATA): State.BODY,
    (State.BODY, Event.END): State.DONE,
}
"""The client writes."""

RESPONSE_READER: Final[Table] = {
    (State.IDLE, Event.ASKED): State.HEAD,
    (State.IDLE, Event.EOF): State.ENDED,
    (State.IDLE, Event.FAULT): State.SPENT,
    (State.HEAD, Event.INTERIM): State.HEAD,
    (State.HEAD, Event.BODY_FOLLOWS): State.BODY,
    (State.HEAD, Event.UNTIL_END_FOLLOWS): State.UNTIL_END,
    (State.HEAD, Event.HAND_OVER): State.OTHER_PROTOCOL,
    (State.HEAD, Event.FAULT): State.SPENT,
    (State.BODY, Event.DATA): State.BODY,
    (State.BODY, Event.END): State.IDLE,
    (State.BODY, Event.LAST_END): State.ENDED,
    (State.BODY, Event.FAULT): State.SPENT,
    (State.UNTIL_END, Event.DATA): State.UNTIL_END,
    (State.UNTIL_END, Event.EOF): State.ENDED,
    (State.UNTIL_END, Event.FAULT): State.SPENT,
    (State.ENDED, Event.EOF): State.ENDED,
    (State.OTHER_PROTOCOL, Event.EOF): State.OTHER_PROTOCOL,
}
"""The client reads. Every final response ends by an event of its own, also one without a body."""
