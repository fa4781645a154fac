"""Signed values: texts that travel with a client, who can read them but cannot change or make them.

Pure functions on bytes, without a handler: :mod:`.signed` has the cookies. Two formats are known.

Version 2, which is written unless another is asked for, is a row of fields, each behind its length in bytes, and an
HMAC-SHA256 in hex over everything before it::

    2|1:0|10:1300000000|4:user|8:YWxpY2U=|<64 hex digits>
      key  time in s     name   value in Base64

The key's number says which of several secrets has signed, so that secrets can be replaced by and by. All numbers are
decimal and have no leading zeros.

Version 1, ``value|time|<40 hex digits of HMAC-SHA1>``, is read for the sake of old values. What it signs are the name,
the value and the time with nothing in between, so that digits may be moved from one to the other without changing the
signature: for this reason a time in the future is refused. ``min_version=2`` refuses the format.
"""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from ...escape import utf8
from ...log import gen_log

MIN_SUPPORTED_SIGNED_VALUE_VERSION: Final = 1
"""The oldest version of signed values that can be read."""
MAX_SUPPORTED_SIGNED_VALUE_VERSION: Final = 2
"""The newest version of signed values that can be read."""
DEFAULT_SIGNED_VALUE_VERSION: Final = 2
"""The version that is written unless another is asked for."""
DEFAULT_SIGNED_VALUE_MIN_VERSION: Final = 1
"""The oldest version that is accepted unless another is asked for."""

Secret = str | bytes | Mapping[int, str] | Mapping[int, bytes]
"""What signs: a secret, or several by their numbers."""

_DAY: Final = 86400
_MAX_FUTURE: Final = 31 * _DAY
_LOGGED: Final = 100
"""The bytes of a refused value that are logged."""

_VERSION: Final = re.compile(rb"([1-9][0-9]{0,2})\|")
"""A version has three digits at the most. The Base64 of version 1 may be a number too, but never one so short."""
_LENGTH_DIGITS: Final = 10
_NUMBER_DIGITS: Final = 19
_ZERO: Final = ord("0")
_DIGITS: Final = re.compile(rb"[0-9]{1,19}")


class _Fields(NamedTuple):
    """A value of version 2, taken apart. Nothing of it is known to be true yet."""

    signed: bytes
    key_version: int
    timestamp: bytes
    name: bytes
    value: bytes
    signature: bytes


def create_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes,
    version: int | None = None,
    clock: Callable[[], float] | None = None,
    key_version: int | None = None,
) -> bytes:
    """Sign ``value`` and the present time; :func:`decode_signed_value` reads it, for the same ``name`` only.

    :arg secret: a random text of 32 bytes or more; or a dict of such, of which ``key_version`` says which one signs.
    :arg name: what the value is for, so that it cannot be used for something else.
    :arg version: 1 or 2; by default :data:`DEFAULT_SIGNED_VALUE_VERSION`.
    :arg clock: gives the seconds since the epoch in the place of :func:`time.time`.
    :arg key_version: the number of the secret. It stands in the value.

    Raises :exc:`ValueError` for an unknown ``version``, for a ``key_version`` that is none or has no secret, for a
    dict of secrets in version 1, which cannot say which, and for an empty secret; :exc:`TypeError` for a ``name`` or
    a ``value`` that is no text.
    """
    if version is None:
        version = DEFAULT_SIGNED_VALUE_VERSION
    for what, text in (("name", name), ("value", value)):
        if not isinstance(text, (str, bytes)):
            raise TypeError(f"the {what} of what is signed is a str or bytes, not {text!r}")
    timestamp = b"%d" % int((clock or time.time)())
    coded = base64.b64encode(utf8(value))
    if version == 1:
        return b"|".join(
            (coded, timestamp, _sign_v1(_key(secret, None), utf8(name), coded, timestamp))
        )
    if version != 2:
        raise ValueError(f"Unsupported version {version!r}: signed values are of version 1 or 2")
    key = _key(secret, key_version)
    fields = (b"%d" % (key_version or 0), timestamp, utf8(name), coded)
    signed = b"2|" + b"".join(b"%d:%b|" % (len(field), field) for field in fields)
    return signed + _sign_v2(key, signed)


def decode_signed_value(
    secret: Secret,
    name: str,
    value: str | bytes | None,
    max_age_days: float = 31,
    clock: Callable[[], float] | None = None,
    min_version: int | None = None,
) -> bytes | None:
    """What was signed; None if that was not by us, not for this ``name``, or longer than ``max_age_days`` ago.

    :arg secret: as for :func:`create_signed_value`; of a dict, the one whose number stands in the value.
    :arg value: as it came, from whomever: there is none for which an exception is raised.
    :arg min_version: the oldest format that is accepted; by default :data:`DEFAULT_SIGNED_VALUE_MIN_VERSION`.

    Signatures are compared in constant time. Raises :exc:`ValueError` for an unknown ``min_version`` and for an empty
    secret.
    """
    if min_version is None:
        min_version = DEFAULT_SIGNED_VALUE_MIN_VERSION
    if min_version > MAX_SUPPORTED_SIGNED_VALUE_VERSION:
        raise ValueError(f"Unsupported min_version {min_version}: the newest version is 2")
    data, purpose = _as_bytes(value), _as_bytes(name)
    if not data or purpose is None:
        return None
    version = _version_of(data)
    if version < min_version:
        return None
    now = (clock or time.time)()
    if version == 1:
        return _decode_v1(secret, purpose, data, now, max_age_days * _DAY)
    if version == 2:
        return _decode_v2(secret, purpose, data, now - max_age_days * _DAY)
    return None


def get_signature_key_version(value: str | bytes) -> int | None:
    """The number of the secret that a value claims to be signed with; None if it has none.

    It is not checked: that is what :func:`decode_signed_value` is for.
    """
    data = _as_bytes(value)
    if not data or _version_of(data) < 2:
        return None
    fields = _fields(data)
    return None if fields is None else fields.key_version


def _version_of(value: bytes) -> int:
    """The version of a signed value. The first one did not say it: what says none, or a strange one, is of that."""
    if value.startswith(b"2|"):  # as nearly all are
        return 2
    match = _VERSION.match(value)
    return int(match[1]) if match else 1


def _as_bytes(value: str | bytes | None) -> bytes | None:
    try:
        return utf8(value)
    except UnicodeEncodeError:  # a lone surrogate: nothing that we have made
        return None


def _key(secret: Secret, key_version: int | None) -> bytes:
    """The secret that signs with this number."""
    if isinstance(secret, Mapping):
        if key_version is None:
            raise ValueError(
                "A dict of secrets needs a key_version that says which of them signs (and version 2)"
            )
        if key_version not in secret:
            known = ", ".join(map(str, secret))
            raise ValueError(f"There is no secret of key_version {key_version}: there are {known}")
    if key_version is not None and not (isinstance(key_version, int) and key_version >= 0):
        raise ValueError(f"A key_version is a number from 0 on, not {key_version!r}")
    return _usable(secret[key_version] if isinstance(secret, Mapping) else secret)  # type: ignore[index]


def _usable(secret: str | bytes) -> bytes:
    if not secret:
        raise ValueError("An empty secret signs nothing: everybody knows it")
    return utf8(secret)


def _decode_v1(
    secret: Secret, name: bytes, data: bytes, now: float, max_age: float
) -> bytes | None:
    if isinstance(secret, Mapping) or data.count(b"|") != 2:
        return None
    coded, timestamp, signature = data.split(b"|")
    expected = _sign_v1(_usable(secret), name, coded, timestamp)
    if not hmac.compare_digest(signature, expected):
        gen_log.warning("Invalid cookie signature %r", data[:_LOGGED])
        return None
    if not _DIGITS.fullmatch(timestamp):
        return None
    if int(timestamp) < now - max_age:
        gen_log.warning("Expired cookie %r", data[:_LOGGED])
        return None
    if int(timestamp) > now + _MAX_FUTURE:
        # Digits of the value may have become the first of the time.
        gen_log.warning("Cookie timestamp in future; possible tampering %r", data[:_LOGGED])
        return None
    if timestamp.startswith(b"0"):
        gen_log.warning("Tampered cookie %r", data[:_LOGGED])
        return None
    return _b64decode(coded)


def _decode_v2(secret: Secret, name: bytes, data: bytes, oldest: float) -> bytes | None:
    fields = _fields(data)
    if fields is None:
        return None
    if isinstance(secret, Mapping):
        if fields.key_version not in secret:
            return None
        secret = secret[fields.key_version]
    expected = _sign_v2(_usable(secret), fields.signed)
    if not hmac.compare_digest(fields.signature, expected):
        return None
    if fields.name != name or not _is_number(fields.timestamp):
        return None
    return None if int(fields.timestamp) < oldest else _b64decode(fields.value)


def _fields(data: bytes) -> _Fields | None:
    """Take a value of version 2 apart; None if it is not made so. Each byte is looked at once."""
    position = 2
    fields = []
    for _ in range(4):
        colon = data.find(b":", position, position + _LENGTH_DIGITS + 1)
        length = data[position:colon]
        if colon < 0 or not _is_number(length):
            return None
        end = colon + 1 + int(length)
        fields.append(data[colon + 1 : end])
        position = end + 1
        if data[end:position] != b"|":
            return None
    key_version, timestamp, name, value = fields
    if not _is_number(key_version):
        return None
    return _Fields(data[:position], int(key_version), timestamp, name, value, data[position:])


def _is_number(digits: bytes) -> bool:
    """Whether it is written as we write numbers: nothing but digits, not too many, and no zero before others."""
    return (
        digits.isdigit()
        and len(digits) <= _NUMBER_DIGITS
        and (digits[0] != _ZERO or len(digits) == 1)
    )


def _b64decode(coded: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(coded, strict_mode=True)
    except binascii.Error:
        return None


def _sign_v1(key: bytes, name: bytes, coded: bytes, timestamp: bytes) -> bytes:
    return hmac.digest(key, name + coded + timestamp, "sha1").hex().encode()


def _sign_v2(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256").hex().encode()
