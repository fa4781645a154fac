"""The PROXY protocol, versions 1 and 2: who is at the other end of a connection that a proxy passes on.

It is HAProxy's (its ``doc/proxy-protocol.txt`` is the specification); other load balancers speak it too.
Behind its header the connection goes on as if the client had made it, with whatever protocol.

Bytes in, a header out: nothing here does I/O. Whether a peer *has* to send a header must be known before;
it is never to be guessed from what comes.
"""

import ipaddress
import os
import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
"""What a header of version 2 begins with."""
BEGINNING: Final = b"PROXY "
"""What a header of version 1 begins with."""
LONGEST_LINE: Final = 107
"""The bytes of a header of version 1 with its line break, at the most."""
DEFAULT_MAX_SIZE: Final = 16 * 1024

_FIXED = struct.Struct("!12sBBH")
_TLV = struct.Struct("!BH")
_TLS = struct.Struct("!BL")
_LINE = (
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+)"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4}))\r\n"
)
_ADDRESS_SIZES: Final = {1: 12, 2: 36, 3: 216}
"""Bytes of both addresses by their family: IPv4, IPv6, Unix."""

# Types of TLVs
ALPN: Final = 0x01
AUTHORITY: Final = 0x02
CRC32C: Final = 0x03
UNIQUE_ID: Final = 0x05
TLS: Final = 0x20
TLS_VERSION: Final = 0x21
TLS_COMMON_NAME: Final = 0x22
TLS_CIPHER: Final = 0x23

Address = tuple[str, int] | tuple[str, int, int, int] | str | bytes
"""As Python's sockets have it."""
TLVs = tuple[tuple[int, bytes], ...]


class ProxyProtocolError(ValueError):
    """What came is no header of the PROXY protocol."""


@dataclass(frozen=True, slots=True)
class ProxyTLS:
    """What the proxy tells of the TLS that it speaks with the client."""

    encrypted: bool
    """Whether it speaks TLS at all."""
    certificate: bool
    """Whether the client has shown a certificate, on this connection or when the session began."""
    verified: bool
    """Whether that was checked, and found good."""
    tlvs: TLVs = ()
    """The rest, as :attr:`ProxyHeader.tlvs`."""

    @property
    def version(self) -> str | None:
        """``"TLSv1.3"``."""
        return _text(self.tlvs, TLS_VERSION)

    @property
    def cipher(self) -> str | None:
        """The cipher's name."""
        return _text(self.tlvs, TLS_CIPHER)

    @property
    def common_name(self) -> str | None:
        """The common name in the client's certificate. Look at :attr:`verified` before you believe it."""
        return _text(self.tlvs, TLS_COMMON_NAME)


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What a proxy tells of a connection."""

    version: int
    """1 or 2."""
    local: bool = False
    """The proxy speaks for itself; as a rule, it looks whether we are there."""
    source: Address | None = None
    """The client's address; None if the proxy does not know it, or speaks for itself."""
    destination: Address | None = None
    """Where the client connected to."""
    tlvs: TLVs = ()
    """What else it tells (version 2), in its order: pairs of a type and a value."""
    tls: ProxyTLS | None = None
    """What it tells of TLS; None if it tells nothing."""

    @property
    def alpn(self) -> bytes | None:
        """The protocol that client and proxy agreed on: ``b"h2"``."""
        return _find(self.tlvs, ALPN)

    @property
    def authority(self) -> str | None:
        """The name that the client asked for, as a rule by TLS's SNI."""
        return _text(self.tlvs, AUTHORITY)

    @property
    def unique_id(self) -> bytes | None:
        """The proxy's name for the connection."""
        return _find(self.tlvs, UNIQUE_ID)


def parse_proxy_header(
    data: bytes, max_size: int = DEFAULT_MAX_SIZE
) -> tuple[ProxyHeader, int] | None:
    """The header that ``data`` begins with and its size in bytes; None if more has to come.

    :arg max_size: bytes of the whole header, at the most. (A version 1 header never has more than 107.)

    Raises :exc:`ProxyProtocolError` for what is none, as soon as it is clear.
    """
    if data.startswith(SIGNATURE):
        return _parse_binary(data, max_size)
    if data.startswith(BEGINNING):
        return _parse_line(data)
    if not (SIGNATURE.startswith(data) or BEGINNING.startswith(data)):
        raise ProxyProtocolError(f"no PROXY header, but {data[:16]!r}")
    return None


# Version 1: a line


@lru_cache(maxsize=1)
def _line() -> re.Pattern[bytes]:
    """Compiled when it is needed: it takes longer than most modules do, and few programs are behind such a proxy."""
    return re.compile(_LINE)


def _parse_line(data: bytes) -> tuple[ProxyHeader, int] | None:
    end = data.find(b"\r\n", 0, LONGEST_LINE) + 2
    if end < 2:
        if len(data) < LONGEST_LINE and b"\n" not in data:
            return None
        end = LONGEST_LINE
    match = _line().fullmatch(data, 0, end)
    if match is None:
        raise ProxyProtocolError(f"malformed PROXY line {bytes(data[:end])!r}")
    if match[1] is None:
        return ProxyHeader(1), end
    source, destination = (_line_address(match, group) for group in (2, 3))
    return ProxyHeader(1, source=source, destination=destination), end


def _line_address(match: re.Match[bytes], group: int) -> Address:
    text, port = match[group].decode(), int(match[group + 2])
    try:
        if port > 0xFFFF:
            raise ValueError
        if match[1] == b"4":
            return str(ipaddress.IPv4Address(text)), port
        return _ipv6_address(ipaddress.IPv6Address(text), port)
    except ValueError:
        raise ProxyProtocolError(f"malformed address in PROXY line {match[0]!r}") from None


def _ipv6_address(ip: ipaddress.IPv6Address, port: int) -> Address:
    mapped = ip.ipv4_mapped
    return (str(ip), port, 0, 0) if mapped is None else (str(mapped), port)


# Version 2: binary


def _parse_binary(data: bytes, max_size: int) -> tuple[ProxyHeader, int] | None:
    if len(data) < _FIXED.size:
        return None
    _, version_command, family, length = _FIXED.unpack_from(data)
    if version_command >> 4 != 2 or version_command & 0xF > 1:
        raise ProxyProtocolError(f"unknown version or command 0x{version_command:02x}")
    size = _FIXED.size + length
    if size > max_size:
        raise ProxyProtocolError(f"PROXY header of {size} bytes (limit {max_size})")
    if len(data) < size:
        return None
    if version_command & 0xF == 0:
        return ProxyHeader(2, local=True), size
    header = bytes(data[:size])
    source, destination, start = _parse_addresses(header, family)
    tlvs = _parse_tlvs(header, start)
    _check_sum(header, start, tlvs)
    return ProxyHeader(2, False, source, destination, tlvs, _parse_tls(tlvs)), size


def _parse_addresses(header: bytes, family: int) -> tuple[Address | None, Address | None, int]:
    """Both addresses, and where the TLVs begin."""
    kind, transport = family >> 4, family & 0xF
    if kind > 3 or transport > 2:
        raise ProxyProtocolError(f"unknown address family or transport 0x{family:02x}")
    if family == 0:
        return None, None, _FIXED.size
    if kind == 0 or transport == 0:
        # What there is is to be ignored, and it is not known how long it is.
        return None, None, len(header)
    start = _FIXED.size + _ADDRESS_SIZES[kind]
    if len(header) < start:
        raise ProxyProtocolError(f"too short for addresses of family and transport 0x{family:02x}")
    if kind == 3:
        middle = _FIXED.size + 108
        return (
            _unix_address(header[_FIXED.size : middle]),
            _unix_address(header[middle:start]),
            start,
        )
    ports = struct.unpack_from("!HH", header, start - 4)
    ips = header[_FIXED.size : start - 4]
    half = len(ips) // 2
    return _ip_address(ips[:half], ports[0]), _ip_address(ips[half:], ports[1]), start


def _ip_address(packed: bytes, port: int) -> Address:
    ip = ipaddress.ip_address(packed)
    return (str(ip), port) if ip.version == 4 else _ipv6_address(ip, port)


def _unix_address(packed: bytes) -> Address:
    if packed[:1] == b"\0":  # it has no name, or one that is in no file system
        return packed.rstrip(b"\0") or ""
    return os.fsdecode(packed.partition(b"\0")[0])


def _parse_tlvs(data: bytes, start: int) -> TLVs:
    found = []
    while start < len(data):
        value = start + _TLV.size
        if value > len(data):
            raise ProxyProtocolError("a PROXY header ends within a TLV")
        kind, length = _TLV.unpack_from(data, start)
        start = value + length
        if start > len(data):
            raise ProxyProtocolError("a PROXY header ends within a TLV")
        found.append((kind, data[value:start]))
    return tuple(found)


def _parse_tls(tlvs: TLVs) -> ProxyTLS | None:
    value = _find(tlvs, TLS)
    if value is None:
        return None
    if len(value) < _TLS.size:
        raise ProxyProtocolError("a TLV about TLS is too short")
    flags, verify = _TLS.unpack_from(value)
    certificate = bool(flags & 6)
    return ProxyTLS(
        bool(flags & 1), certificate, certificate and verify == 0, _parse_tlvs(value, _TLS.size)
    )


def _find(tlvs: TLVs, wanted: int) -> bytes | None:
    for kind, value in tlvs:
        if kind == wanted:
            return value
    return None


def _text(tlvs: TLVs, wanted: int) -> str | None:
    value = _find(tlvs, wanted)
    return None if value is None else value.decode("utf-8", "backslashreplace")


# The check sum: CRC-32C (RFC 9260, appendix A)


def _check_sum(header: bytes, start: int, tlvs: TLVs) -> None:
    """Raise :exc:`ProxyProtocolError` if there is a check sum and it is another than the header's."""
    for kind, value in tlvs:
        start += _TLV.size
        if kind == CRC32C:
            if len(value) != 4:
                raise ProxyProtocolError("a check sum that does not have 4 bytes")
            blank = header[:start] + bytes(4) + header[start + 4 :]
            if crc32c(blank) != int.from_bytes(value, "big"):
                raise ProxyProtocolError("the check sum of a PROXY header is wrong")
            return
        start += len(value)


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC_TABLE: Final = tuple(map(_crc_of_byte, range(256)))


def crc32c(data: bytes) -> int:
    """The CRC-32C of ``data``."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
