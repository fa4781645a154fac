"""What tells one response from another: host, path and query, or what the author says; and the request's headers."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_plus

from ..httputil import HTTPServerRequest
from .entries import value_of


def resource_of(handler: Any) -> str:
    """What a handler is asked for, but for the headers that it depends on."""
    request: HTTPServerRequest = handler.request
    host = request.host.lower()
    return f"{request.protocol}://{host}{path_of(request)}?{sorted_query(request.query)}"


def path_of(request: HTTPServerRequest) -> str:
    """The whole path, also of a request to what is mounted below another one."""
    return request.mounted_at + request.path


def sorted_query(query: str) -> str:
    """The query with its arguments in the order of their names; those of one name keep theirs."""
    if "&" not in query:
        return query
    return "&".join(sorted(query.split("&"), key=_name_in))


def _name_in(argument: str) -> str:
    name = argument.partition("=")[0]
    # However it is written: of two arguments of one name the last counts.
    return unquote_plus(name, encoding="latin1") if "%" in name or "+" in name else name


def key_of(handler: Any, resource: str, request: HTTPServerRequest, vary: Iterable[str]) -> str:
    """The key of a response in a store.

    :arg resource: what the handler is asked for.
    :arg vary: the names of the headers that tell variants apart.
    """
    cls = type(handler)
    parts = [f"{cls.__module__}.{cls.__qualname__}", resource]
    for name in vary:
        parts += name, value_of(request, name)
    text = repr(parts).encode(errors="surrogatepass")
    return f"cache:{blake2b(text, digest_size=20).hexdigest()}"
