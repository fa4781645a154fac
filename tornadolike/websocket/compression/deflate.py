"""permessage-deflate (RFC 7692): messages that travel compressed.

Each end compresses with a *deflator* and takes the other's apart with an *inflator*. Where the handshake
agreed on **context takeover**, both remember the messages before, so that what repeats costs hardly
anything; else each message stands alone. What is remembered is never more than the window: 2 to the
power of the window bits, in bytes.

What this costs, and how it is kept small:

* Both are made when they are first used. :meth:`PerMessageDeflate.release` drops them and keeps only what
  they remembered, at the most a window of bytes each; the next message gets new ones that are given it
  as their dictionary, and neither end notices.
* A deflator may also forget, and then refers to nothing before: so no harm is done if that was made by
  another one, and a message for many connections is compressed once (:meth:`PerMessageDeflate.encode_shared`).
* Where nothing is taken over, no connection owns a deflator. They come from a small pool (one, as long
  as there is one thread) and forget by a full flush, which costs less than to make one.

zlib cannot compress with a window of 256 bytes (8 bits), though it can inflate that. Who has agreed to
it sends its messages as they are, which the extension always allows (section 6).

A compressed message that is too big is found out in pieces of :data:`PIECE`, so a bomb costs its limit
and one piece, not what it would become.
"""

import sys
import zlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from ..closing import TOO_BIG
from ..errors import ProtocolFailure
from ..frames import INVALID_PAYLOAD
from ..outgoing import Role

COMPRESSED: Final = 0x40
"""RSV1, on the first frame of a compressed message."""

PIECE: Final = 256 * 1024
"""How many bytes are inflated at a time."""

MAX_STREAMS: Final = 100
"""How many final blocks a message may have: behind each a new inflator is needed."""

# What a sync flush ends with. Senders leave it out, receivers put it back (section 7.2).
_TAIL: Final = b"\x00\x00\xff\xff"
# An empty last block: behind a message that is whole it ends the stream, and behind another it does not.
_END: Final = _TAIL + b"\x03\x00"


@dataclass(frozen=True, slots=True)
class CompressionOptions:
    """What a site or a program wants of compression: ``get_compression_options()``, read and checked."""

    compression_level: int = 3
    """How hard zlib tries: 0 (not at all) to 9, or -1 for its own default."""
    mem_level: int = 5
    """How much memory a deflator has for that: 1 to 9. It takes ``2 ** (mem_level + 9)`` bytes."""
    server_max_window_bits: int = 12
    """How far back the server's deflator looks, 9 to 15: it takes ``2 ** (bits + 2)`` bytes."""
    client_max_window_bits: int = 12
    """The same of the client's, and ``2 ** bits`` bytes in the server's inflator."""
    server_no_context_takeover: bool = False
    """Whether the server compresses each message by itself."""
    client_no_context_takeover: bool = False
    """Whether the client does."""
    threshold: int = 64
    """Messages of fewer bytes are sent as they are: the head of a packet alone is longer."""

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Self:
        """The options in a dictionary; None stands for the default.

        ``max_window_bits`` is both directions'. Raises :exc:`ValueError` for what is not an option or
        not a possible value, and :exc:`TypeError` for what is no dictionary.
        """
        if not isinstance(options, Mapping):
            raise TypeError(
                f"compression options are a dict, or None for no compression, not {options!r}"
            )
        given = {name: value for name, value in options.items() if value is not None}
        both = given.pop("max_window_bits", None)
        if both is not None:
            given = {"server_max_window_bits": both, "client_max_window_bits": both} | given
        known = [field.name for field in fields(cls)]
        for name, value in given.items():
            if name not in known:
                names = ", ".join(["max_window_bits", *known])
                raise ValueError(f"{name!r} is not a compression option; there are {names}")
            _check_option(name, value)
        return cls(**given)


_RANGES: Final = {
    "compression_level": range(-1, 10),
    "mem_level": range(1, 10),
    "server_max_window_bits": range(9, 16),
    "client_max_window_bits": range(9, 16),
    "threshold": range(sys.maxsize),
}


def _check_option(name: str, value: Any) -> None:
    allowed = _RANGES.get(name)
    if allowed is None:
        if not isinstance(value, bool):
            raise ValueError(f"the compression option {name} is True or False, not {value!r}")
    elif not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        most = "" if name == "threshold" else f" to {allowed[-1]}"
        raise ValueError(
            f"the compression option {name} is an integer from {allowed[0]}{most}, not {value!r}"
        )


@dataclass(frozen=True, slots=True)
class DeflateParameters:
    """What a handshake agreed on (section 7.1). The defaults are what holds if nothing is said."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15


class PerMessageDeflate:
    """The extension of one connection, for :class:`.WebSocketCore`.

    :arg role: which end this is.
    :arg parameters: what was agreed on.
    :arg options: how we compress; what the handshake decides counts as it was agreed on.
    """

    __slots__ = (
        "__weakref__",
        "_compressing",
        "_deflates_alone",
        "_deflator",
        "_inflates_alone",
        "_inflator",
        "_inflator_bits",
        "_open",
        "_received",
        "_sent",
        "_settings",
        "_streams",
        "_threshold",
        "_used",
        "on_memory",
        "reserved",
        "sharing",
    )

    def __init__(
        self,
        role: Role,
        parameters: DeflateParameters,
        options: CompressionOptions,
    ) -> None:
        server = (parameters.server_no_context_takeover, parameters.server_max_window_bits)
        client = (parameters.client_no_context_takeover, parameters.client_max_window_bits)
        ours, theirs = (server, client) if role is Role.SERVER else (client, server)
        self._deflates_alone, bits = ours
        self._inflates_alone, self._inflator_bits = theirs
        self._settings = (options.compression_level, bits, options.mem_level)
        # An empty message is always sent as it is: it has its own rule, and nothing to gain.
        self._threshold = sys.maxsize if bits < 9 else max(options.threshold, 1)
        self.reserved = COMPRESSED
        self.sharing: Hashable = (*self._settings, self._threshold)
        """Connections for which this is equal can be sent the same bytes of :meth:`encode_shared`."""
        self._used = False
        self.on_memory: Callable[[PerMessageDeflate], None] | None = None
        """Called with this object when it begins to hold memory that :meth:`release` gives back."""
        # Output
        self._deflator: Any = None
        self._sent = bytearray()  # what has gone in lately: the window, and at most another
        self._compressing = False  # the message that is being sent in pieces
        # Input
        self._inflator: Any = None
        self._open = False  # inside a stream of the message that is being read
        self._streams = 0  # that have ended in it
        self._received = bytearray()  # what has come out lately, in the same way

    # Output

    def encode(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        """The reserved bits and the payload to send for a message."""
        if len(payload) < self._threshold:
            return 0, payload
        if self._deflates_alone:
            return self._encode_alone(payload)
        self._used = True
        deflator = self._deflator
        if deflator is None:
            deflator = self._begin_deflating()
        data: bytes = deflator.compress(payload) + deflator.flush(zlib.Z_SYNC_FLUSH)[:-4]
        _remember(self._sent, payload, self._settings[1])
        return COMPRESSED, data

    def encode_shared(self, payload: bytes, binary: bool) -> tuple[int, bytes]:
        """The same, for every connection whose :attr:`sharing` is equal.

        Nothing that others have made may come between two messages of one deflator, for the second counts
        back to the first: :meth:`sent_shared` has to follow.
        """
        if len(payload) < self._threshold:
            return 0, payload
        return self._encode_alone(payload)

    def encode_piece(self, piece: bytes, first: bool, final: bool) -> tuple[int, bytes]:
        """The reserved bits and the payload of one frame of a message that is sent in fragments.

        Each frame can be read as far as it goes, so nobody waits for what was written.
        """
        if first:
            # A message of which only the beginning is known is taken for a long one.
            self._compressing = self._threshold < sys.maxsize and (
                not final or len(piece) >= self._threshold
            )
        if not self._compressing:
            return 0, piece
        self._used = True
        deflator = self._deflator
        if deflator is None:
            deflator = self._begin_deflating()
        data: bytes = deflator.compress(piece) + deflator.flush(zlib.Z_SYNC_FLUSH)
        _remember(self._sent, piece, self._settings[1])
        if final:
            data = data[:-4]
            if self._deflates_alone:
                self._forget()
        return (COMPRESSED if first else 0), data

    def sent_shared(self) -> None:
        """What :meth:`encode_shared` has made goes out here: the next message refers to none before it."""
        self._forget()

    def _forget(self) -> None:
        self._deflator = None
        self._sent.clear()

    def _encode_alone(self, payload: bytes) -> tuple[int, bytes]:
        data = deflate_alone(payload, self._settings)
        # It is in nobody's history, so it need not go compressed where that is longer.
        return (COMPRESSED, data) if len(data) < len(payload) else (0, payload)

    def _begin_deflating(self) -> Any:
        deflator = self._deflator = _new_deflator(self._settings, self._sent)
        if self.on_memory is not None:
            self.on_memory(self)
        return deflator

    # Input

    def decode(self, data: bytes, final: bool, limit: int) -> bytes:
        """The next piece of a compressed message, plain. Pieces are cut anywhere; ``final`` is the last.

        Raises :exc:`.ProtocolFailure` with 1009 for more than ``limit`` bytes, with 1007 for what is not
        in this format, or cut short.
        """
        self._used = True
        inflator = self._inflator
        if inflator is None:
            inflator = self._begin_inflating()
        try:
            plain = self._inflate(inflator, data, limit) if data else b""
            if final:
                self._end_message()
        except (zlib.error, ProtocolFailure) as error:
            self._give_up()
            if isinstance(error, ProtocolFailure):
                raise
            raise ProtocolFailure(INVALID_PAYLOAD, "compressed message is corrupt") from None
        return plain

    def _inflate(self, inflator: Any, data: bytes, limit: int) -> bytes:
        self._open = True
        asked = limit + 1 if limit < PIECE else PIECE
        plain: bytes = inflator.decompress(data, asked)
        if not self._inflates_alone:
            _remember(self._received, plain, self._inflator_bits)
        if len(plain) == asked or inflator.eof:
            return self._inflate_rest(plain, limit)
        return plain

    def _inflate_rest(self, piece: bytes, limit: int) -> bytes:
        """Go on where a piece is full, or a final block has ended its stream."""
        pieces = [piece]
        size = len(piece)
        while size <= limit:
            inflator = self._inflator
            if inflator.eof:
                data = inflator.unused_data
                inflator = self._begin_stream()
                if not data:
                    break
                self._open = True
            else:
                data = inflator.unconsumed_tail
            asked = min(limit - size + 1, PIECE)
            piece = inflator.decompress(data, asked)
            pieces.append(piece)
            size += len(piece)
            if not self._inflates_alone:
                _remember(self._received, piece, self._inflator_bits)
            if len(piece) < asked and not inflator.eof:
                break
        else:
            raise ProtocolFailure(TOO_BIG, "message too big")
        return b"".join(pieces)

    def _begin_stream(self) -> Any:
        """What follows a final block (section 7.2.3.4) is a stream of its own, without a history."""
        self._streams += 1
        if self._streams > MAX_STREAMS:
            raise ProtocolFailure(INVALID_PAYLOAD, "too many final blocks in a compressed message")
        self._open = False
        self._received.clear()
        self._inflator = zlib.decompressobj(-self._inflator_bits)
        return self._inflator

    def _end_message(self) -> None:
        """Make sure that the message is whole.

        Bytes that are missing in front of the tail make it part of something else: text comes out of it,
        or an error. Where the stream need not go on, its end is asked for, so that none is overlooked.
        """
        inflator = self._inflator
        if self._open:
            if self._inflates_alone:
                whole = not inflator.decompress(_END, 1) and inflator.eof
            else:
                whole = not inflator.decompress(_TAIL, 1)
        else:
            whole = self._streams > 0
        if not whole:
            raise ProtocolFailure(INVALID_PAYLOAD, "compressed message is cut short")
        self._open = False
        self._streams = 0
        if self._inflates_alone:
            self._inflator = None

    def _begin_inflating(self) -> Any:
        inflator = self._inflator = zlib.decompressobj(-self._inflator_bits, zdict=self._received)
        if self.on_memory is not None and not self._inflates_alone:
            self.on_memory(self)
        return inflator

    def _give_up(self) -> None:
        """Nothing more is read: the connection ends."""
        self._inflator = None
        self._open = False
        self._streams = 0
        self._received.clear()

    # Memory

    def was_used(self) -> bool:
        """Whether a compressed message came or went since this was asked last."""
        used, self._used = self._used, False
        return used

    def release(self) -> bool:
        """Give back what memory can be given back between two messages; False in the middle of one."""
        self._deflator = None
        self._sent = self._sent[-(1 << self._settings[1]) :]
        if self._open or self._streams:
            # Then an inflator holds more than a history: some bits of a byte, half a block.
            return False
        self._inflator = None
        self._received = self._received[-(1 << self._inflator_bits) :]
        return True


def _remember(history: bytearray, plain: bytes, bits: int) -> None:
    """Add to a history, which keeps the last 2 to the power of ``bits`` bytes."""
    window = 1 << bits
    history += plain if len(plain) <= window else plain[-window:]
    if len(history) > 2 * window:
        del history[:-window]


_idle_deflators: dict[tuple[int, int, int], list[Any]] = {}
"""Deflators that have forgotten everything, by their settings (level, bits, memory level). Each belongs
to nobody while it is here, so threads (and what interrupts one) never share one."""


def deflate_alone(payload: bytes, settings: tuple[int, int, int]) -> bytes:
    """``payload`` as a compressed message that stands alone."""
    idle = _idle_deflators.setdefault(settings, [])
    try:
        deflator = idle.pop()
    except IndexError:
        deflator = _new_deflator(settings, b"")
    data: bytes = deflator.compress(payload) + deflator.flush(zlib.Z_FULL_FLUSH)[:-4]
    idle.append(deflator)
    return data


def _new_deflator(settings: tuple[int, int, int], history: bytes | bytearray) -> Any:
    level, bits, memory = settings
    return zlib.compressobj(level, zlib.DEFLATED, -bits, memory, zdict=history)
