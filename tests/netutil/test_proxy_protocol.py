"""The PROXY protocol: headers from bytes, however they come."""

import pytest

from tests.netutil.proxy_headers import BAD, GOOD, V4, binary, line, summed, tlv
from tornadolike.netutil.proxy_protocol import (
    ProxyHeader,
    ProxyProtocolError,
    crc32c,
    parse_proxy_header,
)


@pytest.mark.parametrize(("data", "header"), GOOD, ids=[repr(data[5:60]) for data, _ in GOOD])
def test_a_good_header(data: bytes, header: ProxyHeader) -> None:
    for behind in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\r\n", data, bytes(100)):
        assert parse_proxy_header(data + behind) == (header, len(data))
    for size in range(len(data)):
        assert parse_proxy_header(data[:size]) is None, size


@pytest.mark.parametrize("data", BAD, ids=[repr(data[:70]) for data in BAD])
def test_a_bad_header(data: bytes) -> None:
    for behind in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\r\n"):
        with pytest.raises(ProxyProtocolError) as caught:
            parse_proxy_header(data + behind)
        assert len(str(caught.value)) < 500
    for size in range(len(data)):
        try:
            assert parse_proxy_header(data[:size]) is None, size
        except ProxyProtocolError:
            continue


@pytest.mark.parametrize("data", [b"G", b"\x16", b"P\0", b"PROXYT", b"\r\r", b"\r\n\r\n\0\r\nQUIX"])
def test_what_cannot_become_one_is_refused_at_its_first_wrong_byte(data: bytes) -> None:
    assert parse_proxy_header(data[:-1]) is None
    with pytest.raises(ProxyProtocolError, match="no PROXY header, but "):
        parse_proxy_header(data)


def test_a_line_that_does_not_end_is_not_waited_for() -> None:
    start = b"PROXY UNKNOWN "
    assert parse_proxy_header(start.ljust(106, b"a")) is None
    assert parse_proxy_header(start.ljust(106, b"a")[:-1] + b"\r") is None
    for data in (start.ljust(107, b"a"), start.ljust(106, b"a") + b"\r", start + b"a\n"):
        with pytest.raises(ProxyProtocolError, match="malformed PROXY line"):
            parse_proxy_header(data)


def test_the_size_is_refused_before_the_header_is_there() -> None:
    data = binary(0x11, V4 + tlv(0xE0, bytes(1000)))
    assert parse_proxy_header(data, len(data)) is not None
    with pytest.raises(ProxyProtocolError, match=f"of {len(data)} bytes .limit {len(data) - 1}."):
        parse_proxy_header(data[:16], len(data) - 1)
    assert parse_proxy_header(line("UNKNOWN"), 1) is not None


def test_what_it_tells_has_names() -> None:
    said = b"".join(
        [
            tlv(0x01, b"h2"),
            tlv(0x02, "bücher.example".encode()),
            tlv(0x05, b"\0\xff"),
            tlv(
                0x20,
                b"\x07\0\0\0\0"
                + tlv(0x21, b"TLSv1.2")
                + tlv(0x22, b"somebody\xff")
                + tlv(0x23, b"AES"),
            ),
            tlv(0x01, b"another"),
        ]
    )
    parsed = parse_proxy_header(binary(0x11, V4 + said))
    assert parsed is not None
    header = parsed[0]
    assert header.alpn == b"h2"
    assert header.authority == "bücher.example"
    assert header.unique_id == b"\0\xff"
    tls = header.tls
    assert tls is not None
    assert (tls.encrypted, tls.certificate, tls.verified) == (True, True, True)
    assert (tls.version, tls.cipher, tls.common_name) == ("TLSv1.2", "AES", "somebody\\xff")
    nothing = ProxyHeader(2)
    assert (nothing.alpn, nothing.authority, nothing.unique_id, nothing.tls) == (None,) * 4


def test_check_sums() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, appendix B.4
    data = summed(0x11, V4 + tlv(0x01, b"h2"), tlv(0x04, b"ab"))
    assert parse_proxy_header(data) is not None
    for place in (16, 20, 27, 28, 32, len(data) - 1):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(ProxyProtocolError, match="check sum of a PROXY header is wrong"):
            parse_proxy_header(changed)
