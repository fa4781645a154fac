"""How a WebSocket ends: the states, the codes, and the payload of a Close frame.

The life of a connection, as this end sees it (RFC 6455, section 7):

* **OPEN**: messages go both ways.
* **CLOSING**: we sent a Close frame and send nothing after it; the peer may still be talking, for its
  messages and our Close may have crossed.
* **CLOSED**: nothing is read any more. Either both Close frames were exchanged, or the peer broke the
  protocol (then our Close frame says so), or the connection ended under us.

There is no state between the peer's Close frame and our answer to it: the answer is queued in the same
breath, so that what was read before it has been answered before it, and nothing is after it.
"""

from enum import Enum
from typing import Final

from .errors import ProtocolFailure
from .frames import INVALID_PAYLOAD, PROTOCOL_ERROR, SHORT

NORMAL = 1000
GOING_AWAY = 1001
NO_CODE = 1005
ABNORMAL = 1006
TOO_BIG = 1009
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013


class State(Enum):
    """Where in its life a connection is."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Step(Enum):
    """What changes the state."""

    SEND_CLOSE = "we want to close"
    RECEIVE_CLOSE = "the peer's Close frame arrived"
    FAIL = "the peer broke the protocol"
    END = "the peer's bytes ended"


TRANSITIONS: Final[dict[tuple[State, Step], tuple[State, bool]]] = {
    # (state, step): (state afterwards, whether a Close frame of ours goes out)
    (State.OPEN, Step.SEND_CLOSE): (State.CLOSING, True),
    (State.OPEN, Step.RECEIVE_CLOSE): (State.CLOSED, True),
    (State.OPEN, Step.FAIL): (State.CLOSED, True),
    (State.OPEN, Step.END): (State.CLOSED, False),
    (State.CLOSING, Step.SEND_CLOSE): (State.CLOSING, False),
    (State.CLOSING, Step.RECEIVE_CLOSE): (State.CLOSED, False),
    (State.CLOSING, Step.FAIL): (State.CLOSED, False),
    (State.CLOSING, Step.END): (State.CLOSED, False),
    (State.CLOSED, Step.SEND_CLOSE): (State.CLOSED, False),
}
"""In CLOSED nothing is read, so none of the other steps can be taken there."""


def may_be_sent(code: int) -> bool:
    """Whether ``code`` may stand in a Close frame (sections 7.4.1, 7.4.2 and IANA's registry).

    Not 1004 (reserved), nor 1005, 1006 and 1015, which programs use to say that there was no code.
    """
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def encode_close(code: int | None, reason: str | None) -> bytes:
    """The payload of a Close frame. Raises :exc:`ValueError` and :exc:`TypeError` for what may not be sent."""
    if not (code is None or (isinstance(code, int) and not isinstance(code, bool))):
        raise TypeError(f"a close code is an int, not {code!r}")
    if not (reason is None or isinstance(reason, str)):
        raise TypeError(f"a close reason is a str, not {reason!r}")
    if code is None:
        if not reason:
            return b""
        code = NORMAL
    if not may_be_sent(code):
        raise ValueError(
            f"{code} cannot be sent as a close code; use 1000 to 1003, 1007 to 1014, or one of your own "
            "between 3000 and 4999"
        )
    payload = code.to_bytes(2, "big") + (reason or "").encode()
    if len(payload) > SHORT:
        raise ValueError(f"a close reason has at most {SHORT - 2} bytes of UTF-8: {reason!r}")
    return payload


def decode_close(payload: bytes) -> tuple[int | None, str | None]:
    """The code and the reason that a Close frame gives, each None if it gives none."""
    if not payload:
        return None, None
    if len(payload) == 1:
        raise ProtocolFailure(PROTOCOL_ERROR, "half a close code")
    code = int.from_bytes(payload[:2], "big")
    if not may_be_sent(code):
        raise ProtocolFailure(PROTOCOL_ERROR, "invalid close code")
    try:
        return code, str(payload[2:], "utf-8") or None
    except UnicodeDecodeError:
        raise ProtocolFailure(INVALID_PAYLOAD, "close reason is not UTF-8") from None
