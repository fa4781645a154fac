"""URLs, hosts and queries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_PORT = re.compile(r"(.+):([0-9]+)")


def url_concat(
    url: str,
    args: Mapping[str, str] | Sequence[tuple[str, str]] | None,
) -> str:
    """Add query arguments to a URL, whether it has a query already or not.

    >>> url_concat("http://example.com/foo?a=b", [("c", "d"), ("c", "d2")])
    'http://example.com/foo?a=b&c=d&c=d2'
    """
    if args is None:
        return url
    if isinstance(args, Mapping):
        added = list(args.items())
    elif isinstance(args, (list, tuple)):
        added = list(args)
    else:
        raise TypeError(f"'args' parameter should be dict, list or tuple. Not {type(args)!r}")
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True) + added
    return urlunsplit(parts._replace(query=urlencode(query)))


def split_host_and_port(netloc: str) -> tuple[str, int | None]:
    """``example.com:8080`` -> ``("example.com", 8080)``; the port is None where there is none."""
    match = _PORT.fullmatch(netloc)
    if match is None:
        return netloc, None
    return match[1], int(match[2])


def qs_to_qsl(qs: Mapping[str, Iterable[bytes]]) -> Iterable[tuple[str, bytes]]:
    """The pairs of a dict of lists, as :func:`urllib.parse.urlencode` likes them."""
    for name, values in qs.items():
        for value in values:
            yield name, value
