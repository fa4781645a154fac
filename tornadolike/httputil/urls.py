"""URLs, hosts and queries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_PORT = re.compile(r"(.+):([0-9]+)")


Text = str | bytes


def url_concat(
    url: str,
    args: Mapping[str, Text] | Sequence[tuple[Text, Text]] | None,
) -> str:
    """Add query arguments to a URL, whether it has a query already or not.

    >>> url_concat("http://example.com/foo?a=b", [("c", "d"), ("c", "d2")])
    'http://example.com/foo?a=b&c=d&c=d2'
    """
    if args is None:
        return url
    added: list[tuple[Text, Text]]
    if isinstance(args, Mapping):
        added = list(args.items())
    elif isinstance(args, (list, tuple)):
        added = list(args)
    else:
        raise TypeError(f"'args' parameter should be dict, list or tuple. Not {type(args)!r}")
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *added]
    return urlunsplit(parts._replace(query=urlencode(query)))


_STRIPPED = "".join(map(chr, range(0x21)))
_IGNORED = re.compile(r"[\t\r\n]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_WITH_HOST = ("http", "https", "ws", "wss", "ftp")
_AUTHORITY_END = re.compile(r"[/?#]")


def browser_origin(url: str) -> tuple[str, str]:
    """The scheme and the authority (user, host, port) that a browser finds in ``url``, in lower case.

    Both are empty for a path. Browsers (WHATWG URL) find a host in more places than RFC 3986 does: white
    space around and line breaks inside do not count, a backslash is a slash, and more than two slashes,
    or fewer behind ``https:``, begin an authority too.
    """
    seen = _IGNORED.sub("", url.strip(_STRIPPED)).replace("\\", "/")
    match = _SCHEME.match(seen)
    scheme = match[1].lower() if match else ""
    rest = seen[match.end() :] if match else seen
    if scheme not in _WITH_HOST and not rest.startswith("//"):
        return scheme, ""
    return scheme, _AUTHORITY_END.split(rest.lstrip("/"), maxsplit=1)[0].lower()


def split_host_and_port(netloc: str) -> tuple[str, int | None]:
    """``example.com:8080`` -> ``("example.com", 8080)``; the port is None where there is none."""
    match = _PORT.fullmatch(netloc) if ":" in netloc else None
    if match is None:
        return netloc, None
    return match[1], int(match[2])


def qs_to_qsl(qs: Mapping[str, Iterable[bytes]]) -> Iterable[tuple[str, bytes]]:
    """The pairs of a dict of lists, as :func:`urllib.parse.urlencode` likes them."""
    for name, values in qs.items():
        for value in values:
            yield name, value
