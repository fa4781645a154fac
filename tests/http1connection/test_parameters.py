"""Tornado's parameters, what they mean for a server, and the small parsers."""

import pytest

from tornadolike.http1 import Limits
from tornadolike.http1connection import (
    HTTP1ConnectionParameters,
    ServingParameters,
    is_transfer_encoding_chunked,
    parse_hex_int,
    parse_int,
)
from tornadolike.http1connection.parameters import serving_parameters
from tornadolike.httputil import HTTPHeaders, HTTPInputError


def test_defaults():
    params = HTTP1ConnectionParameters()
    assert params.chunk_size == 65536
    assert params.max_header_size == Limits().max_header_size
    assert params == HTTP1ConnectionParameters(False, None, None, None, None, None, False)
    assert serving_parameters(params) == ServingParameters()


def test_what_they_mean_for_a_server():
    params = HTTP1ConnectionParameters(True, 10, 20, 30.0, 40, 50.0, True)
    serving = serving_parameters(params, linger_timeout=2.0, max_header_count=3)
    assert serving.no_keep_alive
    assert serving.limits == Limits(max_header_size=20, max_header_count=3, max_body_size=40)
    assert serving.idle_connection_timeout == serving.header_timeout == 30.0
    assert serving.body_timeout == 50.0
    assert serving.linger_timeout == 2.0
    # A head that has begun has a minute, unless somebody says otherwise.
    params = HTTP1ConnectionParameters(header_timeout=1000.0)
    assert serving_parameters(params).header_timeout == ServingParameters().header_timeout
    assert serving_parameters(params, header_timeout=None).header_timeout is None
    with pytest.raises(TypeError, match="max_speed"):
        serving_parameters(params, max_speed=1)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "-1", "1_0", "0x1", "\u0661", "1.0", "g"])
def test_what_is_no_number(text):
    for parse in (parse_int, parse_hex_int):
        with pytest.raises(ValueError, match="integer"):
            parse(text)


def test_numbers():
    assert parse_int("007") == 7
    assert parse_hex_int("00fF") == 255
    with pytest.raises(ValueError, match="not an integer: 'f'"):
        parse_int("f")


def test_chunked_or_not():
    assert not is_transfer_encoding_chunked(HTTPHeaders())
    assert not is_transfer_encoding_chunked(HTTPHeaders({"Content-Length": "1"}))
    assert is_transfer_encoding_chunked(HTTPHeaders({"Transfer-Encoding": "Chunked"}))
    with pytest.raises(HTTPInputError, match="both Transfer-Encoding and Content-Length"):
        is_transfer_encoding_chunked(
            HTTPHeaders({"Transfer-Encoding": "chunked", "Content-Length": "1"})
        )
    for coding in ("gzip, chunked", "chunked, chunked", "identity", ""):
        with pytest.raises(HTTPInputError, match="Unsupported Transfer-Encoding"):
            is_transfer_encoding_chunked(HTTPHeaders({"Transfer-Encoding": coding}))
