"""What is said to a SOCKS5 proxy (:rfc:`1928`, :rfc:`1929`). No sockets."""

from collections.abc import Generator
from typing import Final

from ..httputil.authority import is_authority
from ..httputil.networks import parse_ip
from .proxies import Conversation, Proxy, ProxyError
from .responses import NO_RESPONSE

_VERSION: Final = 5
_WITHOUT_NAME: Final = 0
_BY_PASSWORD: Final = 2
_NAME: Final = 3
_ADDRESS_SIZES: Final = {1: 4, 4: 16}
_MOST: Final = 255
"""Bytes of a name or a password."""

_FAILURES: Final = {
    1: (NO_RESPONSE, "it has failed"),
    2: (403, "its rules do not allow that"),
    3: (NO_RESPONSE, "the network cannot be reached"),
    4: (NO_RESPONSE, "the host cannot be reached"),
    5: (NO_RESPONSE, "the host has refused the connection"),
    6: (NO_RESPONSE, "the host did not answer in time"),
    7: (403, "it does not connect for others"),
    8: (403, "it does not know addresses of this kind"),
}


def socks_conversation(proxy: Proxy, host: str, port: int) -> Conversation:
    """Ask ``proxy`` for the way to ``port`` of ``host``; it resolves the name.

    Raises :exc:`ProxyError` if it does not open it; and :exc:`ValueError`, before anything is said, for a host, a user
    or a password that cannot be said.
    """
    request = bytes([_VERSION, 1, 0]) + _address(host) + port.to_bytes(2, "big")
    password = None if proxy.username is None else _password(proxy.username, proxy.password)
    methods = bytes([_WITHOUT_NAME] if password is None else [_WITHOUT_NAME, _BY_PASSWORD])
    answer, rest = yield from _say(bytes([_VERSION, len(methods)]) + methods, b"", 2)
    _check_version(proxy, answer)
    if answer[1] == _BY_PASSWORD and password is not None:
        answer, rest = yield from _say(password, rest, 2)
        if answer[1] != 0:
            raise ProxyError(407, f"{proxy} did not take the user name and the password")
    elif answer[1] != _WITHOUT_NAME:
        raise ProxyError(
            407,
            f"{proxy} does not serve who says no name: it wants a user name and a password, as in "
            "socks5://NAME:PASSWORD@HOST:PORT, or what is not known here",
        )
    answer, rest = yield from _say(request, rest, 2)
    _check_version(proxy, answer)
    if answer[1] != 0:
        code, what = _FAILURES.get(answer[1], (NO_RESPONSE, f"failure {answer[1]}"))
        raise ProxyError(code, f"{proxy} did not open the way: {what}")
    answer, rest = yield from _say(b"", rest, 3)
    _, kind, first = answer
    size = first + 1 if kind == _NAME else _ADDRESS_SIZES.get(kind)
    if size is None:
        raise ProxyError(NO_RESPONSE, f"{proxy} is at an address of the unknown kind {kind}")
    # (That address is of no interest; its first byte is read already, and two more are its port.)
    _, rest = yield from _say(b"", rest, size + 1)
    return rest


def _say(data: bytes, rest: bytes, size: int) -> Generator[bytes, bytes, tuple[bytes, bytes]]:
    """Say ``data``; return ``size`` bytes of what comes, and what has come behind them."""
    if data:
        rest += yield data
    while len(rest) < size:
        rest += yield b""
    return rest[:size], rest[size:]


def _check_version(proxy: Proxy, answer: bytes) -> None:
    if answer[0] != _VERSION:
        raise ProxyError(NO_RESPONSE, f"{proxy} gave an answer that is not SOCKS5: {answer!r}")


def _address(host: str) -> bytes:
    ip = parse_ip(host)
    if ip is not None:
        return (b"\1" if ip.version == 4 else b"\4") + ip.packed
    name = host.encode("ascii")
    if not is_authority(host) or ":" in host or len(name) > _MOST:
        raise ValueError(f"not a host that a SOCKS proxy can be asked for: {host[:_MOST]!r}")
    return bytes([_NAME, len(name)]) + name


def _password(username: str, password: str) -> bytes:
    said = b"\1"
    for text in (username.encode(), password.encode()):
        if len(text) > _MOST:
            raise ValueError(
                f"a SOCKS proxy takes names and passwords of {_MOST} bytes at the most"
            )
        said += bytes([len(text)]) + text
    return said
