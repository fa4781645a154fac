""":class:`Policy`: what a page may load and run (W3C Content Security Policy 3)."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

NONCE: Final = "'nonce'"
"""Stands in a policy for the nonce of the response, if one was asked for."""

DEFAULT_DIRECTIVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default-src": "'self'",
        "script-src": f"'self' {NONCE}",
        "style-src": f"'self' {NONCE}",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
)

_DIRECTIVE = re.compile(r"[a-z][a-z0-9-]*")
_SOURCES = re.compile(
    r"[\x20\x21-\x2b\x2d-\x3a\x3c-\x7e]*"
)  # RFC 9110's field values, less ";" and ","


class Policy:
    """A content security policy.

    :arg changes: directives that are to be others than :data:`DEFAULT_DIRECTIVES` (None: not there), or a whole
        policy as text.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is none.
    """

    def __init__(self, changes: str | Mapping[str, str | None]) -> None:
        directives = dict(_parsed(changes)) if isinstance(changes, str) else _changed(changes)
        self._text = "; ".join(f"{name} {sources}".rstrip() for name, sources in directives.items())
        self._plain = "; ".join(
            " ".join([name, *(source for source in sources.split() if source != NONCE)])
            for name, sources in directives.items()
        )

    @property
    def has_nonce(self) -> bool:
        """Whether scripts or styles that have the response's nonce may be in the page."""
        return self._text != self._plain

    def text(self, nonce: str | None) -> str:
        """The policy of a response with this nonce, or with none."""
        return self._plain if nonce is None else self._text.replace(NONCE, f"'nonce-{nonce}'")


def _changed(changes: Mapping[str, str | None]) -> dict[str, str]:
    if not isinstance(changes, Mapping):
        raise TypeError(
            f"content_security_policy is a dict of directives, a str or None, not {changes!r}"
        )
    directives = {**DEFAULT_DIRECTIVES, **changes}
    return {
        name: _checked(name, sources) for name, sources in directives.items() if sources is not None
    }


def _parsed(text: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for part in text.split(";"):
        name, _, sources = part.strip().partition(" ")
        if name:
            if name in seen:
                raise ValueError(
                    f"browsers ignore the second {name} of a policy: write one of them"
                )
            seen.add(name)
            yield name, _checked(name, sources.strip())
    if not seen:
        raise ValueError("a policy without directives: None is for none")


def _checked(name: str, sources: str) -> str:
    if not isinstance(name, str) or not _DIRECTIVE.fullmatch(name):
        raise ValueError(f"no directive of a content security policy: {name!r}")
    if not isinstance(sources, str):
        raise TypeError(f"{name} has its sources in a str, separated by spaces, not {sources!r}")
    if not _SOURCES.fullmatch(sources):
        raise ValueError(
            f"sources are separated by spaces, and are ASCII, unlike {name} {sources!r}"
        )
    return sources
