"""What another implementation makes of the same bytes: the protocol of websockets, which has no sockets either."""

import logging
from dataclasses import dataclass, field

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side, State

from tests.fuzz.websocket_inputs import LIMIT, extension
from tests.websocket.helpers import feed
from tornadolike.websocket.closing import State as OurState
from tornadolike.websocket.events import Closed, Failed, Ping, Pong
from tornadolike.websocket.protocol import Role, WebSocketCore

NOBODY = logging.getLogger("tests.fuzz.nobody")
NOBODY.addHandler(logging.NullHandler())
NOBODY.propagate = False


@dataclass(frozen=True)
class Verdict:
    """What somebody saw in a stream: messages, pings and pongs, and the end."""

    events: list[object]
    end: str
    """``""``: waits for more; ``"closed CODE REASON"``: by a Close frame; ``"failed CODE"``."""
    why: str = field(default="", compare=False)
    """What we say of a failure."""


def by_us(role: Role, pieces: list[bytes], alone: bool | None) -> Verdict:
    compression = None if alone is None else extension(role, alone)
    core = WebSocketCore(
        role, max_message_size=LIMIT, extension=compression, new_mask=lambda: bytes(4)
    )
    events: list[object] = list(feed(core, pieces))
    if core.state is OurState.OPEN:
        return Verdict(events, "")
    last = events.pop()
    if isinstance(last, Failed):
        return Verdict(events, f"failed {last.code}", last.reason)
    assert isinstance(last, Closed)
    return Verdict(events, f"closed {last.code} {last.reason or ''}")


def by_websockets(role: Role, pieces: list[bytes], alone: bool | None) -> Verdict:
    """websockets gives frames; messages are put together here, and text is decoded, as its connections do."""
    side = Side.SERVER if role is Role.SERVER else Side.CLIENT
    protocol = Protocol(side, max_size=LIMIT, logger=NOBODY)
    if alone is not None:
        protocol.extensions = [PerMessageDeflate(alone, alone, 15, 15)]
    for piece in pieces:
        if protocol.state is not State.CLOSED and not protocol.eof_sent:
            protocol.receive_data(piece)
    events: list[object] = []
    message, text = b"", False
    for frame in protocol.events_received():
        if frame.opcode is Opcode.PING:
            events.append(Ping(bytes(frame.data)))
        elif frame.opcode is Opcode.PONG:
            events.append(Pong(bytes(frame.data)))
        elif frame.opcode is not Opcode.CLOSE:
            if frame.opcode is not Opcode.CONT:
                message, text = b"", frame.opcode is Opcode.TEXT
            message += bytes(frame.data)
            if frame.fin:
                try:
                    events.append(message.decode() if text else message)
                except UnicodeDecodeError:
                    return Verdict(events, "failed 1007")
    if protocol.parser_exc is not None:
        return Verdict(events, f"failed {protocol.close_sent.code}")
    if protocol.close_rcvd is not None:
        code = None if protocol.close_rcvd.code == 1005 else protocol.close_rcvd.code
        return Verdict(events, f"closed {code} {protocol.close_rcvd.reason}")
    return Verdict(events, "")


STRICTER = {"control frame too long", "length is not written in the shortest way"}
"""What we say of frames that websockets takes: lengths that are written longer than they have to be."""


def differ(ours: Verdict, theirs: Verdict) -> bool:
    """Whether one of us is wrong: both have to accept the same, and to understand it alike.

    What may differ: we refuse what is wrong when the first byte of it comes, they when the head, the frame or
    the message is whole, which may be never, or when they have found another fault. They also refuse a Close frame
    in an unfinished message, where RFC 6455 (section 5.4) lets control frames stand, and count all control frames
    there to the size of the message.
    """
    if ours == theirs:
        return False
    if theirs.end == "failed 1009" and theirs.events == ours.events[: len(theirs.events)]:
        behind = ours.events[len(theirs.events) :]
        if isinstance(behind[0], Ping | Pong) if behind else ours.end.startswith("closed"):
            return False
    seen = len(ours.events)
    if theirs.events[:seen] != ours.events or not ours.end:
        return True
    if ours.why in STRICTER:
        return False
    if ours.end.startswith("closed"):
        return theirs.events[seen:] != [] or theirs.end != "failed 1002"
    # They look at text when the message is whole: until then there may be pings and pongs.
    beside = (Ping, Pong) if ours.end == "failed 1007" else ()
    others = [event for event in theirs.events[seen:] if not isinstance(event, beside)]
    return others != [] or theirs.end.startswith("closed")


def reads_otherwise(ours: Verdict, theirs: Verdict) -> bool:
    """Whether the first message that both have read is another for us, in a stream that is compressed and spoilt.

    They lose what stands behind a final block (RFC 7692, section 7.2.3.5), for good: nothing is compared then.
    """
    for mine, other in zip(ours.events, theirs.events, strict=False):
        if mine != other:
            alike = isinstance(mine, str | bytes) and isinstance(other, type(mine))
            return not (alike and mine.startswith(other))
    return False
