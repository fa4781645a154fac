"""Signed values: beside Tornado's, and each way in which one may be wrong."""

import base64
import hmac
import logging
from typing import Any

import pytest
import tornado.web
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.web.cookies import signing
from tornadolike.web.cookies.signing import (
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)

SECRET = "a secret that nobody guesses, says the author of this test"
KEYS = {0: "the first of them", 1: b"the second of them", 77: "the last of them"}
NOW = 1_500_000_000
DAY = 86400

NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
SECRETS = st.one_of(
    st.text(min_size=1, max_size=80).filter(lambda text: text.isprintable()),
    st.binary(min_size=1, max_size=80),
)


def now() -> float:
    return NOW


def later(seconds: float) -> Any:
    return lambda: NOW + seconds


@given(
    secret=SECRETS,
    name=NAMES,
    value=st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary()),
    version=st.sampled_from([None, 1, 2]),
    key_version=st.sampled_from([None, 0, 1, 77]),
)
def test_each_writes_what_the_other_does(
    secret: Any, name: str, value: Any, version: int | None, key_version: int | None
) -> None:
    options: Any = {"version": version, "clock": now, "key_version": key_version}
    ours = create_signed_value(secret, name, value, **options)
    assert ours == tornado.web.create_signed_value(secret, name, value, **options)
    expected = value if isinstance(value, bytes) else value.encode()
    assert decode_signed_value(secret, name, ours, clock=now) == expected
    assert decode_signed_value(secret, name, ours.decode(), clock=now) == expected
    assert get_signature_key_version(ours) == tornado.web.get_signature_key_version(ours)


def test_several_secrets() -> None:
    for number in KEYS:
        for theirs in (False, True):
            create = tornado.web.create_signed_value if theirs else create_signed_value
            signed = create(KEYS, "name", "value", key_version=number)  # type: ignore[arg-type]
            assert get_signature_key_version(signed) == number
            assert decode_signed_value(KEYS, "name", signed) == b"value"
            assert tornado.web.decode_signed_value(KEYS, "name", signed) == b"value"  # type: ignore[arg-type]
            left = {other: key for other, key in KEYS.items() if other != number}
            assert decode_signed_value(left, "name", signed) is None
            # The number is signed too: another secret cannot be asked for.
            moved = signed.replace(b"|%d:%d|" % (len(str(number)), number), b"|1:9|", 1)
            assert decode_signed_value({**KEYS, 9: KEYS[number]}, "name", moved) is None


def test_what_is_made_before_and_read_after_a_rotation() -> None:
    old = create_signed_value("the only one until now", "name", "value", key_version=0)
    rotated = {0: "the only one until now", 1: "the new one"}
    assert decode_signed_value(rotated, "name", old) == b"value"
    assert decode_signed_value({1: "the new one"}, "name", old) is None


@pytest.mark.parametrize("version", [1, 2])
def test_another_secret_name_or_time(version: int) -> None:
    signed = create_signed_value(SECRET, "name", "value", version=version, clock=now)

    def read(**changes: Any) -> bytes | None:
        options = {"secret": SECRET, "name": "name", "value": signed, "clock": now, **changes}
        return decode_signed_value(**options)

    assert read() == b"value"
    assert read(secret=SECRET + "!") is None
    assert read(name="nam") is None
    assert read(name="Name") is None
    assert read(name="\ud800") is None
    assert read(clock=later(31 * DAY)) == b"value"
    assert read(clock=later(31 * DAY + 1)) is None
    assert read(clock=later(DAY), max_age_days=1) == b"value"
    assert read(clock=later(DAY + 1), max_age_days=1) is None
    assert read(clock=later(1e9), max_age_days=float("inf")) == b"value"
    assert read(clock=later(-1)) == b"value"
    assert read(min_version=version) == b"value"
    assert read(min_version=2) == (b"value" if version == 2 else None)
    # Version 2 is sure of its time, version 1 is not.
    assert read(clock=later(-31 * DAY)) == b"value"
    assert read(clock=later(-31 * DAY - 1)) == (b"value" if version == 2 else None)


@pytest.mark.parametrize("version", [1, 2])
def test_each_single_change_is_found(version: int) -> None:
    signed = create_signed_value(SECRET, "name", "value", version=version, clock=now)
    for place in range(len(signed)):
        for changed in (
            signed[:place],
            signed[:place] + signed[place + 1 :],
            signed[:place] + b"0" + signed[place:],
            signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :],
            signed[:place] + bytes([signed[place] ^ 0x80]) + signed[place + 1 :],
        ):
            assert (
                changed == signed or decode_signed_value(SECRET, "name", changed, clock=now) is None
            )
    assert decode_signed_value(SECRET, "name", signed + b"0", clock=now) is None
    assert decode_signed_value(SECRET, "name", signed + b"\n", clock=now) is None
    assert decode_signed_value(SECRET, "name", signed.upper(), clock=now) is None


def sign_v1(name: bytes, coded: bytes, timestamp: bytes) -> bytes:
    signature = hmac.digest(SECRET.encode(), name + coded + timestamp, "sha1").hex()
    return b"|".join((coded, timestamp, signature.encode()))


def sign_v2(text: bytes) -> bytes:
    return text + hmac.digest(SECRET.encode(), text, "sha256").hex().encode()


@pytest.mark.parametrize(
    ("signed", "logged"),
    [
        # What the signature of version 1 covers can be cut in other places.
        (sign_v1(b"name", b"YWJj", b"11500000000"), "Cookie timestamp in future"),
        (sign_v1(b"name", b"YWJjMTUw", b"0000000"), "Expired cookie"),
        (sign_v1(b"name", b"YWJj", b"01500000000"), "Tampered cookie"),
        (sign_v1(b"name", b"YWJj", b"+1500000000"), None),
        (sign_v1(b"name", b"YWJj", b" 1500000000"), None),
        (sign_v1(b"name", b"YWJj", b"1_500000000"), None),
        (sign_v1(b"name", b"YWJj", b""), None),
        (sign_v1(b"name", b"YWJj", b"1" * 5000), None),
        (sign_v1(b"name", b"YWJ", b"1500000000"), None),
        (sign_v1(b"name", b"Y!WJj", b"1500000000"), None),
        (b"YWJj|1500000000|" + b"0" * 40, "Invalid cookie signature"),
        (b"YWJj" * 1000 + b"|1500000000|0", "Invalid cookie signature"),
        # Version 2, properly signed.
        (sign_v2(b"2|1:0|10:1500000000|4:name|4:YWJj|"), ...),
        (sign_v2(b"2|1:0|10:1500000000|5:other|4:YWJj|"), None),
        (sign_v2(b"2|1:0|11:01500000000|4:name|4:YWJj|"), None),
        (sign_v2(b"2|1:0|3:abc|4:name|4:YWJj|"), None),
        (sign_v2(b"2|1:0|0:|4:name|4:YWJj|"), None),
        (sign_v2(b"2|1:0|10:1500000000|4:name|3:YWJ|"), None),
        (sign_v2(b"2|1:0|10:1500000000|4:name|4:YWJj"), None),
        (sign_v2(b"2|1:0|10:1500000000|4:name|"), None),
        (sign_v2(b"2|1:0|10:1500000000|04:name|4:YWJj|"), None),
        (sign_v2(b"2|1:x|10:1500000000|4:name|4:YWJj|"), None),
        (sign_v2(b"2|2:-1|10:1500000000|4:name|4:YWJj|"), None),
        (sign_v2(b"2|0:|10:1500000000|4:name|4:YWJj|"), None),
        (sign_v2(b"2|1:0;10:1500000000|4:name|4:YWJj|"), None),
        (sign_v2(b"3|1:0|10:1500000000|4:name|4:YWJj|"), None),
    ],
)
def test_what_is_signed_and_still_wrong(
    caplog: pytest.LogCaptureFixture, signed: bytes, logged: Any
) -> None:
    expected = b"abc" if logged is ... else None
    with caplog.at_level(logging.INFO):
        assert decode_signed_value(SECRET, "name", signed, clock=now) == expected
    told = [record.getMessage() for record in caplog.records]
    if isinstance(logged, str):
        assert len(told) == 1
        assert told[0].startswith(logged)
        assert len(told[0]) < 200
    else:
        assert told == []


SHAPES = [
    None,
    "",
    b"",
    "|",
    "||",
    "|||",
    "|||||||||",
    "2",
    "2|",
    "2||||",
    "2|1:0|",
    "2|:|:|:|:|",
    "2|0:|0:|0:|0:|",
    "2|9999999999:0|1:1|1:a|1:a|",
    "2|-1:0|1:1|1:a|1:a|",
    "2|" + "9" * 5000 + ":0|",
    "9" * 5000 + "|",
    "1|2|3",
    "999|x|y",
    "1000|x|y",
    "\ud800",
    "é",
    "\x00|\x00|\x00",
    b"\xff\xfe|1|2",
    b"2|\xff",
    "a|" * 100_000,
    "2|" + "1:0|" * 100_000,
    "2|1000000:" + "0" * 1_000_000 + "|",
]


def test_no_shape_of_a_value_is_an_exception() -> None:
    for shape in SHAPES:
        for secret in (SECRET, SECRET.encode(), KEYS):
            assert decode_signed_value(secret, "name", shape, clock=now) is None  # type: ignore[arg-type]
        if shape is not None:
            assert get_signature_key_version(shape) in (None, 0)


def test_the_key_version_of_what_is_none() -> None:
    v1 = create_signed_value(SECRET, "name", "value", version=1)
    assert get_signature_key_version(v1) is None
    assert get_signature_key_version("2|1:3|1:1|1:a|1:a|unsigned") == 3
    assert get_signature_key_version("2|1:3;1:1|1:a|1:a|unsigned") is None
    assert get_signature_key_version("2|1:x|1:1|1:a|1:a|unsigned") is None


def test_the_first_version_knows_no_several_secrets() -> None:
    v1 = create_signed_value(SECRET, "name", "value", version=1)
    assert decode_signed_value({0: SECRET}, "name", v1) is None
    with pytest.raises(ValueError, match="needs a key_version"):
        create_signed_value({0: SECRET}, "name", "value", version=1, key_version=0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"version": 0}, "Unsupported version 0"),
        ({"version": 3}, "Unsupported version 3"),
        ({"secret": ""}, "empty secret"),
        ({"secret": b"", "version": 1}, "empty secret"),
        ({"secret": {1: ""}, "key_version": 1}, "empty secret"),
        ({"secret": KEYS}, "needs a key_version"),
        ({"secret": KEYS, "key_version": 2}, "no secret of key_version 2: there are 0, 1, 77"),
        ({"key_version": -1}, "from 0 on, not -1"),
        ({"key_version": "1"}, "from 0 on, not '1'"),
    ],
)
def test_mistakes_of_the_author(arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        create_signed_value(**{"secret": SECRET, "name": "n", "value": "v", **arguments})


def test_mistakes_of_the_author_who_reads() -> None:
    signed = create_signed_value(SECRET, "n", "v")
    with pytest.raises(ValueError, match="Unsupported min_version 3"):
        decode_signed_value(SECRET, "n", signed, min_version=3)
    with pytest.raises(ValueError, match="empty secret"):
        decode_signed_value("", "n", signed)


def test_names_that_are_not_ascii_come_back() -> None:
    signed = create_signed_value(SECRET, "schlüssel", "value")
    assert decode_signed_value(SECRET, "schlüssel", signed) == b"value"
    assert tornado.web.decode_signed_value(SECRET, "schlüssel", signed) == b"value"


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(signing.hmac, "compare_digest", compare)
    for version in (1, 2):
        signed = create_signed_value(SECRET, "name", "value", version=version)
        signature = signed.rpartition(b"|")[2]
        assert decode_signed_value(SECRET, "name", signed) == b"value"
        assert compared.pop() == (signature, signature)
    assert not compared


def test_the_value_is_not_hidden() -> None:
    assert base64.b64encode(b"value") in create_signed_value(SECRET, "name", "value")
