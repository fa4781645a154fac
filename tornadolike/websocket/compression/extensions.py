"""What the handshake says of extensions (RFC 6455, section 9.1), and of the one there is (RFC 7692, 7.1).

A client offers, in the order of its preference:

.. code-block:: text

    Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10,
        permessage-deflate; client_max_window_bits

:func:`make_offer` writes that, :func:`accept_offer` chooses and writes the answer, :func:`check_answer`
reads it. Nothing is guessed at: an offer with a parameter that we do not know, or twice, or with a value
that it cannot have, is declined, and the next one is looked at; such an answer costs the connection.
"""

import re
from dataclasses import dataclass
from typing import Final

from ..handshake import HandshakeError
from .deflate import CompressionOptions, DeflateParameters

NAME: Final = "permessage-deflate"

Parameters = list[tuple[str, str | None]]
"""Names and values as they were written: a list, since one that comes twice matters."""

# Possessive: nothing that was taken is given back, so it takes linear time.
_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_SEPARATORS: Final = re.compile(r"[ \t,]*+")
_NAME: Final = re.compile(rf"({_WORD})[ \t]*+")
_PARAMETER: Final = re.compile(
    rf';[ \t]*+({_WORD})[ \t]*+(?:=[ \t]*+(?:({_WORD})|"([^"\\]*+(?:\\.[^"\\]*+)*+)")[ \t]*+)?+'
)
_WHOLE: Final = re.compile(_WORD)


def parse_extensions(value: str) -> list[tuple[str, Parameters]]:
    """The extensions in a ``Sec-WebSocket-Extensions``: their names and parameters, in their order.

    A parameter without a value has None. A quoted value comes without quotes and backslashes. Raises
    :exc:`ValueError` for what is no such header; there RFC 6455 wants the connection to fail.
    """
    extensions: list[tuple[str, Parameters]] = []
    at = _end(_SEPARATORS, value, 0)
    while at < len(value):
        name = _NAME.match(value, at)
        if name is None:
            raise _malformed(value, at)
        at = name.end()
        parameters: Parameters = []
        while (parameter := _PARAMETER.match(value, at)) is not None:
            parameters.append((parameter[1], _value_of(parameter)))
            at = parameter.end()
        if at < len(value) and value[at] != ",":
            raise _malformed(value, at)
        extensions.append((name[1], parameters))
        at = _end(_SEPARATORS, value, at)
    if not extensions:
        raise ValueError("malformed: no extension is named")
    return extensions


def _end(pattern: re.Pattern[str], value: str, at: int) -> int:
    match = pattern.match(value, at)
    return at if match is None else match.end()


def _malformed(value: str, at: int) -> ValueError:
    return ValueError(f"malformed at character {at + 1}: {value[at : at + 20]!r}")


def _value_of(parameter: re.Match[str]) -> str | None:
    quoted: str | None = parameter[3]
    if quoted is None:
        return parameter[2]
    text = re.sub(r"\\(.)", r"\1", quoted)
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"malformed: the value of {parameter[1]} must be a token, not {text!r}")
    return text


@dataclass(slots=True)
class _Said:
    """The parameters of an offer or an answer; None for a window of which nothing is said."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None


_WINDOWS: Final = {str(bits): bits for bits in range(8, 16)}


def _read_parameters(parameters: Parameters, *, offered: bool) -> _Said:
    """What they say. Raises :exc:`ValueError` for what may not be said (RFC 7692, section 7.1)."""
    said = _Said()
    seen: set[str] = set()
    for name, value in parameters:
        if name in seen:
            raise ValueError(f"{name} comes twice")
        seen.add(name)
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if value is not None:
                raise ValueError(f"{name} has no value, not {value!r}")
            setattr(said, name, True)
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            if value is None and offered and name == "client_max_window_bits":
                value = "15"  # "any that you like"
            if value not in _WINDOWS:
                raise ValueError(f"{name} is 8 to 15, not {value!r}")
            setattr(said, name, _WINDOWS[value])
        else:
            raise ValueError(f"{name!r} is not a parameter of {NAME}")
    return said


def accept_offer(header: str, options: CompressionOptions) -> tuple[DeflateParameters | None, str]:
    """The server's choice among the offers of a request: what is agreed on, and the answer's header.

    ``(None, "")`` if none can be accepted: then nothing is compressed. Raises :exc:`ValueError` for a
    header that is malformed.
    """
    for name, parameters in parse_extensions(header):
        if name != NAME:
            continue
        try:
            offer = _read_parameters(parameters, offered=True)
        except ValueError:
            continue
        return _answer(offer, options)
    return None, ""


def _answer(offer: _Said, options: CompressionOptions) -> tuple[DeflateParameters, str]:
    server_bits = min(offer.server_max_window_bits or 15, options.server_max_window_bits)
    # A client that does not offer it may not be asked to use a smaller window.
    client_bits = 15
    if offer.client_max_window_bits is not None:
        client_bits = min(offer.client_max_window_bits, options.client_max_window_bits)
    agreed = DeflateParameters(
        offer.server_no_context_takeover or options.server_no_context_takeover,
        offer.client_no_context_takeover or options.client_no_context_takeover,
        server_bits,
        client_bits,
    )
    says_server_bits = server_bits < 15 or offer.server_max_window_bits is not None
    return agreed, _written(
        agreed.server_no_context_takeover,
        agreed.client_no_context_takeover,
        server_bits if says_server_bits else None,
        client_bits if client_bits < 15 else None,
    )


def make_offer(options: CompressionOptions) -> str:
    """A client's offer: what it would like, and that the server may choose its window for it."""
    server_bits, client_bits = options.server_max_window_bits, options.client_max_window_bits
    offer = _written(
        options.server_no_context_takeover,
        options.client_no_context_takeover,
        server_bits if server_bits < 15 else None,
        client_bits if client_bits < 15 else None,
    )
    return offer if client_bits < 15 else f"{offer}; client_max_window_bits"


def _written(
    server_alone: bool, client_alone: bool, server_bits: int | None, client_bits: int | None
) -> str:
    parts = [NAME]
    if server_alone:
        parts.append("server_no_context_takeover")
    if client_alone:
        parts.append("client_no_context_takeover")
    if server_bits is not None:
        parts.append(f"server_max_window_bits={server_bits}")
    if client_bits is not None:
        parts.append(f"client_max_window_bits={client_bits}")
    return "; ".join(parts)


def check_answer(
    header: str | None, options: CompressionOptions | None
) -> DeflateParameters | None:
    """What a server's answer to :func:`make_offer` agrees on; None if it declines (no header).

    ``options`` is None if nothing was offered. Raises :exc:`.HandshakeError` for an answer to something
    else. A wish that the answer does not repeat was not granted: RFC 7692 calls that wrong, common
    servers do it, and we lose nothing but memory, since we read every message either way.
    """
    if not header:
        return None
    try:
        if options is None:
            raise ValueError("no extension was offered")
        extensions = parse_extensions(header)
        if len(extensions) > 1 or extensions[0][0] != NAME:
            raise ValueError(f"only {NAME} was offered, once")
        said = _read_parameters(extensions[0][1], offered=False)
        most = options.server_max_window_bits
        if said.server_max_window_bits is not None and said.server_max_window_bits > most:
            raise ValueError(f"server_max_window_bits was offered as {most} at the most")
    except ValueError as error:
        raise HandshakeError(
            101, f'The server answers with "Sec-WebSocket-Extensions: {header}": {error}.'
        ) from None
    return DeflateParameters(
        said.server_no_context_takeover,
        # What we have announced, we do.
        said.client_no_context_takeover or options.client_no_context_takeover,
        said.server_max_window_bits or 15,
        # It limits us, and we may use less (section 7.1.2.2): Autobahn allows 15 where 12 was offered.
        min(said.client_max_window_bits or 15, options.client_max_window_bits),
    )
