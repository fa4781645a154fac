"""Etags as conditions list them (RFC 9110 sections 8.8.3 and 13.1)."""

import re

_ETAG = re.compile(r'\*|(?:W/)?"[^"]*"')


def etags_in(condition: str) -> list[str]:
    """The Etags in the value of an If-Match or If-None-Match, with their quotes and ``W/``; ``*`` stands for itself.

    What is none is passed over.
    """
    return _ETAG.findall(condition)
