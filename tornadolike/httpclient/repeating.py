"""What of a request must be so that it can be sent again: for a redirect, for who is asking, as a retry."""

from dataclasses import replace
from typing import Final

from .engine import Answer, Hop, Times

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods by which it makes no difference whether a request comes once or twice (:rfc:`9110` section 9.2.2)."""


def has_body_again(hop: Hop) -> bool:
    """Whether the body can be sent again.

    A ``body_producer`` is called anew; one that can give its body only once says so by an attribute ``repeatable``
    that is False.
    """
    return hop.producer is None or bool(getattr(hop.producer, "repeatable", True))


def anew(hop: Hop) -> Hop:
    """The same, to be sent again: what happened to the first does not count, nor what is added to its headers."""
    return replace(hop, headers=hop.headers.copy(), times=Times())


def discard(answer: Answer) -> None:
    """Nobody wants this body. What of it has come already is taken, so that its connection may be kept."""
    try:
        while answer.read_nowait():
            pass
    except Exception:  # noqa: S110 (nobody wants to know what is wrong with it, either)
        pass
    answer.close()
