"""The origins of pages, as browsers write them (RFC 6454 section 6.2), and lists of them."""

import re
from collections.abc import Iterable
from typing import Final

_ORIGIN = re.compile(
    r"([a-z][a-z0-9+.\-]*)://(?:\[[0-9a-f:.]+\]|[a-z0-9_\-.~]+)(?::([1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS: Final = {("http", "80"), ("https", "443")}
_STRANGER: Final = "https://stranger.invalid"
"""Nobody's origin. A pattern that has it has every other one too."""


class Origins:
    """A list of origins: those written out, those that match a pattern, or all.

    :arg entries: ``"*"``, for all, or a list of origins (``"https://example.com"``), ``"null"`` and compiled regular
        expressions. These are to match the whole origin, in which no upper case occurs.

    Raises :exc:`ValueError` and :exc:`TypeError` for what no browser sends as its page's origin.
    """

    def __init__(self, entries: str | Iterable[str | re.Pattern[str]]) -> None:
        if isinstance(entries, str):
            if entries != "*":
                raise TypeError(
                    f"origins are a list: [{entries!r}], not a str; '*' is for all of them"
                )
            entries = [entries]
        texts: set[str] = set()
        patterns: list[re.Pattern[str]] = []
        for entry in entries:
            if isinstance(entry, str):
                texts.add(checked_origin(entry))
            elif isinstance(entry, re.Pattern) and isinstance(entry.pattern, str):
                patterns.append(entry)
            else:
                raise TypeError(
                    f"an origin is a str, like 'https://example.com', or a re.compile(r'...'), not {entry!r}"
                )
        self.are_all = "*" in texts
        self._texts = frozenset(texts)
        self._patterns = tuple(patterns)

    def __contains__(self, origin: str) -> bool:
        if self.are_all or origin in self._texts:
            return True
        # A pattern such as https://.*[.]example[.]com would have things that are no origins.
        return (
            bool(self._patterns)
            and _ORIGIN.fullmatch(origin) is not None
            and any(pattern.fullmatch(origin) for pattern in self._patterns)
        )

    @property
    def have_strangers(self) -> str | None:
        """What of the list anybody can be, who has a page; None if there is nothing of that kind."""
        if self.are_all:
            return "*"
        if "null" in self._texts:
            return "null"
        for pattern in self._patterns:
            if pattern.fullmatch(_STRANGER):
                return pattern.pattern
        return None


def checked_origin(text: str) -> str:
    """The same text. Raises :exc:`ValueError` for what no browser sends."""
    if text in ("*", "null"):
        return text
    matched = _ORIGIN.fullmatch(text)
    if matched is None:
        raise ValueError(
            f"{text!r} is no origin: write it as browsers do, like 'https://example.com' or "
            "'http://localhost:8080', in lower case and without a path or a slash behind it"
        )
    if matched.groups() in _DEFAULT_PORTS:
        raise ValueError(f"browsers leave out the port of {text!r}: write it without")
    return text
