"""Secrets: what signs and encrypts, and whether it is good enough for that.

A secret is good if nobody can guess it: who has one signed value of ours tries as many secrets as he likes, at home.
So what is short, monotonous, or stands in examples is refused. That finds the mistakes that people make; it does not
prove that a text is random.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ...log import gen_log

Secrets = str | bytes | Sequence[str | bytes] | Mapping[int, str | bytes]
"""A secret; several, of which the first is used for what is new; or several by their numbers."""

SHORTEST_SECRET: Final = 16
"""Bytes of a secret, at the least. Of one that is a text again and again: of that text."""
FEWEST_DIFFERENT: Final = 5
"""Different bytes of a secret, at the least. One in a million of 16 random hexadecimal digits has fewer."""
COMMAND: Final = "python -m tornadolike secret"
"""Makes a good secret."""

_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_EVERYBODYS: Final = (
    "0123456789abcdef",
    "1234567890123456",
    "abcdefghijklmnop",
    "anybodycanread",
    "bzjc2swbqlkos6gkhnvb9oxwqt8s0r0krvj5xj89e",  # of a book on Tornado
    "changeme",
    "changethis",
    "correcthorsebatterystaple",
    "donttellanyone",
    "generateyourown",
    "insertyour",
    "keepitsecret",
    "madeby",
    "mysecretkey",
    "nobodycanguess",
    "nobodyguesses",
    "notsosecret",
    "oetzkxqagaydkl5gemgejjfuyh7eqnp2xdtp1ovo",  # of Tornado's demos, until 2012; behind any two digits
    "passwordpassword",
    "placeholder",
    "putyour",
    "randomvalue",
    "replaceme",
    "replacethis",
    "secretgoeshere",
    "supersecret",
    "thisisasecret",
    "thisismysecret",
    "topsecret",
    "tornadolikesecret",
    "verysecret",
    "yourcookiesecret",
    "yoursecret",
)
"""What stands in examples, in small letters, and with nothing else but digits. A random text has none of them in it."""


@lru_cache(maxsize=64)
def weakness(secret: bytes) -> str | None:
    """Why this secret can be guessed; None if there is nothing to be said against it."""
    if len(secret) < SHORTEST_SECRET:
        return f"it has less than {SHORTEST_SECRET} characters"
    if len(set(secret)) < FEWEST_DIFFERENT:
        return f"it has less than {FEWEST_DIFFERENT} different characters"
    if _repeats(secret):
        return "it is a short text again and again"
    plain = _NO_LETTER.sub("", secret.decode("latin-1").lower())
    if any(known in plain for known in _EVERYBODYS):
        return "it is what stands in examples"
    return None


def _repeats(secret: bytes) -> bool:
    longest = min(SHORTEST_SECRET - 1, len(secret) // 2)
    return any(secret[size:] == secret[:-size] for size in range(1, longest + 1))


def secrets_of(settings: Mapping[str, Any], what: str) -> tuple[bytes, ...]:
    """The secrets of the setting ``cookie_secret``, the one for what is new first.

    :arg what: needs one; it begins the message if there is none.

    Raises :exc:`RuntimeError` if there is none, or not the one of the setting ``key_version``, and what
    :func:`checked_secrets` raises.
    """
    secret = settings.get("cookie_secret")
    if not secret:
        raise RuntimeError(
            f"{what}, and needs a secret: Application(..., cookie_secret=...); {COMMAND} makes one"
        )
    version = settings.get("key_version")
    if isinstance(secret, Mapping) and version not in secret:
        raise RuntimeError(
            "cookie_secret is a dict: it needs the setting key_version, the number of the secret that encrypts"
        )
    return checked_secrets(secret, what, version)


def checked_secrets(
    secret: Secrets, what: str, key_version: int | None = None
) -> tuple[bytes, ...]:
    """One secret, or several, as bytes; the one for what is new first.

    :arg what: is done with them; it begins the messages.
    :arg key_version: the number of that one, if they have numbers.

    Raises :exc:`TypeError` for what is none, and :exc:`ValueError` for none at all, for a ``key_version`` that has
    none, and for one that can be guessed.
    """
    given: Sequence[str | bytes] = [secret] if isinstance(secret, (str, bytes)) else []
    if isinstance(secret, Mapping):
        if key_version is None or key_version not in secret:
            raise ValueError(f"{what}: there is no secret of key_version {key_version!r}")
        given = [secret[key_version], *(one for key, one in secret.items() if key != key_version)]
    elif isinstance(secret, (list, tuple)):
        given = secret
    elif not given:
        raise TypeError(
            f"a secret is a str or bytes, or a list or dict of them, not {type(secret).__name__}"
        )
    if not given:
        raise ValueError(f"{what}, and needs a secret: the list of them is empty")
    found = tuple(_as_bytes(one, what) for one in given)
    for one in found:
        fault = weakness(one)
        if fault is not None:
            raise ValueError(f"{what}: {_guessed(fault)}")
    return found


def refuse_guessable(settings: Mapping[str, Any]) -> None:
    """Look at the setting ``cookie_secret`` when an application is to be served.

    Raises :exc:`ValueError` for one that can be guessed: not with the setting ``debug``, for at the desk a program of
    Tornado's with the secret of an example is to start.
    """
    fault = _fault_of(settings)
    if fault is not None and not settings.get("debug"):
        raise ValueError(
            f"the setting cookie_secret: {_guessed(fault)} (with debug=True it is a warning)"
        )


def refuse_or_warn_of_guessable(settings: Mapping[str, Any]) -> None:
    """:func:`refuse_guessable`; and with ``debug`` log a WARNING."""
    refuse_guessable(settings)
    fault = _fault_of(settings)
    if fault is not None:
        gen_log.warning("the setting cookie_secret: %s", _guessed(fault))


def given_secrets(settings: Mapping[str, Any]) -> list[bytes]:
    """What the setting ``cookie_secret`` has, good or bad. Raises :exc:`TypeError` for what is no secret."""
    secret = settings.get("cookie_secret") or ()
    given = secret.values() if isinstance(secret, Mapping) else [secret] if secret else []
    return [_as_bytes(one, "the setting cookie_secret") for one in given]


def _fault_of(settings: Mapping[str, Any]) -> str | None:
    """What is to be said against the first of them that can be guessed."""
    return next(filter(None, map(weakness, given_secrets(settings))), None)


def _as_bytes(secret: object, what: str) -> bytes:
    if isinstance(secret, str):
        return secret.encode()
    if isinstance(secret, bytes):
        return secret
    raise TypeError(
        f"{what}: a secret is a str or bytes; there is a {type(secret).__name__} in its place"
    )


def _guessed(fault: str) -> str:
    return f"this secret can be guessed: {fault}. {COMMAND} makes a good one"
