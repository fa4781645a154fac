"""Headers of the PROXY protocol, good and bad, for several tests."""

import socket
import struct

from tornadolike.netutil.proxy_protocol import CRC32C, SIGNATURE, ProxyHeader, ProxyTLS, crc32c


def line(text: str) -> bytes:
    """A header of version 1."""
    return b"PROXY " + text.encode("latin1") + b"\r\n"


def binary(family: int, block: bytes = b"", command: int = 0x21) -> bytes:
    """A header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def inet(source: str, destination: str, *ports: int) -> bytes:
    """The addresses of a header of version 2."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    packed = [socket.inet_pton(family, text) for text in (source, destination)]
    return b"".join(packed) + struct.pack("!HH", *ports)


def unix(source: bytes, destination: bytes) -> bytes:
    """The same for Unix sockets."""
    return source.ljust(108, b"\0") + destination.ljust(108, b"\0")


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def summed(family: int, before: bytes, behind: bytes = b"") -> bytes:
    """A header with its check sum between ``before`` and ``behind``."""
    blank = binary(family, before + tlv(CRC32C, bytes(4)) + behind)
    total = crc32c(blank).to_bytes(4, "big")
    return binary(family, before + tlv(CRC32C, total) + behind)


V4 = inet("192.0.2.43", "198.51.100.17", 56324, 443)
V6 = inet("2001:db8::43", "2001:db8::17", 56324, 443)
SOURCE, DESTINATION = ("192.0.2.43", 56324), ("198.51.100.17", 443)
SOURCE6, DESTINATION6 = ("2001:db8::43", 56324, 0, 0), ("2001:db8::17", 443, 0, 0)
TLS_SAID = tlv(0x21, b"TLSv1.3") + tlv(0x23, b"TLS_AES_128_GCM_SHA256")

GOOD: list[tuple[bytes, ProxyHeader]] = [
    # Version 1
    (
        line("TCP4 192.0.2.43 198.51.100.17 56324 443"),
        ProxyHeader(1, False, SOURCE, DESTINATION),
    ),
    (
        line("TCP4 255.255.255.255 0.0.0.0 65535 0"),
        ProxyHeader(1, False, ("255.255.255.255", 65535), ("0.0.0.0", 0)),
    ),
    (
        line("TCP6 2001:db8::43 2001:0DB8:0:0:0:0:0:17 56324 443"),
        ProxyHeader(1, False, SOURCE6, DESTINATION6),
    ),
    (
        line(f"TCP6 {'ffff:' * 7}ffff {'ffff:' * 7}ffff 65535 65535"),
        ProxyHeader(
            1, False, ("ffff:" * 7 + "ffff", 65535, 0, 0), ("ffff:" * 7 + "ffff", 65535, 0, 0)
        ),
    ),
    (
        line("TCP6 ::ffff:192.0.2.43 2001:db8::17 56324 443"),
        ProxyHeader(1, False, SOURCE, DESTINATION6),
    ),
    (line("UNKNOWN"), ProxyHeader(1)),
    (line("UNKNOWN "), ProxyHeader(1)),
    (line(f"UNKNOWN {'ffff:' * 7}ffff {'ffff:' * 7}ffff 65535 65535"), ProxyHeader(1)),
    (line("UNKNOWN \xff \0 whatever"), ProxyHeader(1)),
    # Version 2
    (binary(0x11, V4), ProxyHeader(2, False, SOURCE, DESTINATION)),
    (binary(0x12, V4), ProxyHeader(2, False, SOURCE, DESTINATION)),
    (binary(0x21, V6), ProxyHeader(2, False, SOURCE6, DESTINATION6)),
    (binary(0x22, V6), ProxyHeader(2, False, SOURCE6, DESTINATION6)),
    (
        binary(0x21, inet("::ffff:192.0.2.43", "2001:db8::17", 56324, 443)),
        ProxyHeader(2, False, SOURCE, DESTINATION6),
    ),
    (binary(0x31, unix(b"/tmp/a", b"/b")), ProxyHeader(2, False, "/tmp/a", "/b")),
    (binary(0x32, unix(b"a" * 108, b"")), ProxyHeader(2, False, "a" * 108, "")),
    (binary(0x31, unix(b"\0a\0b", b"a\0b")), ProxyHeader(2, False, b"\0a\0b", "a")),
    # Nobody in particular
    (binary(0x00), ProxyHeader(2)),
    (binary(0x00, tlv(0x04, b"")), ProxyHeader(2, tlvs=((4, b""),))),
    (binary(0x01, b"whatever"), ProxyHeader(2)),
    (binary(0x02, b"\xff"), ProxyHeader(2)),
    (binary(0x10, V4), ProxyHeader(2)),
    (binary(0x20), ProxyHeader(2)),
    (binary(0x30, b"\0"), ProxyHeader(2)),
    # The proxy itself
    (binary(0x00, command=0x20), ProxyHeader(2, True)),
    (binary(0x11, V4, command=0x20), ProxyHeader(2, True)),
    (binary(0xFF, b"whatever", command=0x20), ProxyHeader(2, True)),
    # What else it tells
    (
        binary(0x11, V4 + tlv(0x01, b"h2") + tlv(0xEA, b"\x01vpce") + tlv(0x04, b"")),
        ProxyHeader(2, False, SOURCE, DESTINATION, ((1, b"h2"), (0xEA, b"\x01vpce"), (4, b""))),
    ),
    (
        binary(0x21, V6 + tlv(0x20, b"\x01\0\0\0\x01" + TLS_SAID)),
        ProxyHeader(
            2,
            False,
            SOURCE6,
            DESTINATION6,
            ((0x20, b"\x01\0\0\0\x01" + TLS_SAID),),
            ProxyTLS(True, False, False, ((0x21, b"TLSv1.3"), (0x23, b"TLS_AES_128_GCM_SHA256"))),
        ),
    ),
    (
        binary(0x00, tlv(0x20, b"\0\0\0\0\0")),
        ProxyHeader(2, tlvs=((0x20, bytes(5)),), tls=ProxyTLS(False, False, False)),
    ),
    (
        binary(0x00, tlv(0x20, b"\x03\0\0\0\0")),
        ProxyHeader(2, tlvs=((0x20, b"\3\0\0\0\0"),), tls=ProxyTLS(True, True, True)),
    ),
    (
        binary(0x00, tlv(0x20, b"\x05\0\0\0\1")),
        ProxyHeader(2, tlvs=((0x20, b"\5\0\0\0\1"),), tls=ProxyTLS(True, True, False)),
    ),
    # A check sum of it all (this one is also known from elsewhere: it was computed bit by bit)
    (
        binary(0x11, V4 + tlv(0x03, bytes.fromhex("2e0a225e"))),
        ProxyHeader(2, False, SOURCE, DESTINATION, ((3, bytes.fromhex("2e0a225e")),)),
    ),
]

BAD: list[bytes] = [
    # Not this protocol
    b"GET / HTTP/1.1\r\n",
    b"\x16\x03\x01",
    b"\r\n\r\n\0\r\nQUIT\r",
    b"\r\nGET",
    b" PROXY",
    b"proxy TCP4",
    b"PROXY\r\n",
    b"PROXY\tTCP4",
    b"PROXYTCP4",
    b"\0",
    # Version 1
    line("TCP5 192.0.2.43 198.51.100.17 56324 443"),
    line("tcp4 192.0.2.43 198.51.100.17 56324 443"),
    line("UDP4 192.0.2.43 198.51.100.17 56324 443"),
    line("TCP4  192.0.2.43 198.51.100.17 56324 443"),
    line("TCP4 192.0.2.43 198.51.100.17 56324 443 "),
    line("TCP4 192.0.2.43 198.51.100.17 56324"),
    line("TCP4 192.0.2.43 198.51.100.17 56324 443 1"),
    line("TCP4 192.0.2.43\t198.51.100.17 56324 443"),
    line("TCP4 192.0.2.043 198.51.100.17 56324 443"),
    line("TCP4 192.0.2 198.51.100.17 56324 443"),
    line("TCP4 192.0.2.256 198.51.100.17 56324 443"),
    line("TCP4 2001:db8::43 2001:db8::17 56324 443"),
    line("TCP4 192.0.2.43 198.51.100.17 056324 443"),
    line("TCP4 192.0.2.43 198.51.100.17 65536 443"),
    line("TCP4 192.0.2.43 198.51.100.17 99999 443"),
    line("TCP4 192.0.2.43 198.51.100.17 -1 443"),
    line("TCP4 192.0.2.43 198.51.100.17 +1 443"),
    line("TCP4 192.0.2.43 198.51.100.17 \xb2 443"),
    line("TCP4 192.0.2.43 198.51.100.17 56324 "),
    line("TCP4 a.example 198.51.100.17 56324 443"),
    line("TCP6 192.0.2.43 198.51.100.17 56324 443"),
    line("TCP6 2001:db8::43 2001:db8::17%1 56324 443"),
    line("TCP6 [2001:db8::43] 2001:db8::17 56324 443"),
    line("TCP6 2001:db8::43::1 2001:db8::17 56324 443"),
    line("TCP6 : 2001:db8::17 56324 443"),
    line("UNKNOWNS"),
    line("UNKNOWN\t"),
    line("unknown"),
    line(""),
    b"PROXY UNKNOWN\n",
    b"PROXY UNKNOWN a\nb\r\n",
    b"PROXY UNKNOWN a\rb\r\n",
    b"PROXY UNKNOWN a\r\r\n",
    b"PROXY TCP4 192.0.2.43 198.51.100.17 56324 443\n",
    b"PROXY TCP4 192.0.2.43 198.51.100.17 56324 443\r\r\n",
    line("UNKNOWN " + "a" * (107 - 15)),
    b"PROXY UNKNOWN " + b"a" * (107 - 14),
    # Version 2
    binary(0x11, V4, command=0x11),
    binary(0x11, V4, command=0x31),
    binary(0x11, V4, command=0x22),
    binary(0x11, V4, command=0x2F),
    binary(0x13, V4),
    binary(0x41, V4),
    binary(0xFF, V4),
    binary(0x11, V4[:-1]),
    binary(0x11),
    binary(0x21, V4),
    binary(0x31, unix(b"a", b"b")[:-1]),
    binary(0x11, V4 + b"\x01"),
    binary(0x11, V4 + b"\x01\0"),
    binary(0x11, V4 + b"\x01\0\x01"),
    binary(0x00, b"\x01\xff\xff" + bytes(100)),
    binary(0x11, V4 + tlv(0x20, b"\0\0\0\0")),
    binary(0x11, V4 + tlv(0x20, b"\0\0\0\0\0\x21\0\x01")),
    binary(0x11, V4 + tlv(0x03, b"\x2e\x0a\x22\x5f")),
    binary(0x11, V4 + tlv(0x03, b"")),
    binary(0x11, V4 + tlv(0x03, bytes(5))),
    binary(0x00, bytes(65535)),
]
