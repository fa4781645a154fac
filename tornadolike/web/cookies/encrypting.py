"""Encrypted values: texts that travel with a client, who can neither read nor change them.

Pure functions, without a handler: :mod:`.encrypted` has the cookies. A value is what :mod:`.sealing` makes, as
URL-safe Base64 without ``=``, for the purpose ``cookie: <name>`` and of this content:

.. code-block:: text

   time (8 bytes, the most significant first: seconds since the epoch)   value

So of the value a client learns only how long it is, and the 49 bytes around it make Base64 of 66 characters and more.
"""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from ...escape import to_unicode, utf8
from .sealing import Sealer
from .secrets import Secrets, checked_secrets

MAX_FUTURE_SECONDS: Final = 300
"""How far the clock of who has encrypted a value may be ahead of the clock of who reads it."""

_WHAT: Final = "A value is to be encrypted"
_TIME_SIZE: Final = 8
_DAY: Final = 86400


def create_encrypted_value(
    secret: Secrets,
    name: str | bytes,
    value: str | bytes,
    clock: Callable[[], float] | None = None,
    key_version: int | None = None,
) -> str:
    """Encrypt ``value`` and the present time: AES-256-GCM, as URL-safe text. No two are the same.

    :func:`decode_encrypted_value` reads it, for the same ``name`` only.

    :arg secret: a random text of 32 bytes or more; or a list of such, of which the first encrypts; or a dict of such,
        of which ``key_version`` says which one encrypts.
    :arg name: what the value is for, so that it cannot be used for something else.
    :arg clock: gives the seconds since the epoch in the place of :func:`time.time`.

    Raises :exc:`ValueError` for a secret that can be guessed, and for a dict without that ``key_version``;
    :exc:`TypeError` for a ``value`` or a secret that is no text.
    """
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"what is encrypted is a str or bytes, not {type(value).__name__}")
    return seal_value(sealer_of(checked_secrets(secret, _WHAT, key_version), name), value, clock)


def decode_encrypted_value(
    secret: Secrets,
    name: str | bytes,
    value: str | bytes | None,
    max_age_days: float = 31,
    clock: Callable[[], float] | None = None,
) -> bytes | None:
    """What was encrypted; None if that was not by us, not for this ``name``, or longer than ``max_age_days`` ago.

    None as well for what was encrypted more than :data:`MAX_FUTURE_SECONDS` after now: a clock was wrong, and it would
    never get old.

    :arg secret: as for :func:`create_encrypted_value`; all of several are tried.
    :arg value: as it came, from whomever: there is none for which an exception is raised.

    Raises what :func:`create_encrypted_value` raises for a secret.
    """
    several: Secrets = list(secret.values()) if isinstance(secret, Mapping) else secret
    return open_value(sealer_of(checked_secrets(several, _WHAT), name), value, max_age_days, clock)


def sealer_of(secrets: tuple[bytes, ...], name: str | bytes) -> Sealer:
    """What encrypts values for this ``name``. The secrets have been looked at."""
    return _sealer(secrets, to_unicode(name))


def seal_value(sealer: Sealer, value: str | bytes, clock: Callable[[], float] | None = None) -> str:
    """As :func:`create_encrypted_value`, for who has the secrets already."""
    made = int((clock or time.time)()).to_bytes(_TIME_SIZE)
    return sealer.seal_text(made + utf8(value))


def open_value(
    sealer: Sealer,
    value: str | bytes | None,
    max_age_days: float,
    clock: Callable[[], float] | None = None,
) -> bytes | None:
    """As :func:`decode_encrypted_value`, for who has the secrets already."""
    content = None if value is None else sealer.open_text(value)
    if content is None or len(content) < _TIME_SIZE:
        return None
    now = (clock or time.time)()
    made = int.from_bytes(content[:_TIME_SIZE])
    if not now - max_age_days * _DAY <= made <= now + MAX_FUTURE_SECONDS:
        return None
    return content[_TIME_SIZE:]


@lru_cache(maxsize=64)
def _sealer(secrets: tuple[bytes, ...], name: str) -> Sealer:
    """Deriving a key takes longer than what it is for."""
    return Sealer(secrets, f"cookie: {name}")
