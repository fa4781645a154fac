"""What other libraries call our options: for messages to those who come from there."""

import re
from collections.abc import Iterable
from typing import Final

from .requests import HTTPRequest

OTHER_NAMES: Final = {
    "allow_redirects": "follow_redirects",
    "cert": "client_cert and client_key",
    "content": "body or body_producer",
    "data": "body, form or body_producer",
    "proxies": "proxy",
    "proxy_auth": "proxy_username and proxy_password",
    "raise_for_status": "raise_error",
    "ssl": "validate_cert or ssl_options",
    "ssl_context": "ssl_options",
    "timeout": "request_timeout, connect_timeout or stall_timeout",
    "verify": "validate_cert or ca_certs",
    "verify_ssl": "validate_cert",
}
"""By the names of aiohttp, httpx and requests."""

_CODE: Final = HTTPRequest.__init__.__code__
OPTIONS: Final = frozenset(_CODE.co_varnames[1 : _CODE.co_argcount + _CODE.co_kwonlyargcount])
"""The arguments of :class:`.HTTPRequest`."""

_UNEXPECTED: Final = re.compile(r"unexpected keyword argument '(\w+)'")


def check_names(options: Iterable[str]) -> None:
    """Raise :exc:`TypeError` for options that no request has; it says what they are called here."""
    wrong = sorted(set(options) - OPTIONS)
    if wrong:
        raise TypeError(
            f"a request has no option {', '.join(map(repr, wrong))}{called_here(wrong)}"
        )


def check_argument(error: TypeError) -> None:
    """Raise :exc:`TypeError` for an argument of a client, as Python refuses it, that is an option of requests."""
    found = _UNEXPECTED.search(str(error))
    if found is not None and found[1] in OPTIONS | OTHER_NAMES.keys():
        raise TypeError(
            f"{found[1]!r} is an option of requests: what is for all of a client is given as"
            f" defaults={{...}}{called_here([found[1]])}"
        ) from None


def called_here(names: Iterable[str]) -> str:
    """The end of a message: what of other libraries is called how."""
    return "".join(
        f"; {name} is called {OTHER_NAMES[name]} here" for name in names if name in OTHER_NAMES
    )
