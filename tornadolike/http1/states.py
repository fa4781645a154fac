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
    END_OF_BODY = "end of body"
    LAST_END = "last end of body"
    """The end of a message that says, or means, that it is the last."""
    END_OF_CONNECTION = "end of connection"
    FAULT = "fault"


# Python 3.11 takes its time to look up a member of an enumeration; these are needed for each message.
IDLE, HEAD, BODY, UNTIL_END, DONE, OTHER_PROTOCOL, ENDED, SPENT = State
(
    ASKED,
    INTERIM,
    WHOLE,
    BODY_FOLLOWS,
    UNTIL_END_FOLLOWS,
    HAND_OVER,
    DATA,
    END_OF_BODY,
    LAST_END,
    END_OF_CONNECTION,
    FAULT,
) = Event

Table = Mapping[tuple[State, Event], State]

REQUEST_READER: Final[Table] = {
    (HEAD, WHOLE): HEAD,
    (HEAD, BODY_FOLLOWS): BODY,
    (HEAD, END_OF_CONNECTION): ENDED,
    (HEAD, FAULT): SPENT,
    (BODY, DATA): BODY,
    (BODY, END_OF_BODY): HEAD,
    (BODY, FAULT): SPENT,
    (ENDED, END_OF_CONNECTION): ENDED,
    (ENDED, FAULT): SPENT,
}
"""The server reads. Whether a connection is kept for another request is the writer's to say."""

RESPONSE_WRITER: Final[Table] = {
    (HEAD, INTERIM): HEAD,
    (HEAD, BODY_FOLLOWS): BODY,
    (HEAD, UNTIL_END_FOLLOWS): UNTIL_END,
    (HEAD, HAND_OVER): OTHER_PROTOCOL,
    (BODY, DATA): BODY,
    (BODY, END_OF_BODY): DONE,
    (UNTIL_END, DATA): UNTIL_END,
    (UNTIL_END, END_OF_BODY): DONE,
    (OTHER_PROTOCOL, DATA): OTHER_PROTOCOL,
    (OTHER_PROTOCOL, END_OF_BODY): DONE,
}
"""The server writes. What is written for a body that there is not is dropped, behind a hand-over too."""

REQUEST_WRITER: Final[Table] = {
    (HEAD, BODY_FOLLOWS): BODY,
    (BODY, DATA): BODY,
    (BODY, END_OF_BODY): DONE,
}
"""The client writes."""

RESPONSE_READER: Final[Table] = {
    (IDLE, ASKED): HEAD,
    (IDLE, END_OF_CONNECTION): ENDED,
    (IDLE, FAULT): SPENT,
    (HEAD, INTERIM): HEAD,
    (HEAD, BODY_FOLLOWS): BODY,
    (HEAD, UNTIL_END_FOLLOWS): UNTIL_END,
    (HEAD, HAND_OVER): OTHER_PROTOCOL,
    (HEAD, FAULT): SPENT,
    (BODY, DATA): BODY,
    (BODY, END_OF_BODY): IDLE,
    (BODY, LAST_END): ENDED,
    (BODY, FAULT): SPENT,
    (UNTIL_END, DATA): UNTIL_END,
    (UNTIL_END, END_OF_CONNECTION): ENDED,
    (UNTIL_END, FAULT): SPENT,
    (ENDED, END_OF_CONNECTION): ENDED,
    (ENDED, FAULT): SPENT,
    (OTHER_PROTOCOL, END_OF_CONNECTION): OTHER_PROTOCOL,
}
"""The client reads. Every final response ends by an event of its own, also one without a body. It is a fault
of the peer's if a response is the last and others are due."""
